"""Answering like requests together: the same reply drafted, the same decision made, each on its own case and in its trail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere, Refusal, WrongState
from jutong.kernel.workflow import Moved, each
from jutong.slices.sharing.actions import answering
from jutong.slices.sharing.models import SharingRequest
from jutong.slices.sharing.queries.alike import DECIDE, PREPARE, apart, move_of, of
from jutong.slices.sharing.queries.answer_templates import TemplateRow
from jutong.slices.sharing.rules import Reply
from jutong.slices.sharing.rules.answer_templates import TemplateKind, put_into
from jutong.slices.sharing.workflow import SHARING_REQUEST, may_know


def prepare_alike(
    case_id: int, *, ids: Iterable[int], by: Actor, at: datetime, template: TemplateRow | None = None
) -> Moved:
    """Draft for like requests the reply that stands on one case, each within what it asked for.

    ids: requests of the same resource that wait for a reply; others are refused by name. Every case is moved by its own
    act and audited on its own. template: its words go into each draft; one of a refusal makes it a refusal, so that the
    case itself needs no reply. NotThere for a stranger, NotAllowed for who may not draft in the provider's name,
    WrongState where the case has no drafted or given reply.
    """
    case = of(case_id, PREPARE, by, at)
    refused = template is not None and template.kind == TemplateKind.REFUSE
    if not case.reply and not refused:
        raise WrongState(_("该申请还没有拟定答复，不能用于同类申请。"))
    reply = answering.drafted(case) if case.reply else Reply(agree=False)
    if template is not None:
        reply = put_into(reply, TemplateKind(template.kind), template.words)
    chosen = list(ids)
    others = SharingRequest.objects.in_bulk(chosen)

    def prepare(pk: int) -> None:
        other = _known(others.get(pk), by)
        if why := apart(case, other, PREPARE):
            raise WrongState(why)
        items = tuple(one for one in reply.items if one.item in set(other.items))
        answering.prepare_reply(pk, by=by, at=at, reply=msgspec.structs.replace(reply, items=items))

    return each(chosen, prepare)


def decide_alike(case_id: int, *, ids: Iterable[int], by: Actor, at: datetime) -> Moved:
    """Decide like requests as one head decides one: those whose drafted reply says the same as that of the case.

    They move in one set, each audited on its own; where signatures are demanded each needs its own. NotThere for a
    stranger, NotAllowed for who does not decide in the provider's name.
    """
    case = of(case_id, DECIDE, by, at)
    chosen = list(dict.fromkeys(ids))
    refusals: dict[int, Refusal] = {}
    for pk, other in SharingRequest.objects.in_bulk(chosen).items():
        if may_know(by, other) and (why := apart(case, other, DECIDE)):
            refusals[pk] = WrongState(why)
    like = [pk for pk in chosen if pk not in refusals]
    if not like:
        return Moved([], refusals)
    moved = SHARING_REQUEST.advance_many(move_of(case, DECIDE), like, by=by, at=at)
    return Moved(moved.done, refusals | moved.refusals)


def _known(case: SharingRequest | None, by: Actor) -> SharingRequest:
    if case is None or not may_know(by, case):
        raise NotThere(_("没有找到该申请，或您无权知悉。"))
    return case
