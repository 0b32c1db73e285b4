"""Pages of the standards library: calendar, policy profiles, compilation specifications, catalogues of grades, peers' codes."""

from __future__ import annotations

from django.urls import URLPattern

from jutong.slices.standards.pages import editing, grades, peers, policies, purposes, simulating, specifications

urlpatterns: list[URLPattern] = [
    *policies.urlpatterns,
    *specifications.urlpatterns,
    *grades.urlpatterns,
    *peers.urlpatterns,
    *purposes.urlpatterns,
    *simulating.urlpatterns,
    *editing.urlpatterns,
]
