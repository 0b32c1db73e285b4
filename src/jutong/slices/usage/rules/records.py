"""Use records: what they must say, their periods, how long they are kept; pure."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_, Term

LEAST_YEARS: Final = 3
"""Years that use records are kept at least (national-2025#29)."""
MOST_YEARS: Final = 100
MONTHS: Final = 12


class UseStatus(Term):
    """How a grant's data is being used (national-2025#26)."""

    IN_USE = "in_use", N_("正在使用")
    NOT_USED = "not_used", N_("本期未使用")
    PAUSED = "paused", N_("暂停使用")
    FINISHED = "finished", N_("已停止使用")


FIELDS: Final[Mapping[str, str]] = {
    "scene": N_("使用场景"),
    "process": N_("使用过程"),
    "effect": N_("应用成效"),
    "storage": N_("存储情况"),
    "destruction": N_("销毁情况"),
    "status": N_("使用状态"),
}
"""The contents of a use record."""
_CONTENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "use_scene": ("scene",),
    "use_process": ("process",),
    "use_effect": ("effect",),
    "storage": ("storage",),
    "destruction": ("destruction",),
    "use_status": ("status",),
    "whole_process": ("scene", "process", "effect", "storage", "destruction"),
}
"""What each code of the profile's parameter `use_records` asks for."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a consumer says of one reporting period."""

    scene: str = ""
    process: str = ""
    effect: str = ""
    storage: str = ""
    destruction: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the platform knows of one period: calls and rows of the interface, deliveries and their rows, copies and disposals.

    copies: held at the end; unplaced: of these without a storage place; undisposed: to be disposed of and not yet reported.
    """

    calls: int = 0
    called_rows: int = 0
    deliveries: int = 0
    delivered_rows: int = 0
    copies: int = 0
    unplaced: int = 0
    undisposed: int = 0

    @property
    def used(self) -> bool:
        """Whether anything was obtained."""
        return bool(self.calls or self.deliveries)


def asked(parameter: Sequence[str]) -> tuple[str, ...]:
    """Return the contents that a profile's parameter `use_records` asks for, in their order."""
    wanted = {name for code in parameter for name in _CONTENTS.get(code, ())}
    return tuple(name for name in FIELDS if name in wanted)


def lacking(content: Mapping[str, Any], wanted: Collection[str], known: Figures) -> list[str]:
    """Return what a period's record lacks.

    A period without any use need only say its status. What the platform knows need not be said again: storage where
    every copy has its place in the ledger, destruction where every disposal that was asked for is reported.
    """
    needed = set(wanted)
    if not known.used and not known.undisposed:
        needed &= {"status"}
    if known.copies and not known.unplaced:
        needed -= {"storage"}
    if not known.undisposed:
        needed -= {"destruction"}
    return [name for name in FIELDS if name in needed and not str(content.get(name) or "").strip()]


def check_content(content: Content) -> None:
    """Refuse a status off the list, and a record that says nothing."""
    if content.status and content.status not in set(UseStatus):
        raise RuleBroken(N_("请从列表中选择使用状态。"), field="status")
    if content == Content():
        raise RuleBroken(N_("请至少填写一项使用记录。"), field="scene")


def period_end(day: date, months: int) -> date:
    """Return the last day of the reporting period that a day lies in; periods of `months` begin with the year."""
    last = ((day.month - 1) // months + 1) * months
    return date(day.year, last, calendar.monthrange(day.year, last)[1])


def next_day(day: date) -> date:
    """Return the day after."""
    return day + timedelta(days=1)


def months_after(day: date, months: int) -> date:
    """Return the day so many months later, the month's last where it has no such day."""
    year, month = divmod(day.year * MONTHS + day.month - 1 + months, MONTHS)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def kept_until(ended: date, disposed: date, *periods: int | None) -> date:
    """Return the last day a record has to be kept: from the later of the grant's end and the proven disposal (R-SHR-055).

    periods: retention in months by the texts and by law; the longest wins, never below three years.
    """
    months = max([LEAST_YEARS * MONTHS, *(months for months in periods if months)])
    return months_after(max(ended, disposed), months)


def check_longer(years: int | None, basis: str, least_months: int) -> None:
    """Refuse a period by law that is shorter than the texts', or without its basis (national-2025#29)."""
    if years is None or not LEAST_YEARS <= years <= MOST_YEARS or years * MONTHS < least_months:
        raise RuleBroken(
            N_("使用记录的保存期限不得少于 %(least)d 年，请填写法律、行政法规规定的更长期限。"),
            field="years",
            least=max(LEAST_YEARS, least_months // MONTHS),
        )
    if not basis.strip():
        raise RuleBroken(N_("请写明规定更长保存期限的法律、行政法规及条款。"), field="basis")
