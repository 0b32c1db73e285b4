"""A catalogue of full size, set by set in SQL: every imported entry again and again, each copy with ten items."""

from __future__ import annotations

import random
import time
from functools import cache
from typing import Any

import psycopg

import importing
import report
from ground import Ground
from jutong.cli import postgres, roles

ENTRIES = 1_000_000
ITEMS = 10
BUNDLES = 60
NAMES = (
    "姓名 公民身份号码 性别 出生日期 民族 户籍地址 联系电话 单位名称 统一社会信用代码 法定代表人 注册资本 成立日期 经营范围 登记机关 "
    "许可证编号 许可内容 发证日期 有效期至 发证机关 处罚决定书文号 违法事实 处罚金额 处罚日期 不动产单元号 坐落 建筑面积 用途 权利人 "
    "车牌号码 车辆类型 驾驶证编号 准驾车型 学校名称 办学类型 学生人数 医疗机构名称 床位数 科室名称 参保险种 缴费基数 缴费月数 补贴金额 "
    "补贴类别 站点名称 经度 纬度 监测时间 监测值 水位 流量 气温 降雨量 项目名称 项目金额 开工日期 竣工日期 施工单位 监理单位 行政区划代码 备注"
)
PLACES = (
    "城东 城西 城南 城北 高新区 经开区 滨江 临港 东湖 西山 南岭 北河 新城 老城 空港 科学城 保税区 示范区 开发区 工业园"
)
FILL = (
    "set synchronous_commit = off",
    "set session_replication_role = replica",  # the keys are right by construction; a million checks are not measured here
    """create temp table copies as
       select nextval('catalogue_entry_id_seq') as id, nextval('catalogue_entryversion_id_seq') as version, e.id as template,
              (%(places)s::text[])[1 + c.n %% cardinality(%(places)s::text[])] || c.n as place, (e.id * 7919 + c.n) as draw
         from catalogue_entry e cross join generate_series(1, %(times)s) as c(n) order by c.n, e.id limit %(more)s""",
    """insert into catalogue_entryversion ({versions}) select {versions_of}
         from copies c join catalogue_entry e on e.id = c.template join catalogue_entryversion v on v.id = e.working_id""",
    "insert into catalogue_entry ({entries}) select {entries_of} from copies c join catalogue_entry e on e.id = c.template",
    """insert into catalogue_item (version_id, position, name, "column", type, share_type, detail)
       select c.version, n.place, n.name, '', 'C', e.share_type, jsonb_build_object('name', n.name, 'type', 'C')
         from copies c join catalogue_entry e on e.id = c.template
         join bench_bundles b on b.number = c.draw %% %(bundles)s
         cross join lateral unnest(b.names) with ordinality as n(name, place)""",
    """insert into catalogue_pulse (entry_id, since, completeness, cycle, mounted)
       select c.id, '2026-01-01', c.draw %% 100, '', c.draw %% 3 = 0 from copies c""",
    "set session_replication_role = origin",
    "drop index listing_words",
    """insert into catalogue_listing ({listings}) select {listings_of}
         from copies c join catalogue_listing l on l.entry_id = c.template
         join bench_bundles b on b.number = c.draw %% %(bundles)s join bench_places p on p.place = c.place""",
    "create index listing_words on catalogue_listing using gin (search) with (gin_pending_list_limit = 1024)",
)
TABLES = ("catalogue_listing", "catalogue_entry", "catalogue_entryversion", "catalogue_item", "catalogue_tally")


@cache
def multiplied(ground: Ground) -> int:
    """Bring the catalogue to this run's size, everything in force; return how many entries there are."""
    importing.imported(ground)
    from django.db import connection

    began = time.perf_counter()
    _put_in_force()
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from catalogue_entry")
        present = int(cursor.fetchone()[0])
    more = ground.sized(ENTRIES) - present
    assert ground.ours.server is not None
    with psycopg.connect(ground.ours.server.url(postgres.SUPERUSER, roles.DATABASE), autocommit=True) as admin:
        if more > 0:
            _multiply(admin, present, more)
        for table in TABLES:
            admin.execute(f"vacuum analyze {table}")
        found = admin.execute("select count(*) from catalogue_listing where in_force").fetchone()
    assert found is not None
    report.note(f"catalogue: {found[0]} entries in force, filled in {time.perf_counter() - began:.0f} s")
    return int(found[0])


def _put_in_force() -> None:
    """Publish what was imported by SQL, past all reviews, which are not measured here; learn its words."""
    from django.db import connection, transaction

    from jutong.slices.catalogue.search.vocabulary import learn

    with connection.cursor() as cursor:
        cursor.execute("update catalogue_entry set state = 'published', published_id = working_id")
        cursor.execute("update catalogue_entry set code = '3990010001/' || id where code is null")
        cursor.execute("update catalogue_listing set in_force = true")
        cursor.execute("select word, ndoc from ts_stat('select search from catalogue_listing') where length(word) > 1")
        words = {word: many for word, many in cursor.fetchall() if word.isalnum()}
    with transaction.atomic():
        learn(words)


def _multiply(admin: psycopg.Connection[Any], present: int, more: int) -> None:
    _lists(admin)
    values = {
        "places": PLACES.split(), "times": more // present + 1, "more": more, "bundles": BUNDLES,
    }  # fmt: skip
    columns = _columns(admin)
    for statement in FILL:
        text = statement.format(**columns) if "{" in statement else statement
        admin.execute(text, values if "%" in text else None)  # type: ignore[arg-type] - our own text


def _lists(admin: psycopg.Connection[Any]) -> None:
    """Write down sets of ten items and the places, each with the words that the index knows them by."""
    from jutong.slices.catalogue.rules.words import vector

    draw = random.Random(7)
    names = NAMES.split()
    admin.execute("create table bench_bundles (number int primary key, names text[], words tsvector)")
    for number in range(BUNDLES):
        some = draw.sample(names, ITEMS)
        admin.execute("insert into bench_bundles values (%s, %s, %s::tsvector)", [number, some, vector("", some, "")])
    admin.execute("create table bench_places (place text primary key, words tsvector)")
    for number in range(1, ENTRIES // 100):
        place = f"{PLACES.split()[number % len(PLACES.split())]}{number}"
        admin.execute("insert into bench_places values (%s, %s::tsvector)", [place, vector(place, [], "")])


def _columns(admin: psycopg.Connection[Any]) -> dict[str, str]:
    """Return the columns of each table, and what a copy's row has in them."""
    own: dict[str, tuple[str, str, dict[str, str]]] = {
        "entries": ("catalogue_entry", "e", {
            "id": "c.id", "code": "'3990010001/' || c.id", "title": "left(c.place || e.title, 200)",
            "title_key": "left(c.place || e.title_key, 200)", "working_id": "c.version", "published_id": "c.version",
            "import_run_id": "null",
        }),
        "versions": ("catalogue_entryversion", "v", {
            "id": "c.version", "entry_id": "c.id",
            "content": "v.content || jsonb_build_object('title', left(c.place || e.title, 200))",
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
        found[f"{name}_of"] = ", ".join(values).replace("%", "%%") if name == "listings" else ", ".join(values)
    return found
