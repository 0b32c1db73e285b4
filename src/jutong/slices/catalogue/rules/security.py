"""What a security assessment of a department's sharing must state; pure (national-2025#11(5))."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_

MOST_FINDINGS: Final = 200


@dataclass(frozen=True, slots=True)
class FindingGiven:
    """A finding as it is recorded: what, who puts it right, by when."""

    text: str
    owner: str
    due_on: date | None


def check_plan(scope: str, planned_on: date | None) -> None:
    """Refuse a plan without scope or day."""
    if not scope.strip():
        raise RuleBroken(N_("请填写评估范围。"), field="scope")
    if planned_on is None:
        raise RuleBroken(N_("请填写计划评估日期。"), field="planned_on")


def check_done(
    conductor: str, summary: str, done_on: date | None, findings: Sequence[FindingGiven], *, today: date
) -> None:
    """Refuse a result without who, what and when, in the future, and a finding without owner or date."""
    remarks: dict[str, str] = {}
    if not conductor.strip():
        remarks["conductor"] = N_("请填写评估人或评估机构。")
    if not summary.strip():
        remarks["summary"] = N_("请填写评估结论。")
    if done_on is None or done_on > today:
        remarks["done_on"] = N_("请填写评估完成日期，不能晚于今天。")
    if len(findings) > MOST_FINDINGS:
        remarks["findings"] = N_("一次评估最多登记 200 个问题，请合并。")
    for one in findings:
        if not one.text.strip() or not one.owner.strip() or one.due_on is None:
            remarks["findings"] = N_("每个问题须写明内容、整改责任人和整改期限，缺一不可。")
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)


def months_before(day: date, months: int) -> date:
    """Return the day so many months earlier, in short months the 28th.

    >>> months_before(date(2026, 3, 31), 13)
    datetime.date(2025, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, 28))
