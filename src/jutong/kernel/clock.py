"""The one place that reads the time: now in UTC, and days as Beijing counts them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")

_frozen: ContextVar[datetime | None] = ContextVar("jutong_clock_frozen", default=None)


def now() -> datetime:
    """Return the present instant, aware, in UTC; only pages, api, reactions and cli may ask."""
    return _frozen.get() or datetime.now(UTC)


def beijing_day(at: datetime) -> date:
    """Return the calendar day in Beijing of an aware instant; 16:00 UTC already belongs to the next day.

    A naive `at` raises ValueError: nobody knows which day it means.
    """
    if at.tzinfo is None:
        raise ValueError("beijing_day needs an aware datetime")
    return at.astimezone(BEIJING).date()


def end_of_day(day: date) -> datetime:
    """Return 24:00 Beijing of `day` as a UTC instant: a limit that ends with `day` is kept before it."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=BEIJING).astimezone(UTC)


@contextmanager
def frozen(at: datetime) -> Iterator[datetime]:
    """Hold `now()` at the aware instant `at` inside the block; for tests and the demo only."""
    if at.tzinfo is None:
        raise ValueError("frozen needs an aware datetime")
    token = _frozen.set(at.astimezone(UTC))
    try:
        yield at
    finally:
        _frozen.reset(token)
