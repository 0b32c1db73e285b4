"""Plans as statements of any dialect: identifiers quoted from the mount, keys bound; the rest is done on texts."""

# ruff: noqa: S608 - every name is quoted by the dialect, every value bound
from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jutong.dataplane import values
from jutong.dataplane.engines.base import used
from jutong.dataplane.engines.dbapi.sessions import Session
from jutong.dataplane.engines.dbapi.texts import canonical
from jutong.dataplane.engines.types import Type
from jutong.dataplane.errors import Unavailable
from jutong.dataplane.masking import mask
from jutong.dataplane.policy import Plan
from jutong.wire.grants import Masking
from jutong.wire.probe import FoundColumn, FoundTable

Record = dict[str, str | None]

KEYS_AT_ONCE = 500
"""Keys in one statement: databases allow so many values and so deep a condition."""


async def found_tables(session: Session, schema: str) -> tuple[FoundTable, ...]:
    """Return tables and views of one schema, or all, without columns."""
    rows = await session.fetch(session.dialect.tables)
    found = (FoundTable(str(row[0] or ""), row[1], row[2] or "", int(row[3] or 0)) for row in rows)
    return tuple(table for table in found if not schema or table.schema == schema)


async def columns_of(session: Session, schema: str, table: str) -> list[tuple[Any, ...]]:
    """Return name, full type, base type, nullable, comment and key of each column; empty if it is not there."""
    return await session.fetch(session.dialect.columns, (schema, table))


async def found_columns(session: Session, schema: str, table: str) -> tuple[FoundColumn, ...]:
    """Return columns in the words of the wire."""
    return tuple(
        FoundColumn(name, session.dialect.neutral(full, base).kind, full, comment or "", bool(nullable), bool(key))
        for name, full, base, nullable, comment, key in await columns_of(session, schema, table)
    )


def masked(plan: Plan, row: Mapping[str, str | None]) -> list[str | None]:
    """Return a row's fields masked, keyed hashes not yet applied."""
    return [
        row[field.column] if field.masking is Masking.KEYED_HASH else mask(field.masking, row[field.column])
        for field in plan.fields
    ]


@dataclass(frozen=True)
class Rows:
    """The rows of a plan's table as canonical texts. types: of each column; full: as the source calls it."""

    session: Session
    plan: Plan
    types: Mapping[str, Type]
    full: Mapping[str, str]

    @classmethod
    async def of(cls, session: Session, plan: Plan) -> Rows:
        """Ask for the column types; `Unavailable` when the mounted table or a column of the plan is not there."""
        found = await columns_of(session, plan.schema, plan.table)
        if not found:
            message = f"数据源“{session.title}”中没有表 {plan.table}，或账号无权查看，请联系提供部门修正资源挂接。"
            raise Unavailable(message)
        types = {row[0]: session.dialect.neutral(row[1], row[2]) for row in found}
        for column in used(plan):
            if column not in types:
                message = f"数据源“{session.title}”的表 {plan.table} 没有列 {column}，请联系提供部门修正资源挂接。"
                raise Unavailable(message)
        return cls(session, plan, types, {row[0]: row[1] for row in found})

    def narrowed(self, plan: Plan) -> Rows:
        """Return the rows of another plan of the same table."""
        return replace(self, plan=plan)

    def _asked(self, keys: Sequence[tuple[str, ...]]) -> tuple[str, list[Any]]:
        """Return the test for the rows of some keys, and its values."""
        dialect, tests, given = self.session.dialect, [], list[Any]()
        for key in keys:
            parts = []
            for column, text in zip(self.plan.key_columns, key, strict=True):
                wanted = self.types[column.column]
                given.append(dialect.bound(values.check(column.item, wanted.kind, text), wanted))
                parts.append(dialect.compared(dialect.quoted(column.column), dialect.place(len(given)), wanted))
            tests.append(f"({' and '.join(parts)})")
        return f" where {' or '.join(tests)}", given

    async def records(self, keys: Sequence[tuple[str, ...]] = ()) -> AsyncIterator[Record]:
        """Yield every row, or those of some keys and maybe a few alike: column to canonical text."""
        names = list(dict.fromkeys(used(self.plan)))
        dialect = self.session.dialect
        where, given = self._asked(keys) if keys else ("", [])
        statement = f"select {dialect.listed(names)} from {dialect.qualified(self.plan.schema, self.plan.table)}{where}"
        types = [self.types[name] for name in names]
        cursor, _ = await self.session.cursor(statement, given)
        while rows := await self.session.more(cursor):
            for row in rows:
                texts = (canonical(value, wanted) for value, wanted in zip(row, types, strict=True))
                yield dict(zip(names, texts, strict=True))

    def telling(self, keys: Sequence[tuple[str, ...]]) -> Callable[[Record], bool]:
        """Return what tells whether a row has one of these keys, sign by sign."""
        kinds = [self.types[column.column].kind for column in self.plan.key_columns]
        wanted = {tuple(map(values.order, kinds, key)) for key in keys}

        def has_key(row: Record) -> bool:
            mine = [row[column.column] for column in self.plan.key_columns]
            return None not in mine and tuple(map(values.order, kinds, map(str, mine))) in wanted

        return has_key
