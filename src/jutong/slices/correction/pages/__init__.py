"""Pages: cases of the four procedures, corrections, the service desk, supervision – and those for the public."""

from __future__ import annotations

from django.urls import URLPattern, path

from jutong.slices.correction.pages import cases, corrected, desk, findings, lists, public, reporting
from jutong.slices.correction.workflow import WORKFLOWS

urlpatterns: list[URLPattern] = [
    path("", lists.listed, name="correction_list"),
    path("export.xlsx", lists.export, name="correction_export"),
    path("watch/", lists.watch, name="correction_watch"),
    path("findings/", findings.findings, name="correction_findings"),
    path("findings/export.xlsx", findings.export, name="correction_findings_export"),
    path("applicants/export.xlsx", lists.export_applicants, name="correction_applicants"),
    path("corrected/", corrected.listed, name="correction_corrected"),
    path("corrected/<int:receiver_id>/", corrected.one, name="correction_corrected_one"),
    path("corrected/<int:receiver_id>/fetch/", corrected.fetch, name="correction_fetch"),
    path("desk/", desk.look, name="correction_desk"),
    path("desk/identities/", desk.identities, name="correction_identities"),
    path("certificates/<int:verification_id>/", desk.certificate, name="correction_certificate"),
    path("certificates/<int:verification_id>/certificate.pdf", desk.certificate_pdf, name="correction_certificate_pdf"),
    path("report/<int:entry_id>/", reporting.report, name="correction_report"),
    path("public/", public.window, name="correction_public"),
    path("public/raise/<slug:kind>/", public.raised, name="correction_raise"),
    path("public/follow/", public.follow, name="correction_follow"),
    path("public/catalogue/", public.catalogue, name="correction_open"),
    path("public/catalogue/<int:entry_id>/", public.entry, name="correction_open_entry"),
    *(path(f"{kind}/<int:case_id>/", cases.case, {"kind": kind}, name=f"correction_{kind}") for kind in WORKFLOWS),
    path("<slug:kind>/<int:case_id>/papers/<int:file_id>/", cases.paper, name="correction_paper"),
    path("<slug:kind>/<int:case_id>/applicant/", cases.applicant, name="correction_applicant"),
    path("<slug:kind>/<int:case_id>/<slug:verb>/", cases.deed, name="correction_deed"),
]
