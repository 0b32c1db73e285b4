"""Pages of sharing: lists, the request's form, its page with every move, the reply, standing consents."""

from __future__ import annotations

from django.urls import URLPattern, path

from jutong.slices.sharing.pages import answering, asking, cases, lists

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
    path("requests/<int:request_id>/<slug:verb>/", cases.deed, name="sharing_deed"),
]
