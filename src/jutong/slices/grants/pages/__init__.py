"""Pages of grants: the list as consumer and provider, one grant with its versions and moves, changing its terms."""

from __future__ import annotations

from django.urls import URLPattern, path

from jutong.slices.grants.pages import amending, delivering, reading

urlpatterns: list[URLPattern] = [
    path("", reading.grants, name="grants_list"),
    path("<int:grant_id>/", reading.grant, name="grant"),
    path("<int:grant_id>/amend/", amending.amend, name="grant_amend"),
    path("<int:grant_id>/marks/", delivering.marks, name="grant_marks"),
    path("<int:grant_id>/receiver/", delivering.receiver, name="grant_receiver"),
    path("<int:grant_id>/<slug:verb>/", reading.deed, name="grant_deed"),
]
