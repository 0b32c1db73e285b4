"""The regional catalogue: each entry once with origin and version, whatever level asks; conflicts; reports from below."""

from __future__ import annotations

import io
import json
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from covers import covers
from jurisdictions import under
from jutong.kernel.actors import system_actor
from jutong.kernel.errors import NotAllowed, RuleBroken, WrongState
from jutong.kernel.models import InboxItem
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import Entry, RegionalEntry
from jutong.slices.catalogue.queries import regional
from jutong.slices.parties import actions as parties
from jutong.wire import catalogue as wire
from published import ASSESSED, content, published
from world import World


def ruled(world: World, region: str, department: str) -> int:
    """Name a department the authority of a region and let one of its people review."""
    by = system_actor("world")
    if department == "province":
        row = parties.register_department(
            name="四川省数据局", region=region, org_type="government_department", uscc="", short_name="", parent_id=None,
            by=by, at=world.at,
        )  # fmt: skip
        pk = row.pk
    else:
        pk = world.department(department)
    parties.name_authority(region=region, department_id=pk, by=world.actor("admin.system"), at=world.at)
    return pk


def reviewing(world: World, key: str) -> Any:
    """Let a person act as reviewer of the own department's area."""
    from datetime import date

    parties.appoint(
        world.person(key), role="authority_reviewer", since=date(2024, 1, 1), by=system_actor("world"), at=world.at
    )
    return world.actor(key)


def record(code: str, title: str, provider: str = "东兴区民政局", version: int = 1) -> wire.Entry:
    """An entry as another platform states it."""
    return wire.Entry(
        code=code, version=version, title=title, abstract="", provider=provider, provider_uscc="",
        catalogue_class="department", format_class="database", format_type="", share_type="unconditional",
        share_conditions="", share_mode="", open_type="", open_conditions="", update_cycle="daily", published_on=None,
        data_category="", security_level="general", items=(wire.Item("姓名", "xm", "C", 20, "unconditional"),),
    )  # fmt: skip


def aggregated(world: World, region: str = "511000", authority: str = "authority", by: Any = None) -> Any:
    by = by or world.actor("authority.reviewer")
    return actions.aggregate(by=by, at=world.at, authority_id=world.department(authority), region=region)


def titles(region: str, **asked: Any) -> list[str]:
    return sorted(row.title for row in regional.regional_entries(region, regional.RegionalFilter(**asked))[0])


