"""Sources of items, a change and an ending in the demo city: one of each, so that their pages have something to show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jutong.cli.demo.city import City

ITEM: Final = "公民身份号码"
"""What several departments collect and the police becomes the source of."""
CHANGED: Final = ("civil", "养老机构")
ENDED: Final = ("market", "计量器具检定")


def leave(city: City, at: datetime, say: Callable[[str], None]) -> None:
    """Leave a designated source with a task, open overlaps, a change under way and a proposed ending."""
    from jutong.slices.catalogue import actions, queries

    reviewer = city.actor("data.reviewer", at)
    if queries.designations(reviewer, at=at)[0]:
        return  # from an earlier, interrupted telling
    opened = actions.find_overlaps(by=reviewer, at=at, authority_id=city.departments["data"])
    found, _meta = queries.designations(reviewer, at=at, text=ITEM)
    for row in found[:1]:
        _designate(city, row.id, at)
    _change(city, at)
    _end(city, at)
    say(f"在办：数源认定 {opened} 项，目录变更 1 件，停止提供 1 件")


def _designate(city: City, designation: int, at: datetime) -> None:
    from jutong.kernel.clock import beijing_day
    from jutong.slices.catalogue import actions, queries

    reviewer, today = city.actor("data.reviewer", at), beijing_day(at)
    seen = queries.designation(designation, actor=reviewer, at=at)
    source = next((row for row in seen.parties if row.department_id == city.departments["police"]), seen.parties[0])
    actions.ask_opinions(designation, by=reviewer, at=at)
    actions.designate(
        designation, by=reviewer, at=at, source_id=source.department_id, document="江数〔2026〕12号", effective_on=today
    )
    actions.enter_into_force(at=at)
    other = next(row for row in seen.parties if row.department_id != source.department_id)
    if source.department_id == city.departments["police"]:
        actions.ask_support(
            by=city.actor("police.officer", at), at=at, designation_id=designation, holder_id=other.department_id,
            items=seen.names[:1], text="补充近三个月新办业务的公民身份号码，并更正位数不符的记录", due_on=today + timedelta(days=20),
        )  # fmt: skip


def _entry(city: City, department: str, title: str, at: datetime) -> int:
    from jutong.slices.catalogue import queries

    rows, _meta = queries.entries_of(city.actor(f"{department}.officer", at), state="published", size=200)
    return next((row.id for row in rows if row.title == title), rows[0].id)


def _change(city: City, at: datetime) -> None:
    from jutong.slices.catalogue import actions

    officer = city.actor(f"{CHANGED[0]}.officer", at)
    actions.revise(_entry(city, *CHANGED, at), by=officer, at=at, note="民政部门职责调整，增加机构星级和床位信息")


def _end(city: City, at: datetime) -> None:
    from jutong.kernel.clock import beijing_day
    from jutong.slices.grants import actions

    actions.end_resource(
        by=city.actor(f"{ENDED[0]}.officer", at),
        at=at,
        resource_id=_entry(city, *ENDED, at),
        cause="原系统整体并入省级平台，本级不再产生该数据",
        stop_on=beijing_day(at) + timedelta(days=60),
    )
