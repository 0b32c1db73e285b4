"""`catalogue_import`: the catalogue import on the portals' dumps, against a plain COPY of the very rows it wrote; then at full size."""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import report
from ground import Ground

ENTRIES = 43_000
PORTALS = 24
GOAL = 2_000.0
TABLES = ("catalogue_entry", "catalogue_entryversion", "catalogue_item", "catalogue_listing")
MATTERS = "企业登记 食品经营许可 公交站点 养老机构 空气质量 学校名录 行政处罚 不动产登记 医疗机构 农作物种植 路灯设施 社保缴纳"
KINDS = "信息 名单 统计 目录 明细 年报 备案 核准结果"


def run(ground: Ground) -> None:
    """Import into an empty catalogue and compare; then once more into the full one."""
    total, seconds = imported(ground)
    copied = _copied(ground)
    report.line(
        "catalogue_import", total / seconds, "entries/s", ratio=copied / seconds, against="copy_of_the_same_rows"
    )
    _into_the_full_one(ground)


def _into_the_full_one(ground: Ground) -> None:
    import multiplying

    present = multiplying.multiplied(ground)
    from jutong.kernel.actors import system_actor
    from jutong.slices.catalogue import actions

    path = next(_invented(ground))
    began = time.perf_counter()
    done = actions.import_file(path, region=ground.city.region, by=system_actor("bench"), at=ground.city.at)
    rate = done.total / (time.perf_counter() - began)
    report.note(f"catalogue_import: {done.total} entries ({done.accepted} accepted) into {present}")
    report.line("catalogue_import", rate, "entries/s", ratio=rate / GOAL, against="goal_2000_entries_a_second")


@cache
def imported(ground: Ground) -> tuple[int, float]:
    """Import every dump into a region of its own; return (entries read, seconds). Later benchmarks use what it left."""
    city = ground.city  # it loads Django
    from jutong.kernel.actors import system_actor
    from jutong.slices.catalogue import actions
    from jutong.slices.parties import actions as parties

    by = system_actor("bench")
    files = _dumps(ground)
    regions = {f"5110{30 + place}": path.stem for place, path in enumerate(files)}
    parties.ensure_regions(regions, by=by, at=city.at)
    total = accepted = 0
    began = time.perf_counter()
    for region, path in zip(regions, files, strict=True):
        done = actions.import_file(path, region=region, by=by, at=city.at)
        parts = (done.accepted, done.updated, done.unchanged, done.refused)
        report.same(f"entries of {path.name}", done.total, sum(parts))
        total, accepted = total + done.total, accepted + done.accepted
    seconds = time.perf_counter() - began
    report.same("accepted entries, rows", accepted, _count("catalogue_entry"), _count("catalogue_listing"))
    report.note(f"import: {len(files)} files, {total} entries, {accepted} accepted, {total - accepted} sent back")
    return total, seconds


def _dumps(ground: Ground) -> list[Path]:
    """Return the dumps, the smallest first, as many as the scale allows; invented ones where there are no real ones."""
    root = os.environ.get("JUTONG_REALDATA")
    folder = Path(root, "catalogues", "cn-portals") if root else None
    files = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_size) if folder else list(_invented(ground))
    if not folder:
        report.note("JUTONG_REALDATA is not set: the dumps are invented")
        return files
    allowed = sum(path.stat().st_size for path in files) * ground.scale
    chosen = [path for place, path in enumerate(files) if sum(f.stat().st_size for f in files[: place + 1]) <= allowed]
    return chosen or files[:1]


def _invented(ground: Ground) -> Iterator[Path]:
    """Write dumps of the same shape: nine fields an entry, lists as text, dates in two forms."""
    draw = random.Random(1)
    each = ENTRIES // PORTALS + 1
    for portal in range(ground.sized(PORTALS)):
        rows = [
            {
                "标题": f"{draw.choice(MATTERS.split())}{number}号{draw.choice(KINDS.split())}",
                "发布日期": f"20{draw.randint(18, 22)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
                "更新日期": f"2023/{draw.randint(1, 12)}/{draw.randint(1, 28)}",
                "提供单位": f"第{number % 40}局",
                "所属领域": draw.choice(["医疗卫生", "交通运输", "教育文化", ""]),
                "开放属性": draw.choice(["无条件开放", "有条件开放"]),
                "摘要信息": f"记录{draw.choice(MATTERS.split())}的办理情况，由业务系统产生，按周期更新，供各部门使用。",
                "更新频率": draw.choice(["每年", "每月", "实时", "不定期"]),
                "数据格式": "['xls', 'api']",
            }
            for number in range(each)
        ]
        path = ground.scratch / f"portal_{portal:02d}.json"
        path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        yield path


def _copied(ground: Ground) -> float:
    """COPY the rows that the import left into equal tables with equal indexes; return the seconds it took."""
    from django.db import connection, transaction

    seconds = 0.0
    for table in TABLES:
        with tempfile.TemporaryFile(dir=ground.scratch) as kept, connection.cursor() as cursor:
            with cursor.copy(f"copy {table} to stdout (format binary)") as rows:
                for block in rows:
                    kept.write(block)
            kept.seek(0)
            cursor.execute(f"create table bench_{table} (like {table} including all)")
            began = time.perf_counter()
            with transaction.atomic(), cursor.copy(f"copy bench_{table} from stdin (format binary)") as target:
                while block := kept.read(1 << 18):
                    target.write(block)
            seconds += time.perf_counter() - began
        report.same(f"rows of {table}", _count(table), _count(f"bench_{table}"))
        with connection.cursor() as cursor:
            cursor.execute(f"drop table bench_{table}")
    return seconds


def _count(table: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table}")
        return int(cursor.fetchone()[0])
