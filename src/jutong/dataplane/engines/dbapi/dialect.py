"""What differs between databases behind the DB-API: names, places for values, types, catalogue, sessions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jutong.dataplane.engines.dbapi.texts import python
from jutong.dataplane.engines.types import Type
from jutong.dataplane.errors import Refusal
from jutong.wire.bundle import Access

Connect = Callable[[Access, str, bool], Any]
"""Access, resolved host and whether it only reads, to a driver's connection; runs in a thread."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of database.

    tables: statement giving schema, name, comment and estimated rows. columns: a statement with places for schema and
    table, giving name, full type, base type, nullable (1), comment, part of the primary key (1). unique: the same
    places, giving the columns of each unique key joined by line feeds; empty where nothing simple tells. neutral,
    native: the type tables. begin: statements that open one consistent, read-only state. place: how the n-th value
    (from 1) is marked. compared: a key column and its place as they are compared, letting at least what is equal through.
    bound: the value a driver is given for a canonical text; ValueError when it is none of its kind. empty_is_null: it
    keeps no empty texts. transactional: a table made is undone with its transaction. savepoint: how one is set, gone
    back to and forgotten (empty where there is no such word). refusal: a driver's error in our words, `RowRefused` for a
    row that a table does not take.
    """

    name: str
    title: str
    port: int
    connect: Connect
    errors: Callable[[], tuple[type[Exception], ...]]
    refusal: Callable[[Exception, str], Refusal]
    version: str
    tables: str
    columns: str
    neutral: Callable[[str, str], Type]
    native: Callable[[str, Type, bool], str]
    unique: str = ""
    begin: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    quotes: tuple[str, str] = ('"', '"')
    place: Callable[[int], str] = lambda _: "?"
    compared: Callable[[str, str, Type], str] = lambda column, place, _: f"{column} = {place}"
    bound: Callable[[str | None, Type], Any] = python
    empty_is_null: bool = False
    transactional: bool = True
    savepoint: tuple[str, str, str] = ("savepoint {}", "rollback to savepoint {}", "release savepoint {}")
    network: bool = True

    def quoted(self, name: str) -> str:
        """Return an identifier quoted."""
        left, right = self.quotes
        return left + name.replace(right, right * 2) + right

    def qualified(self, schema: str, table: str) -> str:
        """Return schema, where there is one, and table quoted."""
        return f"{self.quoted(schema)}.{self.quoted(table)}" if schema else self.quoted(table)

    def places(self, count: int, start: int = 1) -> str:
        """Return the places for so many values."""
        return ", ".join(self.place(n) for n in range(start, start + count))

    def listed(self, names: Sequence[str]) -> str:
        """Return identifiers quoted and joined."""
        return ", ".join(map(self.quoted, names))
