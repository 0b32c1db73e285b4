"""W26: a use ends, the provider says what becomes of the copies, the consumer proves it copy by copy (national-2025#27)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import IO, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from jutong.kernel import files, inbox, outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotThere, RuleBroken
from jutong.kernel.models import StoredFile
from jutong.kernel.terms import N_
from jutong.slices.usage import events
from jutong.slices.usage.actions.recording import PLATFORM, end_record, finish_record, retain_record
from jutong.slices.usage.models import Copy, Disposal, UseRecord
from jutong.slices.usage.rules import disposals as rules
from jutong.slices.usage.rules.disposals import Report
from jutong.slices.usage.workflow import DISPOSAL
from jutong.slices.usage.workflow.disposals import OPEN
from jutong.slices.usage.workflow.records import RUNNING, may_know_record
from jutong.slices.usage.workflow.who import PROVIDER

MOST: Final = 500
"""Copies in one deed."""


def begin_disposals(grant_id: int, *, at: datetime) -> list[Disposal]:
    """Open a disposal for every copy that a grant's consumer still has, once the grant has ended (R-SHR-046).

    An instruction that the provider gave in advance is given with it; otherwise the provider is told to give one. A record
    whose consumer has nothing to dispose of is final at once.
    """
    record = end_record(grant_id, at=at)
    if record is None or record.state not in RUNNING:
        return []
    with transaction.atomic():
        begun = [
            end_use(by=PLATFORM, at=at, record=record, copy=copy, ground=record.ground) for copy in _undisposed(record)
        ]
        if begun and record.instruction:
            due_on = beijing_day(at) + timedelta(days=record.instruction_days or 1)
            for case in begun:
                _instruct(case, by=PLATFORM, at=at, instruction=record.instruction, due_on=due_on,
                          duty=record.instruction_duty)  # fmt: skip
        if begun:
            _tell_begun(record, len(begun), at)
    settle_disposals(grant_id, at=at)
    return begun


def _undisposed(record: UseRecord) -> QuerySet[Copy]:
    begun = Disposal.objects.filter(record=record, state__in=[*OPEN, "accepted"]).values("copy")
    return record.copies.filter(disposed_on=None).exclude(pk__in=begun).order_by("pk")


def _tell_begun(record: UseRecord, count: int, at: datetime) -> None:
    words = {"reference": record.reference, "title": record.resource_title, "count": count}
    link = f"/usage/disposals/{record.grant_id}/"
    told = _("使用已结束，请按提供方要求处置 %(count)d 份副本：%(reference)s %(title)s") % words
    inbox.tell(department_id=record.consumer_id, title=told, link=link, at=at)
    if not record.instruction:
        told = _("使用已结束，请对使用方的 %(count)d 份副本提出处置要求：%(reference)s %(title)s") % words
        inbox.tell(department_id=record.provider_id, title=told, link=link, at=at)


@DISPOSAL.opens("end")
def end_use(*, by: Actor, at: datetime, record: UseRecord, copy: Copy, ground: str) -> Disposal:
    """A copy's use is over, on a ground; what becomes of it is for the provider to say (national-2025#27)."""
    return Disposal(
        region=record.region, record=record, copy=copy, grant_id=record.grant_id, resource_title=record.resource_title,
        copy_title=copy.title, consumer_id=record.consumer_id, provider_id=record.provider_id,
        authority_id=record.authority_id, ground=ground, began_at=at,
    )  # fmt: skip


def give_up(grant_id: int, *, by: Actor, at: datetime, copies: Collection[int], ground: str) -> list[Disposal]:
    """A consumer ends the use of single copies while the grant still runs; their disposal begins.

    ground: purpose_reached, purpose_unreachable, no_longer_necessary; RuleBroken without one or without a copy; Conflict
    for one that is being disposed of already.
    """
    rules.check_copies(copies)
    rules.check_ground(ground)
    record = _record(grant_id, by)
    with transaction.atomic():
        chosen = [copy for copy in _undisposed(record) if copy.pk in copies]
        if len(chosen) < len(set(copies)):
            raise Conflict(_("所选副本中有的已在处置或者已处置，请刷新页面后重新勾选。"))
        return [end_use(by=by, at=at, record=record, copy=copy, ground=ground) for copy in chosen]


