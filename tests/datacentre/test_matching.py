"""Matching items with columns, and what a mapping must keep to."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covers import covers
from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import Masking
from jutong.slices.datacentre.rules import (
    FITTING,
    Mapped,
    changed_items,
    check_mapping,
    check_place,
    compiled_mapping,
    preview_columns,
    propose,
    suggested_masking,
)
from jutong.wire.grants import Column, Kind
from jutong.wire.probe import FoundColumn


@dataclass(frozen=True)
class Item:
    name: str
    column: str = ""
    type: str = ""
    key: bool = False
    sensitive: bool = False


def column(name: str, comment: str = "", kind: Kind = Kind.TEXT, *, key: bool = False) -> FoundColumn:
    return FoundColumn(name, kind, str(kind), comment, nullable=True, primary_key=key)


def test_a_comment_equal_to_the_item_wins_over_a_likeness() -> None:
    items = [Item("企业名称"), Item("企业名称英文")]
    proposed = propose(items, [column("a", "企业名称英文"), column("b", "企业名称")])
    assert [line.column for line in proposed] == ["b", "a"]
    assert all(line.likeness == 100 for line in proposed)


def test_a_remark_behind_the_comment_does_not_hinder() -> None:
    (line,) = propose([Item("出生日期")], [column("csrq", "出生日期（公历）", Kind.DATE)])
    assert line.column == "csrq"


def test_the_technical_name_of_the_catalogue_is_followed() -> None:
    (line,) = propose([Item("统一社会信用代码", column="USCC", key=True)], [column("x"), column("uscc")])
    assert (line.column, line.key) == ("uscc", True)


def test_what_is_not_alike_is_left_to_the_person() -> None:
    (line,) = propose([Item("注册资本")], [column("zzz", "天气")])
    assert (line.column, line.likeness) == ("", 0)


names = st.text("企业名称代码日期ab_1", min_size=1, max_size=6)


@given(
    st.lists(names, max_size=8, unique=True),
    st.lists(st.tuples(names, names), max_size=8, unique_by=lambda pair: pair[0]),
)
def test_every_item_gets_one_line_and_no_column_is_used_twice(items: list[str], columns: list[tuple[str, str]]) -> None:
    proposed = propose([Item(name) for name in items], [column(*pair) for pair in columns])
    assert [line.item for line in proposed] == items
    used = [line.column for line in proposed if line.column]
    assert len(used) == len(set(used))
    assert set(used) <= {name for name, _comment in columns}
    assert all(0 <= line.likeness <= 100 and bool(line.column) == (line.likeness > 0) for line in proposed)


def mapped(*lines: Mapped, items: list[Item], columns: list[FoundColumn]) -> RuleBroken:
    with pytest.raises(RuleBroken) as refused:
        check_mapping(items, lines, columns)
    return refused.value


@covers(partly=["R-EXC-010", "R-EXC-017"])
def test_every_fault_of_a_mapping_stands_beside_its_item() -> None:
    items = [Item("a", type="D"), Item("b"), Item("c", type="N"), Item("d"), Item("e", type="I")]
    columns = [column("x"), column("y", kind=Kind.DATE), column("z")]
    refused = mapped(
        Mapped("a", "x"), Mapped("c", "nowhere"), Mapped("d", "y", masking="name"), Mapped("e", "", key=True),
        Mapped("other", "z"), items=items, columns=columns,
    )  # fmt: skip
    assert set(refused.remarks) == {"a", "b", "c", "d", "e", "other"}
    assert "日期型" in refused.remarks["a"]
    assert "不提供" in refused.remarks["b"]
    assert "不在所选的表中" in refused.remarks["c"]


def test_a_column_used_twice_is_refused() -> None:
    items = [Item("a"), Item("b")]
    refused = mapped(Mapped("a", "x"), Mapped("b", "x"), items=items, columns=[column("x")])
    assert set(refused.remarks) == {"mapping"}


def test_a_mapping_without_any_column_is_refused() -> None:
    assert "mapping" in mapped(Mapped("a"), items=[Item("a")], columns=[column("x")]).remarks


def test_unknown_maskings_and_years_of_texts_are_refused() -> None:
    items = [Item("a"), Item("b")]
    columns = [column("x"), column("y")]
    refused = mapped(Mapped("a", "x", masking="blur"), Mapped("b", "y", masking="year"), items=items, columns=columns)
    assert set(refused.remarks) == {"a", "b"}


@given(st.sampled_from(sorted(FITTING)), st.sampled_from(list(Kind)))
def test_a_column_fits_exactly_when_its_kind_is_listed_for_the_type(letter: str, kind: Kind) -> None:
    items, columns = [Item("a", type=letter)], [column("x", kind=kind)]
    if kind in FITTING[letter]:
        assert check_mapping(items, [Mapped("a", "x")], columns)[0][1] is kind
    else:
        mapped(Mapped("a", "x"), items=items, columns=columns)


def test_names_suggest_how_an_item_is_shown() -> None:
    said = {
        "公民身份号码": Masking.IDENTITY, "法定代表人姓名": Masking.NAME, "联系电话": Masking.PHONE, "注册地址": Masking.ADDRESS,
        "电子邮箱": Masking.EMAIL, "银行账号": Masking.BANK_CARD, "行政区划": Masking.NONE,
    }  # fmt: skip
    for name, masking in said.items():
        assert suggested_masking(name, kind=Kind.TEXT, sensitive=False) is masking, name
    assert suggested_masking("病史", kind=Kind.TEXT, sensitive=True) is Masking.SUPPRESS
    assert suggested_masking("姓名", kind=Kind.DATE, sensitive=False) is Masking.NONE


def test_what_its_grade_masks_is_proposed_masked_though_it_is_not_marked_sensitive() -> None:
    items = [Item("收入", "income"), Item("出生日期", "birthday"), Item("状态", "state")]
    columns = [column("income", "", Kind.NUMBER), column("birthday", "", Kind.DATE), column("state")]
    graded = {"收入", "出生日期"}
    for lines in (propose(items, columns, graded), compiled_mapping(items, columns, graded)):
        assert [line.masking for line in lines] == [Masking.SUPPRESS, Masking.YEAR, Masking.NONE]


def test_a_preview_never_lends_a_hash_key() -> None:
    (shown,) = preview_columns([Column("a", "x", Kind.TEXT, Masking.KEYED_HASH)])
    assert shown.masking is Masking.SUPPRESS


def test_a_new_versions_changes_are_named() -> None:
    assert changed_items(["a", "b"], ["b", "a"]) == ""
    said = changed_items(["a", "b"], ["a", "c"])
    assert "新增：c" in said
    assert "取消：b" in said


@pytest.mark.parametrize(("schema", "table"), [("s", ""), ("s" * 64, "t"), ("s", "t\x00")])
def test_impossible_places_are_refused(schema: str, table: str) -> None:
    with pytest.raises(RuleBroken):
        check_place(schema, table)
