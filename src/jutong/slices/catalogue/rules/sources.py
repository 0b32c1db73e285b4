"""One authoritative source of an item (一数一源): what an entry says of its items, and what a designation must state."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_

MOST_ITEMS: Final = 500
FARTHEST: Final = timedelta(days=366)
"""How far ahead a designation may enter into force, or a task be due."""


def item_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the named items, trimmed and each once; RuleBroken for none or too many (R-CEN-025, R-CEN-027)."""
    found = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not 1 <= len(found) <= MOST_ITEMS:
        raise RuleBroken(N_("请列明信息项，一次 1 至 500 个。"), field="items")
    return found


def check_effect(document: str, effective_on: date | None, *, today: date) -> date:
    """Return the first day of a decision; refuse one without number or date, or that reaches back or far ahead."""
    remarks: dict[str, str] = {}
    if not document.strip():
        remarks["document"] = N_("请填写文号。")
    if effective_on is None:
        remarks["effective_on"] = N_("请填写生效日期。")
    elif not today <= effective_on <= today + FARTHEST:
        remarks["effective_on"] = N_("生效日期不能早于今天，也不能晚于一年后，请修改。")
    if remarks or effective_on is None:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)
    return effective_on


def check_task(text: str, due_on: date | None, *, today: date) -> date:
    """Return the last day of a task; refuse one without text or date, or that is due before tomorrow (R-CEN-027)."""
    remarks: dict[str, str] = {}
    if not text.strip():
        remarks["text"] = N_("请写明需要补充或更正的内容。")
    if due_on is None:
        remarks["due_on"] = N_("请填写办理期限。")
    elif not today < due_on <= today + FARTHEST:
        remarks["due_on"] = N_("办理期限应在明天至一年之内，请修改。")
    if remarks or due_on is None:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)
    return due_on


def check_replaced(new: Container[str], old: Iterable[tuple[str, str]]) -> None:
    """Refuse a designation of the keys `new` that would leave items (key, name) of the replaced one without source."""
    if left := sorted(name for key, name in old if key not in new):
        raise RuleBroken(
            N_("替代原认定须包含其全部信息项，还缺：%(items)s。"), field="replaces", items="、".join(left[:20])
        )


def check_opinion(text: str) -> str:
    """Return an opinion as it is kept; RuleBroken for an empty one."""
    if not text.strip():
        raise RuleBroken(N_("请填写意见。"), field="opinion")
    return text.strip()


def check_reason(text: str, *, field: str = "reason") -> str:
    """Return a reason as it is kept; RuleBroken for an empty one."""
    if not text.strip():
        raise RuleBroken(N_("请说明理由。"), field=field)
    return text.strip()


def grouped(overlaps: Iterable[tuple[str, str, Sequence[int]]]) -> dict[tuple[int, ...], list[tuple[str, str]]]:
    """Return items (key, name) by the set of departments that collect them, so that one decision settles them together."""
    found: dict[tuple[int, ...], list[tuple[str, str]]] = {}
    for key, name, departments in overlaps:
        found.setdefault(tuple(sorted(departments)), []).append((key, name))
    return found
