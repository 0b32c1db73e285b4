"""What starts the duty to update the catalogue, and how far a change may lie back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_

TRIGGERS: Final[Mapping[str, str]] = {
    "law": N_("法律调整"),
    "administrative_regulation": N_("行政法规调整"),
    "state_council_decision": N_("国务院决定调整"),
    "function_change": N_("部门职责变化"),
    "local_regulation": N_("地方性法规调整"),
    "rule": N_("规章调整"),
    "system_update_completed": N_("信息系统更新完成"),
    "other_data_change": N_("其他数据变化"),
}
"""Kinds of events (national-2025#17 and the local texts); which of them start a limit is the profile's list (R-CAT-020)."""
OLDEST: Final = 3650
"""Days that a change may lie back."""
MOST_ENTRIES: Final = 1000
MOST_OCCASION: Final = 300


def check_trigger(kind: str, event_on: date | None, occasion: str, entries: int, *, today: date) -> date:
    """Return the day of a change; refuse one without kind, date, occasion or entry, or that lies ahead (R-CAT-020)."""
    remarks: dict[str, str] = {}
    if kind not in TRIGGERS:
        remarks["kind"] = N_("请选择触发更新的情形。")
    if event_on is None:
        remarks["event_on"] = N_("请填写变化发生的日期，更新期限从这一天起算。")
    elif event_on > today or (today - event_on).days > OLDEST:
        remarks["event_on"] = N_("变化发生的日期不能晚于今天，也不能早于十年前，请核对。")
    if not occasion.strip():
        remarks["occasion"] = N_("请写明变化的依据，例如文件名称和文号。")
    elif len(occasion.strip()) > MOST_OCCASION:
        remarks["occasion"] = N_("变化的依据不超过 300 字，请精简。")
    if not 1 <= entries <= MOST_ENTRIES:
        remarks["entries"] = N_("请选择受影响的目录，一次 1 至 1000 条。")
    if remarks or event_on is None:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)
    return event_on
