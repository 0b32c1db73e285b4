"""Reads of the kernel's own tables: clocks of cases, audit search, work in progress, held events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jutong.kernel import jurisdiction
from jutong.kernel.clock import beijing_day
from jutong.kernel.models import AuditEntry, Clock, ClockState
from jutong.kernel.paging import Page, page
from jutong.kernel.policy import with_doubt
from jutong.kernel.workdays import Calendar, remaining


@dataclass(frozen=True, slots=True)
class ClockRow:
    """A clock as a page shows it. left: working days (negative: overdue); tone: green, yellow, red, grey; text: in words.

    explanation: the rule in words: days, article, whose it is, why provisional. target: an internal target, never overdue.
    """

    name: str
    label: str
    state: str
    due_day: date
    provisional: bool
    left: int
    tone: str
    text: str
    explanation: str
    id: int = 0
    target: bool = False


def clocks(case_kind: str, ids: Iterable[int], at: datetime) -> dict[int, list[ClockRow]]:
    """Return the clocks of cases by case id, in the order they started."""
    return {pk: rows for (_kind, pk), rows in clocks_of({case_kind: ids}, at).items()}


def clocks_of(cases: Mapping[str, Iterable[int]], at: datetime) -> dict[tuple[str, int], list[ClockRow]]:
    """Return the clocks of cases of several kinds by kind and id, in the order they started: one statement."""
    calendar, today = jurisdiction.calendar(), beijing_day(at)
    wanted = Q(pk__in=[])
    for kind, ids in cases.items():
        wanted |= Q(case_kind=kind, case_id__in=list(ids))
    found: dict[tuple[str, int], list[ClockRow]] = defaultdict(list)
    for clock in Clock.objects.filter(wanted).order_by("id"):
        left = clock.remaining if clock.state == ClockState.PAUSED else remaining(today, clock.due_day, calendar)
        found[clock.case_kind, clock.case_id].append(_clock_row(clock, left or 0, calendar))
    return dict(found)


def _clock_row(clock: Clock, left: int, calendar: Calendar) -> ClockRow:
    tone, text = _words_of_target(clock, left) if clock.target else _words(clock, left)
    doubtful = calendar.unannounced(clock.started_on, clock.due_day) if clock.provisional else ()
    if clock.provisional:
        text += _("（暂定）")
    rule = with_doubt(clock.explanation, doubtful)
    return ClockRow(
        clock.name, clock.label, clock.state, clock.due_day, clock.provisional, left, tone, text, rule, clock.pk,
        clock.target,
    )  # fmt: skip


def _words_of_target(clock: Clock, left: int) -> tuple[str, str]:
    if clock.state == ClockState.STOPPED:
        late = clock.stopped_at is not None and clock.stopped_at > clock.due_at
        return ("yellow", _("办结时已超内部目标")) if late else ("green", _("在内部目标内办结"))
    if clock.state != ClockState.PAUSED and left < 0:
        return "yellow", ngettext("已超内部目标 %d 个工作日", "已超内部目标 %d 个工作日", -left) % -left
    return "grey", ngettext("内部目标剩余 %d 个工作日", "内部目标剩余 %d 个工作日", left) % left


def _words(clock: Clock, left: int) -> tuple[str, str]:
    if clock.state == ClockState.STOPPED:
        late = clock.stopped_at is not None and clock.stopped_at > clock.due_at
        return ("red", _("逾期办结")) if late else ("green", _("按期办结"))
    if clock.state == ClockState.PAUSED:
        return "grey", ngettext("已暂停，剩余 %d 个工作日", "已暂停，剩余 %d 个工作日", left) % left
    if left < 0:
        return "red", ngettext("已超期 %d 个工作日", "已超期 %d 个工作日", -left) % -left
    if left == 0:
        return "red", _("今日到期")
    tone = "yellow" if left <= 2 else "green"  # noqa: PLR2004 - the reminder's two days
    return tone, ngettext("剩余 %d 个工作日", "剩余 %d 个工作日", left) % left


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An audit entry as the audit pages show it."""

    id: int
    at: datetime
    actor_name: str
    department_id: int | None
    acting_for: int | None
    channel: str
    address: str
    verb: str
    subject_kind: str
    subject_id: str
    outcome: str
    code: str
    reason: str
    detail: dict[str, Any]


def trail_after(entry_id: int, *, most: int) -> list[AuditRow]:
    """Return the entries of the trail after an id, oldest first, for slices that look for evidence in it."""
    return [_audit_row(entry) for entry in AuditEntry.objects.filter(pk__gt=entry_id).order_by("pk")[:most]]


def audit_entries(
    *,
    text: str = "",
    outcome: str = "",
    subject_kinds: Sequence[str] = (),
    subject_id: str = "",
    first: date | None = None,
    last: date | None = None,
    number: int = 1,
    size: int = 50,
) -> tuple[list[AuditRow], Page]:
    """Search the trail, newest first; `text` matches verb, person, reason and object id."""
    rows = AuditEntry.objects.order_by("-id")
    if text:
        rows = rows.filter(
            Q(verb__icontains=text) | Q(actor_name__icontains=text) | Q(reason__icontains=text) | Q(subject_id=text)
        )
    if outcome:
        rows = rows.filter(outcome=outcome)
    if subject_kinds:
        rows = rows.filter(subject_kind__in=subject_kinds)
    if subject_id:
        rows = rows.filter(subject_id=subject_id)
    if first:
        rows = rows.filter(at__date__gte=first)
    if last:
        rows = rows.filter(at__date__lte=last)
    found, meta = page(rows, number, size)
    return [_audit_row(entry) for entry in found], meta


def history(subject_kind: str, subject_id: int | str) -> list[AuditRow]:
    """Return what happened to one case, oldest first: its timeline."""
    rows = AuditEntry.objects.filter(subject_kind=subject_kind, subject_id=str(subject_id)).order_by("id")[:500]
    return [_audit_row(entry) for entry in rows]


def acts_on(subject_kind: str, ids: Iterable[int], verb: str) -> dict[str, list[AuditRow]]:
    """Return who did one thing to several subjects, oldest first, by the subject's id: successes only, in one statement."""
    rows = AuditEntry.objects.filter(
        subject_kind=subject_kind, subject_id__in=[str(pk) for pk in ids], verb=verb, outcome="success"
    )
    found: dict[str, list[AuditRow]] = defaultdict(list)
    for entry in rows.order_by("id"):
        found[entry.subject_id].append(_audit_row(entry))
    return dict(found)


def _audit_row(e: AuditEntry) -> AuditRow:
    return AuditRow(
        e.pk, e.at, e.actor_name, e.department_id, e.acting_for, e.channel, e.address, e.verb, e.subject_kind,
        e.subject_id, e.outcome, e.code, e.reason, e.detail,
    )  # fmt: skip
