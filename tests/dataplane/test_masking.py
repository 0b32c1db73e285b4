"""Masking: what each rule shows, and that Python and PostgreSQL show it byte for byte alike."""

# ruff: noqa: S608 - the expressions are the ones under test
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covers import covers
from jutong.crypto import sm3
from jutong.dataplane.masking import PUSHED, expression, mask
from jutong.wire.grants import Masking
from postgres import database_url


@pytest.fixture(scope="module")
def database() -> Iterator[Any]:
    with database_url() as url, psycopg.connect(url, autocommit=True) as connection:
        yield connection


@covers(partly=["R-SEC-006"])
@pytest.mark.parametrize(
    ("masking", "text", "shown"),
    [
        (Masking.NONE, "原样", "原样"),
        (Masking.IDENTITY, "11010519491231002X", "110105********002X"),
        (Masking.IDENTITY, "110105491231002", "110105*****1002"),
        (Masking.IDENTITY, "1234567890", "**********"),
        (Masking.NAME, "张三", "张*"),
        (Masking.NAME, "欧阳娜娜", "欧***"),
        (Masking.NAME, "张", "*"),
        (Masking.PHONE, "13812341234", "138****1234"),
        (Masking.PHONE, "65001234", "****1234"),
        (Masking.PHONE, "110", "***"),
        (Masking.ADDRESS, "北京市东城区东华门街道1号", "北京市东城区***"),
        (Masking.ADDRESS, "", ""),
        (Masking.BANK_CARD, "6222020200012345678", "***************5678"),
        (Masking.BANK_CARD, "1234", "****"),
        (Masking.EMAIL, "zhang@example.gov.cn", "z***@example.gov.cn"),
        (Masking.EMAIL, "a@b@c", "a***@c"),
        (Masking.EMAIL, "@c", "***@c"),
        (Masking.EMAIL, "none", "***"),
        (Masking.YEAR, "1949-12-31", "1949"),
        (Masking.YEAR, "19491231", "1949"),
        (Masking.YEAR, "0044-03-15 BC", "0044 BC"),
        (Masking.YEAR, "12024-01-01 00:00:00", "12024"),
        (Masking.YEAR, "infinity", ""),
        (Masking.SUPPRESS, "什么都不给", None),
    ],
)
def test_each_rule_shows_what_it_names_and_no_more(masking: Masking, text: str, shown: str | None) -> None:
    assert mask(masking, text) == shown


def test_a_missing_value_stays_missing() -> None:
    assert {mask(masking, None, b"k") for masking in Masking} == {None}


def test_the_keyed_hash_is_hmac_sm3_and_never_pushed_into_a_source() -> None:
    assert mask(Masking.KEYED_HASH, "张三", b"key") == sm3.hmac_sm3(b"key", "张三".encode()).hex()
    assert mask(Masking.KEYED_HASH, "张三", b"key") != mask(Masking.KEYED_HASH, "张三", b"other")
    assert set(Masking) - PUSHED == {Masking.KEYED_HASH}
    with pytest.raises(KeyError):
        expression(Masking.KEYED_HASH, "x")


TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
    st.from_regex(r"[0-9X]{8,20}", fullmatch=True),
    st.from_regex(r"[a-z@张]{0,12}", fullmatch=True),
    st.from_regex(r"[0-9]{3,7}-[0-9]{2}-[0-9]{2}( BC)?", fullmatch=True),
)


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(st.none() | TEXTS, min_size=1, max_size=20))
def test_python_and_postgresql_mask_byte_for_byte_alike(database: Any, texts: list[str | None]) -> None:
    shown = ", ".join(f"({expression(masking, 't.v')})" for masking in sorted(PUSHED))
    rows = database.execute(
        f"select {shown} from unnest(%s::text[]) with ordinality as t(v, n) order by n",
        (texts,),
    ).fetchall()
    assert rows == [tuple(mask(masking, text) for masking in sorted(PUSHED)) for text in texts]
