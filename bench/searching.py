"""`search`: what the catalogue's search costs, facets and counts included, against the bare tsquery in SQL."""

from __future__ import annotations

import time
from functools import cache

import importing
import report
from ground import Ground

QUERIES = (
    "企业", "企业登记", "食品经营许可", "公交站点", "养老", "学校", "人口", "空气质量监测", "行政处罚", "不动产", "医院名录",
    "统计年鉴", "社会保险", "停车场", "水库", "高新技术企业", "价格", "交通", "农业 补贴", "住房公积金", "环境 监测 数据",
    "法律援助", "旅游景区", "财政预算", "道路运输", "教师资格", "信息", "2021年", "残疾人", "图书馆",
)  # fmt: skip
ROUNDS = 10
BARE = (
    "select entry_id from catalogue_listing where in_force and search @@ %s::tsquery"
    " order by ts_rank(search, %s::tsquery, 1) desc limit 20"
)
PUT_IN_FORCE = (
    "update catalogue_listing set in_force = true",
    "update catalogue_entry set state = 'published', published_id = working_id",
    "vacuum analyze catalogue_listing",
    "vacuum analyze catalogue_entry",
    "vacuum analyze catalogue_entryversion",
    "vacuum analyze catalogue_item",
)


def run(ground: Ground) -> None:
    """Ask every query in several rounds; the same words go to the bare statement in turn."""
    entries = in_force(ground)
    from django.db import connection

    from jutong.slices.catalogue import search
    from jutong.slices.catalogue.rules.asking import lexemes

    actor = ground.city.actor("market.clerk", at=ground.now)
    ours: list[float] = []
    bare: list[float] = []
    for turn in range(max(2, ground.sized(ROUNDS))):
        for text in QUERIES:
            began = time.perf_counter()
            results = search.search(text, actor=actor)
            took = time.perf_counter() - began
            words = " & ".join(f"'{word}'" for word in lexemes(text))
            began = time.perf_counter()
            with connection.cursor() as cursor:
                cursor.execute(BARE, [words, words])
                rows = cursor.fetchall()
            if turn:  # the first round warms both
                ours.append(took)
                bare.append(time.perf_counter() - began)
            report.same(f"results of “{text}”", min(results.page.total or 0, 20), len(results.found), len(rows))
    report.note(f"search: {entries} entries in force, {len(QUERIES)} queries")
    for name, share in (("ms_p50", 0.5), ("ms_p99", 0.99)):
        mine, limit = report.middle(ours, share) * 1000, report.middle(bare, share) * 1000
        report.line("search", mine, name, ratio=limit / mine, against="bare_tsquery")


@cache
def in_force(ground: Ground) -> int:
    """Put what was imported in force by SQL, past all reviews, which are not measured here; return how many."""
    importing.imported(ground)
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in PUT_IN_FORCE:
            cursor.execute(statement)
        cursor.execute("select count(*) from catalogue_listing where in_force")
        return int(cursor.fetchone()[0])
