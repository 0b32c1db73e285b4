"""Operations, for the system administrator: held events, running work, sealing lag, nodes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import clock, faces, jobs, operations
from jutong.kernel.faces.forms import Reason
from jutong.kernel.faces.pieces import Figure

DEEDS = {"replay": operations.replay_event, "skip": operations.skip_event}


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show the state of the machinery."""
    seen = operations.overview(faces.actor_of(request), clock.now())
    figures = [
        Figure(_("挂起事件"), len(seen.held), _("个"), "bad" if seen.held else "neutral"),
        Figure(_("待投递事件"), seen.pending, _("个")),
        Figure(_("进行中的任务"), len(seen.running), _("个")),
        Figure(_("一天内失败"), len(seen.failed), _("个"), "wait" if seen.failed else "neutral"),
        Figure(_("封存滞后"), seen.sealing.lag, _("秒"), "bad" if seen.sealing.alarm else "good"),
    ]
    return faces.page(
        request,
        "joined/operations.html",
        title=_("运行状态"),
        lead=_("事件、任务、审计封存与数据面节点。"),
        crumbs=[(_("管理"), ""), (_("运行状态"), "")],
        seen=seen,
        figures=figures,
    )


@require_POST
def decide(request: HttpRequest, event_id: int, deed: str) -> HttpResponse:
    """Replay or skip a held event, with the reason."""
    form = Reason(faces.posted(request))
    note = form.cleaned_data["note"] if form.is_valid() else ""
    DEEDS[deed](event_id, by=faces.actor_of(request), at=clock.now(), note=note)
    said = _("事件已重新投递。") if deed == "replay" else _("事件已跳过，同一对象的后续事件继续投递。")
    return faces.done(request, said, to=reverse("operations"))


@require_safe
def work(request: HttpRequest, progress_id: int) -> HttpResponse:
    """Show how far a piece of one's own long work is (polled)."""
    return faces.progressed(request, jobs.progress(progress_id, faces.actor_of(request)))


urlpatterns: list[URLPattern] = [
    path("operations/", overview, name="operations"),
    path("operations/events/<int:event_id>/replay/", decide, {"deed": "replay"}, name="event_replay"),
    path("operations/events/<int:event_id>/skip/", decide, {"deed": "skip"}, name="event_skip"),
    path("work/<int:progress_id>/", work, name="work"),
]
