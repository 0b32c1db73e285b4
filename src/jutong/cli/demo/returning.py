"""Back-flow in the demo city beyond the one that runs: an open need, a change being heard; and a service that was interrupted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from jutong.cli.demo.city import REGION
from jutong.cli.demo.handing import FILES
from jutong.cli.demo.town import Town, own_entry, person

TARGET_DAYS: Final = 5
"""The city's internal target for answering a need, in working days; the decree says "promptly"."""
BASIS: Final = "江数〔2026〕9号"


def leave(town: Town, say: Callable[[str], None]) -> None:
    """Leave the target, the open need, the proposed change and the interruption; nothing where they are there already."""
    from jutong.kernel.errors import Conflict

    with suppress(Conflict):
        _target(town)
        _need(town)
        _change(town)
        _stop(town)
        say("在办：回流需求 1 项，回流变更 1 件，服务中断 1 项")


def _target(town: Town) -> None:
    from jutong.kernel.actors import system_actor
    from jutong.kernel.clock import beijing_day
    from jutong.slices.standards.actions import policies

    policies.put_in_force(
        REGION, "national-2025", beijing_day(town.at), overrides={}, targets={"backflow_answer": TARGET_DAYS}, basis=BASIS,
        by=system_actor("demo"), at=town.at,
    )  # fmt: skip


def _need(town: Town) -> None:
    from jutong.slices.exchange import actions

    actions.need_backflow(
        by=person(town, "chengdong.officer"), at=town.at, resource_id=own_entry(town, "market", "企业登记信息"),
        duty="城东区用人单位社会保险登记核查（《社会保险法》第五十七条）",
        items=("统一社会信用代码", "企业名称", "行政区划", "登记状态"), division_item="行政区划",
    )  # fmt: skip


def _change(town: Town) -> None:
    from jutong.kernel.clock import beijing_day
    from jutong.slices.exchange import actions, queries

    head = person(town, "police.head")
    flows, _page = queries.backflows(head, town.at, fold="running")
    for flow in flows[:1]:
        actions.propose_change(
            flow.id, by=head, at=town.at, cause="人口库每日 1 时至 3 时结转，回流推迟到结转之后",
            stop_on=beijing_day(town.at) + timedelta(days=30), cron="30 4 * * *",
            security="经政务外网传输，落库加密，按岗位授权访问。",
        )  # fmt: skip


def _stop(town: Town) -> None:
    """The market bureau suspends what the labour bureau gets of it, without having filed an end."""
    from jutong.slices.grants import actions, queries
    from jutong.slices.services import actions as services

    held = queries.between(town.city.departments["hr"], own_entry(town, "market", FILES))
    if held and held.state == "granted":
        actions.suspend_grant(held.id, by=person(town, "market.head"), at=town.at, reason="档案系统升级，暂停提供")
    services.find_stops(town.at)
