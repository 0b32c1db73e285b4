"""Data in motion in the demo city: tasks by schedule, rows set aside, back-flow to a district, calls of the gateway."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import psycopg

from jutong.cli.demo import city as people
from jutong.cli.demo import databases, handing
from jutong.cli.demo.town import Town, database, granted, own_entry, person, registered
from jutong.cli.postgres import SUPERUSER
from jutong.client import Client, Refused

PATIENCE_SECONDS: Final = 90.0
SETTLED: Final = frozenset({"released", "rejected", "quarantined"})
PURPOSE: Final = "data_verification"
STRICT: Final = """create table qualified_population (
    id_number varchar(18) primary key, name text, birthday text, household_division text,
    state text constraint "只收在册人员" check (state <> '注销')
)"""
"""A target that takes no deregistered persons: their rows are set aside."""


def found_district(town: Town) -> None:
    """Found the district's department with its head and its officer."""
    from jutong.kernel.actors import system_actor
    from jutong.slices.parties import actions, queries

    name, region, by = "江州市城东区人力资源和社会保障局", "369002", system_actor("demo")
    if any(found.name == name for found in queries.search_departments(name, region=region)):
        return
    uscc = people.credit_code("11369002" + "20000001")
    row = actions.register_department(name=name, region=region, uscc=uscc, short_name="城东区人社局", by=by, at=town.at)
    actions.open_sharing_unit(row.pk, name="综合股", by=by, at=town.at)
    actions.set_correction_channel(row.pk, channel="政务数据校核窗口，电话 12345", by=by, at=town.at)
    town.city.departments["chengdong"] = int(row.pk)
    for post, roles in people.SMALL.items():
        number = len(town.city.accounts)
        key = f"chengdong.{post}"
        town.city.accounts[key] = people.person(key, number, row.pk, roles, by, town.at)


def leave(town: Town, say: Callable[[str], None]) -> None:
    """Set all of it going, through the product's own actions."""
    market = _market(town)
    grant = granted(town, "police", "人口基本信息")
    runs = [*_tasks(town, grant), _back_flow(town), handing.files(town)]
    handing.hand_in(town)
    calls = _calls(town, grant)
    states = [_settled(town, run) for run in runs if run]
    say(f"交换：任务 {len(states)} 次，{'、'.join(states)}；网关调用 {calls} 次；数据源 {market} 个")


def _market(town: Town) -> int:
    """The market bureau's database, tested through the day and mounted, and an old one that does not answer."""
    from jutong.slices.datacentre import actions, queries
    from jutong.slices.datacentre.actions import Mapped

    source = registered(town, "market", database(town, "市场主体库", databases.MARKET), tests=8)
    gone = replace(database(town, "旧登记库（待下线）", databases.MARKET), port=1)
    registered(town, "market", gone)
    entry, by = own_entry(town, "market", "企业登记信息"), person(town, "market.officer")
    draft = queries.draft(entry, by, at=town.at, source_id=source, place="public.enterprise")
    mapping = [Mapped(line.item, line.column, key=line.key, masking=str(line.masking)) for line in draft.lines]
    actions.mount(
        by=by, at=town.at, resource_id=entry, source_id=source, schema="public", table="enterprise", mapping=mapping
    )
    return 2


# -- tasks --------------------------------------------------------------------------------------------------------------


def _tasks(town: Town, grant: int) -> Iterator[int]:
    """Two standing tasks: one reconciled by district, one whose target takes no deregistered persons; yields their runs."""
    from jutong.slices.exchange.actions import Mode, Terms
    from jutong.wire.transfers import Split, SplitBy

    target = registered(town, "hr", database(town, "养老保险前置库", databases.HR, provides=False, receives=True))
    with psycopg.connect(town.server.url(SUPERUSER, databases.HR.database), autocommit=True) as hr:
        found = hr.execute("select to_regclass('qualified_population')").fetchone()
        if not found or found[0] is None:
            hr.execute(STRICT)
            hr.execute(f"alter table qualified_population owner to {databases.HR.role}")
    split = Terms(split=Split("户籍行政区划", SplitBy.VALUE))
    yield _task(town, grant, target, "population_daily", split, "30 2 * * *", Mode.REPLACE)
    yield _task(town, grant, target, "qualified_population", Terms(most_dirty=5000), "0 4 * * 1", Mode.UPSERT)


