"""What the profiles demand of an entry, what reviewers send back, codes and differences."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covers import covers
from jutong.kernel.errors import RuleBroken
from jutong.kernel.policy import SHIPPED, Policy, load
from jutong.slices.catalogue.rules import codes
from jutong.slices.catalogue.rules.content import Content, ItemContent, from_json
from jutong.slices.catalogue.rules.differences import differences, lapses
from jutong.slices.catalogue.rules.obligations import NATIONAL_NINE, Obligations, obligations, ready
from jutong.slices.catalogue.rules.shape import shape
from published import content

BEFORE, SINCE = date(2025, 7, 31), date(2025, 8, 1)


def duties(profile: str, day: date = SINCE) -> Obligations:
    return obligations(Policy.under(load(profile), day))


def lacking(given: Content, by: Obligations) -> set[str]:
    return {finding.field for finding in ready(given, by, provider="某局")}


LOCAL = ("jiangxi-2017", "inner-mongolia-2018", "neijiang-2020", "liyang-2020")


@covers("R-CAT-051")
@pytest.mark.parametrize("profile", SHIPPED)
def test_since_the_decree_every_profile_demands_the_national_nine(profile: str) -> None:
    assert duties(profile).required >= NATIONAL_NINE
    assert lacking(content(), duties(profile)) <= {"basis_instrument", "basis_rank"}


@covers(partly=["R-CAT-003"])
def test_grade_and_opening_are_asked_where_the_profile_asks() -> None:
    bare = content(security_level="", open_type="", share_type="unconditional", items=content().items[:1])
    assert {"security_level", "open_type"} <= lacking(bare, duties("neijiang-2020", BEFORE))
    assert lacking(bare, duties("liyang-2020", BEFORE)) == set()
    assert lacking(bare, duties("national-2025")) == {"security_level"}
    assert lacking(bare, duties("liyang-2020")) == {"security_level"}


@covers("R-CAT-002")
def test_the_eight_local_elements_are_listed_one_by_one() -> None:
    nothing = Content(title="某目录")
    found = lacking(nothing, duties("jiangxi-2017", BEFORE))
    assert {"update_cycle", "share_mode", "format_class", "share_type"} <= found
    assert lacking(content(share_type="unconditional"), duties("jiangxi-2017", BEFORE)) == set()


@covers("R-CAT-035")
@pytest.mark.parametrize(
    "profile", ["jiangxi-2017", "inner-mongolia-2018", "neijiang-2020", "liyang-2020", "national-2025"]
)
def test_whether_a_basis_is_needed_depends_on_the_profile(profile: str) -> None:
    conditional = lacking(content(), duties(profile))
    assert ("basis_instrument" in conditional) == (profile in {"jiangxi-2017", "inner-mongolia-2018", "neijiang-2020"})
    withheld = content(
        share_type="withheld", basis_rank="law", basis_instrument="法", basis_article="一", basis_wording="文"
    )
    assert "withheld_reason" in lacking(withheld, duties(profile))
    no_basis = content(share_type="withheld", withheld_reason="理由")
    assert {"basis_instrument", "basis_rank"} <= lacking(no_basis, duties(profile))


@covers("R-CAT-036")
@pytest.mark.parametrize(
    ("profile", "rank", "accepted"),
    [
        ("jiangxi-2017", "rule", True), ("inner-mongolia-2018", "rule", False), ("neijiang-2020", "rule", False),
        ("inner-mongolia-2018", "local_regulation", True), ("neijiang-2020", "local_regulation", False),
    ],
)  # fmt: skip
def test_the_rank_of_a_conditional_entrys_basis_is_the_profiles(profile: str, rank: str, accepted: bool) -> None:
    given = content(basis_rank=rank, basis_instrument="依据", basis_article="一")
    assert ("basis_rank" not in lacking(given, duties(profile))) == accepted


@covers("R-CAT-036")
@pytest.mark.parametrize("profile", ["national-2025", *LOCAL])
def test_a_withheld_entry_needs_a_rank_that_the_decree_accepts_too(profile: str) -> None:
    for rank, accepted in {
        "law": True, "administrative_regulation": True, "state_council_decision": True, "rule": False,
        "local_regulation": False, "central_policy": False, "policy": False,
    }.items():  # fmt: skip
        given = content(
            share_type="withheld", withheld_reason="理由", basis_rank=rank, basis_instrument="依据", basis_article="一",
            basis_wording="不得提供",
        )  # fmt: skip
        assert ("basis_rank" not in lacking(given, duties(profile))) == accepted, rank


@covers("R-CAT-033", "R-CAT-054")
def test_a_conditional_entry_says_which_limit_scope_and_purposes() -> None:
    bare = content(share_limit="", share_scope="", use_purposes=(), share_conditions="")
    assert lacking(bare, duties("national-2025")) == {"share_limit", "share_scope", "use_purposes"}
    assert lacking(content(share_conditions=""), duties("national-2025")) == {"share_conditions"}
    early = lacking(bare, duties("neijiang-2020", BEFORE))
    assert "share_scope" not in early
    assert "share_limit" in early


@covers("R-CAT-038")
def test_items_cannot_be_stricter_than_an_unconditional_entry_nor_graded_above_it() -> None:
    strict = (ItemContent(name="住址", type="C", share_type="conditional"),)
    assert lacking(content(share_type="unconditional", items=strict), duties("national-2025")) == {"items"}
    graded = (ItemContent(name="住址", type="C", security_level="important"),)
    assert lacking(content(items=graded), duties("national-2025")) == {"security_level"}
    classified = (ItemContent(name="密件", type="C", classified=True),)
    assert lacking(content(items=classified), duties("national-2025")) == {"items"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "人口信息管理系统"}, "title"),
        ({"title": "政务服务平台"}, "title"),
        ({"format_types": ("pdf",)}, "format_types"),
        ({"share_mode": "file"}, "share_mode"),
        ({"format_class": "spreadsheet", "format_types": ("xls",)}, "share_mode"),
        ({"format_class": "self_described", "format_types": (), "share_mode": "file"}, "format_note"),
        ({"abstract": ""}, "abstract"),
        ({"share_mode": "mail"}, "share_mode"),
        ({"items": (ItemContent(name="甲", type="C"), ItemContent(name="甲", type="C"))}, "items"),
        ({"items": (ItemContent(name="甲"),)}, "items"),
        ({"resource_class": "base", "category": "health"}, "category"),
        ({"secret": "state"}, "secret"),
    ],
)
def test_what_reviewers_typically_send_back_is_said_before(changes: dict[str, object], field: str) -> None:
    assert lacking(content(**changes), duties("national-2025")) == {field}


def test_titles_are_not_taken_for_systems_by_accident() -> None:
    for title in ("信息系统清单", "平台经济企业名录", "软件企业信息"):
        assert lacking(content(title=title), duties("national-2025")) == set()


def test_over_long_and_unknown_values_are_named_with_their_limit() -> None:
    (finding,) = shape(content(title="长" * 201))
    assert finding.text == "信息资源名称不能超过 200 字，请精简"
    (finding,) = shape(content(update_cycle="hourly"))
    assert finding.text.startswith("更新周期应为下列之一：实时、每日")
    assert shape(content(items=(ItemContent(name="甲", type="C", length=70000),)))[0].field == "items"


@covers(partly=["R-CAT-012"])
def test_categories_follow_the_profiles_lists() -> None:
    theme = content(resource_class="theme", category="poverty_alleviation")
    liyang, jiangxi = duties("liyang-2020"), duties("jiangxi-2017")
    names = liyang.categories["theme"] - jiangxi.categories["theme"]
    assert names
    known = msgspec.structs.replace(theme, category=min(names))
    assert "category" not in lacking(known, liyang)
    assert "category" in lacking(known, jiangxi)


def test_codes_are_made_of_their_parts_and_odd_ones_are_refused() -> None:
    assert codes.entry_code("3070010001", 1) == "3070010001/000001"
    parts = codes.parse_code("3070010001/000001")
    assert (parts.kind, parts.group, parts.branch, parts.leaf, parts.serial) == ("3", "07", "001", "0001", 1)
    assert codes.group_code("base", "population") == "101"
    assert codes.group_code("theme", "ecology") == "211"
    for odd in (
        "4070010001/1",
        "307/1",
        "3070010001",
        "3070010001/",
        "３070010001/1",
        "3070010001/1\n",
        "3" * 70 + "/1",
    ):
        with pytest.raises(RuleBroken, match="信息资源代码应为"):
            codes.parse_code(odd)


@given(st.integers(1, 999), st.integers(1, 9999), st.integers(1, 10**9))
def test_a_code_is_read_back_as_it_was_given(region: int, department: int, serial: int) -> None:
    code = codes.entry_code(codes.department_class(region, department), serial)
    assert str(codes.parse_code(code)) == code


_TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
_ITEM = st.builds(
    ItemContent, name=_TEXT, share_type=st.sampled_from(["", "conditional"]), length=st.none() | st.integers(0, 9)
)
_CONTENT = st.builds(
    Content, title=_TEXT, abstract=_TEXT, keywords=st.lists(_TEXT, max_size=3).map(tuple), released_on=st.none() | st.dates(),
    items=st.lists(_ITEM, max_size=4, unique_by=lambda item: item.name).map(tuple), extra=st.dictionaries(_TEXT, _TEXT, max_size=2),
)  # fmt: skip


@given(_CONTENT)
def test_a_content_is_the_same_after_it_was_stored(given: Content) -> None:
    assert from_json(msgspec.json.decode(msgspec.json.encode(given))) == given


@given(_CONTENT, _CONTENT)
def test_two_contents_differ_exactly_when_they_are_not_the_same(one: Content, other: Content) -> None:
    order_only = tuple(sorted(one.items, key=lambda i: i.name)) == tuple(sorted(other.items, key=lambda i: i.name))
    same = msgspec.structs.replace(one, items=()) == msgspec.structs.replace(other, items=()) and order_only
    assert (differences(one, other) == ()) == same
    assert differences(one, one) == ()
    back = {d.element: (d.new, d.old) for d in differences(other, one)}
    assert {d.element: (d.old, d.new) for d in differences(one, other)} == back


@covers(partly=["R-CAT-052"])
def test_only_what_was_approved_makes_the_approval_lapse() -> None:
    before = content()
    for name in ("abstract", "domain", "keywords", "update_cycle"):
        assert not lapses(before, content(**{name: ("x",) if name == "keywords" else "daily"})), name
    for changes in ({"share_scope": "别的"}, {"security_level": "core"}, {"items": ()}, {"data_category": "别的"}):
        assert lapses(before, content(**changes))
