"""What a resource is by nature: how it was acquired, whether machines read it, whose it is, what kind of information."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest

from covers import covers
from jutong.kernel import jurisdiction
from jutong.kernel.errors import NotThere, Refusal, RuleBroken, WrongState
from jutong.kernel.models import PolicyAssignment
from jutong.kernel.policy import Policy, load
from jutong.slices.catalogue import actions, search
from jutong.slices.catalogue.models import Entry, Opinion
from jutong.slices.catalogue.queries.specified import duties_in
from jutong.slices.catalogue.rules.obligations import obligations, ready
from published import ASSESSED, content, entry_form, published
from world import World

BEFORE, SINCE = date(2025, 7, 31), date(2025, 8, 1)
STATE = "国家所有；市大数据中心行使所有者职能"


@pytest.fixture(autouse=True)
def _fresh_rules() -> None:
    jurisdiction._policy.cache_clear()


def under(world: World, profile: str) -> World:
    """Put the tests' city under a local text, long ago."""
    PolicyAssignment.objects.create(
        region=world.region, profile=profile, effective_from=date(2010, 1, 1), assigned_at=world.at
    )
    return world


@pytest.fixture
def neijiang(world: World) -> World:
    return under(world, "neijiang-2020")


def approve(world: World, at: datetime, **changes: Any) -> Entry:
    entry = actions.compile_entry(
        by=world.actor("civil.officer"), at=at, provider_id=world.department("civil"), content=content(**changes)
    )
    actions.assess(entry, by=world.actor("civil.secrecy"), at=at, **ASSESSED)
    return actions.leader_approve(entry, by=world.actor("civil.leader"), at=at)


@covers("R-CAT-004")
def test_an_entry_states_carrier_and_acquisition_and_through_whom(world: World) -> None:
    given = {"carrier": "data", "acquisition_mode": "third_party"}
    with pytest.raises(RuleBroken, match="第三方名称为必填项"):
        approve(world, world.at, extra=given)
    approve(world, world.at, title="甲", extra={**given, "acquired_through": "某调查公司"})
    for name, label in (("carrier", "资源载体"), ("acquisition_mode", "取得方式")):
        with pytest.raises(RuleBroken, match=f"{label}应为下列之一"):
            approve(world, world.at, title=f"乙{name}", extra={**given, "acquired_through": "某公司", name: "hearsay"})
    client = world.client("civil.officer")
    checked = client.post("/catalogue/check/", entry_form(own_acquisition_mode="third_party")).content.decode()
    assert "第三方名称为必填项" in checked


PAPER = {
    "format_class": "self_described",
    "format_types": ("纸质",),
    "format_note": "纸质档案",
    "share_mode": "electronic_document",
}
SCANNED = {"format_class": "image", "format_types": ("jpg", "tif"), "share_mode": "electronic_document"}


@covers("R-CAT-005")
def test_only_what_machines_read_is_a_resource_in_neijiang_before_the_decree(neijiang: World) -> None:
    for number, changes in enumerate((PAPER, SCANNED, {**PAPER, "format_types": (), "share_mode": "paper"})):
        given = content(**{"share_mode_class": "medium", **changes})
        for profile, day, accepted in (
            ("neijiang-2020", BEFORE, False), ("neijiang-2020", SINCE, True), ("jiangxi-2017", BEFORE, True),
            ("inner-mongolia-2018", BEFORE, True), ("liyang-2020", BEFORE, True), ("national-2025", SINCE, True),
        ):  # fmt: skip
            found = ready(given, obligations(Policy.under(load(profile), day)), provider="某局")
            assert any("可机器读取" in one.text for one in found) != accepted, (number, profile, day)
    mixed = content(format_class="image", format_types=("jpg", "shp"), share_mode_class="medium", share_mode="disk")
    before = obligations(Policy.under(load("neijiang-2020"), BEFORE))
    assert not any("可机器读取" in one.text for one in ready(mixed, before, provider="某局"))
    basis = {"basis_rank": "law", "basis_instrument": "法", "basis_article": "一", "share_mode_class": "medium"}
    with pytest.raises(RuleBroken, match="“纸质”不可机读"):
        approve(neijiang, neijiang.at.replace(year=2025), **basis, **PAPER, title="旧的")
    approve(neijiang, neijiang.at, **basis, **PAPER)


@covers(partly=["R-CAT-042"])
def test_data_of_a_neijiang_entry_are_the_states_and_nobody_elses(neijiang: World) -> None:
    basis = {"basis_rank": "law", "basis_instrument": "法", "basis_article": "一"}
    with pytest.raises(RuleBroken, match="不得登记为他人") as refused:
        approve(neijiang, neijiang.at, **basis, title="甲", extra={"data_owner": "某公司"})
    assert set(refused.value.remarks) == {"data_owner"}
    made = published(neijiang, **basis)
    client = neijiang.client("civil.officer")
    assert client.get(f"/catalogue/{made}/machine/").json()["own"]["data_owner"] == STATE
    for kind in ("own", "guide", "two-sheet"):
        data = b"".join(client.get(f"/catalogue/export/{kind}/").streaming_content)
        rows = list(openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].values)
        heads = next(row for row in rows if "数据所有者" in row)
        assert STATE in {row[heads.index("数据所有者")] for row in rows}, kind
    assert duties_in("110000", neijiang.at).owner == ""


