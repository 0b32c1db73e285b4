"""Pages of grants: the list as consumer and provider, one grant with its versions and moves, changing its terms, ending a service, proofs of documents."""

from __future__ import annotations

from django.urls import URLPattern, path

from jutong.slices.grants.pages import amending, delivering, ending, proofs, reading

urlpatterns: list[URLPattern] = [
    path("", reading.grants, name="grants_list"),
    path("endings/", ending.endings, name="grants_endings"),
    path("endings/export/", ending.export, name="grants_endings_export"),
    path("endings/new/<int:resource_id>/", ending.propose, name="grants_ending_new"),
    path("endings/new/<int:resource_id>/change/", ending.propose_change, name="grants_change_new"),
    path("endings/<int:pk>/", ending.ending, name="grants_ending"),
    path("endings/<int:pk>/do/<slug:verb>/", ending.deed, name="grants_ending_deed"),
    path("endings/<int:pk>/heard/<int:consumer>/", ending.heard, name="grants_ending_heard"),
    path("proofs/", proofs.verify, name="grants_proofs"),
    path("proofs/cover/", proofs.cover, name="grants_proofs_cover"),
    path("<int:grant_id>/", reading.grant, name="grant"),
    path("<int:grant_id>/amend/", amending.amend, name="grant_amend"),
    path("<int:grant_id>/marks/", delivering.marks, name="grant_marks"),
    path("<int:grant_id>/receiver/", delivering.receiver, name="grant_receiver"),
    path("<int:grant_id>/<slug:verb>/", reading.deed, name="grant_deed"),
]
