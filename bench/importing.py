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
WHO = (
    "企业 个体工商户 食品经营单位 药品零售企业 中小学校 幼儿园 养老机构 医疗机构 社会组织 建筑施工企业 道路运输企业 物业服务企业 旅行社 "
    "农民专业合作社 高新技术企业 律师事务所 残疾人 退役军人 低保对象 公租房家庭 水库 公交站点 停车场 路灯 图书馆 旅游景区 充电桩 不动产 林地"
)
WHAT = (
    "登记 注销 许可 备案 年度报告 行政处罚 监督检查 抽样检验 信用评价 补贴发放 资质认定 培训 安全隐患排查 变更 空气质量监测 用水 用电 纳税 社会保险缴纳 "
    "住房公积金缴存 从业人员 财政预算 价格监测"
)
KINDS = "信息 名单 统计 目录 明细 年报 情况 核准结果 台账 名录"
OFFICES = (
    "市场监督管理局 教育局 卫生健康委员会 民政局 公安局 司法局 财政局 人力资源和社会保障局 自然资源局 生态环境局 住房和城乡建设局 交通运输局 水利局 "
    "农业农村局 商务局 文化广播电视和旅游局 退役军人事务局 应急管理局 审计局 统计局 医疗保障局 城市管理局 林业局 税务局 气象局 残疾人联合会"
)


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
                "标题": f"{who}{what}{draw.choice(KINDS.split())}（{number}号）",
                "发布日期": f"20{draw.randint(18, 22)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
                "更新日期": f"2023/{draw.randint(1, 12)}/{draw.randint(1, 28)}",
                "提供单位": f"第{portal + 1}市{draw.choice(OFFICES.split())}",
                "所属领域": draw.choice(["医疗卫生", "交通运输", "教育文化", ""]),
                "开放属性": draw.choice(["无条件开放", "有条件开放"]),
                "摘要信息": f"记录{who}{what}的办理情况，由业务系统产生，按周期更新，供各部门使用。",
                "更新频率": draw.choice(["每年", "每月", "实时", "不定期"]),
                "数据格式": "['xls', 'api']",
            }
            for number in range(each)
            for who, what in [(draw.choice(WHO.split()), draw.choice(WHAT.split()))]
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
