"""What a provider does beside one case: a look at the data before deciding, and the same answer to like requests."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from jutong.kernel import clock, faces
from jutong.kernel.errors import NotThere, Refusal, RuleBroken, WrongState
from jutong.kernel.faces.ids import id_in
from jutong.kernel.faces.sets import told
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.pages.cases import show


@require_POST
def preview(request: HttpRequest, request_id: int) -> HttpResponse:
    """Show the head on the approve page what the consumer would receive under the draft; the look is audited."""
    actor, now = faces.actor_of(request), clock.now()
    found = queries.case(request_id, actor, now)
    if found.reply is None or not found.reply.agree:
        raise WrongState(_("没有同意共享的拟定答复，无须预览。"))
    try:
        sample = actions.preview_reply(request_id, by=actor, at=now, reply=found.reply)
    except Refusal as refusal:
        return show(request, request_id, template="sharing/approve.html", refusal=refusal)
    return show(request, request_id, template="sharing/approve.html", sample=sample)


@require_POST
def alike(request: HttpRequest, request_id: int, verb: str) -> HttpResponse:
    """Draft the same reply for like requests, or decide those with the same draft; what was refused is told by number."""
    if verb not in {"prepare", "decide"}:
        raise NotThere(_("没有这项操作，请从页面上的按钮进行。"))
    actor, now = faces.actor_of(request), clock.now()
    found = queries.alike(request_id, verb, actor, now)
    ids, by, template = _ids(request), faces.signed(request), request.POST.get("template", "")
    if verb == "prepare":
        words = queries.answer_template(_number(template), actor) if template else None
        moved = actions.prepare_alike(request_id, ids=ids, by=by, at=now, template=words)
    else:
        moved = actions.decide_alike(request_id, ids=ids, by=by, at=now)
    numbers = {row.id: row.number for row in (*found.rows, *(row for row, _why in found.others))}
    return faces.done(request, told(moved, numbers), to=reverse("sharing_case", args=[request_id]))


def _ids(request: HttpRequest) -> list[int]:
    ids = [_number(text) for text in request.POST.getlist("ids")]
    if not ids:
        raise RuleBroken(_("请至少选择一件同类申请。"), field="ids")
    return ids


def _number(text: str) -> int:
    if (found := id_in(text)) is None:
        raise NotThere(_("没有这项操作，请从页面上的按钮进行。"))
    return found
