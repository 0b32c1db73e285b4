"""A catalogue of full size, set by set in SQL: every imported entry again and again, each copy with ten items."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

import psycopg
from psycopg import sql

import importing
import report
from ground import Ground
from jutong.cli import postgres, roles

ENTRIES = 1_000_000
ITEMS = 10
BUNDLES = 2_000
PLACES = 2_000
NAMES = (
    "姓名 公民身份号码 性别 出生日期 民族 户籍地址 联系电话 单位名称 统一社会信用代码 法定代表人 注册资本 成立日期 经营范围 登记机关 "
    "许可证编号 许可内容 发证日期 有效期至 发证机关 处罚决定书文号 违法事实 处罚金额 处罚日期 不动产单元号 坐落 建筑面积 用途 权利人 "
    "车牌号码 车辆类型 驾驶证编号 准驾车型 学校名称 办学类型 学生人数 医疗机构名称 床位数 科室名称 参保险种 缴费基数 缴费月数 补贴金额 "
    "补贴类别 站点名称 经度 纬度 监测时间 监测值 水位 流量 气温 降雨量 项目名称 项目金额 开工日期 竣工日期 施工单位 监理单位 行政区划代码 备注"
)
WHOSE = ("", "申请人", "经办人", "变更前", "变更后", "备案", "审批")
DISTRICTS = (
    "城东 城西 城南 城北 高新区 经开区 滨江 临港 东湖 西山 南岭 北河 新城 老城 空港 科学城 保税区 示范区 开发区 工业园"
)
TABLES = ("catalogue_entry", "catalogue_entryversion", "catalogue_item", "catalogue_listing", "catalogue_pulse")
PREPARED = (
    """create unlogged table bench_copies as
       select nextval('catalogue_entry_id_seq') as id, nextval('catalogue_entryversion_id_seq') as version, e.id as template,
              (e.id * 7919 + c.n * 31) as draw, c.n
         from (select id from catalogue_entry order by id) e cross join generate_series(1, %(times)s) as c(n)
        order by c.n, e.id limit %(more)s""",
    "analyze bench_copies",
)
SIDES = (
    (
        """insert into catalogue_entryversion ({versions}) select {versions_of} from bench_copies c
             join catalogue_entry e on e.id = c.template join catalogue_entryversion v on v.id = e.working_id
             join bench_places p on p.number = (c.draw + c.n) %% %(places)s order by c.id""",
        """insert into catalogue_item (version_id, position, name, "column", type, share_type, detail)
           select c.version, n.place, n.name, '', 'C', e.share_type, jsonb_build_object('name', n.name, 'type', 'C')
             from (select * from bench_copies order by id) c join catalogue_entry e on e.id = c.template
             join bench_bundles b on b.number = c.draw %% %(bundles)s
             cross join lateral unnest(b.names) with ordinality as n(name, place)""",
    ),
    (
        """insert into catalogue_listing ({listings}) select {listings_of} from bench_copies c
             join catalogue_listing l on l.entry_id = c.template
             join bench_bundles b on b.number = c.draw %% %(bundles)s
             join bench_places p on p.number = (c.draw + c.n) %% %(places)s order by c.id""",
        """insert into catalogue_pulse
                  (entry_id, since, completeness, cycle, mounted, provider_id, authority_id, in_force)
           select c.id, '2026-01-01', c.draw %% 100, '', c.draw %% 3 = 0, e.provider_id, e.authority_id, true
             from bench_copies c join catalogue_entry e on e.id = c.template""",
        """insert into catalogue_entry ({entries}) select {entries_of} from bench_copies c
             join catalogue_entry e on e.id = c.template
             join bench_places p on p.number = (c.draw + c.n) %% %(places)s order by c.id""",
    ),
)
"""What two connections fill beside each other; neither reads what the other writes of the copies."""
LOADING = ("max_wal_size = '16GB'", "maintenance_work_mem = '1GB'", "checkpoint_timeout = '1h'")
"""So that a load of gigabytes is not a measurement of checkpoints; taken back before anything is measured."""


@cache
def multiplied(ground: Ground) -> int:
    """Bring the catalogue to this run's size, everything in force; return how many entries there are."""
    importing.imported(ground)
    began = time.perf_counter()
    _put_in_force()
    assert ground.ours.server is not None
    url = ground.ours.server.url(postgres.SUPERUSER, roles.DATABASE)
    with psycopg.connect(url, autocommit=True) as admin:
        present = _number(admin, "select count(*) from catalogue_entry")
        if (more := ground.sized(ENTRIES) - present) > 0:
            _multiply(admin, url, present, more)
        for table in (*TABLES, "catalogue_tally", "catalogue_word"):
            admin.execute(f"vacuum analyze {table}")
        admin.execute("checkpoint")
        found = _number(admin, "select count(*) from catalogue_listing where in_force")
        items = _number(admin, "select count(*) from catalogue_item")
    report.note(f"catalogue: {found} entries in force, {items} items, filled in {time.perf_counter() - began:.0f} s")
    return found


