"""Authorities of other instances, and the disputes that came from there, as those see them who may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel import keys
from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotThere
from jutong.slices.parties import queries as parties
from jutong.slices.sharing.models import AuthorityElsewhere, Dispute, DisputeTaken
from jutong.slices.sharing.rules import disputes as rules
from jutong.slices.sharing.workflow.disputes import may_know
from jutong.wire.disputes import DisputeFile

NATION = "000000"
"""The State Council's authority: its area holds every region."""


def elsewhere_between(one: str, other: str) -> AuthorityElsewhere | None:
    """Return the nearest registered authority of another instance whose area holds both regions."""
    reach = {other, *parties.regions_above(other)}
    common = [code for code in (one, *parties.regions_above(one)) if code in reach] + [NATION]
    rows = AuthorityElsewhere.objects.filter(ended_at=None, region__in=common)
    found = {row.region: row for row in rows}
    return next((found[code] for code in common if code in found), None)


@dataclass(frozen=True, slots=True)
class ElsewhereRow:
    """An authority that works on another instance. public: its instance's SM2 key (hex)."""

    id: int
    region: str
    region_name: str
    name: str
    public: str
    named_by: str
    named_at: datetime


def authorities_elsewhere() -> list[ElsewhereRow]:
    """Return the authorities of other instances in force, by region."""
    rows = AuthorityElsewhere.objects.filter(ended_at=None).order_by("region")
    return [
        ElsewhereRow(
            row.pk, row.region, _("国家") if row.region == NATION else parties.region_name(row.region), row.name,
            row.public, row.named_by, row.named_at,
        )
        for row in rows
    ]  # fmt: skip


def own_public() -> str:
    """Return this instance's public SM2 key (hex), which the other side registers."""
    return keys.stored_public() or keys.instance().public.hex()


@dataclass(frozen=True, slots=True)
class TakenRow:
    """A dispute of another instance that an authority here coordinates. outcome: empty as long as there is none."""

    id: int
    number: str
    sender: str
    content: DisputeFile
    kind_label: str
    taken_by: str
    taken_at: datetime
    outcome: Mapping[str, Any]
    result_label: str
    answered_by: str
    answered_at: datetime | None
    mine: bool


def taken_disputes(actor: Actor) -> list[TakenRow]:
    """Return the disputes of other instances that the actor may know, newest first (at most 200)."""
    rows = DisputeTaken.objects.select_related("sender").order_by("-pk")
    if not actor.holds(Role.AUDITOR):
        rows = rows.filter(authority_id__in=actor.serves)
    return [_row(row, actor) for row in rows[:200]]


def taken_dispute(pk: int, actor: Actor) -> TakenRow:
    """Return one of them. NotThere for others."""
    return _row(_known(pk, actor), actor)


def answer_file(pk: int, actor: Actor) -> tuple[str, bytes]:
    """Return number and signed answer of a dispute taken in. NotThere as long as there is none."""
    row = _known(pk, actor)
    if not row.answer:
        raise NotThere(_("该争议还没有答复。"))
    return row.number, bytes(row.answer)


def _known(pk: int, actor: Actor) -> DisputeTaken:
    row = DisputeTaken.objects.select_related("sender").filter(pk=pk).first()
    if row is None or not (actor.holds(Role.AUDITOR) or row.authority_id in actor.serves):
        raise NotThere(_("没有找到该争议，或您无权知悉。"))
    return row


def _row(row: DisputeTaken, actor: Actor) -> TakenRow:
    content = msgspec.convert(row.content, DisputeFile)
    result = row.outcome.get("result", "")
    return TakenRow(
        row.pk, row.number, row.sender.name, content, _(rules.KINDS.get(content.kind, content.kind)), row.taken_by,
        row.taken_at, row.outcome, _(rules.RESULTS[result]) if result else "", row.answered_by, row.answered_at,
        row.authority_id in actor.serves,
    )  # fmt: skip


def sent_file(dispute_id: int, actor: Actor) -> tuple[str, bytes]:
    """Return number and signed file of a dispute that was exported. NotThere for others and before that."""
    case = Dispute.objects.filter(pk=dispute_id).first()
    if case is None or not may_know(actor, case) or not case.sent_file:
        raise NotThere(_("没有找到导出的争议文件，或您无权知悉。"))
    return case.number, bytes(case.sent_file)
