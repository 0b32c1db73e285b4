"""Files as departments write them: whatever the bytes, no reader crashes, and no good row is lost beside a bad one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jutong.dataplane import values
from jutong.dataplane.errors import Refusal, RuleBroken
from jutong.dataplane.files import formats, jsons, shaping, workbooks
from jutong.dataplane.files.csvs import Dialect, Reader, records
from jutong.dataplane.files.encodings import codec_of
from jutong.dataplane.files.formats import Manner
from jutong.dataplane.files.rows import checked, guessed
from jutong.dataplane.policy import Plan, Predicate, admits, shape
from jutong.dataplane.reconcile import row_digest
from jutong.dataplane.transfer.lines import parsed
from jutong.wire.grants import Column, Kind, Masking, Operator

TWO = (Column("a", "a"), Column("b", "b"))
TEXT = st.text(alphabet=st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=8)


class Careful(Reader):
    """The reader without its quick way."""

    def _quick(self, layout: Any) -> None:
        return None


def rows_of(content: bytes, *, reader: type[Reader] = Reader, columns: Sequence[Column] = TWO, **dialect: Any) -> Any:
    found = list(reader(io.BytesIO(content), columns, Dialect(**{"delimiter": ","} | dialect)).batches())
    good = [row for batch in found for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]
    return good, [(dirty.number, dirty.reason) for batch in found for dirty in batch.dirty]


def read(content: bytes, name: str, columns: Sequence[Column] = TWO, **options: str) -> Any:
    manner = Manner.of(options)
    found = list(formats.batches(io.BytesIO(content), name, len(content), columns, manner))
    good = [row for batch in found for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]
    return good, [dirty for batch in found for dirty in batch.dirty]


CELLS = st.text(alphabet='ab", \r\n中\0;\\\t', max_size=6)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=3).map(",".join), max_size=8).map("\n".join), st.binary(max_size=3)
)
@example(';","', b"")
@example(';","x\n', b"")
def test_the_quick_way_and_the_careful_one_read_the_same(text: str, junk: bytes) -> None:
    content = b"a,b\n" + text.encode() + junk
    assert rows_of(content) == rows_of(content, reader=Careful)


@settings(deadline=None)
@given(st.lists(st.tuples(TEXT, st.text(alphabet='a"\n\r,', max_size=5)), max_size=9))
def test_whatever_was_written_as_csv_is_read_back(rows: list[tuple[str, str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("a", "b"), *rows])
    assert rows_of(text.getvalue().encode()) == ([(a or None, b or None) for a, b in rows], [])


@settings(deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["utf-8", "gb18030", "cp950", "big5hkscs"]))
def test_no_bytes_crash_the_csv_reader_or_cost_another_row(junk: bytes, codec: str) -> None:
    bare = bytes(sign for sign in junk if sign not in b'"\r\n')
    good, _ = rows_of(b"a,b\n1,2\n" + bare + b"\n3,4\n", codec=codec)
    assert good[0] == ("1", "2")
    assert good[-1] == ("3", "4")
    assert rows_of(b"a,b\n1,2\n" + junk, codec=codec)[0][0] == ("1", "2")


def test_one_stray_quote_costs_one_row() -> None:
    content = b'a,b\n1,2\n"3,4\n5,6\n' + b"7,8\n" * 3000
    good, dirty = rows_of(content)
    assert dirty == [(3, "引号没有闭合或引号内换行后列数不符")]
    assert good == [("1", "2"), ("5", "6"), *[("7", "8")] * 3000]


def test_a_byte_that_does_not_decode_costs_its_row_and_names_the_column() -> None:
    content = "a,b\n甲,乙\n丙,".encode("gb18030") + b"\x81\x20\n" + "丁,戊\n".encode("gb18030")
    good, dirty = rows_of(content, codec="gb18030")
    assert good == [("甲", "乙"), ("丁", "戊")]
    assert dirty == [(3, "“b”含有无法解码的字节")]


def test_ragged_rows_and_wrong_kinds_are_set_aside_with_number_column_and_reason() -> None:
    columns = (Column("编号", "n", Kind.INTEGER), Column("日期", "d", Kind.DATE))
    content = b"n,d\n1,2026-02-28\n2\n3,2026-02-30\n4,2026-01-01,x\nfive,2026-01-01\n6,\n"
    good, dirty = read(content, "a.csv", columns)
    assert good == [("1", "2026-02-28"), ("6", None)]
    assert [(each.number, each.column) for each in dirty] == [(3, ""), (4, "d"), (5, ""), (6, "n")]
    assert dirty[0].reason == "应有 2 列，实有 1 列"
    assert dirty[3].reported().value == "f***"
    assert dirty[3].cells == ("five", "2026-01-01")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_delimiter_and_line_end_is_found(delimiter: str, end: str) -> None:
    text = end.join(delimiter.join(row) for row in (("a", "b", "c"), ("1", "甲 x", "2"))) + end
    assert read(text.encode("utf-8-sig"), "a.csv") == ([("1", "甲 x")], [])


@given(st.text(max_size=40), st.booleans())
def test_the_records_of_a_text_take_all_of_it(text: str, final: bool) -> None:
    found, length = records(text, ",", 0, final=final)
    assert length <= len(text)
    assert not final or length == len(text)
    assert sum(record.lines for record in found) <= len(text) + 1


def test_an_encoding_is_told_only_where_it_is_clear() -> None:
    simplified = "统一社会信用代码，企业名称，注册资金，经营范围，所在省份，注册地址，登记机关，成立日期。"
    traditional = "資料集名稱，資料提供單位，更新頻率，授權方式，聯絡電話，備註說明，最後更新時間，機關代碼。"
    assert codec_of(simplified.encode()) == "utf-8"
    assert codec_of(b"only,ascii\n1,2") == "utf-8"
    assert codec_of(simplified.encode("gb18030")) == "gb18030"
    assert codec_of(traditional.encode("big5")) == "cp950"
    assert codec_of(traditional.encode("big5"), "big5") == "cp950"
    with pytest.raises(RuleBroken, match="声明编码"):
        codec_of("甲乙".encode("gb18030")[:3] + b"\xff\xff")
    with pytest.raises(RuleBroken, match="不支持的文件编码"):
        codec_of(b"", "ebcdic")


OBJECTS = st.lists(st.fixed_dictionaries({"a": st.none() | TEXT, "b": st.integers() | st.booleans()}), max_size=6)


@settings(deadline=None)
@given(OBJECTS, st.booleans())
def test_json_lines_and_arrays_back_to_back_are_read_as_they_were(objects: list[Any], lines: bool) -> None:
    if lines:
        content = "\n".join(json.dumps(each) for each in objects).encode()
    else:
        content = (json.dumps(objects[:2], indent=1) + "\n" + json.dumps(objects[2:])).encode("utf-8-sig")
    wanted = [(each["a"] or each["a"], json.dumps(each["b"])) for each in objects]
    good, dirty = read(content, "a.jsonl" if lines else "a.json")
    assert (good, dirty) == (wanted, [])


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_crash_the_json_readers_or_cost_the_row_before(junk: bytes) -> None:
    start = b'{"a": "1", "b": "2"}'
    for content in (start + b"\n" + junk, b"[" + start + b"," + junk):
        assert read(content, "a.json", encoding="utf-8")[0][:1] == [("1", "2")]


def test_a_broken_object_costs_itself() -> None:
    good, dirty = read(b'[{"a": 1, "b": 2.50}, {"a": tru}, {"a": 3, "b": null}]', "a.json")
    assert good == [("1", "2.50"), ("3", None)]
    assert [each.reason for each in dirty] == ["不是完整的 JSON 对象"]
    good, dirty = read(b'{"a": 1, "b": 2}\n{"a": \n7\n{"a": 3, "b": 12345678901234567890123}\n', "a.jsonl")
    assert good == [("1", "2"), ("3", "12345678901234567890123")]
    assert [each.number for each in dirty] == [2, 3]


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["a.xlsx", "a.xls", "a.ods", "a.parquet"]))
def test_bytes_that_are_no_workbook_or_parquet_are_refused_in_words(junk: bytes, name: str) -> None:
    with pytest.raises(Refusal, match=r"无法打开|没有"):
        read(junk, name)


def test_a_cells_text_is_what_the_sheet_shows() -> None:
    from datetime import datetime

    cells = (1.0, 1.5, True, datetime(2026, 1, 2), datetime(2026, 1, 2, 3, 4), "", None, "01")  # noqa: DTZ001 - as calamine gives them
    shown = ("1", "1.5", "true", "2026-01-02", "2026-01-02 03:04:00", None, None, "01")
    assert tuple(map(workbooks.cell_text, cells)) == shown


def test_a_kind_is_guessed_only_where_no_code_can_be_hurt() -> None:
    assert guessed(["1", "20", None]) is Kind.INTEGER
    assert guessed(["1.5", "20"]) is Kind.NUMBER
    assert guessed(["2026-01-31", ""]) is Kind.DATE
    for codes in (["007"], ["102290000017"], ["2026-02-30"], [], [None], ["110101199001011234"]):
        assert guessed(codes) is Kind.TEXT


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.none() | TEXT, st.none() | TEXT), max_size=8),
    st.sampled_from(list(Masking)),
    st.sampled_from(list(Operator)),
)
def test_a_grant_in_arrow_gives_the_same_bytes_as_in_python(
    rows: list[tuple[str | None, str | None]], masking: Masking, operator: Operator
) -> None:
    given_value = () if operator in (Operator.IS_NULL, Operator.NOT_NULL) else ("1",)
    fields = (Column("a", "a", masking=masking), Column("b", "b"))
    plan = Plan("", "t", fields, (Predicate("b", "b", Kind.TEXT, operator, given_value),), hash_key=b"k" * 32)
    columns = {name: pa.array([row[n] for row in rows], pa.string()) for n, name in enumerate("ab")}
    done = shaping.shaped(plan, shaping.admitted(plan, columns), hashed=True)
    named = [{"a": a, "b": b} for a, b in rows]
    wanted = [list(shape(plan, row)) for row in named if admits(plan, row)]
    assert [list(row) for row in zip(*(column.to_pylist() for column in done), strict=True)] == wanted
    assert shaping.digests(done) == [row_digest(row) for row in wanted]
    assert [parsed(line) for line in shaping.copy_text(done).decode().split("\n")[:-1]] == wanted


def test_an_identity_number_is_masked_the_same_whatever_its_length() -> None:
    texts = ["", "张", "11010519491231002X", "1" * 10, "1" * 11, "𠮷" * 12, None]
    for masking in Masking:
        plan = Plan("", "t", (Column("a", "a", masking=masking),), hash_key=b"k")
        done = shaping.shaped(plan, {"a": pa.array(texts, pa.string())}, hashed=True)[0].to_pylist()
        assert done == [shape(plan, {"a": text})[0] for text in texts], masking


def test_a_column_is_canonical_by_the_rule_of_each_value_whatever_is_passed_over_quickly() -> None:
    days = [f"{year}-{month:02}-{day:02}" for year in (1899, 2000, 2001) for month in range(14) for day in range(33)]
    odd = ["0999-01-01", "20260131", "2026-1-31", "2026-01-31 ", "2026-01-31\n", "3001-05-05", None]
    times = [
        "00:00:00",
        "23:59:59",
        "24:00:00",
        "08:60:00",
        "08:30:00.5",
        "08:30:00.50",
        "08:30:00.123456",
        "08:30:00+08",
    ]
    moments = [f"{day}{gap}{time}" for day in days[::5] for time in times for gap in (" ", "T")]
    for kind, texts in ((Kind.DATE, days + odd), (Kind.TIMESTAMP, [*moments, *days, *odd])):
        batch = checked([pa.array(texts, pa.string())], (Column("x", "x", kind),), lambda n: n)
        ruled = [None if text is None else values.canonical(kind, text) for text in texts]
        ruled = [text.rstrip("0").rstrip(".") if text and "." in text else text for text in ruled]
        wrong = [n for n, (new, text) in enumerate(zip(ruled, texts, strict=True)) if new is None and text is not None]
        assert [dirty.number for dirty in batch.dirty] == wrong
        assert batch.columns[0].to_pylist() == [new for n, new in enumerate(ruled) if n not in set(wrong)]


class Trickle(io.BytesIO):
    """A file that hands out a few bytes at a time."""

    step = 1

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(self.step, len(self.getbuffer()) if size is None or size < 0 else size))


@given(
    st.lists(st.fixed_dictionaries({"甲": st.text(alphabet="许可证申请书,é🀄", max_size=6)}), max_size=5),
    st.integers(1, 9),
)
def test_json_reads_the_same_wherever_its_bytes_are_cut(found: list[dict[str, str]], step: int) -> None:
    content = json.dumps(found, ensure_ascii=False).encode()
    for codec in ("utf-8", "gb18030"):
        file = Trickle(content.decode().encode(codec))
        file.step = step
        assert [value for _number, value in jsons.arrays(file, codec)] == found
    lines = Trickle("\n".join(json.dumps(one, ensure_ascii=False) for one in found).encode())
    lines.step = step
    assert [value for _number, value in jsons.lines(lines, "utf-8")] == found