def _record(grant_id: int, by: Actor) -> UseRecord:
    record = UseRecord.objects.filter(grant_id=grant_id).first()
    if record is None or not may_know_record(by, record):
        raise NotThere(_("没有找到该授权的使用台账，或您无权知悉。"))
    return record


def _chosen(grant_id: int, by: Actor, copies: Collection[int]) -> list[Disposal]:
    """Return the newest disposal of each chosen copy of a grant, by copy."""
    rules.check_copies(copies)
    if len(copies) > MOST:
        raise RuleBroken(_("一次最多办理 %d 份副本，请分批办理。") % MOST, field="copies")
    record = _record(grant_id, by)
    rows = Disposal.objects.filter(record=record, copy__in=copies).order_by("copy_id", "-pk").distinct("copy_id")
    found = list(rows)
    if len(found) < len(set(copies)):
        raise NotThere(_("所选副本中有的没有处置事项，请刷新页面后重新勾选。"))
    return found


@action("usage.say_disposal", label=N_("预先提出处置要求"), allow=PROVIDER, on=UseRecord, visible=may_know_record)
def say_in_advance(
    record: UseRecord, *, by: Actor, at: datetime, instruction: str, days: int | None, duty: str = ""
) -> None:
    """Say, while the grant runs, how copies are to be disposed of once it ends: it is instructed by itself then.

    days: natural days after the end. RuleBroken for no instruction, no days, or one that keeps for no stated duty.
    """
    rules.check_standing(instruction, days, duty)
    record.instruction, record.instruction_days, record.instruction_duty = instruction, days, duty.strip()
    record.save(update_fields=["instruction", "instruction_days", "instruction_duty"])


def instruct(
    grant_id: int, *, by: Actor, at: datetime, copies: Collection[int], instruction: str, due_on: date | None,
    duty: str = "",
) -> list[Disposal]:  # fmt: skip
    """The provider says what is to become of copies, and by which Beijing day (R-SHR-046); all of them or none.

    RuleBroken without a copy, for no instruction or day, and for one that keeps for no stated duty.
    """
    with transaction.atomic():
        return [
            _instruct(case, by=by, at=at, instruction=instruction, due_on=due_on, duty=duty)
            for case in _chosen(grant_id, by, copies)
        ]


@DISPOSAL.action("instruct")
def _instruct(
    case: Disposal, *, by: Actor, at: datetime, instruction: str, due_on: date | None, duty: str = ""
) -> None:
    """Keep the instruction; the consumer's limit is the provider's day."""
    today = beijing_day(at)
    case.instruction, case.due_on = rules.check_instruction(instruction, due_on, duty, today=today)
    case.words, case.instructed_on = duty.strip()[: rules.LONGEST_TEXT], today
    _tell_once(
        case, case.consumer_id, _("请于 %(day)s 前处置：%(title)s") % {"day": case.due_on, "title": case.resource_title},
        at,
    )  # fmt: skip


def report(
    grant_id: int, *, by: Actor, at: datetime, copies: Collection[int], report: Report,
    proof: tuple[IO[bytes], str] | None = None,
) -> list[Disposal]:  # fmt: skip
    """The consumer reports the disposal of copies with method, day, executor and proof (R-SHR-047); all of them or none.

    proof: an open file and its name. RuleBroken without a copy, executor, day or the proof that the method asks for, and for
    a method that is not what the provider requires.
    """
    today = beijing_day(at)
    rules.check_copies(copies)
    rules.check_report(report, proven=proof is not None, today=today)
    with transaction.atomic():
        cases = _chosen(grant_id, by, copies)
        kept = files.store(*proof, by=by, at=at).id if proof else None
        return [_report(case, by=by, at=at, report=report, proof_id=kept) for case in cases]


@DISPOSAL.action("report")
def _report(case: Disposal, *, by: Actor, at: datetime, report: Report, proof_id: int | None) -> None:
    """Keep what was done with a copy, when, by whom, and the proof."""
    rules.check_method(case.instruction, report.method)
    case.method, case.executed_on = report.method, report.executed_on
    case.executor, case.note = report.executor.strip()[:100], report.note.strip()[: rules.LONGEST_TEXT]
    case.proof = StoredFile.objects.get(pk=proof_id) if proof_id else None
    case.reported_at, case.reported_by, case.returned_for = at, by.name[:100], ""
    title = _("请核验处置证明：%(title)s（%(copy)s）") % {"title": case.resource_title, "copy": case.copy_title}
    _tell_once(case, case.provider_id, title, at)


