"""One plan read from one consistent state of a MySQL source, streamed out as lines that the server itself has made.

MySQL lends its snapshot to no second session. So the session that streams the rows lets the server compute each row's
number beside its line, and the reading adds the numbers up: one pass, one state, and the sum is the source's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from asyncmy.cursors import SSCursor

from jutong.dataplane.engines.base import Reading, Shape, Sink
from jutong.dataplane.engines.mysql import catalogue, sql
from jutong.dataplane.engines.mysql.connect import connected, fetch, refusing
from jutong.dataplane.engines.mysql.types import NAME
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
STREAM_SECONDS = 0.5
TOO_LONG = "来源有一行过长，超过数据库单个报文的上限（max_allowed_packet），请由数据库管理员调大后重试。"


def _shape(field: Column, native: sql.Native) -> Shape:
    """Return a field as it leaves: in its own type, or as text where masking has made it one."""
    if field.masking in (Masking.NONE, Masking.SUPPRESS):
        return Shape(field.column, native.full, native.base, native.neutral, NAME)
    return Shape(field.column, "longtext", "longtext", TEXT, NAME)


class SnapshotReading:
    """A reading over one session in one consistent snapshot."""

    methods: tuple[str, ...] = (PORTABLE,)

    def __init__(self, plan: Plan, title: str, session: Any, natives: sql.Natives) -> None:
        self._plan = plan
        self._title = title
        self._session = session
        self._natives = natives
        self._turn = asyncio.Lock()
        self._began = asyncio.Event()
        self._wanted = False
        self._summed: Tally | None = None
        self.shapes = tuple(_shape(field, natives[field.column]) for field in plan.fields)

    async def tally(self, method: str) -> Tally:  # noqa: ARG002 - it knows one
        """See `Reading.tally`: the sum that comes with a stream running beside it, else a question of its own."""
        self._wanted = True
        try:
            await asyncio.wait_for(self._began.wait(), STREAM_SECONDS)
        except TimeoutError:
            self._began.set()  # nobody streams beside this tally
        async with self._turn:
            if self._summed is None:
                texts = [sql.shown(field, self._natives) for field in self._plan.fields]
                with refusing(self._title):
                    question = sql.summed(sql.digest(texts), sql.copied(self._plan, self._natives))
                    count, checksum, complete = (await fetch(self._session, question))[0]
                if complete != count:
                    raise RuleBroken(TOO_LONG)
                self._summed = Tally(rows=count, checksum=checksum, method=PORTABLE)
            return self._summed

    async def parts(self, method: str, cut: Cut) -> dict[str, Tally]:
        """See `Reading.parts`: a question of its own, before or after the stream."""
        texts = [sql.shown(field, self._natives) for field in self._plan.fields]
        rows = sql.copied(self._plan, self._natives)
        async with self._turn:
            with refusing(self._title):
                part = sql.partition(texts[cut.place], cut)
                found = await fetch(self._session, sql.summed_by(sql.digest(texts), part, rows))
        if any(complete != count for _, count, _, complete in found):
            raise RuleBroken(TOO_LONG)
        return {name: Tally(rows=count, checksum=checksum, method=method) for name, count, checksum, _ in found}

    async def highest(self, column: str) -> tuple[str | None, bool]:
        """See `Reading.highest`."""
        name = f"t.{sql.quoted(column)}"
        text = sql.canonical(f"max({name})", self._natives[column])
        rows = sql.copied(self._plan, self._natives)
        async with self._turn:
            with refusing(self._title):
                question = f"select {text}, ifnull(max({name} is null), 0) from {rows}"  # noqa: S608 - names quoted
                [(highest, missing)] = await fetch(self._session, question)
        return highest, bool(missing)

    def narrow(self, plan: Plan) -> None:
        """See `Reading.narrow`."""
        self._plan = plan
        self._summed = None

    def cast(self, casts: Sequence[str]) -> None:
        """See `Reading.cast`: nothing is relayed from here."""

    async def relay(self, sink: Sink) -> int:
        """See `Reading.relay`: this engine has no stream that another takes."""
        raise NotImplementedError

    def counter(self) -> Callable[[bytes], int]:
        """See `Reading.counter`: there is no relay to count in."""
        raise NotImplementedError

    async def lines(self, sink: Sink) -> int:
        """See `Reading.lines`."""
        async with self._turn:
            summed = self._wanted
            self._began.set()
            with refusing(self._title):
                cursor = self._session.cursor(SSCursor)
                await cursor.execute(sql.select_lines(self._plan, self._natives, summed=summed))
                rows, total, pieces, size = 0, 0, list[bytes](), 0
                while found := await cursor.fetchmany(ROWS):
                    if any(None in row for row in found):
                        raise RuleBroken(TOO_LONG)
                    rows += len(found)
                    total += sum([int(row[1]) for row in found]) if summed else 0
                    pieces += [row[0] for row in found]
                    size += sum(map(len, pieces[-len(found) :]))
                    if size >= CHUNK:
                        await sink(b"\n".join(pieces) + b"\n")
                        pieces, size = [], 0
                if pieces:
                    await sink(b"\n".join(pieces) + b"\n")
            if summed:
                self._summed = Tally(rows=rows, checksum=str(total), method=PORTABLE)
        return rows


@asynccontextmanager
async def open_reading(access: Access, title: str, plan: Plan) -> AsyncIterator[Reading]:
    """Open a session on one snapshot of the source; it ends with the reading."""
    async with connected(access, title, reading=True) as session:
        for statement in BEGIN:
            await fetch(session, statement)
        yield SnapshotReading(plan, title, session, await catalogue.natives_of(session, plan, title))
