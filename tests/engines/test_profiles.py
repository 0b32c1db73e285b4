"""A look over a table: every engine counts alike, no value leaves unmasked, and the owner's time-out holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from engineworld import COLUMNS, REAL, ROWS, Base, ask, fresh, peopled
from jutong.dataplane import profiling
from jutong.dataplane.errors import Unavailable
from jutong.dataplane.recognising import bank_card, credit_code, identity, recognised, shape
from jutong.wire.grants import Kind
from jutong.wire.probe import Meaning


@pytest.fixture(scope="module", params=REAL)
def base(request: pytest.FixtureRequest) -> Iterator[Base]:
    with fresh(request.param) as made:
        yield peopled(made)


@pytest.fixture(autouse=True)
def _allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["127.0.0.0/8", "/tmp", "/var/run"]')


def test_every_engine_counts_values_ranges_and_lengths_alike(base: Base) -> None:
    _found, looked = ask(base, lambda engine: profiling.profile(engine, base.schema, "people"))
    columns = {column.name: column for column in looked.columns}
    assert (looked.rows, looked.seen, looked.exact) == (8, 8, True)
    for place, column in enumerate(COLUMNS):
        assert columns[column.column].filled == sum(row[place] is not None for row in ROWS), column.column
    assert (columns["born"].least, columns["born"].greatest) == ("1899-01-01", "9999-12-31")
    assert (columns["amount"].least, columns["amount"].greatest) == ("-0.01", "99999999.99")
    assert (columns["n"].least, columns["n"].greatest, columns["n"].distinct) == ("-3", "10", 7)
    assert (columns["name"].distinct, columns["name"].shortest, columns["name"].longest) == (7, 0, 20)
    assert (columns["changed"].greatest, columns["face"].distinct) == ("9999-12-31 23:59:59.999999", None)
    assert columns["seen"].filled == 0
    told = str(looked)
    assert columns["id_no"].shapes  # one of them is a person's number, so of none more than the form is shown
    assert not [row for row in ROWS if str(row[0]) in told]
    assert "13812341234" not in told
    assert "zhang@" not in told


def test_a_look_keeps_to_the_owners_statement_time_out() -> None:
    with fresh("postgresql") as made:
        made.run("create view slow as select 1 as n, pg_sleep(4)::text as waited")
        timed = replace(made, access=msgspec.structs.replace(made.access, statement_seconds=1))
        with pytest.raises(Unavailable, match="语句时限"):
            ask(timed, lambda engine: profiling.profile(engine, "public", "slow"))


@pytest.mark.parametrize(
    ("texts", "kind", "meaning"),
    [
        (["11010519491231002X"] * 9 + ["不详"], Kind.TEXT, Meaning.IDENTITY),
        (["110105194912310021"], Kind.TEXT, None),
        (["91350100M000100Y43", "91110000802100433B", "9144030071526726XG"], Kind.TEXT, Meaning.CREDIT_CODE),
        (["13812345678", "0832-2041234"], Kind.TEXT, Meaning.PHONE),
        (["13812345678"], Kind.INTEGER, Meaning.PHONE),
        (["4111111111111111", "6222020200011111"], Kind.TEXT, None),
        (["4111111111111111"], Kind.TEXT, Meaning.BANK_CARD),
        (["wang@example.gov.cn"], Kind.TEXT, Meaning.EMAIL),
        (["王小明", "李红", "赵敏"], Kind.TEXT, Meaning.NAME),
        (["内江宏达商贸有限公司", "市第一医院"], Kind.TEXT, Meaning.ORGANISATION),
        (["内江市市中区人民路12号"], Kind.TEXT, Meaning.ADDRESS),
        (["511002", "511011"], Kind.TEXT, Meaning.DIVISION),
        (["2026-01-31", "2026年2月1日", "20260301"], Kind.TEXT, Meaning.DATE),
        (["12.50", "3.00", "-7.5"], Kind.NUMBER, Meaning.AMOUNT),
        (["511002"], Kind.INTEGER, None),
        (["低保", "特困"], Kind.TEXT, None),
        ([], Kind.TEXT, None),
    ],
)
def test_values_are_recognised_by_what_they_are(texts: list[str], kind: Kind, meaning: Meaning | None) -> None:
    assert recognised(texts, kind)[0] is meaning


def test_check_characters_decide_and_a_form_keeps_nothing() -> None:
    assert identity("11010519491231002x")
    assert not identity("110105194913310029")
    assert not credit_code("91350100M000100Y44")
    assert not bank_card("4111111111111112")
    assert shape("川A·12345 王a") == "字A·99999 字a"
