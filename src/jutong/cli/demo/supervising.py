"""What the authority follows in the demo city's catalogue: changes that demand an update, a revision, a finding being put right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from jutong.cli.demo import loading
from jutong.cli.demo.resources import contents

if TYPE_CHECKING:
    from jutong.cli.demo.city import City

CHANGED: Final = (
    ("market", 4, "江州编发〔2026〕31号 食品生产经营许可职责调整", ("食品经营许可", "食品生产许可")),
    ("education", 40, "江州编发〔2026〕22号 体育场馆管理职责调整", ("体育场馆",)),
)
"""Whose functions changed, how many days ago, by which document, and the entries concerned: one in time, one overdue."""
UPDATED: Final = ("market", "食品生产许可", "食品生产许可职责调整后的许可信息，由行政审批窗口统一受理。")
"""The entry that is updated already and waits for the authority's review."""
REVISED: Final = ("police", "门楼牌地址", "按标准地址规范补充信息项")
FAULT: Final = ("health", "托育机构备案", "目录所列“证件状态”的取值与实际数据不符", "2026年第四季度目录抽查记录第7号")
DEMAND: Final = "请更正“证件状态”的取值说明，并核对其余信息项"
LIMIT_DAYS: Final = 14


def leave(city: City, at: datetime, say: Callable[[str], None]) -> None:
    """Leave each of them once, through the product's own actions; nothing where they are there already."""
    from jutong.kernel.clock import beijing_day
    from jutong.slices.catalogue import actions, queries

    reviewer = city.actor("data.reviewer", at)
    if queries.faults(reviewer)[0]:
        return  # from an earlier, interrupted telling
    department, title, text, evidence = FAULT
    fault = actions.record_finding(
        by=reviewer, at=at, department_id=city.departments[department], kind="inaccurate", text=text, evidence=evidence,
        entry_id=_entry(city, department, title, at),
    )  # fmt: skip
    limit = beijing_day(at) + timedelta(days=LIMIT_DAYS)
    actions.confirm_finding(fault.pk, by=reviewer, at=at)
    actions.order_rectification(fault.pk, by=reviewer, at=at, demand=DEMAND, due_on=limit)
    for department, days, document, titles in CHANGED:
        then = at - timedelta(days=days)
        actions.register_change(
            by=city.actor(f"{department}.head", then), at=then, provider_id=city.departments[department],
            kind="function_change", event_on=beijing_day(then), occasion=document,
            entries=[_entry(city, department, title, at) for title in titles],
        )  # fmt: skip
    _update(city, at)
    department, title, reason = REVISED
    actions.revise(_entry(city, department, title, at), by=city.actor(f"{department}.officer", at), at=at, note=reason)
    say(f"目录监督：变化更新 {len(CHANGED)} 件，目录修订 2 条，整改 1 件")


def _update(city: City, at: datetime) -> None:
    """Update an entry after the change, as far as the authority's review."""
    from jutong.slices.catalogue import actions

    department, title, abstract = UPDATED
    pk, officer = _entry(city, department, title, at), city.actor(f"{department}.officer", at)
    stated = next(msgspec.structs.replace(one, abstract=abstract) for one in contents(department) if one.title == title)
    actions.revise(pk, by=officer, at=at, note="食品生产许可职责调整")
    actions.edit_entry(pk, by=officer, at=at, content=stated)
    loading.approve(city, department, pk, stated, at)
    actions.submit_entries([pk], by=officer, at=at)


def _entry(city: City, department: str, title: str, at: datetime) -> int:
    from jutong.slices.catalogue import queries

    found, _page = queries.entries_of(city.actor(f"{department}.officer", at), text=title)
    return next(row.id for row in found if row.title == title)
