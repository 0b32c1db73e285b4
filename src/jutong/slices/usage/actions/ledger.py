"""The consumer's ledger: what the platform saw obtained, and what the consumer adds (national-2025#27; R-SHR-022)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere, WrongState
from jutong.kernel.terms import MODE_LABELS, N_, DeliveryMode
from jutong.slices.exchange import queries as exchange
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties
from jutong.slices.services import queries as services
from jutong.slices.usage.actions.recording import recheck, record_of
from jutong.slices.usage.models import Copy, Holder, Provision, UseRecord
from jutong.slices.usage.rules import ledger as rules
from jutong.slices.usage.rules.ledger import CopyKind, HolderKind
from jutong.slices.usage.workflow.records import may_know_record
from jutong.slices.usage.workflow.who import CONSUMER

KEPT: Final = ("open", "complete", "incomplete", "final")
"""States of a record whose ledger can still be written into."""
_MODES: Final = {
    "batch": DeliveryMode.BATCH_DOWNLOAD, "table": DeliveryMode.FRONT_END_NODE, "files": DeliveryMode.FRONT_END_NODE,
}  # fmt: skip


def note_delivery(run_id: int, *, at: datetime) -> Copy | None:
    """Enter a released delivery: the copy it made or renewed, the provision, the person who ordered it; once per run.

    A table that is filled again and again is one copy, every batch file is its own.
    """
    got = exchange.obtained(run_id)
    record = record_of(got.grant_id, at=at) if got else None
    if got is None or record is None or record.state not in KEPT:
        return None
    with transaction.atomic():
        source = f"run:{got.run_id}" if got.kind == "batch" else f"task:{got.task_id}"
        named = {"title": _("%(title)s T-%(run)06d") % {"title": got.title, "run": got.run_id}}
        if got.kind != "batch":
            named = {"title": " ".join(filter(None, [got.title, got.place])), "storage": got.place[:300]}
        copy = _copy(record, got.kind, source, got.at, got.rows, named)
        _provision(record, copy, f"run:{got.run_id}", _MODES[got.kind], got.at, got.rows)
        _holders(record, HolderKind.PERSON, [got.account_name], beijing_day(got.at))
    return copy


def note_use(grant_id: int, day: date, *, at: datetime) -> Copy | None:
    """Enter that a grant's interface was called on a day: answers are one copy together, with the systems that called."""
    record, facts = record_of(grant_id, at=at), grants.facts_of(grant_id)
    if record is None or facts is None or record.state not in KEPT:
        return None
    with transaction.atomic():
        named = {"title": _("%s 接口查询结果") % record.resource_title}
        copy = _copy(record, CopyKind.INTERFACE, rules.CALLS, facts.last_used_at or at, facts.rows, named)
        _provision(record, copy, f"day:{day}", DeliveryMode.ONLINE_QUERY, facts.last_used_at or at, 0)
        _holders(record, HolderKind.SYSTEM, services.systems_under(grant_id), day)
    return copy


def _copy(record: UseRecord, kind: str, source: str, when: datetime, rows: int, named: dict[str, str]) -> Copy:
    """Return the copy of a source: a new one, or the one there is as the newest obtaining leaves it."""
    first = {**named, "kind": str(kind), "first_at": when, "obtained_at": when, "rows": rows}
    copy, new = Copy.objects.select_for_update().get_or_create(record=record, source=source, defaults=first)
    if not new and when > copy.obtained_at:
        copy.obtained_at, copy.rows, copy.disposed_on, copy.disposed_how = when, rows, None, ""
        copy.save(update_fields=["obtained_at", "rows", "disposed_on", "disposed_how"])
    return copy


def _provision(record: UseRecord, copy: Copy, source: str, mode: DeliveryMode, when: datetime, rows: int) -> None:
    """Put one provision on record: recipient, items, basis, time (national-2025#37; R-SEC-045)."""
    facts = grants.facts_of(record.grant_id)
    recipient = parties.department(record.consumer_id).name
    known: dict[str, Any] = {
        "copy": copy, "mode": str(mode), "recipient": recipient, "items": record.items, "personal": record.personal,
        "basis": record.personal_basis or (facts.basis if facts else ""), "rows": rows, "at": when,
    }  # fmt: skip
    Provision.objects.get_or_create(record=record, source=source, defaults=known)


