"""Requests that are like another: of the same resource, waiting at the same provider; and why one of them is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel import signing
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotAllowed, Refusal
from jutong.kernel.terms import N_
from jutong.slices.sharing.models import SharingRequest
from jutong.slices.sharing.queries.requests import RequestLine, lines, request
from jutong.slices.sharing.workflow import SHARING_REQUEST

MOST: Final = 100
"""Waiting requests that a page looks at, oldest first."""
PREPARE, DECIDE = "prepare", "decide"
WAITING: Final = ("received", "extended", "supplement_requested", "reply_prepared")
_STANDING: Final = {
    "supplement_requested": N_("等待使用方补正，收到后再答复。"),
    "reply_prepared": N_("已拟定答复，等待负责人决定。"),
    "received": N_("还没有拟定答复，拟定后再决定。"),
    "extended": N_("还没有拟定答复，拟定后再决定。"),
}
"""Why a request that waits in a state cannot be drafted for, or decided, now."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Requests of the same resource beside one. rows: with which it can be dealt together; others: with which not, and why."""

    verb: str
    rows: tuple[RequestLine, ...]
    others: tuple[tuple[RequestLine, str], ...]


def alike(request_id: int, verb: str, actor: Actor, at: datetime) -> Alike:
    """Return what waits beside a request (at most 100) for whoever may draft (prepare) or decide in the provider's name.

    NotThere where the actor may not know of the request, NotAllowed where the actor may not make the move on it.
    """
    case = of(request_id, verb, actor, at)
    found = SharingRequest.objects.select_related("consumer", "provider").filter(
        resource_id=case.resource_id, provider_id=case.provider_id, state__in=WAITING
    )
    cases = list(found.exclude(pk=request_id).order_by("received_at")[:MOST])
    why = {one.pk: apart(case, one, verb) or _kept_back(case, one, verb, actor) for one in cases}
    rows = lines(cases, actor, at)
    return Alike(
        verb, tuple(row for row in rows if not why[row.id]), tuple((row, why[row.id]) for row in rows if why[row.id])
    )


def alike_offered(request_id: int, verb: str, actor: Actor, at: datetime) -> Alike | None:
    """Return what waits beside a request, None for who may not deal with it so."""
    try:
        return alike(request_id, verb, actor, at)
    except NotAllowed:
        return None


def of(request_id: int, verb: str, actor: Actor, at: datetime) -> SharingRequest:
    """Return the request that others are to be like; refused as `alike` is."""
    request(request_id, actor, at)
    case = SharingRequest.objects.get(pk=request_id)
    wanted = move_of(case, verb)
    SHARING_REQUEST.permit(next(move for move in SHARING_REQUEST.moves if move.verb == wanted), actor, case)
    return case


def move_of(case: SharingRequest, verb: str) -> str:
    """Return the move that is made on like requests: the draft, or the decision that the case's draft asks for."""
    if verb == PREPARE:
        return "prepare_reply"
    return "agree" if case.reply.get("agree", True) else "refuse"


def apart(case: SharingRequest, other: SharingRequest, verb: str) -> str:
    """Say why another request is not like this one, in words; empty where it is."""
    if (other.resource_id, other.provider_id) != (case.resource_id, case.provider_id):
        return _("不是同一资源的待答复申请，请逐件办理。")
    if (other.state in ("received", "extended")) != (verb == PREPARE) or other.state == "supplement_requested":
        standing = _STANDING.get(other.state, N_("不在等待答复，请查看该件的最新状态。"))
        return _(standing)
    if verb == DECIDE and (not case.reply or _said(other.reply) != _said(case.reply)):
        return _("拟定的答复与本件不同，请逐件决定。")
    return ""


def _kept_back(case: SharingRequest, other: SharingRequest, verb: str, actor: Actor) -> str:
    """Say why the actor cannot move a like request all the same: the profile of its day, a deputy's own draft, signatures."""
    try:
        _case, _row, post = SHARING_REQUEST.admit(move_of(case, verb), other, actor)
    except Refusal as refusal:
        return refusal.sentence
    if verb == DECIDE and signing.demanded(post.department_id):
        return _("本部门要求对该操作进行电子签名，不能成批办理，请逐条签名办理。")
    return ""


def _said(reply: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in reply.items() if not name.startswith("prepared_")}