@covers("R-CAT-024")
def test_a_regional_catalogue_holds_every_approved_entry_once_and_none_with_a_doubled_code(world: World) -> None:
    ids = [published(world, name, title=f"{name}资源") for name in ("civil", "police", "hr")]
    waiting = actions.compile_entry(
        by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil"), content=content("在编")
    )
    actions.assess(waiting, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    first = aggregated(world)
    assert (first.number, first.entries, first.added, first.conflicts) == (1, 3, 3, 0)
    rows = regional.regional_entries("511000", regional.RegionalFilter())[0]
    assert {(row.entry_id, row.provider_name, row.origin, row.version) for row in rows} == {
        (pk, Entry.objects.get(pk=pk).provider_name, "511000", 1) for pk in ids
    }
    with pytest.raises(WrongState):
        aggregated(world)
    code = Entry.objects.get(pk=ids[0]).code or ""
    county = {"authority_id": world.department("authority"), "region": "511002", "at": world.at}
    actions.report_catalogue(by=world.actor("authority.reviewer"), entries=[record(code, "区民政资源")], **county)
    assert [row.kind for row in regional.pending("511000")[0]] == ["conflict", "conflict"]
    second = aggregated(world)
    assert (second.entries, second.conflicts, titles("511000")) == (2, 2, ["hr资源", "police资源"])
    clash = RegionalEntry.objects.get(entry=ids[0])
    with pytest.raises(RuleBroken):
        actions.settle_code(
            by=world.actor("authority.reviewer"), at=world.at, authority_id=world.department("authority"),
            row_id=clash.pk, reason=" ",
        )  # fmt: skip
    assert (
        world.client("authority.reviewer")
        .post(f"/catalogue/regional/conflicts/{clash.pk}/settle/", {"reason": "市级为准"})
        .status_code
        == 303
    )
    assert titles("511000") == ["civil资源", "hr资源", "police资源"]
    actions.report_catalogue(by=world.actor("authority.reviewer"), entries=[record("307002/1", "区民政资源")], **county)
    third = aggregated(world)
    assert (third.entries, third.conflicts) == (4, 0)


@covers("R-CAT-025")
def test_a_county_compiles_its_own_catalogue_and_its_departments_cannot_pass_it_over(world: World) -> None:
    under("neijiang-2020", "511000", "511002")
    ruled(world, "511002", "county")
    officer = world.actor("county.officer")
    entry = actions.compile_entry(
        by=officer, at=world.at, provider_id=world.department("county"),
        content=content("区市场主体", share_type="unconditional"),
    )  # fmt: skip
    for verb, who in (("secrecy_officer", "county.clerk"), ("department_leader", "county.principal")):
        from datetime import date

        parties.appoint(world.person(who), role=verb, since=date(2024, 1, 1), by=system_actor("world"), at=world.at)
    actions.assess(entry, by=world.actor("county.clerk"), at=world.at, **ASSESSED)
    actions.leader_approve(entry, by=world.actor("county.principal"), at=world.at)
    sent = {"ids": [entry.pk], "recipient_id": world.department("authority")}
    answer = world.client("county.officer").post("/api/v1/catalogue/submit", sent, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
    assert "市中区市场监督管理局" in answer.json()["detail"]
    assert actions.submit_entries([entry.pk], by=officer, at=world.at).done == [entry.pk]
    mine = reviewing(world, "county.head")
    assert [row.id for row in queries.review_queue(mine, at=world.at)[0]] == [entry.pk]
    assert queries.review_queue(world.actor("authority.reviewer"), at=world.at)[0] == []
    actions.review(entry, by=mine, at=world.at)
    actions.publish(entry, by=mine, at=world.at)
    published(world, "civil", title="市级资源", share_type="unconditional")
    assert aggregated(world).entries == 1
    aggregated(world, "511002", "county", mine)
    world.drain()
    assert InboxItem.objects.filter(department_id=world.department("authority"), title__contains="请汇总").exists()
    assert (aggregated(world).entries, titles("511000"), titles("511002")) == (
        2,
        ["区市场主体", "市级资源"],
        ["区市场主体"],
    )


@covers(partly=["R-CAT-024", "R-CAT-025"])
def test_whatever_level_asks_an_entry_stands_once_with_its_origin_and_what_changed_is_told(world: World) -> None:
    province = ruled(world, "510000", "province")
    ruled(world, "511002", "county")
    county, reviewer = reviewing(world, "county.head"), world.actor("authority.reviewer")
    pk = published(world, "civil", title="市级资源")
    actions.report_catalogue(
        by=county, at=world.at, authority_id=world.department("county"), region="511002",
        entries=[record("307002/1", "区级资源"), record("307002/2", "区级资源二")],
    )  # fmt: skip
    aggregated(world, "511002", "county", county)
    aggregated(world)
    above = system_above(world, province)
    made = actions.aggregate(by=above, at=world.at, authority_id=province, region="510000")
    assert made.entries == 3
    rows = regional.regional_entries("510000", regional.RegionalFilter())[0]
    assert sorted((row.title, row.origin) for row in rows) == [
        ("区级资源", "511002"), ("区级资源二", "511002"), ("市级资源", "511000"),
    ]  # fmt: skip
    actions.report_catalogue(
        by=county, at=world.at, authority_id=world.department("county"), region="511002",
        entries=[record("307002/1", "区级资源", version=2)],
    )  # fmt: skip
    actions.withdraw(pk, by=system_actor("grants"), at=world.at, reason="停止提供")
    assert regional.pending("511000")[0][0].kind == "withdrawn"
    aggregated(world, "511002", "county", county)
    run = aggregated(world)
    assert (run.added, run.changed, run.withdrawn, run.entries) == (0, 1, 2, 1)
    assert titles("511000", change="withdrawn") == ["区级资源二", "市级资源"]
    assert [
        row.version for row in regional.regional_entries("511000", regional.RegionalFilter(change="changed"))[0]
    ] == [2]
    with pytest.raises(NotAllowed):
        actions.report_catalogue(
            by=reviewer, at=world.at, authority_id=world.department("authority"), region="510000",
            entries=[record("1/1", "甲")],
        )  # fmt: skip


def system_above(world: World, province: int) -> Any:
    """A reviewer of the province's authority."""
    from dataclasses import replace

    from jutong.kernel.actors import Post, Role

    return replace(
        world.actor("authority.reviewer"),
        posts=frozenset({Post(Role.AUTHORITY_REVIEWER, province)}),
        department_id=province,
    )


def test_a_region_hands_its_catalogue_up_as_a_file_and_lists_go_out_as_excel(world: World) -> None:
    ruled(world, "511002", "county")
    published(world, "civil", title="市级资源")
    aggregated(world)
    reviewer = world.client("authority.reviewer")
    answer = reviewer.get("/catalogue/regional/export/records/")
    (entry,) = json.loads(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert (entry["title"], entry["provider"]) == ("市级资源", "内江市民政局")
    file = SimpleUploadedFile("区.json", json.dumps([entry | {"code": "307009/1"}]).encode())
    sent = reviewer.post("/catalogue/regional/reported/new/", {"region": "511002", "file": file})
    assert sent.status_code == 303
    row = regional.reported_entries()[0][0]
    assert "市级资源" in reviewer.get(f"/catalogue/regional/reported/{row.id}/").content.decode()
    bad = SimpleUploadedFile("区.json", b"[{}]")
    refused = reviewer.post("/catalogue/regional/reported/new/", {"region": "511002", "file": bad})
    assert refused.status_code == 422
    doubled = [record("1/1", "甲"), record("1/1", "乙")]
    for wrong, refusal in ((doubled, RuleBroken), ([record("", "甲")], RuleBroken), ([], RuleBroken)):
        with pytest.raises(refusal):
            actions.report_catalogue(
                by=world.actor("authority.reviewer"), at=world.at, authority_id=world.department("authority"),
                region="511002", entries=wrong,
            )  # fmt: skip
    for what, lines in (("entries", 2), ("conflicts", 1)):
        answer = reviewer.get(f"/catalogue/regional/export/{what}/")
        sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active  # type: ignore[attr-defined]
        assert sheet.max_row == lines, what
    shown = world.client("hr.clerk").get("/catalogue/regional/?origin=511000").content.decode()
    assert "市级资源" in shown
    assert world.client("hr.officer").post("/catalogue/regional/aggregate/", {"region": "511000"}).status_code == 403
    answered = reviewer.get("/api/v1/catalogue/regional").json()
    assert [row["origin"] for row in answered["rows"]] == ["511000"], answered
