"""Answering like requests together: the same reply drafted, the same decision made, each on its own case and in its trail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import Refusal, WrongState
from jutong.slices.sharing.actions import answering
from jutong.slices.sharing.models import SharingRequest
from jutong.slices.sharing.queries.alike import alike, same_reply
from jutong.slices.sharing.queries.answer_templates import TemplateRow
from jutong.slices.sharing.rules import Reply
from jutong.slices.sharing.rules.answer_templates import TemplateKind, put_into
from jutong.slices.sharing.workflow import SHARING_REQUEST


@dataclass(slots=True)
class Together:
    """What became of several cases: those that moved, and why the others did not, by id."""

    done: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def _each(ids: Iterable[int], move: Callable[[int], Any]) -> Together:
    together = Together()
    for pk in ids:
        try:
            move(pk)
            together.done.append(pk)
        except Refusal as refusal:
            together.refused[pk] = refusal.sentence
    return together


def prepare_alike(
    case_id: int, *, ids: Iterable[int], by: Actor, at: datetime, template: TemplateRow | None = None
) -> Together:
    """Draft for like requests the reply that stands on one case, each within what it asked for.

    ids: requests of the same resource that wait for a reply; others are refused by name. Every case is moved by its own
    act and audited on its own. template: its words go into each draft; one of a refusal makes it a refusal, so that the
    case itself needs no reply. WrongState where the case has no drafted or given reply; NotThere for a stranger.
    """
    known = {row.id for row in alike(case_id, by, at)}
    case = SharingRequest.objects.get(pk=case_id)
    refused = template is not None and template.kind == TemplateKind.REFUSE
    if not case.reply and not refused:
        raise WrongState(_("该申请还没有拟定答复，不能用于同类申请。"))
    reply = answering.drafted(case) if case.reply else Reply(agree=False)
    if template is not None:
        reply = put_into(reply, TemplateKind(template.kind), template.words)

    def prepare(pk: int) -> None:
        if pk not in known:
            raise WrongState(_("不是同一资源的待答复申请，请逐件办理。"))
        asked = set(SharingRequest.objects.get(pk=pk).items)
        items = tuple(one for one in reply.items if one.item in asked)
        answering.prepare_reply(pk, by=by, at=at, reply=msgspec.structs.replace(reply, items=items))

    return _each(ids, prepare)


def decide_alike(case_id: int, *, ids: Iterable[int], by: Actor, at: datetime) -> Together:
    """Decide like requests as one head decides one: those whose drafted reply says the same as that of the case.

    They move in one set, each audited on its own; where signatures are demanded each needs its own.
    """
    chosen = list(dict.fromkeys(ids))
    same = same_reply(case_id, chosen, by, at)
    together = Together(refused={pk: _("拟定的答复与本件不同，请逐件决定。") for pk in chosen if pk not in same})
    if alike_ids := [pk for pk in chosen if pk in same]:
        agrees = answering.drafted(SharingRequest.objects.get(pk=alike_ids[0])).agree
        moved = SHARING_REQUEST.advance_many("agree" if agrees else "refuse", alike_ids, by=by, at=at)
        together.done, together.refused = moved.done, together.refused | moved.refused
    return together
