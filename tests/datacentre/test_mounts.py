"""Mounting published entries on departments' tables, through the real probe and a real database."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from covers import covers
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry, InboxItem, OutboxEvent
from jutong.slices.catalogue import actions as catalogue
from jutong.slices.datacentre import actions, queries
from jutong.slices.datacentre.rules import Mapped
from jutong.slices.sources import actions as sources
from jutong.wire.grants import Kind
from published import content, published
from sourceworld import MAPPING, mounted, register
from world import World


def mount(world: World, resource_id: int, source_id: int, who: str = "civil.officer", **changes: Any) -> Any:
    given = {"schema": "public", "table": "people", "mapping": MAPPING} | changes
    return actions.mount(by=world.actor(who), at=world.at, resource_id=resource_id, source_id=source_id, **given)


def test_the_proposal_matches_items_by_comment_and_technical_name(world: World, probe: Any, civil_db: str) -> None:
    source = register(world, "civil", civil_db)
    resource_id = published(world)
    draft = queries.draft(
        resource_id, world.actor("civil.officer"), at=world.at, source_id=source.pk, place="public.people"
    )
    columns = {line.item: line.column for line in draft.lines}
    assert columns == {
        "公民身份号码": "id_number",
        "姓名": "xm",
        "出生日期": "birthday",
        "户籍行政区划": "division",
        "收入": "income",
    }
    assert next(line for line in draft.lines if line.item == "公民身份号码").key


def test_a_mounted_resource_is_known_to_the_data_plane_by_its_columns(world: World, probe: Any, civil_db: str) -> None:
    source = register(world, "civil", civil_db)
    resource_id = mounted(world, source)
    wire = queries.wire_mount(resource_id)
    assert wire is not None
    assert (wire.source_id, wire.schema, wire.table, wire.version) == (str(source.pk), "public", "people", 1)
    assert wire.key_columns == ("id_number",)
    assert [(c.item, c.column, c.kind) for c in wire.columns] == [
        ("公民身份号码", "id_number", Kind.TEXT),
        ("姓名", "xm", Kind.TEXT),
        ("出生日期", "birthday", Kind.DATE),
        ("户籍行政区划", "division", Kind.TEXT),
    ]
    event = OutboxEvent.objects.get(name="datacentre.mount_changed")
    assert event.payload["resource_id"] == resource_id


@covers(partly=["R-CAT-059"])
def test_an_unpublished_entry_cannot_be_mounted(world: World, probe: Any, civil_db: str) -> None:
    source = register(world, "civil", civil_db)
    draft = catalogue.compile_entry(
        by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil"), content=content()
    )
    with pytest.raises(WrongState):
        mount(world, draft.pk, source.pk)
    with pytest.raises(NotThere):
        mount(world, 999_999, source.pk)


@covers(partly=["R-CEN-026"])
def test_an_item_of_another_source_department_is_not_offered_beside_it(world: World, probe: Any, civil_db: str) -> None:
    source, resource_id = register(world, "civil", civil_db), published(world)
    reviewer = world.actor("authority.reviewer")
    case = catalogue.report_overlap(
        by=reviewer, at=world.at, authority_id=world.department("authority"), region=world.region,
        items=["出生日期", "公民身份号码"], departments=[world.department("civil"), world.department("police")],
        reason="两个部门都在收集",
    )  # fmt: skip
    catalogue.designate(
        case, by=reviewer, at=world.at, source_id=world.department("police"), document="内数〔2026〕1号",
        effective_on=beijing_day(world.at),
    )  # fmt: skip
    catalogue.enter_into_force(at=world.at)
    with pytest.raises(Conflict, match="内江市公安局"):
        mount(world, resource_id, source.pk)
    others = [Mapped(line.item, "", line.key, line.masking) if line.item == "出生日期" else line for line in MAPPING]
    assert mount(world, resource_id, source.pk, mapping=others).active


@covers(partly=["R-CAT-059"])
def test_published_entries_without_resource_are_listed_with_their_owner(
    world: World, probe: Any, civil_db: str
) -> None:
    source = register(world, "civil", civil_db)
    mounted(world, source)
    lacking = published(world, title="社会救助对象信息")
    rows, meta = queries.without_resource(world.actor("civil.officer"), at=world.at)
    assert [(row.resource_id, row.title) for row in rows] == [(lacking, "社会救助对象信息")]
    assert meta.total == 1
    assert queries.without_resource(world.actor("hr.officer"), at=world.at)[0] == []


def test_a_changed_mount_replaces_the_first_and_counts_on(world: World, probe: Any, civil_db: str) -> None:
    source = register(world, "civil", civil_db)
    resource_id = mounted(world, source)
    mount(world, resource_id, source.pk, mapping=[*MAPPING[:4], Mapped("收入", "income")])
    wire = queries.wire_mount(resource_id)
    assert wire is not None
    assert wire.version == 2
    assert wire.columns[-1].kind is Kind.NUMBER


def test_an_unmounted_resource_is_gone_for_the_data_plane_and_can_come_back(
    world: World, probe: Any, civil_db: str
) -> None:
    source = register(world, "civil", civil_db)
    resource_id = mounted(world, source)
    officer = world.actor("civil.officer")
    with pytest.raises(RuleBroken):
        actions.unmount(by=officer, at=world.at, resource_id=resource_id, note=" ")
    actions.unmount(by=officer, at=world.at, resource_id=resource_id, note="系统迁移")
    assert queries.wire_mount(resource_id) is None
    with pytest.raises(WrongState):
        actions.unmount(by=officer, at=world.at, resource_id=resource_id, note="再来一次")
    mount(world, resource_id, source.pk)
    wire = queries.wire_mount(resource_id)
    assert wire is not None
    assert wire.version == 3


def test_only_the_providers_people_mount_and_only_on_its_own_sources(
    world: World, probe: Any, civil_db: str, hr_db: str
) -> None:
    source = register(world, "civil", civil_db)
    other = register(world, "hr", hr_db)
    resource_id = published(world)
    for who in ("hr.officer", "civil.head", "civil.clerk", "authority.operator"):
        with pytest.raises(NotAllowed):
            mount(world, resource_id, source.pk, who)
    with pytest.raises(NotThere):
        mount(world, resource_id, other.pk)
    assert AuditEntry.objects.filter(verb="datacentre.mount", outcome="refused").count() == 5


def test_a_disabled_or_receiving_source_takes_no_mount(world: World, probe: Any, civil_db: str) -> None:
    resource_id = published(world)
    target = register(world, "civil", civil_db, title="目标库", provides=False, receives=True)
    off = register(world, "civil", civil_db)
    sources.disable(off.pk, by=world.actor("civil.engineer"), at=world.at)
    for source in (target, off):
        with pytest.raises(RuleBroken) as refused:
            mount(world, resource_id, source.pk)
        assert refused.value.field == "source_id"


def test_a_table_that_is_not_there_is_refused(world: World, probe: Any, civil_db: str) -> None:
    source = register(world, "civil", civil_db)
    resource_id = published(world)
    for place in ({"table": "nowhere"}, {"schema": "x"}, {"table": 'people"; drop table people; --'}):
        with pytest.raises(RuleBroken):
            mount(world, resource_id, source.pk, **place)
    with psycopg.connect(civil_db) as connection:
        assert connection.execute("select count(*) from people").fetchone() == (25,)


def test_a_preview_is_masked_and_audited(world: World, probe: Any, civil_db: str) -> None:
    resource_id = mounted(world, register(world, "civil", civil_db))
    row, rows = actions.preview(resource_id, by=world.actor("civil.officer"), at=world.at)
    assert len(rows) == 10
    number, name, born, division = rows[0]
    assert re.fullmatch(r"511002\*{8}\d{4}", number)
    assert re.fullmatch(r"张\*+", name)
    assert (born, division) == ("1980", "511002")
    seen = AuditEntry.objects.get(verb="datacentre.preview")
    assert (seen.outcome, seen.subject_id) == ("success", str(row.resource_id))
    with pytest.raises(NotAllowed):
        actions.preview(resource_id, by=world.actor("hr.officer"), at=world.at)


def test_a_new_version_with_other_items_asks_for_a_look(world: World, probe: Any, civil_db: str) -> None:
    from jutong.kernel.actors import system_actor
    from jutong.slices.datacentre.models import Mount

    resource_id = mounted(world, register(world, "civil", civil_db))
    Mount.objects.filter(entry_id=resource_id).update(
        entry_version=0, mapping=[{**line, "item": line["item"] + "旧"} for line in Mount.objects.get().mapping]
    )
    actions.compare(by=system_actor("datacentre"), at=world.at, resource_id=resource_id)
    row = queries.mount(resource_id, world.actor("civil.officer"))
    assert "新增：公民身份号码" in row.remark
    assert InboxItem.objects.filter(department_id=world.department("civil"), text=row.remark).exists()


def test_the_pages_lead_from_the_list_to_a_mounted_resource(world: World, probe: Any, civil_db: str) -> None:
    source = register(world, "civil", civil_db)
    resource_id = published(world)
    officer = world.client("civil.officer")
    assert "城乡低保对象信息" in officer.get("/datacentre/missing/").content.decode()
    base = f"/datacentre/entries/{resource_id}/"
    assert officer.get(f"{base}mount/").status_code == 200
    page = officer.get(f"{base}mount/?source_id={source.pk}&place=public.people").content.decode()
    assert "列注释或列名与信息项名称一致" in page
    form: dict[str, Any] = {"source_id": source.pk, "place": "public.people"}
    short = officer.post(f"{base}mount/", form)
    assert short.status_code == 422
    assert "还没有对应的列" not in short.content.decode()  # the maskings are missing before the rule is asked
    for line in MAPPING:
        form |= {line.item: line.column or "-", f"masking:{line.item}": line.masking}
        if line.key:
            form[f"key:{line.item}"] = "on"
    lacking = officer.post(f"{base}mount/", {k: v for k, v in form.items() if k != "姓名"})
    assert lacking.status_code == 422
    assert "信息项“姓名”还没有对应的列" in lacking.content.decode()
    designed = officer.post(f"{base}mount/", form | {"sample": "1"}).content.decode()  # looked at, not mounted yet
    assert "511002********" in designed
    assert "51100219800101" not in designed
    assert all(said in designed for said in ("字符型", "character varying(18)", "样例（已脱敏）"))
    assert officer.get(base).status_code == 404
    assert officer.post(f"{base}mount/", form).status_code == 303
    assert "people" in officer.get(base).content.decode()
    assert "城乡低保对象信息" in officer.get("/datacentre/?q=低保").content.decode()
    preview = officer.post(f"{base}preview/").content.decode()
    assert "511002********" in preview
    assert "51100219800101" not in preview
    assert officer.get(f"{base}mount/").status_code == 200
    assert officer.post(f"{base}unmount/").status_code == 422
    assert officer.post(f"{base}unmount/", {"note": "迁移"}).status_code == 303
    assert world.client("hr.officer").get(base).status_code == 404
    assert world.client("hr.officer").get(f"{base}mount/").status_code == 403


def test_the_api_mounts_and_refuses(world: World, probe: Any, civil_db: str) -> None:
    source = register(world, "civil", civil_db)
    resource_id = published(world)
    client = world.client("civil.officer")
    base = f"/api/v1/datacentre/entries/{resource_id}"
    proposed = client.get(f"{base}/proposal?source_id={source.pk}&schema=public&table=people").json()
    assert proposed[0]["column"] == "id_number"
    body = {
        "source_id": source.pk,
        "schema": "public",
        "table": "people",
        "mapping": [{k: line[k] for k in ("item", "column", "key", "masking")} for line in proposed],
    }
    made = client.put(base, body, content_type="application/json")
    assert made.status_code == 200, made.content.decode()
    assert made.json()["schema"] == "public"
    shown = client.post(f"{base}/preview").json()
    assert shown["items"][0] == "公民身份号码"
    wrong = client.put(base, {**body, "mapping": []}, content_type="application/json")
    assert wrong.status_code == 422
    assert "公民身份号码" in wrong.json()["remarks"]
    assert client.get("/api/v1/datacentre/").json()["total"] == 1
    assert client.get("/api/v1/datacentre/missing").json()["total"] == 0
    assert client.post(f"{base}/unmount", {"note": "完"}, content_type="application/json").status_code == 204
    assert client.put(f"{base}0", body, content_type="application/json").status_code == 404
