"""Pages of this slice: ledgers with use records, disposals, reports; misuse, traces, aggregation reviews."""

from __future__ import annotations

from django.urls import URLPattern, path

from jutong.slices.usage.pages import aggregation, disposals, ledger, lists, misuse, reports, trace

urlpatterns: list[URLPattern] = [
    path("ledger/", ledger.listed, name="usage_ledgers"),
    path("ledger/export.xlsx", ledger.export, name="usage_ledgers_export"),
    path("ledger/departments/<int:department_id>/", ledger.department, name="usage_department"),
    path("ledger/<int:grant_id>/", ledger.ledger, name="usage_ledger"),
    path("ledger/<int:grant_id>/<slug:verb>/", ledger.deed, name="usage_ledger_deed"),
    path("records/<int:record_id>/", ledger.record, name="usage_record"),
    path("disposals/", disposals.listed, name="usage_disposals"),
    path("disposals/export.xlsx", disposals.export, name="usage_disposals_export"),
    path("disposals/cases/<int:disposal_id>/", disposals.case, name="usage_disposal_case"),
    path("disposals/<int:grant_id>/", disposals.disposal, name="usage_disposal"),
    path("disposals/<int:grant_id>/receipt.pdf", disposals.receipt, name="usage_disposal_receipt"),
    path("disposals/<int:grant_id>/proofs/<int:file_id>/", disposals.proof, name="usage_disposal_proof"),
    path("disposals/<int:grant_id>/<slug:verb>/", disposals.deed, name="usage_disposal_deed"),
    path("reports/utilisation/", reports.utilisation, name="usage_utilisation"),
    path("reports/participation/", reports.participation, name="usage_participation"),
    path("misuse/", lists.listed, name="usage_misuses"),
    path("misuse/export.xlsx", lists.export, name="usage_misuses_export"),
    path("misuse/new/<int:grant_id>/", misuse.new, name="usage_misuse_new"),
    path("misuse/<int:case_id>/", misuse.case, name="usage_misuse"),
    path("misuse/<int:case_id>/files/<int:file_id>/", misuse.attachment, name="usage_misuse_file"),
    path("misuse/<int:case_id>/<slug:verb>/", misuse.deed, name="usage_misuse_deed"),
    path("trace/", trace.trace, name="usage_trace"),
    path("trace/export.xlsx", trace.export, name="usage_trace_export"),
    path("aggregations/", aggregation.listed, name="usage_aggregations"),
    path("aggregations/<int:review_id>/", aggregation.review, name="usage_aggregation"),
    path("aggregations/<int:review_id>/<slug:verb>/", aggregation.deed, name="usage_aggregation_deed"),
]