@covers("R-CAT-045")
def test_information_of_national_projects_has_a_kind_and_a_method_and_is_found_by_it(world: World) -> None:
    trace = {"info_kind": "trace_information"}
    for title, method, said in (("甲", "", "国家项目共享方式为必填项"), ("乙", "post", "国家项目共享方式应为下列之一")):
        with pytest.raises(RuleBroken, match=said):
            approve(world, world.at, title=title, extra={**trace, "share_method": method})
    found = published(world, title="办理痕迹", extra={**trace, "share_method": "query"})
    published(world, title="办理状态", extra={"info_kind": "state_information", "share_method": "exchange"})
    published(world, title="无关目录")
    chosen = {"info_kind": ["trace_information"]}
    assert [row.id for row in search.search("", actor=world.actor("market.clerk"), chosen=chosen).found] == [found]
    client = world.client("market.clerk")
    link = "/catalogue/?info_kind=trace_information"
    assert f'href="{link}"' in client.get(f"/catalogue/{found}/").content.decode()
    page = client.get(link).content.decode()
    assert "办理痕迹" in page
    assert "办理状态" not in page
    assert "痕迹信息" in page


@covers("R-CAT-003")
@pytest.mark.parametrize(
    ("profile", "year", "level", "opening", "lacking"),
    [
        ("neijiang-2020", 2025, "", "", {"security_level", "open_type"}), ("liyang-2020", 2025, "", "", set()),
        ("liyang-2020", 2026, "", "", {"security_level"}), ("liyang-2020", 2026, "general", "", set()),
        ("national-2025", 2026, "", "withheld", {"security_level"}), ("national-2025", 2026, "general", "", set()),
    ],
)  # fmt: skip
def test_level_and_opening_are_asked_at_submission_where_the_profile_asks(
    world: World, profile: str, year: int, level: str, opening: str, lacking: set[str]
) -> None:
    under(world, profile)
    given = content(share_type="unconditional", security_level=level, open_type=opening)
    officer, at = world.actor("civil.officer"), world.at.replace(year=year)
    entry = actions.compile_entry(by=officer, at=at, provider_id=world.department("civil"), content=given)
    actions.assess(entry, by=world.actor("civil.secrecy"), at=at, **ASSESSED)

    def go() -> Entry:
        if year == BEFORE.year:
            return actions.submit_directly(entry.pk, by=officer, at=at)
        actions.leader_approve(entry.pk, by=world.actor("civil.leader"), at=at)
        return actions.submit(entry.pk, by=officer, at=at)

    if not lacking:
        assert go().state == "submitted"
        return
    with pytest.raises(RuleBroken) as refused:
        go()
    assert set(refused.value.remarks) == lacking


@covers("R-SEC-010")
@pytest.mark.parametrize("profile", ["inner-mongolia-2018", "neijiang-2020", "national-2025"])
def test_no_version_is_provided_before_its_department_checked_it_for_secrets(world: World, profile: str) -> None:
    under(world, profile)
    old = profile != "national-2025"
    officer, reviewer = world.actor("civil.officer"), world.actor("authority.reviewer")
    at = world.at.replace(year=2025) if old else world.at
    entry = actions.compile_entry(
        by=officer, at=at, provider_id=world.department("civil"), content=content(share_type="unconditional")
    ).pk
    submit = actions.submit_directly if old else actions.submit

    def unchecked(refusal: type[Refusal]) -> None:
        with pytest.raises(refusal):
            actions.publish(entry, by=reviewer, at=at)
        with pytest.raises(WrongState, match="保密检查" if old else "不能提交审核"):
            submit(entry, by=officer, at=at)

    def checked() -> Opinion:
        with pytest.raises(RuleBroken, match="保密风险评估结论"):
            actions.assess(entry, by=world.actor("civil.secrecy"), at=at, **{**ASSESSED, "secrecy": " "})
        actions.assess(entry, by=world.actor("civil.secrecy"), at=at, **ASSESSED)
        if not old:
            actions.leader_approve(entry, by=world.actor("civil.leader"), at=at)
        submit(entry, by=officer, at=at)
        actions.review(entry, by=reviewer, at=at)
        actions.publish(entry, by=reviewer, at=at)
        return Opinion.objects.filter(entry=entry, kind="assessment").latest("pk")

    unchecked(NotThere)  # the authority does not know of a draft yet
    first = checked()
    assert (first.account_name, first.at, first.passed) == (world.actor("civil.secrecy").name, at, True)
    assert first.detail["secrecy"] == ASSESSED["secrecy"]
    actions.revise(entry, by=officer, at=at)
    fewer = content(share_type="unconditional", items=content().items[1:])
    actions.edit_entry(entry, by=officer, at=at, content=fewer)
    unchecked(WrongState)
    second = checked()
    assert second.version.number > first.version.number


@covers(partly=["R-SEC-011"])
def test_what_holds_business_secrets_is_marked_with_its_handling_rule(world: World) -> None:
    with pytest.raises(RuleBroken, match="处理规则为必填项") as refused:
        approve(world, world.at, title="甲", personal=False, extra={"business_secret": "是"})
    assert set(refused.value.remarks) == {"handling_rule"}
    with pytest.raises(RuleBroken, match="含商业秘密的写法不对"):
        approve(world, world.at, title="乙", extra={"business_secret": "有一点"})
    approve(world, world.at, title="丙", extra={"business_secret": "否"})
    rule = "仅提供企业名称；依据《反不正当竞争法》第十条"
    made = published(world, title="丁", extra={"business_secret": "是", "handling_rule": rule})
    client = world.client("market.clerk")
    assert rule in client.get(f"/catalogue/{made}/").content.decode()
    assert client.get(f"/catalogue/{made}/machine/").json()["own"]["handling_rule"] == rule
    checked = world.client("civil.officer").post(
        "/catalogue/check/", entry_form(own_business_secret="是", own_handling_rule="")
    )
    assert "处理规则为必填项" in checked.content.decode()