def accept(grant_id: int, *, by: Actor, at: datetime, copies: Collection[int]) -> list[Disposal]:
    """The provider accepts the proof: the ledger shows the copies as disposed of (R-SHR-047); all of them or none."""
    with transaction.atomic():
        return [_accept(case, by=by, at=at) for case in _chosen(grant_id, by, copies)]


@DISPOSAL.action("accept")
def _accept(case: Disposal, *, by: Actor, at: datetime) -> None:
    """Note in the ledger how the copy was disposed of."""
    case.accepted_at, case.accepted_by = at, by.name[:100]
    Copy.objects.filter(pk=case.copy_id).update(disposed_on=case.executed_on, disposed_how=case.method)


def send_back(
    grant_id: int, *, by: Actor, at: datetime, copies: Collection[int], reason: str, due_on: date | None
) -> list[Disposal]:
    """The provider does not accept the proof, for a reason; the consumer has until a new day. All of them or none."""
    with transaction.atomic():
        cases = _chosen(grant_id, by, copies)
        return [_send_back(case, by=by, at=at, reason=reason, due_on=due_on) for case in cases]


@DISPOSAL.action("send_back")
def _send_back(case: Disposal, *, by: Actor, at: datetime, reason: str, due_on: date | None) -> None:
    """Keep why, and begin the consumer's limit again."""
    today = beijing_day(at)
    case.returned_for = rules.check_reason(reason)
    _same, case.due_on = rules.check_instruction(case.instruction, due_on, case.words, today=today)
    case.instructed_on = today
    title = _("处置证明被退回：%(title)s（%(copy)s）") % {"title": case.resource_title, "copy": case.copy_title}
    _tell_once(case, case.consumer_id, title, at, text=case.returned_for)


def _tell_once(case: Disposal, department_id: int, title: str, at: datetime, *, text: str = "") -> None:
    link = f"/usage/disposals/{case.grant_id}/"
    inbox.tell(department_id=department_id, role=Role.DATA_OFFICER, title=title, text=text, link=link, at=at)


@DISPOSAL.action("close")
def _close(case: Disposal, *, by: Actor, at: datetime) -> None:
    """Nothing is open any more."""


def settle_disposals(grant_id: int, *, at: datetime) -> int:
    """Close what is accepted of a grant once nothing else is open, and begin the retention if the grant has ended.

    Returns how many were closed.
    """
    record = UseRecord.objects.filter(grant_id=grant_id).first()
    if record is None or record.disposals.filter(state__in=OPEN).exists():
        return 0
    with transaction.atomic():
        accepted = list(record.disposals.filter(state="accepted").order_by("pk"))
        for case in accepted:
            _close(case, by=PLATFORM, at=at)
        if record.ended_at is not None and record.state in RUNNING and not _undisposed(record).exists():
            record = finish_record(record, by=PLATFORM, at=at)
            if not record.lacking:
                retain_record(record, by=PLATFORM, at=at)
    return len(accepted)


def propose_finding(disposal_id: int, *, at: datetime) -> bool:
    """Put a disposal that passed the provider's day forward as a possible finding, once (national-2025#40(4)).

    Consumer, provider and authority are told; nothing is decided by it. Returns whether it was put forward now.
    """
    case = Disposal.objects.select_for_update().filter(pk=disposal_id, state="instructed", proposed_at=None).first()
    if case is None:
        return False
    case.proposed_at = at
    case.save(update_fields=["proposed_at"])
    words = _("%(title)s（%(copy)s）未在提供方要求的 %(day)s 前处置。") % {
        "title": case.resource_title, "copy": case.copy_title, "day": case.due_on,
    }  # fmt: skip
    payload = {
        "kind": "not_disposed_as_required", "department_id": case.consumer_id, "authority_id": case.authority_id,
        "subject": case.resource_title, "words": words, "source": f"disposal:{case.pk}", "article": rules.ARTICLE,
    }  # fmt: skip
    outbox.publish(events.FINDING_PROPOSED, f"disposal:{case.pk}", payload, at=at, by=PLATFORM)
    for department_id in dict.fromkeys(filter(None, (case.consumer_id, case.provider_id, case.authority_id))):
        inbox.tell(
            department_id=department_id, title=_("处置已超期：%s") % words, at=at,
            link=f"/usage/disposals/{case.grant_id}/",
        )  # fmt: skip
    return True
