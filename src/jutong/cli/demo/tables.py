"""What the police of the demo city have in their database beside the population: tables nobody described, and one to leave out.

The data officer has taken stock and had them read, so that 从数据源编目 has something to propose; people have asked about
entries, and some of it is answered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, LiteralString

import psycopg
from psycopg import sql

from jutong.cli.demo import databases
from jutong.cli.demo.town import Town, own_entry, person
from jutong.cli.postgres import SUPERUSER

_TABLES: LiteralString = """
create table if not exists t_jzz (
    jzzbh varchar(20) primary key, sfzh varchar(18), xm varchar(50), sjh varchar(11), jzdz varchar(200), fzrq date,
    yxqz date, zt varchar(10), gxsj timestamp, del_flag smallint default 0
);
insert into t_jzz
select 'JZ' || lpad(n::text, 10, '0'), id_number, name, left(phone, 11), address, date '2024-01-01' + (n % 600)::int,
       date '2027-01-01' + (n % 600)::int, case when n % 17 = 0 then '注销' else '有效' end,
       timestamp '2026-01-01' + make_interval(mins => n::int), 0
  from (select row_number() over (order by id_number) as n, p.* from population p limit 3000) numbered
on conflict do nothing;
create table if not exists tmp_import_log (id int, note text);
"""
QUESTIONS: Final = (
    (
        "hr.clerk",
        "人口基本信息",
        "迁出、注销的人员在“人口状态”里分别怎样表示？",
        "迁出写“迁出”，死亡或注销户口写“注销”，其余为“正常”。",
    ),
    ("insurance.officer", "人口基本信息", "联系电话多久核对一次？", ""),
    (
        "hr.clerk",
        "",
        "统计类资源要不要逐项填写数据长度？",
        "统计指标按数值型填写总位数；口径写在信息项说明里，不必另建条目。",
    ),
)
"""Who asks about which entry (none: about compiling), and the answer where there is one."""


def leave(town: Town, say: Callable[[str], None]) -> None:
    """Make the tables, find and read them, ask and answer."""
    with psycopg.connect(town.server.url(SUPERUSER, databases.POLICE.database)) as admin:
        admin.execute(_TABLES)
        reader = sql.Identifier(databases.POLICE.role)
        admin.execute(sql.SQL("grant select on all tables in schema public to {}").format(reader))
    found = _read(town)
    asked = sum(_ask(town, *question) for question in QUESTIONS)
    say(f"从数据源编目：公安局盘点 {found} 张表；编目问答 {asked} 条")


def _read(town: Town) -> int:
    from jutong.slices.datacentre import actions, queries

    officer = person(town, "police.officer")
    found = sum(
        actions.take_stock(by=officer, at=town.at, source_id=pk) for pk, _title in queries.compilable(officer)[:1]
    )
    rows, _meta = queries.stocked(officer)
    if rows:
        actions.read_tables(by=officer, at=town.at, ids=[row.id for row in rows])
    return found


def _ask(town: Town, who: str, title: str, text: str, answer: str) -> int:
    from jutong.slices.catalogue import actions, queries

    asker, answerer = person(town, who), person(town, "police.officer" if title else "data.reviewer")
    if queries.questions(asker, text=text[:8], fold="mine")[0]:
        return 0  # from an earlier, interrupted telling
    entry = own_entry(town, "police", title) if title else None
    made = actions.ask(by=asker, at=town.at, text=text, entry_id=entry, topic="" if entry else "items")
    if answer:
        actions.answer(made, by=answerer, at=town.at, text=answer)
    return 1
