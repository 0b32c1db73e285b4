"""Values as people and portals write them: cleaned, coded, dated; never given a default."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jutong.slices.catalogue.rules import values
from jutong.slices.catalogue.rules.asking import lexemes as asked
from jutong.slices.catalogue.rules.days import day
from jutong.slices.catalogue.rules.text import clean, clean_title, counted, listed, title_key
from jutong.slices.catalogue.rules.typical import drag_filled
from jutong.slices.catalogue.rules.words import indexed, vector

CYCLES = {
    "每年": "yearly", "年": "yearly", "每年 ": "yearly", "年度": "yearly", "实时": "real_time", "即时": "real_time",
    "每月": "monthly", "月": "monthly", "不定期": "irregular", "不定时": "irregular", "不定期更新": "irregular",
    "每日": "daily", "每天": "daily", "每季度": "quarterly", "季度": "quarterly", "每周": "weekly", "每半年": "half_yearly",
    "半年": "half_yearly", "静态数据": "none", "不更新": "none", "R/P1Y": "yearly", "R/P1M": "monthly", "irregular": "irregular",
    "annual": "yearly", "As Needed": None, "": "", "None": "", "—": "", "其他": "?", "其它": "?", "自定义": "?",
    "小时级": "?", "分钟级": "?", "每半月": "?", "经常": None,
}  # fmt: skip


@pytest.mark.parametrize(("written", "code"), CYCLES.items())
def test_spellings_of_the_update_cycle_become_codes_and_unknown_ones_none(written: str, code: str | None) -> None:
    assert values.coded(written, values.CYCLE_WORDS) == code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("无条件开放", "unconditional"), ("完全开放", "unconditional"), ("可开放", "unconditional"), ("登录开放", "conditional"),
        ("依申请开放", "conditional"), ("申请后开放", "conditional"), ("半开放", "conditional"), ("无特殊条件", "unconditional"),
        ("开放条件", "?"), ("请补充开放条件", "?"), ("无", ""), ("public", "unconditional"), ("restricted public", "conditional"),
        ("随便", None),
    ],
)  # fmt: skip
def test_spellings_of_the_opening_attribute(written: str, code: str | None) -> None:
    assert values.coded(written, values.OPEN_WORDS) == code


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2020-07-20", date(2020, 7, 20)), ("2019-04-28\n09:45", date(2019, 4, 28)), ("2020/1/5", date(2020, 1, 5)),
        ("2020.01.05", date(2020, 1, 5)), ("2023年6月1日", date(2023, 6, 1)), ("２０２３年６月１日", date(2023, 6, 1)),
        ("20230601", date(2023, 6, 1)), ("20230601123059", date(2023, 6, 1)), (1686931200000, date(2023, 6, 17)),
        (1686931200, date(2023, 6, 17)), ("1686931200000", date(2023, 6, 17)), (45078, date(2023, 6, 1)),
        (45078.5, date(2023, 6, 1)), (datetime(2023, 6, 1, 17, tzinfo=UTC), date(2023, 6, 2)), (date(2023, 6, 1), date(2023, 6, 1)),
        ("2023-02-30", None), ("0000-00-00", None), ("2023-13-01", None), ("R/P1Y", None), ("", None), (True, None),
        ("99999999999999999999", None), (float("inf"), None), ("2999-01-01", None),
    ],
)  # fmt: skip
def test_dates_of_every_shape_become_beijing_days(raw: object, expected: date | None) -> None:
    assert day(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("['json', 'xls']", ("json", "xls")), (["json", "json"], ("json",)), ("人口、法人；企业", ("人口", "法人", "企业")),
        ("[]", ()), ([], ()), (None, ()), ("['a', ", ("['a'",)), ("机构,建筑,SODA2022", ("机构", "建筑", "SODA2022")),
    ],
)  # fmt: skip
def test_lists_are_read_however_they_were_written(raw: object, expected: tuple[str, ...]) -> None:
    assert listed(raw) == expected


def test_text_loses_hidden_characters_and_full_width_digits_but_keeps_chinese_punctuation() -> None:
    assert clean("\ufeff　２０２３年，\u200b\x00“ＡＢ”\r\n数据　") == "2023年，“AB” 数据"
    assert clean("第一行\r\n\n第二行 \x07", lines=True) == "第一行\n第二行"
    assert clean_title(" 人 口 基 本\t信息 ") == "人口基本信息"
    assert clean(12.0) == "12"
    assert clean("\ud800坏") == "坏"


def test_titles_that_differ_only_in_punctuation_or_width_are_the_same() -> None:
    assert title_key("低保（对象）信息。") == title_key("低保(对象) 信 息") == title_key("低保对象信息")
    assert title_key("２０２３Ａ类") == title_key("2023a类")
    assert title_key("2022年") != title_key("2023年")


def test_drag_filled_titles_are_noticed_and_honest_years_in_other_order_are_not() -> None:
    filled = [(n, "局", f"企业信息{n + 1}") for n in range(4)]
    assert set(drag_filled(filled)) == {0, 1, 2, 3}
    assert drag_filled([(0, "局", "统计2021"), (1, "局", "统计2020"), (2, "局", "统计2019")]) == {}
    assert drag_filled([(0, "甲", "表1"), (1, "乙", "表2"), (2, "甲", "表3")]) == {}
    assert counted("无数字") is None


@given(st.text(max_size=60))
def test_cleaning_is_stable_and_leaves_nothing_hidden(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert once == once.strip()
    assert not any(unicodedata.category(sign) == "Cc" for sign in once)
    assert not any("０" <= sign <= "９" for sign in once)
    assert title_key(clean_title(text)) == title_key(clean_title(clean_title(text)))


@given(st.text(max_size=40))
def test_no_word_is_coded_that_is_not_in_its_list(text: str) -> None:
    for words in (values.SHARE_WORDS, values.OPEN_WORDS, values.CYCLE_WORDS, values.LEVEL_WORDS, values.FORMAT_WORDS):
        assert values.coded(text, words) in {None, "", values.UNDECIDED, *words.values()}


@given(st.dates(date(1901, 1, 1), date(2099, 12, 31)))
def test_a_day_is_read_back_from_every_way_of_writing_it(written: date) -> None:
    forms = (
        written.isoformat(), written.strftime("%Y/%m/%d"), f"{written.year}年{written.month}月{written.day}日",
        written.strftime("%Y%m%d"), f"{written.isoformat()} 08:30:00", f"{written.isoformat()}T00:00:00+08:00",
    )  # fmt: skip
    assert {day(form) for form in forms} == {written}


@given(st.text(alphabet="人口户籍信息市场监督管理局2023abc（）、 ", min_size=1, max_size=30), st.data())
def test_every_query_cut_from_a_title_finds_it(title: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(title) - 1))
    query = title[start : start + data.draw(st.integers(1, 12))]
    han = "".join(sign for sign in query if sign > "\u33ff")
    assert set(asked(han)) <= indexed(title) | indexed(han)
    assert set(asked(title)) <= indexed(title)


def test_the_vector_weighs_titles_most_and_cannot_be_escaped_from() -> None:
    text = vector("户籍信息", ["公安局"], "户籍摘要's \\ 'drop")
    words = dict(part.rsplit(":", 1) if ":" in part else (part, "") for part in text.split(" "))
    assert words["'户籍'"] == "1A"
    assert words["'公安局'"] == "2B"
    assert words["'摘要'"] == ""
    assert all(part.count("'") == 2 and "\\" not in part for part in text.split(" "))


def test_formats_find_their_class_and_leave_out_types_of_another() -> None:
    assert values.formats(["csv", "xls", "json"]) == ("spreadsheet", ("csv", "xls"))
    assert values.formats("api") == ("service", ("api",))
    assert values.formats("['docx']") == ("document", ("docx",))
    assert values.formats("table") == ("spreadsheet", ())
    assert values.formats("[]") == ("", ())
    assert values.formats("WL") == ("", ())


@given(st.one_of(st.text(max_size=20), st.integers(), st.floats(allow_nan=False), st.none()))
def test_counts_are_whole_numbers_or_nothing(raw: object) -> None:
    found = values.whole(raw)
    assert found is None or found >= 0
    assert values.whole("1,200") == 1200
    assert values.whole("12万条") is None
