"""What a case of misuse must say, and when a suspension may go on to termination; pure (W25, national-2025#27)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from jutong.kernel.errors import RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.kernel.workdays import Calendar, add_workdays, workdays_between
from jutong.slices.usage.rules.terms import Ground, MisuseKind, Source

SHORTEST_TEXT: Final = 4
LONGEST_TEXT: Final = 2000
LONGEST_LIMIT: Final = 250
"""Working days: about a year; the text names no number, a limit beyond it is none."""

ARTICLES: Final[Mapping[str, str]] = {
    Ground.BEYOND_SCOPE: "national-2025#40(2)",
    Ground.BEYOND_PURPOSE: "national-2025#40(2)",
    Ground.THIRD_PARTY: "national-2025#40(3)",
    Ground.COMMERCIAL: "jiangxi-2017#17; national-2025#40(2)",
}
"""Under which circumstance of the law a confirmed case is put forward (W16)."""

FINDINGS: Final[Mapping[str, str]] = {
    Ground.BEYOND_SCOPE: "use_beyond_scope_or_purpose",
    Ground.BEYOND_PURPOSE: "use_beyond_scope_or_purpose",
    Ground.THIRD_PARTY: "third_party_without_consent",
    Ground.COMMERCIAL: "use_beyond_scope_or_purpose",
}
"""The kind of finding that a ground proposes."""

DESTROYED: Final = "destroyed"
"""A case's kind, beside what gateways refuse: a batch that was recorded as destroyed was fetched again (R-SHR-047)."""

ENDED: Final = "ended"
"""A kind of what gateways refuse: calls under a grant that is suspended or over; auditors hear of it too."""

PROPOSED: Final[Mapping[str, MisuseKind]] = {
    "purpose": MisuseKind.ABUSE,
    "system": MisuseKind.UNAUTHORISED_USE,
    "scope": MisuseKind.UNAUTHORISED_USE,
    "item": MisuseKind.UNAUTHORISED_USE,
    ENDED: MisuseKind.UNAUTHORISED_USE,
    DESTROYED: MisuseKind.UNAUTHORISED_USE,
}
"""The category that what a gateway refused points to; a person confirms it or takes another."""


def check_category(category: str) -> MisuseKind:
    """Return the kind of misuse; RuleBroken without one (R-SHR-021)."""
    if category not in set(MisuseKind):
        raise RuleBroken(N_("请选择违规类别：滥用、非授权使用、未经许可的扩散或者泄露。"), field="category")
    return MisuseKind(category)


def check_source(source: str) -> Source:
    """Return where a case that a person opens comes from; RuleBroken for any other."""
    if source not in set(Source) or source == Source.SYSTEM:
        raise RuleBroken(N_("请选择线索来源。"), field="source")
    return Source(source)


def check_ground(ground: str) -> Ground:
    """Return the ground of a suspension; RuleBroken without one."""
    if ground not in set(Ground):
        raise RuleBroken(
            N_("请选择认定的情形：超出使用范围、超出共享目的、提供给第三方，或者用于商业用途。"), field="ground"
        )
    return Ground(ground)


def check_text(text: str, *, field: str, label: str) -> str:
    """Return a text trimmed; RuleBroken unless it has 4 to 2000 characters. label: the field as the person sees it."""
    said = text.strip()
    if not SHORTEST_TEXT <= len(said) <= LONGEST_TEXT:
        raise RuleBroken(N_("请填写“%(label)s”（4 至 2000 个字）。"), field=field, label=label)
    return said


def limit_of(days: int | None, day: date | None, *, today: date, calendar: Calendar) -> tuple[int, date]:
    """Return the limit of a rectification in working days and as its last Beijing day (R-SHR-048).

    Given as either; RuleBroken without one or with both, for a day that is not after today or no working day, and beyond
    a year.
    """
    if (days is None) == (day is None):
        raise RuleBroken(N_("请规定整改期限：填写工作日数，或者填写截止日期，二者填一项。"), field="days")
    if day is not None:
        if day <= today or not calendar.is_workday(day):
            raise RuleBroken(N_("整改截止日期须是今天以后的工作日，请修改。"), field="limit_day")
        days = workdays_between(today, day, calendar)
    if days is None or not 1 <= days <= LONGEST_LIMIT:
        raise RuleBroken(N_("整改期限须为 1 至 %(most)d 个工作日，请修改。"), field="days", most=LONGEST_LIMIT)
    return days, add_workdays(today, days, calendar).day


def check_grants(chosen: Collection[int], offered: Mapping[int, str]) -> None:
    """Refuse to suspend nothing, or grants that do not work between the two departments. offered: state by id."""
    if not chosen:
        raise RuleBroken(N_("请选择所涉及的授权，至少一项。"), field="grant_ids")
    for pk in chosen:
        if pk not in offered:
            raise RuleBroken(N_("所选授权不是这两个部门之间有效的授权，请重新选择。"), field="grant_ids")
        if offered[pk] == "suspended":
            raise RuleBroken(
                N_("授权 %(reference)s 已经暂停，请先恢复，或者从所选授权中去掉。"),
                field="grant_ids",
                reference=f"G-{pk:06d}",
            )


def limit_passed(limit_day: date | None, today: date) -> bool:
    """Tell whether the last day of a rectification is over."""
    return limit_day is not None and today > limit_day


def check_insufficient(*, passed: bool, refused: bool, reported: bool) -> None:
    """Refuse to find a rectification insufficient while its limit runs and nothing was reported or refused (W25)."""
    if not (passed or refused or reported):
        raise WrongState(N_("整改期限未满，使用方没有报告整改情况，也没有拒不整改的记录，不能认定整改不到位。"))


def check_termination(*, passed: bool, refused: bool) -> None:
    """Refuse to terminate before the limit is over, unless a refusal is recorded (R-SHR-049)."""
    if not (passed or refused):
        raise WrongState(N_("整改期限未满，也没有拒不整改的记录，不能终止共享；期满后再作决定。"))
