"""Pages of the standards library: calendar, policy profiles, compilation specifications, peers' codes."""

from __future__ import annotations

from django.urls import URLPattern

from jutong.slices.standards.pages import peers, policies, specifications

urlpatterns: list[URLPattern] = [*policies.urlpatterns, *specifications.urlpatterns, *peers.urlpatterns]
