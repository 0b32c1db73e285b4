"""What departments want, doubt and dispute in the demo city: demands, a doubt about a record, a dispute about quality."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from jutong.cli.demo.city import REGION

if TYPE_CHECKING:
    from jutong.cli.demo.city import City

DEMANDS: Final = (
    ("殡葬补贴发放信息", "civil", "补贴对象、发放时间", "养老待遇领取资格核查", "《社会保险法》第七十四条"),
    (
        "残疾人两项补贴信息",
        "disabled",
        "补贴对象、残疾类别、等级",
        "困难群体养老保险代缴",
        "《社会救助暂行办法》第十一条",
    ),
    ("学籍异动信息", "", "在校状态、异动时间", "未成年遗属待遇核查", "《社会保险法》第十七条"),
)
"""What is wanted, who probably has it, its contents, the duty it serves and its basis."""
DOUBT: Final = "待遇领取人本人到窗口反映出生日期与居民户口簿不一致，请核实"
RECORD: Final = "369002195603020014"
DUTY: Final = "城乡居民基本养老保险待遇资格认证"
COMPLAINT: Final = "近一个月有 37 条记录的人口状态为空，无法据以认定待遇资格，请补全并说明更新安排"


def leave(city: City, at: datetime, say: Callable[[str], None]) -> None:
    """Leave demands at two steps, a verification and a dispute under negotiation; nothing where they are there already."""
    from jutong.slices.catalogue import queries

    clerk = city.actor("hr.clerk", at)
    if queries.demands(clerk, at=at)[0]:
        return  # from an earlier, interrupted telling
    _demand(city, at)
    _doubt(city, at)
    say(f"在办：数据需求 {len(DEMANDS)} 项，校核 1 件，共享争议 1 件")


def _demand(city: City, at: datetime) -> None:
    from jutong.slices.catalogue import actions
    from jutong.slices.catalogue.actions import Wanted

    officer, reviewer = city.actor("hr.officer", at), city.actor("data.reviewer", at)
    area: dict[str, Any] = {"authority_id": city.departments["data"], "region": REGION}
    actions.publish_procedure(by=reviewer, at=at, steps=actions.STANDARD_STEPS, answer_days=10, **area)
    recorded = [
        actions.record_demand(
            by=officer,
            at=at,
            consumer_id=city.departments["hr"],
            given=Wanted(
                scope="external", wanted=wanted, contents=contents, duty=duty, basis=basis,
                provider_id=city.departments.get(provider),
            ),
        ).pk
        for wanted, provider, contents, duty, basis in DEMANDS
    ]  # fmt: skip
    actions.register_demands(recorded, by=officer, at=at)
    actions.assign_demands(recorded[:1], by=reviewer, at=at)


def _doubt(city: City, at: datetime) -> None:
    from jutong.slices.correction import actions as correction
    from jutong.slices.grants import queries as grants
    from jutong.slices.sharing import actions as sharing

    clerk = city.actor("hr.clerk", at)
    held = next(
        row
        for row in grants.grants(clerk, text="人口基本信息", state="granted")[0]
        if row.consumer_id == city.departments["hr"]
    )
    correction.report(
        by=clerk, at=at, asker=correction.department_asks(clerk, at), resource_id=held.resource_id, kind="error",
        text=DOUBT, items=["出生日期"], record=RECORD,
    )  # fmt: skip
    sharing.open_dispute(by=clerk, at=at, kind="quality", duty=DUTY, statement=COMPLAINT, grant_id=held.id)
