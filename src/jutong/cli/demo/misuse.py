"""Misuse in the demo city: what a gateway refused and nobody has looked at yet, and a case that went through to its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jutong.cli.demo.city import City


def leave(city: City, at: datetime, say: Callable[[str], None]) -> None:
    """Leave an alert to be decided, and a case that was confirmed, rectified and restored."""
    from jutong.slices.grants import queries as grants
    from jutong.slices.usage import queries

    head = city.actor("police.head", at)
    if queries.cases(head, at)[0]:
        return  # from an earlier, interrupted telling
    held, _meta = grants.grants(head, side="provider", state="granted")
    found = {row.consumer_id: row.id for row in held}
    for department, tell in (("hr", _alert), ("insurance", _rectified)):
        if grant := found.get(city.departments[department]):
            tell(city, grant, at)
    say("在办：违规线索 1 件，已整改恢复的违规案件 1 件")


def _alert(city: City, grant: int, at: datetime) -> None:
    """A system of the consumer asked for another purpose than granted; the gateway refused and reported it."""
    from jutong.slices.parties import queries as parties
    from jutong.slices.services import actions
    from jutong.wire.usage import Evidence, Usage

    system = next((str(row.id) for row in parties.systems(department_id=city.departments["hr"])), "0")
    proofs = tuple(Evidence("purpose", f"demo-{n}", at) for n in range(6))
    report = Usage(str(grant), system, at, "online_query", "work_reference", 6, 6, 0, evidence=proofs)
    actions.take_usage([report], node="demo", at=at)


def _rectified(city: City, grant: int, at: datetime) -> None:
    from jutong.slices.usage import actions

    days = [at - timedelta(days=n) for n in (4, 4, 2, 1, 1)]
    officer, head = city.actor("police.officer", days[0]), city.actor("police.head", days[1])
    case = actions.open_misuse(
        by=officer, at=days[0], grant_ids=[grant], category="abuse", source="inspection", source_ref="检查〔2026〕3号",
        handler="参保登记岗经办人", text="检查发现将查询结果用于慢性病患者回访，不在参保登记的授权用途之内。",
    )  # fmt: skip
    actions.suspend_misuse(
        case.pk, by=head, at=days[1], ground="beyond_purpose", grant_ids=[grant], days=10,
        demand="停止回访，删除由查询结果形成的名单，明确查询事由登记办法，书面报告。",
    )  # fmt: skip
    report = "已停止回访，名单于当日删除并由两人签字确认，查询须登记业务受理号。"
    actions.report_rectified(case.pk, by=city.actor("insurance.officer", days[2]), at=days[2], text=report)
    actions.verify_rectified(case.pk, by=head, at=days[3], text="现场核查：名单已删除，登记办法已执行。")
    actions.restore_access(case.pk, by=head, at=days[4], decision="准予恢复共享（江公函〔2026〕21号）。")
