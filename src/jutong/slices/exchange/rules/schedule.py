"""When a task runs: cron in Beijing time, shown in words and as the next times; and windows of the day. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

from croniter import croniter
from croniter.croniter import CroniterError
from django.utils.translation import gettext as _

from jutong.kernel.clock import BEIJING
from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.exchange.rules.terms import WEEK, Window

LONGEST_CRON: Final = 60
SHOWN_TIMES: Final = 5
_CRON: Final = re.compile(r"[0-9*,/\-]+( [0-9*,/\-]+){4}")
_WEEKDAYS: Final = (N_("周日"), N_("周一"), N_("周二"), N_("周三"), N_("周四"), N_("周五"), N_("周六"))
_FAR: Final = timedelta(days=9)


def check_cron(text: str) -> str:
    """Return a schedule with single blanks, or refuse what is none; empty means no schedule.

    Five fields: minute, hour, day of month, month, weekday; Beijing time.
    """
    cron = " ".join(text.split())
    if not cron:
        return ""
    if len(cron) > LONGEST_CRON or not _CRON.fullmatch(cron):
        raise RuleBroken(
            N_("“执行计划”应为五段（分 时 日 月 周），每段只含数字和 * , - /，如 30 2 * * 1-5；请修改。"), field="cron"
        )
    try:
        croniter(cron, datetime(2026, 1, 1, tzinfo=BEIJING)).get_next(datetime)
    except (CroniterError, ValueError):
        raise RuleBroken(
            N_("“执行计划”中有超出范围的数字或永远不会到来的日期，请检查分（0–59）、时（0–23）、日、月、周（0–7）。"),
            field="cron",
        ) from None
    return cron


def next_times(cron: str, after: datetime, count: int = SHOWN_TIMES) -> tuple[datetime, ...]:
    """Return the next times of a schedule strictly after an aware instant, in UTC."""
    times = croniter(cron, after.astimezone(BEIJING))
    return tuple(times.get_next(datetime).astimezone(UTC) for _each in range(count))


def last_time(cron: str, before: datetime) -> datetime:
    """Return the last time of a schedule before an aware instant, in UTC."""
    found: datetime = croniter(cron, before.astimezone(BEIJING)).get_prev(datetime)
    return found.astimezone(UTC)


def in_words(cron: str) -> str:
    """Return a schedule in words; a pattern without usual words is told by its fields."""
    minute, hour, day, month, weekday = cron.split()
    if month == "*" and minute.isdigit():
        clock = f"{int(hour):02d}:{int(minute):02d}" if hour.isdigit() else ""
        if (hour, day, weekday) == ("*", "*", "*"):
            return _("每小时的第 %d 分") % int(minute)
        if clock and (day, weekday) == ("*", "*"):
            return _("每天 %s") % clock
        if clock and day == "*" and (days := _days(weekday)):
            return _("每%(days)s %(clock)s") % {"days": "、".join(_(_WEEKDAYS[n]) for n in days), "clock": clock}
        if clock and day.isdigit() and weekday == "*":
            return _("每月 %(day)d 日 %(clock)s") % {"day": int(day), "clock": clock}
    if (hour, day, month, weekday) == ("*", "*", "*", "*") and (step := re.fullmatch(r"\*/(\d+)", minute)):
        return _("每 %d 分钟") % int(step[1])
    return _("分 %(minute)s · 时 %(hour)s · 日 %(day)s · 月 %(month)s · 周 %(weekday)s") % {
        "minute": minute, "hour": hour, "day": day, "month": month, "weekday": weekday,
    }  # fmt: skip


def _days(weekday: str) -> list[int]:
    """Return the weekdays (0 Sunday) of a plain list or range, in order from Monday; empty for anything else."""
    if not re.fullmatch(r"[0-7](-[0-7])?(,[0-7](-[0-7])?)*", weekday):
        return []
    found: set[int] = set()
    for part in weekday.split(","):
        first, _dash, last = part.partition("-")
        found |= {n % 7 for n in range(int(first), int(last or first) + 1)}
    return sorted(found, key=lambda n: (n - 1) % 7)


def opening(windows: Sequence[Window], at: datetime) -> tuple[datetime | None, datetime | None]:
    """Return from when until when work may be done, at `at` or next: where all windows are open. (None, None): always.

    RuleBroken where windows never meet within a week.
    """
    if not windows:
        return None, None
    open_ = _spans(windows[0], at)
    for window in windows[1:]:
        others = _spans(window, at)
        open_ = [(max(a, c), min(b, d)) for a, b in open_ for c, d in others if max(a, c) < min(b, d)]
    for start, end in sorted(open_):
        if end > at:
            return start, end
    raise RuleBroken(N_("任务的允许时段与数据源的开放时段没有重叠，请修改时段。"), field="window")


def _spans(window: Window, at: datetime) -> list[tuple[datetime, datetime]]:
    midnight = datetime.combine(at.astimezone(BEIJING).date(), time.min, tzinfo=BEIJING)
    length = (window.end - window.start) % (24 * 60)
    spans = []
    for number in range(-1, _FAR.days):
        day = midnight + timedelta(days=number)
        if str(day.isoweekday()) in window.days:
            start = (day + timedelta(minutes=window.start)).astimezone(UTC)
            spans.append((start, start + timedelta(minutes=length)))
    return spans


def window_words(window: Window) -> str:
    """Return a window in words: 22:00–06:00, and the weekdays where it is not every day."""
    text = "–".join(f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in (window.start, window.end))
    if set(window.days) == set(WEEK):
        return text
    days = "、".join(_(_WEEKDAYS[int(day) % 7]) for day in sorted(set(window.days)))
    return _("%(days)s %(hours)s") % {"days": days, "hours": text}
