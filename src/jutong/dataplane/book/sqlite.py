"""The book in one SQLite file, for a front-end node without a database server."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

from jutong.dataplane.book.base import (
    ANYWHERE,
    FINAL,
    Arrival,
    Artefact,
    Attempt,
    Claim,
    Feed,
    Place,
    Run,
    Verdict,
    beijing_day,
    migrations,
)
from jutong.dataplane.errors import Unavailable

T = TypeVar("T")

COUNT = """
    INSERT INTO quotas (grant_id, day, kind, quota, used, before) VALUES (?, ?, ?, ?, 1, 0)
    ON CONFLICT (grant_id, day, kind) DO UPDATE SET
        before = used, quota = excluded.quota, used = max(used, min(used + 1, excluded.quota))
    RETURNING used - before
"""
LEASE = """
    INSERT INTO runs (order_id, attempt, runner, leased_until, state, task_id, source_id)
    VALUES (?, 1, ?, ?, 'sent', ?, ?)
    ON CONFLICT (order_id) DO UPDATE
        SET attempt = attempt + 1, runner = excluded.runner, leased_until = excluded.leased_until, state = 'sent',
            task_id = excluded.task_id, source_id = excluded.source_id
        WHERE leased_until <= ? AND state NOT IN (?, ?, ?)
    RETURNING attempt
"""
TAKEN = """
    SELECT coalesce(max(task_id = :task), 0) AND :task <> '' OR (:most > 0 AND count(*) FILTER (WHERE source_id = :source) >= :most)
    FROM runs WHERE state = 'sent' AND leased_until > :at AND order_id <> :id
"""
LATEST = """
    SELECT r.order_id, r.attempt, r.state, a.started_at, a.ended_at, coalesce(
        (SELECT envelope FROM receipts AS k WHERE k.order_id = r.order_id ORDER BY side LIMIT 1), x'')
    FROM runs AS r JOIN attempts AS a ON (a.order_id, a.attempt) = (r.order_id, r.attempt)
    ORDER BY a.started_at DESC LIMIT ?
"""
FIELDS = "id, order_id, grant_id, consumer_id, sealed_key, manifest, made_at, expires_at"


def written(at: datetime) -> str:
    """Return an instant as text that sorts like time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE IF NOT EXISTS versions (number integer PRIMARY KEY)")
    (have,) = connection.execute("SELECT coalesce(max(number), 0) FROM versions").fetchone()
    for number, statements in migrations("sqlite"):
        if number > have:
            for statement in statements.split(";\n"):
                connection.execute(statement)
            connection.execute("INSERT INTO versions VALUES (?)", (number,))
    connection.execute("COMMIT")


