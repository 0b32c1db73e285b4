"""Reading the trail: for the audit administrator and the audit body only; searching, one entry, verifying."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel import keys, nodes
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role, Who
from jutong.kernel.audit import verify
from jutong.kernel.errors import NotAllowed, NotThere
from jutong.kernel.models import AuditEntry, AuditSeal
from jutong.kernel.paging import Page
from jutong.kernel.queries import AuditRow, audit_entries
from jutong.kernel.terms import N_

READERS: Final = Who("audit_readers", N_("审计管理员或审计人员"), (Role.AUDIT_ADMIN, Role.AUDITOR))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search asks: words (verb, person, reason, object id), outcome, kind and id of the object, first and last day."""

    text: str = ""
    outcome: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class AuditDetail:
    """An entry with its digests and the seal that covers it (0: not sealed yet)."""

    row: AuditRow
    actor_id: int | None
    trace: str
    before: str
    after: str
    seal: int
    sealed_at: datetime | None


def may_read(actor: Actor) -> bool:
    """Tell whether an actor may read the trail."""
    return actor.holds(*READERS.roles)


def _check(actor: Actor) -> None:
    if not may_read(actor):
        raise NotAllowed(_("审计记录只对审计管理员和审计人员开放。"))


def search(actor: Actor, asked: Asked, *, number: int = 1, size: int = 50) -> tuple[list[AuditRow], Page]:
    """Return one page of the trail, newest first. NotAllowed for anybody who is no reader."""
    _check(actor)
    return audit_entries(
        text=asked.text,
        outcome=asked.outcome,
        subject_kind=asked.subject_kind,
        subject_id=asked.subject_id,
        first=asked.first,
        last=asked.last,
        number=number,
        size=size,
    )


def entry(entry_id: int, actor: Actor) -> AuditDetail:
    """Return one entry. NotThere for an unknown id, NotAllowed for anybody who is no reader."""
    _check(actor)
    found = AuditEntry.objects.filter(pk=entry_id).first()
    if found is None:
        raise NotThere(_("没有找到该审计记录，可能已按规定导出后清除。"))
    later = AuditSeal.objects.filter(sealed_at__gte=found.at, entry_ids__contains=[entry_id]).order_by("number")
    seal = later.only("number", "sealed_at").first()
    row = AuditRow(
        found.pk, found.at, found.actor_name, found.department_id, found.acting_for, found.channel, found.address,
        found.verb, found.subject_kind, found.subject_id, found.outcome, found.code, found.reason, found.detail,
    )  # fmt: skip
    return AuditDetail(
        row,
        found.actor_id,
        found.trace,
        found.before,
        found.after,
        seal.number if seal else 0,
        seal.sealed_at if seal else None,
    )


@action("audit.verify", allow=READERS)
def verify_trail(*, by: Actor, at: datetime) -> verify.Report:
    """Verify the whole trail in the database, seals, entries and shipped chain files, and report every fault."""
    return verify.online(keys.instance().public.hex(), nodes.PublicKeys())
