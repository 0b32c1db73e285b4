"""Importing a later year's calendar: what an administrator's rows may look like and why they are refused."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covers import covers
from jutong.kernel.calendar.parsing import MOST_ROWS
from jutong.kernel.calendar.statutory import computed_rests
from jutong.kernel.workdays import add_workdays, official, parse_calendar

WHOLE_2027: list[tuple[object, ...]] = [(day, "休", name) for day, name in sorted(computed_rests(2027).items())]


@covers("R-OVR-035")
def test_a_whole_year_is_imported_and_its_limits_are_no_longer_provisional() -> None:
    parsed = parse_calendar([("日期", "类型", "名称"), *WHOLE_2027, (), ("", None)])
    assert parsed.errors == ()
    assert parsed.years == {2027}
    assert not add_workdays(date(2026, 12, 31), 20, official().with_years(parsed.days)).provisional


@pytest.mark.parametrize(
    "written",
    [
        "2027-05-03",
        "2027/5/3",
        "2027年5月3日",
        "２０２７－０５－０３",
        "2027-05-03 00:00:00",
        " 2027.5.3 ",
        date(2027, 5, 3),
        datetime(2027, 5, 3),  # noqa: DTZ001 - Excel knows no zones
    ],
)
def test_a_date_is_read_in_every_form_in_use(written: object) -> None:
    rows = [row for row in WHOLE_2027 if row[0] != date(2027, 5, 3)]
    assert len(rows) == len(WHOLE_2027) - 1
    parsed = parse_calendar([*rows, (written, "休", "劳动节")])
    assert parsed.errors == ()
    assert date(2027, 5, 3) in {row.day for row in parsed.days}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("2027-02-30", "休")], "第 1 行：日期“2027-02-30”无法识别；请按 2027-01-01 的形式填写。"),
        ([("=cmd|' /C calc'!A0", "休")], "第 1 行：日期“=cmd|' /C calc'!A0”无法识别；请按 2027-01-01 的形式填写。"),
        ([("", "休")], "第 1 行：日期“”无法识别；请按 2027-01-01 的形式填写。"),
        ([(20270101, "休")], "第 1 行：日期“20270101”无法识别；请按 2027-01-01 的形式填写。"),
        ([("2027-01-01",)], "第 1 行：类型“”无法识别；请填写“休”或“班”。"),
        ([("2027-01-01", "半")], "第 1 行：类型“半”无法识别；请填写“休”或“班”。"),
        ([("2004-01-01", "休")], "第 1 行：日期 2004-01-01 不在 2025 至 2100 年之间，不能导入；请核对年份。"),
        ([("2027-01-01", "休")] * 2, "第 2 行：日期 2027-01-01 与第 1 行重复；请删除其中一行。"),
        (
            [("2027-01-01", "休"), ("2027/1/1", "班")],
            "第 2 行：日期 2027-01-01 与第 1 行矛盾，一行为休、一行为班；请保留正确的一行。",
        ),
        ([("日期", "类型")], "日历文件没有数据行；请按“日期、休或班、名称”三列填写。"),
        (
            WHOLE_2027[:4],
            "2027 年的安排不完整：法定节假日 2027-04-05 清明节、2027-06-09 端午节、2027-09-15 中秋节 未标为休；请补全后重新导入。",
        ),
        (
            [row for row in WHOLE_2027 if row[0] != date(2027, 5, 4)],
            "2027 年的安排不完整：扣除调休上班后只有 12 天，少于法定的 13 天；请补全后重新导入。",
        ),
    ],
)
def test_a_bad_row_is_refused_with_its_number_the_rule_and_the_remedy(
    rows: list[tuple[object, ...]], sentence: str
) -> None:
    assert [error.sentence for error in parse_calendar(rows).errors] == [sentence]


def test_days_that_say_nothing_new_are_accepted() -> None:
    parsed = parse_calendar([*WHOLE_2027, ("2027-03-01", "班"), ("2027-03-06", "休")])
    assert parsed.errors == ()
    calendar = official().with_years(parsed.days)
    assert calendar.is_workday(date(2027, 3, 1))
    assert not calendar.is_workday(date(2027, 3, 6))


def test_a_file_without_end_is_cut_short_with_one_sentence() -> None:
    endless = ((None, None) for _row in range(10**9))
    assert [error.row for error in parse_calendar(endless).errors] == [MOST_ROWS + 1]


cells = st.one_of(
    st.none(), st.text(max_size=30), st.integers(), st.floats(), st.dates(), st.datetimes(), st.booleans()
)


@given(st.lists(st.lists(cells, max_size=4), max_size=12))
def test_no_content_of_the_cells_breaks_the_reading(rows: list[list[object]]) -> None:
    parsed = parse_calendar(rows)
    assert parsed.errors or parsed.days
    assert all(error.sentence for error in parsed.errors)