def _task(town: Town, grant: int, target: int, table: str, terms: Any, cron: str, mode: str) -> int:
    from jutong.kernel.errors import Conflict
    from jutong.slices.exchange import actions
    from jutong.slices.exchange.actions import Plan
    from jutong.wire.transfers import OrderKind

    wanted = actions.Wanted(OrderKind.TABLE, target, "public", table, mode)
    with suppress(Conflict):
        task = actions.create_task(
            by=person(town, "hr.engineer"),
            at=town.at,
            grant_id=grant,
            wanted=wanted,
            plan=Plan(terms, cron),
            at_once=True,
        )
        return int(task.runs.latest("id").pk)
    return 0


def _settled(town: Town, run_id: int) -> str:
    """Wait until a run has ended, and return in words how."""
    from jutong.slices.exchange import queries

    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        row = queries.run(run_id, person(town, "data.operator")).row
        if row.state in SETTLED or time.monotonic() > end:
            return row.state_label
        time.sleep(0.5)


# -- back-flow ------------------------------------------------------------------------------------------------------------


def _back_flow(town: Town) -> int:
    """A district's department gets back what the city's police holds about its own area; returns the run, 0 where it stands."""
    from jutong.kernel.errors import Conflict
    from jutong.slices.exchange import actions

    with suppress(Conflict):
        case = actions.need_backflow(
            by=person(town, "chengdong.officer"), at=town.at, resource_id=own_entry(town, "police", "人口基本信息"),
            duty="城东区基本养老保险扩面与待遇资格认证（《社会保险法》第七十四条）",
            items=("公民身份号码", "姓名", "户籍行政区划", "人口状态"), division_item="户籍行政区划",
        )  # fmt: skip
        actions.arrange_backflow(
            case.pk, by=person(town, "police.head"), at=town.at, cron="30 1 * * *",
            security="经政务外网传输，落库加密，按岗位授权访问。",
        )  # fmt: skip
        target = registered(
            town, "chengdong", database(town, "城东区社保库", databases.HR, provides=False, receives=True)
        )
        actions.start_backflow(
            case.pk, by=person(town, "chengdong.officer"), at=town.at, source_id=target, schema="public",
            table="returned_population",
        )  # fmt: skip
        case.refresh_from_db()
        return int(case.task.runs.latest("id").pk) if case.task else 0
    return 0


# -- calls ----------------------------------------------------------------------------------------------------------------


def _calls(town: Town, grant: int) -> int:
    """A system of the labour bureau calls the gateway, at times for a purpose that its grant does not know."""
    from jutong.slices.parties import actions, queries

    department, name = town.city.departments["hr"], "社保稽核系统"
    if any(system.name == name for system in queries.systems(department_id=department)):
        return 0
    key = actions.register_system(
        department_id=department, name=name, purpose="参保人身份核验", by=person(town, "hr.head"), at=town.at
    )
    with psycopg.connect(town.server.url(SUPERUSER, databases.POLICE.database)) as police:
        found = police.execute("select id_number from population order by id_number limit 40").fetchall()

    def client(purpose: str) -> Client:
        return Client(town.gateway, key_id=key.key_id, key=bytes.fromhex(key.secret), purpose=purpose)

    good, wrong, done = client(PURPOSE), client("collaboration"), 0
    end = time.monotonic() + PATIENCE_SECONDS
    while done < len(found) and time.monotonic() < end:
        try:
            good.query(str(grant), {"公民身份号码": found[done][0]})
            done += 1
        except Refused:
            time.sleep(0.5)  # the key is on its way to the gateway
    for (number,) in found[:3]:
        with suppress(Refused):
            wrong.query(str(grant), {"公民身份号码": number})
    return done + 3
