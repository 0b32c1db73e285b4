"""Clocks of cases: start, stop, pause, resume, extend; only the engine winds them, only the sweep lets them strike."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import connection
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction, outbox
from jutong.kernel.actors import system_actor
from jutong.kernel.clock import beijing_day, end_of_day
from jutong.kernel.errors import RuleBroken, WrongState
from jutong.kernel.models import Case, Clock, ClockState
from jutong.kernel.policy import target_in_words
from jutong.kernel.workdays import Calendar, add_workdays, left_after_pause, remaining
from jutong.kernel.workflow.saving import save_set
from jutong.kernel.workflow.table import WARN_DAYS, ClockRule

if TYPE_CHECKING:
    from jutong.kernel.workflow.engine import Workflow


def wind(
    workflow: Workflow[Any],
    cases: Sequence[Case],
    deeds: Iterable[tuple[str, str]],
    at: datetime,
    values: dict[str, Any],
) -> None:
    """Carry out a move's clock deeds on the cases; `values["days"]` says how far an extension goes."""
    by_id = {case.pk: case for case in cases}
    for deed, name in deeds:
        rule = workflow.clocks[name]
        if deed == "start":
            _start(workflow.name, rule, cases, at)
            continue
        running = Clock.objects.select_for_update().filter(case_kind=workflow.name, case_id__in=list(by_id), name=name)
        moved = [clock for clock in running if _DEEDS[deed](clock, rule, by_id[clock.case_id], at, values)]
        save_set(moved, _CHANGES[deed])


_DUE: Final = ("due_day", "due_at", "provisional", "overdue_on", "warn_on", "warned_at")
_CHANGES: Final = {
    "stop": ("state", "stopped_at"),
    "pause": ("state", "paused_on", "remaining"),
    "resume": ("state", "paused_on", "remaining", "waited", "resumed_on", "resumed_days", *_DUE),
    "extend": ("extended", "resumed_days", *_DUE),
}
"""Columns that a deed changes."""


def _start(kind: str, rule: ClockRule, cases: Sequence[Case], at: datetime) -> None:
    calendar = jurisdiction.calendar()
    today = beijing_day(at)
    rows = [row for case in cases if (row := _new(kind, rule, case, today, calendar))]
    Clock.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["case_kind", "case_id", "name"],
        update_fields=[
            "state", "started_on", "days", "extended", "waited", "due_day", "due_at", "overdue_on", "warn_on",
            "paused_on", "remaining", "provisional", "explanation", "obliged_id", "stopped_at", "warned_at",
            "overdue_at", "target", "parameter", "resumed_on", "resumed_days",
        ],
    )  # fmt: skip


def _new(kind: str, rule: ClockRule, case: Case, today: date, calendar: Calendar) -> Clock | None:
    limit = _limit(rule, case)
    if limit is None:
        return None
    days, parameter, explanation, target = limit
    start = getattr(case, rule.since) if rule.since else today
    clock = Clock(
        case_kind=kind,
        case_id=case.pk,
        name=rule.name,
        label=rule.label,
        started_on=start,
        days=days,
        parameter=parameter,
        explanation=explanation,
        target=target,
        obliged_id=getattr(case, rule.obliged, None) if rule.obliged else None,
    )
    _set_due(clock, start, days, rule.warn_days, calendar)
    return clock


def _limit(rule: ClockRule, case: Case) -> tuple[int, str, str, bool] | None:
    """Return a limit in working days, its parameter, its source in words, and whether it is the region's own target.

    None for a case with neither.
    """
    if rule.given:
        own = rule.given(case)
        return (own[0], "", own[1], False) if own else None
    parameter = rule.wish or rule.parameter_for(case)
    if parameter is None:
        return None
    if not rule.wish:
        variant = rule.kind_for(case)
        days = case.policy.days(parameter, kind=variant)
        if days is not None:
            return days, parameter, case.policy.explain(parameter, kind=variant), False
    wished = case.policy.target(parameter)
    return None if wished is None else (wished, parameter, target_in_words(wished), True)


def _set_due(clock: Clock, start: date, days: int, warn_days: int, calendar: Calendar) -> None:
    due = add_workdays(start, days, calendar)
    clock.due_day = due.day
    clock.due_at = end_of_day(due.day)
    clock.provisional = due.provisional
    clock.overdue_on = add_workdays(due.day, 1, calendar).day
    warn = calendar.workday(max(calendar.rank(start), calendar.rank(due.day) - warn_days)) if days else due.day
    clock.warn_on = max(warn, start)


def _stop(clock: Clock, _rule: ClockRule, _case: Case, at: datetime, _values: dict[str, Any]) -> bool:
    """Stop a clock; like every deed it tells whether the clock changed."""
    if clock.state == ClockState.STOPPED:
        return False
    # what was waited for is not the obliged department's time: a paused clock stops as of the day it paused
    paused = clock.paused_on if clock.state == ClockState.PAUSED else None
    clock.stopped_at = min(at, end_of_day(paused)) if paused else at
    clock.state = ClockState.STOPPED
    return True


def _pause(clock: Clock, _rule: ClockRule, _case: Case, at: datetime, _values: dict[str, Any]) -> bool:
    if clock.state != ClockState.RUNNING:
        return False
    clock.state = ClockState.PAUSED
    clock.paused_on = beijing_day(at)
    clock.remaining = remaining(clock.paused_on, clock.due_day, jurisdiction.calendar())
    return True


