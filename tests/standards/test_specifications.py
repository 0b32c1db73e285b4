"""Compilation specifications: national base and local versions, from draft to superseded, by page, API and workbook."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from covers import covers
from jutong.kernel.actors import system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.slices.standards import actions, queries
from jutong.slices.standards.formats import specifications as sheets
from jutong.slices.standards.models import SpecificationVersion
from jutong.slices.standards.rules.national import shipped
from jutong.slices.standards.rules.specifications import check_specification, merged
from jutong.wire.specification import Element, Specification, Value
from world import World

BY = system_actor("test")
NATIONAL = shipped()[-1]
UNIT = Element(name="grading_unit", label="最小分级单元", kind="code", obligation="M",
               values=(Value("table", "数据表"), Value("field", "字段")), rule="填写分级的最小单元", example="字段")  # fmt: skip


def changed(name: str, of: str = "entry", **changes: Any) -> tuple[Element, ...]:
    """The national elements with one of them changed."""
    return tuple(
        msgspec.structs.replace(one, **changes) if (one.name, one.of) == (name, of) else one
        for one in NATIONAL.elements
    )


def draft(world: World, elements: tuple[Element, ...], region: str = "511000", **more: Any) -> SpecificationVersion:
    by = world.actor("authority.chief" if region else "authority.operator")
    return actions.draft_specification(
        region=region, title="内江市目录编制规范", elements=elements, by=by, at=world.at, **more
    )


def in_force(
    world: World, elements: tuple[Element, ...], *, days: int = 0, region: str = "511000", **more: Any
) -> SpecificationVersion:
    """Draft and publish a specification, in force in so many days."""
    made = draft(world, elements, region, **more)
    by = world.actor("authority.chief" if region else "authority.operator")
    return actions.publish_specification(
        made, effective_from=beijing_day(world.at) + timedelta(days=days), by=by, at=world.at
    )


@covers(partly=["R-CAT-050"])
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("abstract", {"obligation": "O"}),
        ("share_mode", {"obligation": "C"}),
        ("title", {"length": 300}),
        ("update_cycle", {"values": NATIONAL.element("update_cycle").values[1:]}),
        ("share_type", {"values": (*NATIONAL.element("share_type").values, Value("secret", "保密"))}),
        ("category", {"when": "resource_class=theme"}),
        ("matter", {"kind": "lines"}),
    ],
)
def test_a_local_version_that_drops_or_loosens_a_national_element_is_refused_by_name(
    world: World, name: str, changes: dict[str, Any]
) -> None:
    made = draft(world, changed(name, **changes))
    with pytest.raises(RuleBroken) as refused:
        actions.publish_specification(
            made, effective_from=date(2026, 4, 1), by=world.actor("authority.chief"), at=world.at
        )
    assert set(refused.value.remarks) == {name}
    assert NATIONAL.element(name).label in refused.value.sentence
    kept = tuple(one for one in NATIONAL.elements if one.name != name)
    if not any(one.when.startswith(f"{name}=") for one in kept):
        with pytest.raises(RuleBroken, match="只能增加，不能减少"):
            in_force(world, kept, days=1)


def test_a_local_version_adds_elements_and_codes_and_is_superseded_by_the_next(world: World) -> None:
    cycles = (*NATIONAL.element("update_cycle").values, Value("每半月", "每半月"))
    first = in_force(world, (*changed("update_cycle", values=cycles), UNIT))
    today = beijing_day(world.at)
    found = queries.specification_for("511000", today)
    assert found.reference == "511000@1+national-decree-2025"
    assert set(found.own) == {"grading_unit", "update_cycle"}
    assert queries.specification_for("511002", today).reference == found.reference
    assert queries.specification_for("510000", today).reference == "national-decree-2025"
    assert queries.specification_for("511000", date(2025, 7, 31)).reference == "national-guide-2017"
    in_force(world, NATIONAL.elements, days=10)
    rows = {row.reference: row.state for row in queries.specifications(world.at)}
    assert rows["511000@1"] == "in_force"
    assert rows["511000@2"] == "published"
    assert (rows["national-decree-2025"], rows["national-guide-2017"]) == ("in_force", "superseded")
    later = {row.reference: row.state for row in queries.specifications(world.at + timedelta(days=11))}
    assert (later["511000@1"], later["511000@2"]) == ("superseded", "in_force")
    assert queries.specification_named(found.reference) == found
    assert queries.specification_named("nowhere@1") is None
    with pytest.raises(WrongState):
        actions.publish_specification(first, effective_from=today, by=BY, at=world.at)
    with pytest.raises(WrongState):
        actions.discard_specification(first, by=BY, at=world.at)


def test_a_local_version_drafted_before_a_purpose_was_added_still_comes_into_force_with_it(world: World) -> None:
    made = draft(world, (*NATIONAL.elements, UNIT))
    chief, today = world.actor("authority.chief"), beijing_day(world.at)
    actions.add_purpose(
        code="emergency_response", name="应急处置", meaning="突发事件应急处置中核验人员身份", by=chief, at=world.at
    )
    actions.publish_specification(made, effective_from=today, by=chief, at=world.at)
    found = queries.specification_for("511000", today)
    assert found.own == ("grading_unit",)
    assert found.element("use_purposes").values[-1] == Value("emergency_response", "应急处置")


def test_a_new_national_version_reaches_every_region_under_its_own(world: World) -> None:
    in_force(world, (*NATIONAL.elements, UNIT))
    in_force(
        world, (*changed("matter", obligation="M"), Element(name="census_size", label="存储量（G）")), region="", days=5
    )
    day = beijing_day(world.at) + timedelta(days=5)
    found = queries.specification_for("511000", day)
    assert found.reference == "511000@1+national@1"
    assert found.element("matter").obligation == "M"
    assert found.element("grading_unit")
    assert found.element("census_size")
    assert queries.specification_for("511000", day - timedelta(days=1)).element("census_size") is None


def test_who_may_write_which_specification(world: World) -> None:
    for key, region in (
        ("market.head", "511000"),
        ("authority.chief", "510000"),
        ("authority.chief", ""),
        ("authority.reviewer", "511000"),
    ):
        with pytest.raises((NotAllowed, RuleBroken)):
            actions.draft_specification(
                region=region, title="规范", elements=NATIONAL.elements, by=world.actor(key), at=world.at
            )
    made = draft(world, NATIONAL.elements)
    assert draft(world, (*NATIONAL.elements, UNIT)).pk == made.pk
    with pytest.raises(RuleBroken, match="不能早于今天"):
        actions.publish_specification(
            made.pk, effective_from=date(2026, 3, 1), by=world.actor("authority.chief"), at=world.at
        )
    in_force(world, NATIONAL.elements, days=3)
    with pytest.raises(Conflict):
        in_force(world, NATIONAL.elements, days=2)


@pytest.mark.parametrize(
    ("element", "said"),
    [
        (Element(name="1x", label="甲"), "标识"),
        (Element(name="x", label=""), "名称"),
        (Element(name="x", label="信息资源名称"), "名称与另一要素相同"),
        (Element(name="x", label="甲", length=0), "长度"),
        (Element(name="x", label="甲", pattern="("), "正则"),
        (Element(name="x", label="甲", pattern="(a+)+"), "重复的括号组"),
        (Element(name="x", label="甲", when="title"), "条件"),
        (Element(name="x", label="甲", obligation="C", when="nothing=1"), "条件"),
        (Element(name="x", label="甲", values=(Value("a", "一"), Value("a", "二"))), "重复"),
        (Element(name="title", label="又一个"), "重复出现"),
    ],
)
def test_an_element_that_cannot_be_used_is_named(element: Element, said: str) -> None:
    given = Specification(reference="x", title="x", elements=(*NATIONAL.elements, element))
    with pytest.raises(RuleBroken, match=said):
        check_specification(given)


def test_a_stricter_pattern_holds_beside_the_one_above() -> None:
    local = Specification(
        reference="l", title="l", elements=changed("code", pattern=r"307\d{7}/\d{8}"), serial_digits=8
    )
    import re

    found = merged([NATIONAL, local]).element("code").pattern
    assert re.fullmatch(found, "3070010001/00000001")
    assert not re.fullmatch(found, "3070010001/000001")
    assert not re.fullmatch(found, "9070010001/00000001")


def test_the_workbook_goes_out_is_changed_and_comes_back_as_a_draft(world: World) -> None:
    chief = world.client("authority.chief")
    data = b"".join(chief.get("/standards/specifications/export?region=511000").streaming_content)
    assert sheets.read(io.BytesIO(data)).elements == NATIONAL.elements
    file = io.BytesIO()
    sheets.write(file, msgspec.structs.replace(NATIONAL, elements=(*NATIONAL.elements, UNIT)))
    posted = {"region": "511000", "file": SimpleUploadedFile("规范.xlsx", file.getvalue())}
    made = chief.post("/standards/specifications/draft", posted)
    assert made.status_code == 303, made.content.decode()[-2000:]
    shown = chief.get(made.url).content.decode()
    assert "最小分级单元" in shown
    assert "发布" in shown
    assert chief.post(made.url, {"effective_from": "2020-01-01"}).status_code == 422
    assert chief.post(made.url, {"effective_from": "2099-01-01"}).status_code == 303
    assert "已发布，待生效" in chief.get("/standards/specifications?region=511000").content.decode()
    assert world.client("market.clerk").get("/standards/specifications").status_code == 200
    assert world.client("market.clerk").get("/standards/specifications/draft").status_code == 403
    bad = SimpleUploadedFile("规范.xlsx", b"PK\x03\x04broken")
    assert chief.post("/standards/specifications/draft", {"region": "511000", "file": bad}).status_code == 422
    with pytest.raises(NotThere):
        queries.version(10**9, world.at)


def test_the_api_drafts_and_publishes(world: World) -> None:
    client = world.client("authority.chief")
    base = "/api/v1/standards/specifications"
    body = {
        "region": "511000",
        "title": "内江市目录编制规范",
        "elements": msgspec.to_builtins([*NATIONAL.elements, UNIT]),
    }
    made = client.post(base, body, content_type="application/json")
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    published = client.post(f"{base}/{pk}/publish", {"effective_from": "2099-01-01"}, content_type="application/json")
    assert (published.status_code, published.json()["state"]) == (200, "published")
    assert client.get(f"{base}/in-force?day=2099-01-01").json()["own"] == ["grading_unit"]
    assert client.get(f"{base}/{pk}").json()["elements"][-1]["name"] == "grading_unit"
    assert "511000@1" in {row["reference"] for row in client.get(base).json()}
    stranger = world.client("market.head").post(base, body, content_type="application/json")
    assert stranger.status_code == 403
