"""Tallies in PostgreSQL's words: rows counted and summed, together or by partition, and the digest of one row."""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value bound
from __future__ import annotations

from collections.abc import Iterable, Sequence

from jutong.dataplane.engines.postgresql.sql import Bound, Parts, canonical
from jutong.dataplane.partitions import MOST_PARTS, Cut
from jutong.dataplane.reconcile import PORTABLE
from jutong.wire.transfers import SplitBy

COLUMNS = "pg-columns-hash64-sum"
"""Sum over each row of one hash over the hashes of its columns, each with a seed of its own: all types in `HASHES`.

A third cheaper than `RECORD` (0.14 against 0.22 microseconds for eight columns), since no record is formed. Equal values
hash alike, so 1.5 and 1.50 are the same; texts are hashed by their bytes whatever their collation.
"""

RECORD = "pg-record-hash64-sum"
"""Sum of hash_record_extended over each row: both ends PostgreSQL 14 or newer in UTF-8, all types in `HASHABLE`."""

TEXTUAL = "pg-text-hash64-sum"
"""Sum of hashtextextended over each row's record text: both ends PostgreSQL in UTF-8, any type."""

RECORD_VERSION = 14
SEED = 7236281374612
_TEXT = 'hashtextextended({c} collate "C", {s})'
HASHES = {
    "text": _TEXT,
    "character varying": _TEXT,
    "bpchar": 'hashbpcharextended({c} collate "C", {s})',
    "smallint": "hashint2extended({c}, {s})",
    "integer": "hashint4extended({c}, {s})",
    "bigint": "hashint8extended({c}, {s})",
    "numeric": "hash_numeric_extended({c}, {s})",
    "real": "hashfloat4extended({c}, {s})",
    "double precision": "hashfloat8extended({c}, {s})",
    "date": "timestamp_hash_extended({c}::timestamp, {s})",
    "timestamp without time zone": "timestamp_hash_extended({c}, {s})",
    "timestamp with time zone": "timestamp_hash_extended({c} at time zone 'UTC', {s})",
    "boolean": "hashint4extended({c}::integer, {s})",
    "uuid": "uuid_hash_extended({c}, {s})",
}
"""Base types to the server's own hash of a value; dates by way of times, which every version hashes alike."""

HASHABLE = frozenset(HASHES) | {"bytea", "jsonb"}
"""Base types that hash by value in a record; an interval is not among them, since a month hashes like thirty days."""

Field = tuple[str, str]
"""A column of the tallied rows: its quoted name and base type."""


def methods(version: int, encoding: str, bases: Iterable[str]) -> tuple[str, ...]:
    """Return the ways in which a server can sum rows of these types, the cheapest first."""
    found = set(bases)
    columns = (COLUMNS,) * (HASHES.keys() >= found)
    record = (RECORD,) * (version >= RECORD_VERSION and found <= HASHABLE)
    return (*columns, *record, TEXTUAL) * (encoding == "UTF8") + (PORTABLE,)


def digest(fields: Sequence[Field], method: str) -> str:
    """Return the expression for one row's number, over rows called `r`; for `PORTABLE` the fields are canonical texts."""
    if method == COLUMNS:
        hashes = (
            f"coalesce({HASHES[base].format(c=f'r.{name}', s=SEED + n)}, {SEED - n})"
            for n, (name, base) in enumerate(fields)
        )
        return f"hashint8extended({' # '.join(hashes)}, {SEED})"
    if method == RECORD:
        return f"hash_record_extended(r, {SEED})"
    if method == TEXTUAL:
        return f"hashtextextended(r::text, {SEED})"
    texts = [f"r.{name}" for name, _ in fields]
    sizes = " || ':' || ".join(f"coalesce(char_length({text})::text, '-')" for text in texts)
    row = " || ".join([sizes, "';'", *(f"coalesce({text}, '')" for text in texts)])
    return _number(row)


def _number(text: str) -> str:
    """Return the first 56 bits of a text's SHA-256."""
    return f"('x' || encode(substring(sha256(convert_to({text}, 'UTF8')) from 1 for 7), 'hex'))::bit(56)::bigint"


def partition(text: str, cut: Cut) -> str:
    """Return the expression for a row's partition, as `Cut.name` says it; `text`: the field's canonical text."""
    if cut.by is SplitBy.YEAR:
        found = f"split_part({text}, '-', 1)"
    elif cut.by is SplitBy.MONTH:
        found = f"rtrim(split_part({text}, '-', 1) || '-' || split_part({text}, '-', 2), '-')"
    elif cut.by is SplitBy.PREFIX:
        found = f"left({text}, {cut.size:d})"
    elif cut.by is SplitBy.HASH:
        found = f"mod({_number(text)}, {cut.size:d})::text"
        return f"case when {text} <> '' then {found} else '' end"
    else:
        found = text
    return f"coalesce({found}, '')"


def among(text: str, cut: Cut, names: Sequence[str]) -> Parts:
    """Return the test that a row lies in one of these partitions."""
    return [f"{partition(text, cut)} = any(", Bound(tuple(names)), ")"]


def tallied(rows: Parts, fields: Sequence[Field], method: str) -> Parts:
    """Return count and sum over rows; for `PORTABLE` the fields are canonical texts (see `reconcile`)."""
    return [f"select count(*), coalesce(sum({digest(fields, method)}), 0)::text from (", *rows, ") r"]


def numbered(rows: Parts, fields: Sequence[Field], method: str, keys: Sequence[int]) -> Parts:
    """Return each row's number behind its key's texts, sorted by their bytes. keys: places of the key's fields."""
    texts = [canonical(f"r.{fields[place][0]}", fields[place][1]) for place in keys]
    listed = ", ".join(f"{text} as k{n}" for n, text in enumerate(texts))
    order = ", ".join(f'k{n} collate "C"' for n in range(len(texts)))
    number = f"({digest(fields, method)})::text as number"
    return [f"select * from (select {listed}, {number} from (", *rows, f") r) d order by {order}"]


def tallied_by(rows: Parts, fields: Sequence[Field], method: str, cut: Cut) -> Parts:
    """Return partition, count and sum; one partition too many at most, so that a foolish cut costs little."""
    name, base = fields[cut.place]
    part = partition(canonical(f"r.{name}", base), cut)
    return [
        f"select {part} as part, count(*), sum({digest(fields, method)})::text from (",
        *rows,
        f") r group by 1 limit {MOST_PARTS + 1}",
    ]
