"""One plan read from one consistent state of a MySQL source, streamed out as lines that the server itself has made.

MySQL lends its snapshot to no second session. So the session that streams the rows lets the server compute each row's
number beside its line, and the reading adds the numbers up: one pass, one state, and the sum is the source's own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from asyncmy.cursors import SSCursor

from jutong.dataplane.engines.base import Changes, Reading, Shape, Sink
from jutong.dataplane.engines.mysql import catalogue, sql
from jutong.dataplane.engines.mysql.connect import connected, fetch, held, refusing
from jutong.dataplane.engines.mysql.positions import Position
from jutong.dataplane.engines.mysql.types import NAME
from jutong.dataplane.engines.single import SingleReading
from jutong.dataplane.engines.types import TEXT
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.partitions import Cut
from jutong.dataplane.policy import Plan
from jutong.dataplane.reconcile import PORTABLE
from jutong.wire.bundle import Access
from jutong.wire.grants import Column, Masking
from jutong.wire.transfers import Tally

BEGIN = (
    "set session transaction isolation level repeatable read",
    "start transaction with consistent snapshot, read only",
)
ROWS = 5000
CHUNK = 1 << 18
TABS = bytes.maketrans(sql.BETWEEN, b"\t")
TOO_LONG = "来源有一行过长，超过数据库单个报文的上限（max_allowed_packet），请由数据库管理员调大后重试。"


def _written(rows: list[bytes]) -> bytes:
    """Return rows of the server as lines: a tab between two cells, backslash-N for a missing value."""
    lines = (b"\n".join(rows) + b"\n").translate(TABS)
    return lines.replace(sql.MISSING, b"\\N") if sql.MISSING in lines else lines


def _shape(field: Column, native: sql.Native) -> Shape:
    """Return a field as it leaves: in its own type, or as text where masking has made it one."""
    if field.masking in (Masking.NONE, Masking.SUPPRESS):
        return Shape(field.column, native.full, native.base, native.neutral, NAME)
    return Shape(field.column, "longtext", "longtext", TEXT, NAME)


class SnapshotReading(SingleReading):
    """A reading over one session in one consistent snapshot."""

    def __init__(self, plan: Plan, title: str, session: Any, natives: sql.Natives) -> None:
        super().__init__(plan)
        self._title = title
        self._session = session
        self._natives = natives
        self.shapes = tuple(_shape(field, natives[field.column]) for field in plan.fields)

    @property
    def _texts(self) -> list[str]:
        return [sql.shown(field, self._natives) for field in self._plan.fields]

    async def _place(self) -> Position:
        """Return the place in the server's binlog that this snapshot stands for, as MariaDB says it."""
        with refusing(self._title):
            found = dict(await fetch(self._session, "show status like 'binlog_snapshot_%'"))
        return Position(found.get("Binlog_snapshot_file", ""), int(found.get("Binlog_snapshot_position") or 0))

    async def sees(self, changes: Changes) -> bool:
        """See `Reading.sees`: a transaction is in the binlog a moment before anybody can see it."""
        return await self._place() >= Position.of(changes.position)

    async def logged(self) -> str:
        """See `Reading.logged`."""
        return str(await self._place())

    async def _count(self) -> Tally:
        """See `SingleReading`: by one statement in the same snapshot."""
        with refusing(self._title):
            question = sql.summed(sql.digest(self._texts), sql.copied(self._plan, self._natives))
            count, checksum, complete = (await fetch(self._session, question))[0]
        if complete != count:
            raise RuleBroken(TOO_LONG)
        return Tally(rows=count, checksum=checksum, method=PORTABLE)

    async def _parts(self, cut: Cut) -> dict[str, Tally]:
        """See `SingleReading`."""
        texts, rows = self._texts, sql.copied(self._plan, self._natives)
        with refusing(self._title):
            part = sql.partition(texts[cut.place], cut)
            found = await fetch(self._session, sql.summed_by(sql.digest(texts), part, rows))
        if any(complete != count for _, count, _, complete in found):
            raise RuleBroken(TOO_LONG)
        return {name: Tally(rows=count, checksum=checksum, method=PORTABLE) for name, count, checksum, _ in found}

    async def _highest(self, column: str) -> tuple[str | None, bool]:
        """See `Reading.highest`."""
        name = f"t.{sql.quoted(column)}"
        text = sql.canonical(f"max({name})", self._natives[column])
        rows = sql.copied(self._plan, self._natives)
        with refusing(self._title):
            question = f"select {text}, ifnull(max({name} is null), 0) from {rows}"  # noqa: S608 - names quoted
            [(highest, missing)] = await fetch(self._session, question)
        return highest, bool(missing)

    async def _numbered(self) -> AsyncIterator[list[tuple[Sequence[str | None], str]]]:
        """See `SingleReading`."""
        texts, names = self._texts, [field.column for field in self._plan.fields]
        keys = [texts[names.index(name)] for name in self._plan.unique]
        rows = sql.copied(self._plan, self._natives)
        with refusing(self._title):
            cursor = self._session.cursor(SSCursor)
            await cursor.execute(f"select {', '.join(keys)}, {sql.digest(texts)} from {rows}")  # noqa: S608 - quoted
            while found := await cursor.fetchmany(ROWS):
                cells = [[cell if cell is None else str(cell, "utf-8") for cell in row] for row in found]
                if any(row[-1] is None for row in cells):
                    raise RuleBroken(TOO_LONG)
                with held(self._session):
                    yield [(row[:-1], row[-1] or "") for row in cells]

    async def _stream(self, sink: Sink, *, summed: bool) -> Tally:
        """See `SingleReading`: no value is ever made of a cell here, lines pass as the bytes the server sent."""
        rows, total, pieces, size = 0, 0, list[bytes](), 0
        with refusing(self._title):
            cursor = self._session.cursor(SSCursor)
            await cursor.execute(sql.select_lines(self._plan, self._natives, summed=summed))
            while found := await cursor.fetchmany(ROWS):
                rows += len(found)
                try:
                    total += sum([int(row[1]) for row in found]) if summed else 0
                    lines = [row[0] for row in found]
                    size += sum(map(len, lines))
                except TypeError as error:  # the server gives NULL for what is longer than a packet
                    raise RuleBroken(TOO_LONG) from error
                pieces += lines
                if size >= CHUNK:
                    with held(self._session):
                        await sink(_written(pieces))
                    pieces, size = [], 0
            if pieces:
                await sink(_written(pieces))
        return Tally(rows=rows, checksum=str(total), method=PORTABLE)


@asynccontextmanager
async def open_reading(access: Access, title: str, plan: Plan) -> AsyncIterator[Reading]:
    """Open a session on one snapshot of the source; it ends with the reading."""
    async with connected(access, title, reading=True) as session:
        for statement in BEGIN:
            await fetch(session, statement)
        yield SnapshotReading(plan, title, session, await catalogue.natives_of(session, plan, title))
