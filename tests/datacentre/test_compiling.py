"""Compiling entries from the tables of a department's database, through the real probe: propose, confirm, follow."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from covers import covers
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import InboxItem
from jutong.slices.catalogue import actions as catalogue
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.queries import grading
from jutong.slices.datacentre import actions, queries
from jutong.slices.datacentre.models import SourceTable
from published import ASSESSED, HANDLED
from sourceworld import register
from world import World

WELFARE = """
create table t_dbdx (
    id bigint primary key, sfzh varchar(18) not null, xm varchar(50), lxdh varchar(20), tyshxydm varchar(18),
    hjdz varchar(200), csrq date, bzje numeric(12,2), zt char(1), gxsj timestamp, del_flag smallint, zxyy text
);
comment on table t_dbdx is '城乡低保对象表';
comment on column t_dbdx.zt is '保障状态（1在保，0停保）';
insert into t_dbdx
select i, head || substr('10X98765432', 1 + (select sum(substr(head, n, 1)::int * (array[7,9,10,5,8,4,2,1,6,3,7,9,10,5,8,4,2])[n])
         from generate_series(1, 17) n)::int % 11, 1),
       substr('王李张刘陈', 1 + i % 5, 1) || '小' || substr('明红', 1 + i % 2, 1), '138' || lpad((i * 7919)::text, 8, '0'),
       '91110000802100433B', '内江市市中区人民路' || i || '号', date '1950-01-01' + i, 300 + i * 1.5, (i % 10 > 0)::int::text,
       case when i % 4 > 0 then timestamp '2026-02-01' + make_interval(hours => i) end, 0, null
  from (select i, '511002' || to_char(date '1950-01-01' + i, 'YYYYMMDD') || lpad((i % 1000)::text, 3, '0') as head
          from generate_series(1, 60) i) numbered;
create table t_tmp_log (id int, note text);
"""


@pytest.fixture
def welfare(world: World, probe: Any, civil_db: str) -> Any:
    """The civil affairs bureau's database with a table that nobody described, found and read."""
    with psycopg.connect(civil_db) as connection:
        connection.execute(WELFARE)
    return register(world, "civil", civil_db, title="民政业务库")


def read(world: World, source: Any, name: str = "t_dbdx") -> SourceTable:
    """Take stock and read one table, as the data officer does."""
    officer = world.actor("civil.officer")
    assert actions.take_stock(by=officer, at=world.at, source_id=source.pk) == 3
    table = SourceTable.objects.get(table=name)
    actions.read_tables(by=officer, at=world.at, ids=[table.pk])
    world.drain()
    return SourceTable.objects.get(pk=table.pk)


def compiled(world: World, table: SourceTable) -> int:
    moved = actions.compile_tables([table.pk], by=world.actor("civil.officer"), at=world.at)
    assert (moved.done, moved.refused) == ([table.pk], {})
    table.refresh_from_db()
    assert table.entry_id
    return table.entry_id