class SqliteBook:
    """One connection in one thread of its own; write-ahead log, full synchronisation."""

    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread

    @classmethod
    async def open(cls, path: str) -> Self:
        """Open or create the file and migrate it; `Unavailable` when it cannot be written."""
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="book")

        def connect() -> sqlite3.Connection:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            _migrate(connection)
            return connection

        try:
            connection = await asyncio.get_running_loop().run_in_executor(thread, connect)
        except (OSError, sqlite3.Error) as error:
            thread.shutdown(wait=False)
            raise Unavailable(f"无法打开运行账本文件 {path}，请检查目录权限与磁盘空间。") from error
        return cls(connection, thread)

    async def _do(self, deed: Callable[[sqlite3.Connection], T]) -> T:
        def transact() -> T:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                result = deed(self._connection)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
            return result

        return await asyncio.get_running_loop().run_in_executor(self._thread, transact)

    async def claim(self, claims: Sequence[Claim], *, at: datetime) -> list[Verdict]:
        """See `Book.claim`."""
        day = beijing_day(at).isoformat()

        def decide(connection: sqlite3.Connection, claim: Claim) -> Verdict:
            statement = "INSERT INTO nonces VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
            if not connection.execute(statement, (claim.key_id, claim.nonce, written(at))).rowcount:
                return Verdict.REPLAYED
            if not claim.quota:
                return Verdict.GIVEN
            (given,) = connection.execute(COUNT, (claim.grant_id, day, "call", claim.quota)).fetchone()
            return Verdict.GIVEN if given else Verdict.EXHAUSTED

        return await self._do(lambda connection: [decide(connection, claim) for claim in claims])

    async def count_batch(self, grant_id: str, *, quota: int, at: datetime) -> bool:
        """See `Book.count_batch`."""
        if not quota:
            return True
        values = (grant_id, beijing_day(at).isoformat(), "batch", quota)
        return bool(await self._do(lambda connection: connection.execute(COUNT, values).fetchone()[0]))

    async def use_ticket(self, nonce: str, *, at: datetime) -> bool:
        """See `Book.use_ticket`."""
        statement = "INSERT INTO tickets VALUES (?, ?) ON CONFLICT DO NOTHING"
        return bool(await self._do(lambda connection: connection.execute(statement, (nonce, written(at))).rowcount))

    async def forget(self, *, before: datetime) -> None:
        """See `Book.forget`."""

        def sweep(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM nonces WHERE used_at < ?", (written(before),))
            connection.execute("DELETE FROM tickets WHERE used_at < ?", (written(before),))
            connection.execute("DELETE FROM quotas WHERE day < date(?, '-1 day')", (beijing_day(before).isoformat(),))

        await self._do(sweep)

    async def lease(
        self, order_id: str, *, runner: str, at: datetime, until: datetime, place: Place = ANYWHERE
    ) -> int | None:
        """See `Book.lease`."""

        def take(connection: sqlite3.Connection) -> int | None:
            asked = {"id": order_id, "at": written(at), "most": place.most}
            asked |= {"task": place.task_id, "source": place.source_id}
            if connection.execute(TAKEN, asked).fetchone()[0]:
                return None
            values = (order_id, runner, written(until), place.task_id, place.source_id, written(at), *FINAL)
            row = connection.execute(LEASE, values).fetchone()
            if row is None:
                return None
            statement = "INSERT INTO attempts (order_id, attempt, runner, started_at) VALUES (?, ?, ?, ?)"
            connection.execute(statement, (order_id, row[0], runner, written(at)))
            return int(row[0])

        return await self._do(take)

    async def renew(self, order_id: str, *, runner: str, attempt: int, until: datetime) -> bool:
        """See `Book.renew`."""
        statement = """UPDATE runs SET leased_until = ?
            WHERE order_id = ? AND runner = ? AND attempt = ? AND state = 'sent'"""
        values = (written(until), order_id, runner, attempt)
        return bool(await self._do(lambda connection: connection.execute(statement, values).rowcount))

    async def close_run(self, order_id: str, *, runner: str, attempt: int, state: str, at: datetime) -> bool:
        """See `Book.close_run`."""

        def end(connection: sqlite3.Connection) -> bool:
            statement = "UPDATE runs SET state = ?, leased_until = ? WHERE order_id = ? AND runner = ? AND attempt = ?"
            if not connection.execute(statement, (state, written(at), order_id, runner, attempt)).rowcount:
                return False
            statement = "UPDATE attempts SET ended_at = ?, outcome = ? WHERE order_id = ? AND attempt = ?"
            connection.execute(statement, (written(at), state, order_id, attempt))
            return True

        return await self._do(end)

    async def reopen(self, order_id: str) -> None:
        """See `Book.reopen`."""
        statement = "UPDATE runs SET state = 'queued' WHERE order_id = ? AND state IN (?, ?, ?)"
        await self._do(lambda connection: connection.execute(statement, (order_id, *FINAL)))

    async def run(self, order_id: str) -> Run | None:
        """See `Book.run`."""
        statement = "SELECT order_id, attempt, runner, leased_until, state FROM runs WHERE order_id = ?"
        row = await self._do(lambda connection: connection.execute(statement, (order_id,)).fetchone())
        return Run(row[0], row[1], row[2], datetime.fromisoformat(row[3]), row[4]) if row else None

    async def latest(self, most: int) -> list[Attempt]:
        """See `Book.latest`."""
        rows = await self._do(lambda connection: connection.execute(LATEST, (most,)).fetchall())
        moment = datetime.fromisoformat
        return [
            Attempt(order, number, state, moment(began), moment(ended) if ended else None, receipt)
            for order, number, state, began, ended, receipt in rows
        ]

    async def keep_shape(self, digest: str, columns: bytes) -> None:
        """See `Book.keep_shape`."""
        statement = "INSERT INTO shapes VALUES (?, ?) ON CONFLICT DO NOTHING"
        await self._do(lambda connection: connection.execute(statement, (digest, columns)))

    async def shape(self, digest: str) -> bytes | None:
        """See `Book.shape`."""
        statement = "SELECT columns FROM shapes WHERE digest = ?"
        row = await self._do(lambda connection: connection.execute(statement, (digest,)).fetchone())
        return row[0] if row else None

    async def keep_feed(self, feed: Feed) -> None:
        """See `Book.keep_feed`."""
        values = (feed.name, feed.source_id, feed.grant_id, feed.order_id, written(feed.used_at))
        await self._do(lambda connection: connection.execute("REPLACE INTO feeds VALUES (?, ?, ?, ?, ?)", values))

    async def feeds(self) -> list[Feed]:
        """See `Book.feeds`."""
        statement = "SELECT name, source_id, grant_id, order_id, used_at FROM feeds"
        rows = await self._do(lambda connection: connection.execute(statement).fetchall())
        return [
            Feed(name, source, grant, order, datetime.fromisoformat(used_at))
            for name, source, grant, order, used_at in rows
        ]

    async def drop_feed(self, name: str) -> None:
        """See `Book.drop_feed`."""
        await self._do(lambda connection: connection.execute("DELETE FROM feeds WHERE name = ?", (name,)))

    async def arrivals(self, stream: str) -> list[Arrival]:
        """See `Book.arrivals`."""
        statement = "SELECT name, size, mark, sm3, order_id FROM arrivals WHERE stream = ?"
        rows = await self._do(lambda connection: connection.execute(statement, (stream,)).fetchall())
        return [Arrival(row[0].decode("utf-8", "surrogatepass"), *row[1:]) for row in rows]

    async def add_arrivals(self, stream: str, arrivals: Sequence[Arrival], *, at: datetime) -> None:
        """See `Book.add_arrivals`."""
        rows = [
            (
                stream,
                each.name.encode("utf-8", "surrogatepass"),
                each.size,
                each.mark,
                each.sm3,
                each.order_id,
                written(at),
            )
            for each in arrivals
        ]
        statement = "REPLACE INTO arrivals VALUES (?, ?, ?, ?, ?, ?, ?)"
        await self._do(lambda connection: connection.executemany(statement, rows))

    async def drop_arrivals(self, stream: str) -> None:
        """See `Book.drop_arrivals`."""
        await self._do(lambda connection: connection.execute("DELETE FROM arrivals WHERE stream = ?", (stream,)))

    async def file_part(self, tag: str) -> tuple[int, str] | None:
        """See `Book.file_part`."""
        statement = "SELECT taken, sm3 FROM file_parts WHERE tag = ?"
        return await self._do(lambda connection: connection.execute(statement, (tag,)).fetchone())

    async def keep_file_part(self, tag: str, offset: int, sm3: str, *, at: datetime) -> None:
        """See `Book.keep_file_part`."""
        values = (tag, offset, sm3, written(at))
        await self._do(lambda connection: connection.execute("REPLACE INTO file_parts VALUES (?, ?, ?, ?)", values))

    async def keep_receipt(self, order_id: str, side: str, envelope: bytes, *, at: datetime) -> None:
        """See `Book.keep_receipt`."""
        values = (order_id, side, envelope, written(at))
        await self._do(lambda connection: connection.execute("REPLACE INTO receipts VALUES (?, ?, ?, ?)", values))

    async def receipts(self, order_id: str) -> dict[str, bytes]:
        """See `Book.receipts`."""
        statement = "SELECT side, envelope FROM receipts WHERE order_id = ?"
        return dict(await self._do(lambda connection: connection.execute(statement, (order_id,)).fetchall()))

    async def add_artefact(self, artefact: Artefact) -> None:
        """See `Book.add_artefact`."""
        values = [getattr(artefact, name) for name in FIELDS.split(", ")]
        texts = [written(value) if isinstance(value, datetime) else value for value in values]
        statement = f"REPLACE INTO artefacts ({FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a constant
        await self._do(lambda connection: connection.execute(statement, texts))

    async def artefact(self, artefact_id: str) -> Artefact | None:
        """See `Book.artefact`."""
        found = await self._artefacts("WHERE id = ?", artefact_id)
        return found[0] if found else None

    async def artefacts(self, *, grants: Sequence[str]) -> list[Artefact]:
        """See `Book.artefacts`."""
        marks = ", ".join("?" * len(grants))
        return await self._artefacts(f"WHERE grant_id IN ({marks}) ORDER BY made_at DESC", *grants)

    async def artefacts_to_purge(self, *, at: datetime, ended: Sequence[str]) -> list[Artefact]:
        """See `Book.artefacts_to_purge`."""
        marks = ", ".join("?" * len(ended))
        return await self._artefacts(f"WHERE expires_at <= ? OR grant_id IN ({marks})", written(at), *ended)

    async def drop_artefact(self, artefact_id: str) -> None:
        """See `Book.drop_artefact`."""
        statement = "DELETE FROM artefacts WHERE id = ?"
        await self._do(lambda connection: connection.execute(statement, (artefact_id,)))

    async def close(self) -> None:
        """See `Book.close`."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()

    async def _artefacts(self, where: str, *values: object) -> list[Artefact]:
        statement = f"SELECT {FIELDS} FROM artefacts {where}"  # noqa: S608 - constants and question marks
        rows = await self._do(lambda connection: connection.execute(statement, values).fetchall())
        return [Artefact(*row[:6], *map(datetime.fromisoformat, row[6:])) for row in rows]
