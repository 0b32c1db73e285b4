"""Pages: the list, an agreement with its versions and signatures, writing and amending it, and its papers."""

from __future__ import annotations

from django.urls import URLPattern, path

from jutong.slices.agreements.pages import cases, lists, printing, writing

urlpatterns: list[URLPattern] = [
    path("", lists.listed, name="agreements"),
    path("export.xlsx", lists.export, name="agreements_export"),
    path("new/<slug:kind>/", writing.new, name="agreement_new"),
    path("<int:agreement_id>/", cases.agreement, name="agreement"),
    path("<int:agreement_id>/edit/", writing.edit, name="agreement_edit"),
    path("<int:agreement_id>/lines/", writing.line, name="agreement_line"),
    path("<int:agreement_id>/lines/<slug:key>/remove/", writing.remove_line, name="agreement_line_remove"),
    path("<int:agreement_id>/proof/", cases.proof, name="agreement_proof"),
    path("<int:agreement_id>/paper.<slug:kind>", printing.printed, name="agreement_paper"),
    path("<int:agreement_id>/versions/<int:version>/joint/", printing.joint, name="agreement_joint"),
    path("<int:agreement_id>/<slug:verb>/", cases.deed, name="agreement_deed"),
]