def publish(world: World, pk: int, **changes: Any) -> None:
    """Complete a draft and bring it through the whole of W01."""
    officer, reviewer = world.actor("civil.officer"), world.actor("authority.reviewer")
    seen = catalogue_entry(world, pk)
    import msgspec

    given = {"abstract": "低保对象", "share_confirmed": True, "open_type": "withheld", "update_cycle": "daily",
             "data_category": "公共管理数据", "security_level": "general", "extra": {"handling_rule": HANDLED}, **changes}  # fmt: skip
    catalogue.edit_entry(pk, by=officer, at=world.at, content=msgspec.structs.replace(seen, **given))
    catalogue.assess(pk, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    catalogue.leader_approve(pk, by=world.actor("civil.leader"), at=world.at)
    catalogue.submit(pk, by=officer, at=world.at)
    catalogue.review(pk, by=reviewer, at=world.at)
    catalogue.publish(pk, by=reviewer, at=world.at)
    world.drain()


def catalogue_entry(world: World, pk: int) -> Any:
    from jutong.slices.catalogue import queries as entries

    return entries.entry(pk, actor=world.actor("civil.officer"), at=world.at).content


def test_a_table_nobody_described_is_proposed_with_names_types_meanings_and_sensitivity(
    world: World, welfare: Any
) -> None:
    seen = queries.table(read(world, welfare).pk, world.actor("civil.officer"))
    lines = {line.column: line for line in seen.lines}
    assert (seen.draft.title, seen.draft.personal, seen.exact) == ("城乡低保对象", True, True)
    told = {name: (line.name, line.type, line.length, line.sensitive) for name, line in lines.items()}
    assert told == {
        "id": ("主键", "I", 19, False),
        "sfzh": ("公民身份号码", "C", 18, True),
        "xm": ("姓名", "C", 50, True),
        "lxdh": ("联系电话", "C", 20, True),
        "tyshxydm": ("统一社会信用代码", "C", 18, False),
        "hjdz": ("户籍地址", "C", 200, True),
        "csrq": ("出生日期", "D", None, True),
        "bzje": ("bzje", "Y", 12, False),
        "zt": ("保障状态", "C", 1, False),
        "gxsj": ("更新时间", "T", None, False),
        "del_flag": ("删除标志", "I", 5, False),
        "zxyy": ("zxyy", "M", None, False),
    }
    assert lines["sfzh"].meaning == "公民身份号码（校验码正确） 100%"
    assert all(one[6:14] == "********" for one in lines["sfzh"].examples)
    assert lines["xm"].examples[0][1:] == "**"
    assert (lines["gxsj"].filled, lines["zxyy"].filled, lines["zt"].distinct) == ("75%", "0%", "2")
    assert lines["bzje"].range == "301.50 至 390.00"
    assert lines["zt"].examples == ("1", "0")
    assert lines["del_flag"].left_out
    stored = str(SourceTable.objects.get(table="t_dbdx").profile)
    with psycopg.connect(**_where(welfare)) as connection:
        for number, phone, name in connection.execute("select sfzh, lxdh, xm from t_dbdx limit 20"):
            assert number not in stored
            assert phone not in stored
            assert name not in stored


def _where(source: Any) -> dict[str, Any]:
    from jutong.kernel import keys

    return {"host": source.host, "port": source.port, "dbname": source.database, "user": source.user,
            "password": keys.reveal(bytes(source.secret)).decode()}  # fmt: skip


@covers(partly=["R-CAT-006"])
def test_a_compiled_entry_is_mounted_on_its_table_as_soon_as_it_is_published(world: World, welfare: Any) -> None:
    table = read(world, welfare)
    pk = compiled(world, table)
    draft = catalogue_entry(world, pk)
    assert (draft.title, draft.format_types, draft.system, draft.records) == (
        "城乡低保对象",
        ("postgresql",),
        "民政业务库",
        60,
    )
    assert "删除标志" not in [item.name for item in draft.items]
    assert queries.mount_of(pk) is None
    with pytest.raises(WrongState, match="尚未发布"):
        queries.draft(pk, world.actor("civil.officer"), at=world.at)
    publish(world, pk)
    mount = queries.mount_of(pk)
    assert mount is not None
    assert (mount.source_id, mount.place, mount.remark, mount.key_items) == (welfare.pk, "public.t_dbdx", "", ("主键",))
    maskings = {item.column: item.masking.value for item in mount.items}
    assert (maskings["sfzh"], maskings["csrq"], maskings["lxdh"], maskings["zt"]) == (
        "identity",
        "year",
        "phone",
        "none",
    )
    assert actions.preview(pk, by=world.actor("civil.officer"), at=world.at)[1][0][1][6:14] == "********"
    page = world.client("hr.clerk").get(f"/catalogue/{pk}/").content.decode()
    assert "样本概况" in page
    assert "t_dbdx" not in page
    assert "1950-0" not in page  # nobody's birthday, not even the oldest one's
    assert "public.t_dbdx" in world.client("civil.officer").get(f"/catalogue/{pk}/").content.decode()


def test_a_type_the_person_changed_so_that_it_no_longer_fits_is_told_instead_of_mounted(
    world: World, welfare: Any
) -> None:
    pk = compiled(world, read(world, welfare))
    import msgspec

    items = tuple(
        msgspec.structs.replace(item, type="N") if item.column == "xm" else item
        for item in catalogue_entry(world, pk).items
    )
    publish(world, pk, items=items)
    assert queries.mount_of(pk) is None
    told = InboxItem.objects.get(title__startswith="目录已发布，请挂接资源")
    assert "类型不符" in told.text


def test_a_second_run_changes_nothing_by_itself_and_shows_what_became_different(world: World, welfare: Any) -> None:
    table = read(world, welfare)
    pk, officer = compiled(world, table), world.actor("civil.officer")
    again = read(world, welfare)
    assert (again.entry_id, Entry.objects.count()) == (pk, 1)
    assert queries.table(table.pk, officer).changes == ()
    with pytest.raises(Conflict):
        actions.compile_table(table.pk, by=officer, at=world.at, title="又一条", abstract="", personal=False, items=[])
    with psycopg.connect(**_where(welfare)) as connection:
        connection.execute(
            "alter table t_dbdx add column sj varchar(11), drop column zxyy, alter column xm type varchar(80);"
            "comment on column t_dbdx.sj is '手机号码'"
        )
    read(world, welfare)
    changes = {(change.kind, change.column) for change in queries.table(table.pk, officer).changes}
    assert changes == {("added", "sj"), ("removed", "zxyy"), ("type", "xm")}
    assert queries.stocked(officer, standing="changed")[0][0].moved == 3
    actions.accept_changes(table.pk, by=officer, at=world.at)
    items = {item.column: item for item in catalogue_entry(world, pk).items}
    assert ("zxyy" in items, items["sj"].name, items["xm"].length) == (False, "手机号码", 80)
    assert queries.table(table.pk, officer).changes == ()
    with pytest.raises(WrongState):
        actions.accept_changes(table.pk, by=officer, at=world.at)
    with psycopg.connect(**_where(welfare)) as connection:
        connection.execute("drop table t_dbdx")
    actions.take_stock(by=officer, at=world.at, source_id=welfare.pk)
    assert queries.table(table.pk, officer).row.standing == "gone"


def test_only_the_departments_data_officer_compiles_and_others_do_not_know_the_tables(
    world: World, welfare: Any
) -> None:
    table = read(world, welfare)
    given: dict[str, Any] = {"at": world.at, "title": "低保", "abstract": "", "personal": True, "items": []}
    with pytest.raises(NotAllowed):
        actions.compile_table(table.pk, by=world.actor("civil.engineer"), **given)
    with pytest.raises(NotThere):
        actions.compile_table(table.pk, by=world.actor("hr.officer"), **given)
    with pytest.raises(RuleBroken, match="至少保留一个信息项"):
        actions.compile_table(table.pk, by=world.actor("civil.officer"), **given)
    with pytest.raises(NotThere):
        actions.take_stock(by=world.actor("hr.officer"), at=world.at, source_id=welfare.pk)
    with pytest.raises(NotAllowed):
        actions.read_tables(by=world.actor("hr.officer"), at=world.at, ids=[table.pk])
    with pytest.raises(NotThere):
        queries.table(table.pk, world.actor("hr.officer"))
    unread = SourceTable.objects.get(table="t_tmp_log")
    with pytest.raises(WrongState):
        actions.compile_table(unread.pk, by=world.actor("civil.officer"), **given)


def test_the_pages_lead_from_the_source_to_a_confirmed_draft(world: World, welfare: Any) -> None:
    client = world.client("civil.officer")
    assert "还没有盘点过数据源" in client.get("/datacentre/tables/").content.decode()
    assert client.post("/datacentre/tables/stock/", {"source": welfare.pk}).status_code == 303
    table = SourceTable.objects.get(table="t_dbdx")
    assert client.post("/datacentre/tables/", {"verb": "read"}).status_code == 422
    assert client.post("/datacentre/tables/", {"verb": "read", "ids": [str(table.pk)]}).status_code == 303
    assert "排队中" in client.get("/datacentre/tables/").content.decode()
    world.drain()
    here = f"/datacentre/tables/{table.pk}/"
    page = client.get(here).content.decode()
    assert "没有认出，请填写中文名称" in page
    shown = queries.table(table.pk, world.actor("civil.officer"))
    form: dict[str, Any] = {"title": "城乡低保对象", "personal": "on"}
    for place, line in enumerate(shown.lines):
        form |= {f"name-{place}": line.name, f"type-{place}": line.type, f"length-{place}": line.length or ""}
        form |= {f"taken-{place}": "on"} if line.column in {"sfzh", "xm", "bzje"} else {}
    named = {f"name-{place}": "补助金额" for place, line in enumerate(shown.lines) if line.column == "bzje"}
    assert client.post(here, form | {"title": ""}).status_code == 422
    answer = client.post(here, form | named)
    assert answer.status_code == 303, answer.content.decode()[-3000:]
    entry = Entry.objects.get()
    assert [item.name for item in catalogue_entry(world, entry.pk).items] == ["公民身份号码", "姓名", "补助金额"]
    assert "发布后自动挂接" in client.get(f"/catalogue/{entry.pk}/").content.decode()
    other = SourceTable.objects.get(table="t_tmp_log")
    for note in ("", "有\x00控制字符"):
        assert client.post(f"/datacentre/tables/{other.pk}/leave-out/", {"note": note}).status_code == 422
    assert client.post(f"/datacentre/tables/{other.pk}/leave-out/", {"note": "临时表"}).status_code == 303
    assert "临时表" in client.get("/datacentre/tables/?standing=left_out").content.decode()


@covers(partly=["R-SEC-011"])
def test_what_a_look_recognises_in_the_values_becomes_a_proposed_grade_of_the_items(
    world: World, welfare: Any, civil_db: str
) -> None:
    """The name of the column `zxyy` says nothing; its values do, once somebody looked."""
    with psycopg.connect(civil_db) as connection:
        connection.execute("update t_dbdx set zxyy = '139' || lpad((id * 104729)::text, 8, '0')")
    entry = compiled(world, read(world, welfare))
    seen = grading.grading(entry, actor=world.actor("civil.officer"), at=world.at)
    proposed = {item.column: item.proposed.why for item in seen.items}
    assert "电话号码" in proposed["zxyy"]
    assert proposed["zt"] == ""
