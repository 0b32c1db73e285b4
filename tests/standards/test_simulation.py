"""Trying limits out: the days of the requirements' own examples, side by side, and the same as the engine counts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from test_requests import clock, filed

from covers import covers
from jutong.kernel import policy
from jutong.kernel.calendar import UnknownYear
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.models import Clock
from jutong.kernel.workflow import workflows
from jutong.slices.sharing import actions
from jutong.slices.standards import queries
from published import published
from world import World


def days(world: World, start: date, under: str = "national-2025", **more: Any) -> dict[str, list[date | None]]:
    """Return the days of a conditional request by profile."""
    given = {"procedure": "request", **more}
    seen = queries.simulation(queries.Supposed(under=under, start=start, **given))
    return {column.reference.partition("@")[0]: [leg.due for leg in column.legs] for column in seen.columns}


@covers("R-OVR-035")
def test_the_examples_of_the_requirement_side_by_side_under_six_profiles(world: World) -> None:
    found = days(world, date(2025, 9, 30))
    assert next(iter(found)) == "national-2025"
    assert set(found) == set(policy.SHIPPED)
    assert {one[0] for name, one in found.items() if name != "national-project-opinion"} == {date(2025, 10, 21)}
    assert days(world, date(2020, 9, 28), "jiangxi-2017")["jiangxi-2017"] == [date(2020, 10, 19), None]
    assert days(world, date(2025, 9, 30), procedure="unconditional")["liyang-2020"] == [
        date(2025, 9, 30), date(2025, 11, 4),
    ]  # fmt: skip
    assert days(world, date(2017, 1, 25), "jiangxi-2017")["jiangxi-2017"][0] == date(2017, 2, 14)


def test_a_day_counted_through_an_unannounced_year_says_why_it_is_provisional(world: World) -> None:
    asked = queries.Supposed(procedure="request", under="national-2025", start=date(2026, 12, 25))
    (reply, _delivery), *_others = (column.legs for column in queries.simulation(asked).columns)
    assert reply.provisional
    assert reply.rule == "10 个工作日 — 政务数据共享条例第二十一条（国家规定）；暂定：2027 年的工作日历尚未发布"
    with pytest.raises(UnknownYear):
        days(world, date(2060, 1, 4))
    for wrong in ({"procedure": "nothing"}, {"under": "999999"}):
        with pytest.raises(RuleBroken):
            queries.simulation(
                queries.Supposed(**{"procedure": "request", "under": "511000", "start": date(2026, 3, 2), **wrong})
            )  # type: ignore[arg-type]


def test_extensions_and_supplements_are_counted_as_each_text_allows(world: World) -> None:
    found = days(world, date(2025, 9, 30), extend=15)
    assert found["jiangxi-2017"][0] == date(2025, 11, 4)
    seen = queries.simulation(
        queries.Supposed(procedure="request", under="jiangxi-2017", start=date(2025, 7, 8), extend=5)
    )
    assert seen.own.legs[0].notes == ("该规则没有规定可以延长",)
    late = days(world, date(2026, 3, 2), supplement_on=date(2026, 3, 16), supplied_on=date(2026, 3, 20))
    assert late["national-2025"][0] == date(2026, 3, 23)


def test_the_simulation_of_a_case_under_way_is_what_the_engine_counted(world: World) -> None:
    request = filed(world, published(world))
    officer, chief = world.actor("civil.officer"), world.actor("authority.chief")
    actions.ask_supplement(request, by=officer, at=world.at + timedelta(days=3), papers=["职责文件"])
    supplied = world.at + timedelta(days=9)
    actions.supplement(request, by=world.actor("hr.clerk"), at=supplied, text="已补正")
    actions.ask_extension(request, by=officer, at=supplied, days=6, reason="需核对口径")
    actions.extend(request, by=chief, at=supplied, days=6)
    reply = clock(request, "reply")
    seen = queries.case_simulation(reply.pk, officer)
    assert [(leg.due, leg.days) for leg in seen.own.legs] == [(reply.due_day, 16)]
    assert seen.url == f"/sharing/requests/{request.pk}/"
    assert len(seen.own.legs[0].counted) == 16
    with pytest.raises(NotThere):
        queries.case_simulation(reply.pk, world.actor("market.clerk"))
    with pytest.raises(NotThere):
        queries.case_simulation(0, officer)
    assert Clock.objects.count() == 1


def test_workflows_and_profiles_name_the_same_extensions() -> None:
    declared = {
        (rule.parameter, rule.extension)
        for flow in workflows().values()
        for rule in flow.clocks.values()
        if isinstance(rule.parameter, str) and rule.extension
    }
    assert declared
    assert all(policy.parameters()[name].extension == extension for name, extension in declared)
