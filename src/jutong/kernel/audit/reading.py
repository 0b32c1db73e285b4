"""Reading the trail: for the audit administrator and the audit body only; searching, one entry, verifying in the background."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import orjson
from django.utils.translation import gettext as _

from jutong.kernel import files, jobs, keys, nodes
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role, Who, system_actor
from jutong.kernel.audit import verify
from jutong.kernel.errors import NotAllowed, NotThere
from jutong.kernel.models import AuditEntry, AuditSeal
from jutong.kernel.paging import Page
from jutong.kernel.queries import AuditRow, audit_entries
from jutong.kernel.terms import N_

MOST_FAULTS: Final = 500
"""Faults that a report names; it counts all."""
READERS: Final = Who("audit_readers", N_("审计管理员或审计人员"), (Role.AUDIT_ADMIN, Role.AUDITOR))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search asks: words (verb, person, reason, object id), outcome, kinds and id of the object, first and last day."""

    text: str = ""
    outcome: str = ""
    subject_kinds: tuple[str, ...] = ()
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
        subject_kinds=asked.subject_kinds,
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


@dataclass(frozen=True, slots=True)
class Found:
    """A fault that a verification named: where, and what."""

    where: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Verification:
    """A verification of the whole trail: how far it is, and once it is done what it covered and found."""

    work: jobs.ProgressRow
    entries: int = 0
    seals: int = 0
    segments: int = 0
    count: int = 0
    faults: tuple[Found, ...] = ()


@action("audit.verify", label=N_("核验审计链"), allow=READERS)
def verify_trail(*, by: Actor, at: datetime) -> int:
    """Verify the whole trail in the background: seals, entries and shipped chain files; returns the progress id."""
    return jobs.start("audit.verify", _("审计链核验"), by=by, at=at, asked_at=at.isoformat())


@jobs.task("audit.verify")
def _verify(running: jobs.Running, *, asked_at: str) -> None:
    report = verify.online(keys.instance().public.hex(), nodes.PublicKeys(), running.step)
    kept = {
        "entries": report.entries,
        "seals": report.seals,
        "segments": report.segments,
        "count": len(report.faults),
        "faults": [(fault.where, fault.sentence) for fault in report.faults[:MOST_FAULTS]],
    }
    by, at = system_actor("audit"), datetime.fromisoformat(asked_at)
    file = files.store(io.BytesIO(orjson.dumps(kept)), "audit-report.json", by=by, at=at)
    running.result(file_id=file.id, link=f"/audit/verify/{running.id}/")


def verification(progress_id: int, actor: Actor) -> Verification:
    """Return a verification that the actor asked for. NotAllowed for anybody who is no reader."""
    _check(actor)
    work = jobs.progress(progress_id, actor)
    if work.state != "done" or work.result_file_id is None:
        return Verification(work)
    kept = orjson.loads(b"".join(files.chunks(work.result_file_id)))
    faults = tuple(Found(*pair) for pair in kept.pop("faults"))
    return Verification(work, **kept, faults=faults)