def _resume(clock: Clock, rule: ClockRule, case: Case, at: datetime, _values: dict[str, Any]) -> bool:
    if clock.state != ClockState.PAUSED:
        return False
    calendar = jurisdiction.calendar()
    today = beijing_day(at)
    left = left_after_pause(clock.days + clock.extended, clock.remaining or 0, restart=_restarts(case))
    clock.waited += max(0, remaining(clock.paused_on or today, today, calendar))
    clock.state, clock.paused_on, clock.remaining = ClockState.RUNNING, None, None
    clock.resumed_on, clock.resumed_days = today, left
    _set_due(clock, today, left, rule.warn_days, calendar)
    clock.warned_at = None
    return True


def _restarts(case: Case) -> bool:
    return case.policy.text("supplement_clock") == "restart"


def _extend(clock: Clock, rule: ClockRule, case: Case, at: datetime, values: dict[str, Any]) -> bool:
    longest = case.policy.days(rule.extension, kind=rule.kind_for(case)) if rule.extension else None
    if not longest:
        raise WrongState(_("现行规则没有规定“%s”可以延长。") % _(rule.label))
    if clock.state != ClockState.RUNNING or beijing_day(at) > clock.due_day:
        raise WrongState(_("“%s”已经停止或超期，延长须在期限届满前提出。") % _(rule.label))
    days = int(values.get("days") or 0)
    if days < 1 or clock.extended + days > longest:
        raise RuleBroken(
            _("延长天数累计不得超过 %(most)d 个工作日，还可延长 %(left)d 个工作日，请修改天数。")
            % {"most": longest, "left": longest - clock.extended},
            field="days",
        )
    clock.extended += days
    if clock.resumed_days is not None:
        clock.resumed_days += days
    _set_due(clock, clock.due_day, days, rule.warn_days, jurisdiction.calendar())
    clock.warned_at = None
    return True


_DEEDS = {"stop": _stop, "pause": _pause, "resume": _resume, "extend": _extend}


def recompute_provisional() -> int:
    """Compute provisional due days again after a calendar was loaded; returns how many clocks changed (R-OVR-035).

    A clock that went on after a pause is counted from that day with the days it had then: what a pause left, or gave
    (national-2025#21, at least one day), is not lost by a new calendar.
    """
    calendar = jurisdiction.calendar()
    changed = []
    for clock in Clock.objects.filter(provisional=True).exclude(state=ClockState.STOPPED).iterator():
        before = (clock.due_day, clock.provisional)
        if clock.resumed_on is None or clock.resumed_days is None:
            start, days = clock.started_on, clock.days + clock.extended
        else:
            start, days = clock.resumed_on, clock.resumed_days
        _set_due(clock, start, days, _warn_days(clock), calendar)
        if clock.paused_on:
            clock.remaining = remaining(clock.paused_on, clock.due_day, calendar)
        if (clock.due_day, clock.provisional) != before:
            changed.append(clock)
    columns = ["due_day", "due_at", "overdue_on", "warn_on", "provisional", "remaining"]
    Clock.objects.bulk_update(changed, columns, batch_size=1000)
    return len(changed)


def _warn_days(clock: Clock) -> int:
    """Return how many working days before its end a clock reminds."""
    from jutong.kernel.workflow.engine import workflows

    workflow = workflows().get(clock.case_kind)
    rule = workflow.clocks.get(clock.name) if workflow else None
    return rule.warn_days if rule else WARN_DAYS


_STRIKE: Final = f"""
    with struck as (
        update kernel_clock set {{mark}} = %(at)s
         where id in (select id from kernel_clock where state = 'running' and {{mark}} is null and {{due}}
                       order by id limit %(limit)s for update skip locked)
        returning *),
    events as (
        select {{name}} as name, case_kind || ':' || case_id as subject,
               jsonb_build_object('case_kind', case_kind, 'case_id', case_id, 'clock', name, 'label', label, 'due_day', due_day,
                                  'obliged_id', obliged_id, 'explanation', explanation, 'by', %(by)s::jsonb) as payload
          from struck where {{name}} is not null order by id),
    told as ({outbox.TELL.format(events="events")})
    select count(*), {outbox.WAKE} from struck having count(*) > 0
"""  # noqa: S608 - put together from constants
_LATE: Final = _STRIKE.format(
    mark="overdue_at",
    due="overdue_on <= %(today)s",
    name="case when target then 'clock.beyond_target' else 'clock.overdue' end",
)
_SOON: Final = _STRIKE.format(
    mark="warned_at",
    due="warn_on <= %(today)s and overdue_on > %(today)s",
    name="case when not target then 'clock.due_soon' end",
)


def sweep(at: datetime, *, limit: int = 5000) -> int:
    """Let clocks strike: a reminder before the limit, an overdue event on the working day after it.

    Striking records and tells; it never decides. An internal target gives no reminder and is never overdue: it is told
    as "clock.beyond_target" (R-OVR-039). Takes `limit` clocks of each at most, skipping those another sweep holds: one
    statement each, for very many limits may end on one day.
    """
    by = json.dumps(outbox.cause(system_actor("clock")))
    values: dict[str, Any] = {"at": at, "today": beijing_day(at), "limit": limit, "by": by}
    struck = 0
    with connection.cursor() as cursor:
        for statement in (_LATE, _SOON):
            cursor.execute(statement, values)
            found = cursor.fetchone()
            struck += found[0] if found else 0
    return struck


def days_left(today: date, due_day: date) -> int:
    """Return the working days left: 0 on the last day, negative when overdue."""
    return remaining(today, due_day, jurisdiction.calendar())