def _holders(record: UseRecord, kind: HolderKind, names: list[str], since: date) -> None:
    fresh = [Holder(record=record, kind=kind, name=name[:200], known=True, since=since) for name in names if name]
    Holder.objects.bulk_create(fresh, ignore_conflicts=True)


def mode_label(mode: str) -> str:
    """Return how data was provided, in words."""
    return _(MODE_LABELS[DeliveryMode(mode)]) if mode in set(DeliveryMode) else mode


def _check_open(record: UseRecord) -> None:
    if record.state not in KEPT:
        raise WrongState(_("该使用台账已转入保存，不能再修改。"))


@action("usage.add_copy", label=N_("登记副本"), allow=CONSUMER, on=UseRecord, visible=may_know_record)
def add_copy(
    record: UseRecord, *, by: Actor, at: datetime, title: str, storage: str, of: int | None = None, rows: int = 0
) -> Copy:
    """Enter a copy that the consumer made itself: what it is, where it lies, of which copy it was made.

    RuleBroken without name or place; NotThere for a copy that is not of this ledger; WrongState once it is only kept.
    """
    _check_open(record)
    rules.check_copy(title, storage)
    rules.check_room(own := record.copies.filter(kind=CopyKind.OWN).count())
    parent = record.copies.filter(pk=of).first() if of else None
    if of and parent is None:
        raise NotThere(_("没有找到所依据的副本。"))
    return Copy.objects.create(
        record=record, kind=CopyKind.OWN, source=f"own:{own + 1}", title=title.strip()[:200], of=parent, first_at=at,
        obtained_at=at, rows=rows, storage=storage.strip()[:300], stored_by=by.name[:100], stored_at=at,
    )  # fmt: skip


def place_copy(record: UseRecord | int, *, by: Actor, at: datetime, copy_id: int, storage: str) -> Copy:
    """Say where a copy lies; a record that lacked only that is complete with it.

    RuleBroken for no place; NotThere for a copy that is not of this ledger; WrongState once it is only kept.
    """
    with transaction.atomic():
        copy = _place(record, by=by, at=at, copy_id=copy_id, storage=storage)
        recheck(copy.record_id, at=at)
    return copy


@action("usage.place_copy", label=N_("登记存放位置"), allow=CONSUMER, on=UseRecord, visible=may_know_record)
def _place(record: UseRecord, *, by: Actor, at: datetime, copy_id: int, storage: str) -> Copy:
    """Keep where a copy lies, and who said so."""
    _check_open(record)
    copy = record.copies.filter(pk=copy_id).first()
    if copy is None:
        raise NotThere(_("没有找到该副本。"))
    copy.storage, copy.stored_by, copy.stored_at = rules.check_storage(storage)[:300], by.name[:100], at
    copy.save(update_fields=["storage", "stored_by", "stored_at"])
    return copy


@action("usage.add_holder", label=N_("登记使用者"), allow=CONSUMER, on=UseRecord, visible=may_know_record)
def add_holder(record: UseRecord, *, by: Actor, at: datetime, kind: str, name: str, duty: str = "") -> Holder:
    """Enter a business system or person of the consumer that uses the data; one that is known gets the duty told now."""
    _check_open(record)
    rules.check_holder(kind, name)
    rules.check_room(record.holders.filter(known=False).count())
    holder, new = Holder.objects.get_or_create(
        record=record,
        kind=kind,
        name=name.strip()[:200],
        defaults={"duty": duty.strip()[:300], "since": beijing_day(at)},
    )
    if not new:
        holder.duty, holder.until = duty.strip()[:300], None
        holder.save(update_fields=["duty", "until"])
    return holder


@action("usage.end_holder", label=N_("停止使用者"), allow=CONSUMER, on=UseRecord, visible=may_know_record)
def end_holder(record: UseRecord, *, by: Actor, at: datetime, holder_id: int) -> Holder:
    """Enter that a system or person uses the data no longer, from tomorrow on."""
    _check_open(record)
    holder = record.holders.filter(pk=holder_id).first()
    if holder is None:
        raise NotThere(_("没有找到该使用者。"))
    holder.until = beijing_day(at)
    holder.save(update_fields=["until"])
    return holder
