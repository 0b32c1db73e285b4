"""What a case's days would be: limits of a profile walked through pauses and extensions, as the engine counts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from django.utils.translation import gettext as _

from jutong.kernel.policy.case import Policy
from jutong.kernel.policy.parameters import parameters
from jutong.kernel.policy.targets import target_in_words
from jutong.kernel.policy.wording import with_doubt
from jutong.kernel.workdays import Calendar, add_workdays, left_after_pause, remaining


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to a limit on a Beijing day; days: working days of an extension."""

    kind: Literal["pause", "resume", "extend"]
    day: date
    days: int = 0


@dataclass(frozen=True, slots=True)
class Leg:
    """One limit of a procedure: its parameter and variant; start: None where it follows the end of the leg before."""

    label: str
    parameter: str
    kind: str | None = None
    start: date | None = None
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Dated:
    """A leg with its days. due: None without a limit, or while it waits. rule: in words, with why it is provisional.

    counted: the working days counted, in order; notes: what of the events could not be. target: an internal one.
    """

    label: str
    start: date
    days: int | None
    due: date | None
    provisional: bool
    rule: str
    notes: tuple[str, ...] = ()
    counted: tuple[date, ...] = ()
    target: bool = False


def simulate(policy: Policy, legs: Sequence[Leg], first: date, calendar: Calendar) -> tuple[Dated, ...]:
    """Return every leg's days under a profile, for a case that starts on `first`.

    A leg without limit ends, for the next, on the day it starts. UnknownYear beyond the calendar.
    """
    found: list[Dated] = []
    end = first
    for leg in legs:
        dated = _dated(policy, leg, leg.start or end, calendar)
        found.append(dated)
        end = dated.due or dated.start
    return tuple(found)


def _dated(policy: Policy, leg: Leg, start: date, calendar: Calendar) -> Dated:
    days = policy.days(leg.parameter, leg.kind)
    if days is not None:
        walk = _Walk(policy, leg, start, days, calendar)
        return walk.dated(policy.explain(leg.parameter, leg.kind))
    wished = policy.target(leg.parameter)
    if wished is None:
        return Dated(leg.label, start, None, None, provisional=False, rule=policy.explain(leg.parameter, leg.kind))
    return _Walk(policy, leg, start, wished, calendar).dated(target_in_words(wished), target=True)


class _Walk:
    """One limit on its way through the events."""

    def __init__(self, policy: Policy, leg: Leg, start: date, days: int, calendar: Calendar) -> None:
        self.policy, self.leg, self.start, self.days, self.calendar = policy, leg, start, days, calendar
        self.due = add_workdays(start, days, calendar).day
        self.since = start
        self.extended = 0
        self.waiting: tuple[date, int] | None = None
        self.runs: list[tuple[date, date]] = []
        self.notes: list[str] = []
        for event in sorted(leg.events, key=lambda one: one.day):
            if event.kind == "pause":
                self._pause(event.day)
            elif event.kind == "resume":
                self._resume(event.day)
            else:
                self._extend(event.day, event.days)

    def _pause(self, day: date) -> None:
        if self.waiting or not self.since <= day <= self.due:
            self.notes.append(_("%s 不在期限之内，没有可以暂停的期限") % day.isoformat())
            return
        self.waiting = (day, remaining(day, self.due, self.calendar))
        self.runs.append((self.since, day))

    def _resume(self, day: date) -> None:
        if self.waiting is None or day < self.waiting[0]:
            self.notes.append(_("%s 期限没有暂停，不能恢复") % day.isoformat())
            return
        restart = self.policy.text("supplement_clock") == "restart"
        left = left_after_pause(self.days + self.extended, self.waiting[1], restart=restart)
        self.waiting, self.since = None, day
        self.due = add_workdays(day, left, self.calendar).day
        if restart:
            self.runs.clear()

    def _extend(self, day: date, days: int) -> None:
        by = parameters()[self.leg.parameter].extension
        longest = (self.policy.days(by, self.leg.kind) if by else None) or 0
        if not longest:
            self.notes.append(_("该规则没有规定可以延长"))
            return
        if self.waiting or day > self.due:
            self.notes.append(_("延长须在期限届满前、期限没有暂停时提出"))
            return
        granted = min(days, longest - self.extended)
        if granted < days:
            words = {"most": longest, "explained": self.policy.explain(by, self.leg.kind)}
            self.notes.append(_("延长累计至多 %(most)d 个工作日（%(explained)s）") % words)
        self.extended += granted
        self.due = add_workdays(self.due, granted, self.calendar).day

    def dated(self, rule: str, *, target: bool = False) -> Dated:
        """Return the leg as it stands after the last event."""
        runs = self.runs if self.waiting else [*self.runs, (self.since, self.due)]
        last = self.waiting[0] if self.waiting else self.due
        counted = tuple(day for run in runs for day in _worked(*run, self.calendar))
        doubtful = self.calendar.unannounced(self.start + timedelta(days=1), last) if last > self.start else ()
        notes = list(self.notes)
        if self.waiting:
            notes.append(_("等待补正，期限暂停，剩余 %d 个工作日") % self.waiting[1])
        due = None if self.waiting else self.due
        if self.extended:
            rule = _("%(rule)s；延长 %(days)d 个工作日") % {"rule": rule, "days": self.extended}
        return Dated(
            self.leg.label, self.start, self.days + self.extended, due, bool(doubtful), with_doubt(rule, doubtful),
            tuple(notes), counted, target,
        )  # fmt: skip


def _worked(after: date, last: date, calendar: Calendar) -> list[date]:
    """Return the working days after one day up to and including another."""
    return [calendar.workday(rank) for rank in range(calendar.rank(after) + 1, calendar.rank(last) + 1)]
