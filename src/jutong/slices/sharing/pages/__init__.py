"""Pages of sharing: requests with every move, replies, standing consents; disputes; changes of use."""

from __future__ import annotations

from django.urls import URLPattern, path

from jutong.slices.sharing.pages import answering, asking, cases, changes, disputes, lists, together, travelling

urlpatterns: list[URLPattern] = [
    path("", lists.requests, name="sharing_list"),
    path("export.xlsx", lists.export, name="sharing_export"),
    path("standing/", lists.standing, name="sharing_standing"),
    path("standing/<int:consent_id>/end/", lists.end_standing, name="sharing_standing_end"),
    path("new/<int:entry_id>/", asking.new, name="sharing_new"),
    path("new/<int:entry_id>/check/", asking.check, name="sharing_check"),
    path("requests/<int:request_id>/", cases.case, name="sharing_case"),
    path("requests/<int:request_id>/approve/", cases.approve, name="sharing_approve"),
    path("requests/<int:request_id>/change/", asking.change, name="sharing_change"),
    path("requests/<int:request_id>/reply/", answering.reply, name="sharing_reply"),
    path("requests/<int:request_id>/files/<int:file_id>/", cases.attachment, name="sharing_file"),
    path("requests/<int:request_id>/preview/", together.preview, name="sharing_preview"),
    path("requests/<int:request_id>/alike/<slug:verb>/", together.alike, name="sharing_alike"),
    path("requests/<int:request_id>/<slug:verb>/", cases.deed, name="sharing_deed"),
    path("disputes/", disputes.disputes, name="sharing_disputes"),
    path("disputes/export.xlsx", disputes.export, name="sharing_disputes_export"),
    path("disputes/bodies/", disputes.bodies, name="sharing_dispute_bodies"),
    path("disputes/elsewhere/", travelling.elsewhere, name="sharing_elsewhere"),
    path("taken/", travelling.taken, name="sharing_taken"),
    path("taken/<int:pk>/", travelling.taken_one, name="sharing_taken_one"),
    path("taken/<int:pk>/answer/", travelling.answer, name="sharing_taken_answer"),
    path("disputes/new/<slug:about>/<int:pk>/", disputes.new, name="sharing_dispute_new"),
    path("disputes/<int:dispute_id>/", disputes.dispute, name="sharing_dispute"),
    path("disputes/<int:dispute_id>/files/<int:file_id>/", disputes.attachment, name="sharing_dispute_file"),
    path("disputes/<int:dispute_id>/file/", travelling.sent, name="sharing_dispute_sent"),
    path("disputes/<int:dispute_id>/<slug:verb>/", disputes.deed, name="sharing_dispute_deed"),
    path("changes/", changes.changes, name="sharing_changes"),
    path("changes/export.xlsx", changes.export, name="sharing_changes_export"),
    path("changes/new/<int:grant_id>/", changes.new, name="sharing_change_new"),
    path("changes/<int:change_id>/", changes.change, name="sharing_change_of_use"),
    path("changes/<int:change_id>/files/<int:file_id>/", changes.attachment, name="sharing_change_file"),
    path("changes/<int:change_id>/<slug:verb>/", changes.deed, name="sharing_change_deed"),
]
