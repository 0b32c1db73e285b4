"""Whether a published entry is alive: complete enough to be understood, refreshed by its cycle, used, with a source."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from jutong.kernel.terms import CYCLE_DAYS, N_, UpdateCycle
from jutong.slices.catalogue.rules.content import Content

UNUSED_AFTER: Final = 180
"""Days in force after which an entry that nobody was ever granted counts as unused."""
HELPFUL: Final = (
    "abstract", "category", "provider_unit", "format_class", "format_types", "share_mode", "open_type", "update_cycle",
    "released_on", "updated_on", "data_category", "security_level", "matter", "system", "domain", "industry", "keywords",
    "records", "items",
)  # fmt: skip
"""Elements by which a reader judges an entry; an entry of the department's class needs no `category`."""
AILMENTS: Final = {
    "stale": N_("未按周期更新"),
    "never_refreshed": N_("从未更新"),
    "unused": N_("长期无人使用"),
    "source_gone": N_("来源已失"),
    "no_resource": N_("没有挂接资源"),
}
"""What an entry can suffer from; the three in the middle make it a zombie."""
ZOMBIE: Final = ("never_refreshed", "unused", "source_gone")
THIN_BELOW: Final = 50
"""Percent of the helpful elements below which an entry counts as thin."""
ASKED: Final = {**AILMENTS, "zombie": N_("僵尸目录"), "thin": N_("要素不全")}
"""By what the entries that need attention can be asked for."""


def completeness(content: Content) -> int:
    """Return how many of the helpful elements are filled, in percent, rounded down.

    Of the items, each must have a type or a description for the items to count as filled.
    """
    wanted = [name for name in HELPFUL if name != "category" or content.resource_class != "department"]
    filled = sum(bool(getattr(content, name)) for name in wanted if name != "items")
    filled += bool(content.items) and all(item.type or item.description for item in content.items)
    return filled * 100 // len(wanted)


def due_on(cycle: str, last: date) -> date | None:
    """Return the last day for the next update after `last`, None for cycles without limit (不定期, 不更新)."""
    return last + timedelta(days=CYCLE_DAYS[UpdateCycle(cycle)]) if cycle in CYCLE_DAYS else None