def _number(admin: psycopg.Connection[Any], statement: str) -> int:
    row = admin.execute(statement).fetchone()  # type: ignore[call-overload] - our own text
    assert row is not None
    return int(row[0])


def _put_in_force() -> None:
    """Publish what was imported by SQL, past all reviews, which are not measured here; learn its words."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("update catalogue_entry set state = 'published', published_id = working_id")
        cursor.execute("update catalogue_entry set code = '3990010001/' || id where code is null")
        cursor.execute("update catalogue_listing set in_force = true")
        cursor.execute("select title, 1 from catalogue_entry")
        _learn(cursor.fetchall(), ())


def _learn(titles: Sequence[tuple[str, int]], bundles: Sequence[tuple[Sequence[str], int]]) -> None:
    """Learn the words of titles and of sets of items, as often as there are entries with each."""
    from django.db import transaction

    from jutong.slices.catalogue.rules.content import Content, ItemContent
    from jutong.slices.catalogue.rules.listing import vocabulary
    from jutong.slices.catalogue.search.vocabulary import learn

    words: Counter[str] = Counter()
    for title, many in titles:
        words.update(dict.fromkeys(vocabulary(Content(title=title)), many))
    for names, many in bundles:
        items = tuple(ItemContent(name=name) for name in names)
        words.update(dict.fromkeys(vocabulary(Content(title="", items=items)), many))
    with transaction.atomic():
        learn(words)


def _multiply(admin: psycopg.Connection[Any], url: str, present: int, more: int) -> None:
    """Write the copies beside bare tables, two hands at once; then build indexes and counts over all of them."""
    _lists(admin, more)
    values = {"times": more // present + 1, "more": more, "bundles": BUNDLES, "places": PLACES}
    columns = _columns(admin)
    for statement in PREPARED:
        admin.execute(statement, values if "%" in statement else None)  # type: ignore[call-overload] - our own text

    def fill(side: Sequence[str]) -> None:
        with psycopg.connect(url, autocommit=True) as hand:
            hand.execute("set synchronous_commit = off")
            hand.execute("set session_replication_role = replica")  # the keys are right by construction
            for statement in side:
                hand.execute(statement.format(**columns), values)  # type: ignore[call-overload] - our own text

    with _loading(admin), _unindexed(admin), ThreadPoolExecutor(len(SIDES)) as hands:
        list(hands.map(fill, SIDES))
    admin.execute("delete from catalogue_tally")
    admin.execute(import_module("jutong.slices.catalogue.migrations.0006_finding").COUNTED)
    admin.execute("delete from catalogue_pulsetally")
    admin.execute(import_module("jutong.slices.catalogue.migrations.0022_tallies_of_departments").PULSES_COUNTED)


@contextmanager
def _loading(admin: psycopg.Connection[Any]) -> Iterator[None]:
    """Let the server load without a checkpoint every gigabyte."""
    for setting in LOADING:
        admin.execute(f"alter system set {setting}")  # type: ignore[call-overload] - our own text
    admin.execute("select pg_reload_conf()")
    admin.execute("set maintenance_work_mem = '1GB'")
    try:
        yield
    finally:
        for setting in LOADING:
            admin.execute(f"alter system reset {setting.partition(' ')[0]}")  # type: ignore[call-overload]
        admin.execute("select pg_reload_conf()")


@contextmanager
def _unindexed(admin: psycopg.Connection[Any]) -> Iterator[None]:
    """Take the indexes that hold no constraint from the tables, and build them again as they were."""
    rows = admin.execute(
        "select indexname, indexdef from pg_indexes where schemaname = 'public' and tablename = any(%s)"
        " and indexname not in (select conname from pg_constraint) order by indexname",
        [list(TABLES)],
    ).fetchall()
    for name, _definition in rows:
        admin.execute(sql.SQL("drop index {}").format(sql.Identifier(name)))
    yield
    for _name, definition in rows:
        admin.execute(definition)


def _lists(admin: psycopg.Connection[Any], more: int) -> None:
    """Write down sets of ten items and the places, each with the words that the index knows them by; learn them."""
    from jutong.slices.catalogue.rules.words import vector

    draw = random.Random(7)
    names = [whose + name for whose in WHOSE for name in NAMES.split()]
    bundles = [draw.sample(names, ITEMS) for _number in range(BUNDLES)]
    districts = DISTRICTS.split()
    places = [f"{districts[number % len(districts)]}{number // len(districts) + 1}号" for number in range(PLACES)]
    admin.execute("create table bench_bundles (number int primary key, names text[], words tsvector)")
    admin.execute("create table bench_places (number int primary key, place text, words tsvector)")
    with admin.cursor() as cursor:
        cursor.executemany(
            "insert into bench_bundles values (%s, %s, %s::tsvector)",
            [(number, some, vector("", some, "")) for number, some in enumerate(bundles)],
        )
        cursor.executemany(
            "insert into bench_places values (%s, %s, %s::tsvector)",
            [(number, place, vector(place, [], "")) for number, place in enumerate(places)],
        )
    _learn([(place, more // PLACES) for place in places], [(some, more // BUNDLES) for some in bundles])


def _columns(admin: psycopg.Connection[Any]) -> dict[str, str]:
    """Return the columns of each table, and what a copy's row has in them."""
    own: dict[str, tuple[str, str, dict[str, str]]] = {
        "entries": ("catalogue_entry", "e", {
            "id": "c.id", "code": "'3990010001/' || c.id", "title": "left(p.place || e.title, 200)",
            "title_key": "left(p.place || c.n || '号' || e.title_key, 200)", "working_id": "c.version",
            "published_id": "c.version", "import_run_id": "null",
        }),
        "versions": ("catalogue_entryversion", "v", {
            "id": "c.version", "entry_id": "c.id",
            "content": "v.content || jsonb_build_object('title', left(p.place || e.title, 200))",
        }),
        "listings": ("catalogue_listing", "l", {
            "entry_id": "c.id", "standing": "c.draw % 100", "released_on": "date '2020-01-01' + (c.draw % 2000)::int",
            "search": "l.search || b.words || p.words || case when c.draw % 100 >= 60 then '''~hot'''::tsvector else ''::tsvector end",
        }),
    }  # fmt: skip
    found = {}
    for name, (table, alias, changed) in own.items():
        rows = admin.execute(
            "select column_name from information_schema.columns where table_name = %s and table_schema = 'public'"
            " and is_generated = 'NEVER' order by ordinal_position",
            [table],
        ).fetchall()
        found[name] = ", ".join(f'"{column}"' for (column,) in rows)
        values = (changed.get(column, f'{alias}."{column}"') for (column,) in rows)
        found[f"{name}_of"] = ", ".join(values).replace("%", "%%")
    return found
