"""The book in PostgreSQL: schema `book`, shared by every gateway and runner process."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any, Self

import asyncpg
import msgspec

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

_ENCODER = msgspec.json.Encoder()
LOCK = 0x6A75746F6E67  # "jutong": one process migrates at a time

COUNT = """
    INSERT INTO book.quotas AS q (grant_id, day, kind, quota, used, before)
    {source}
    ON CONFLICT (grant_id, day, kind) DO UPDATE SET
        before = q.used, quota = excluded.quota,
        used = greatest(q.used, least(q.used + excluded.used, excluded.quota))
    RETURNING grant_id, used - before AS given
"""
FRESH = """
    SELECT grant_id, $3::date, 'call', max(quota), least(count(*), max(quota)), 0
    FROM asked JOIN fresh USING (key_id, nonce) WHERE quota > 0 GROUP BY grant_id ORDER BY grant_id
"""
CLAIM = f"""
    WITH asked AS (
        SELECT a ->> 0 AS key_id, a ->> 1 AS nonce, a ->> 2 AS grant_id, (a ->> 3)::bigint AS quota
        FROM jsonb_array_elements($1::jsonb) AS a
    ), fresh AS (
        INSERT INTO book.nonces (key_id, nonce, used_at)
        SELECT key_id, nonce, $2::timestamptz FROM asked ORDER BY key_id, nonce
        ON CONFLICT DO NOTHING RETURNING key_id, nonce
    ), counted AS ({COUNT.format(source=FRESH)})
    (SELECT key_id, nonce, NULL::bigint AS given FROM asked EXCEPT SELECT key_id, nonce, NULL FROM fresh)
    UNION ALL SELECT grant_id, NULL, given FROM counted
"""  # noqa: S608 - put together from constants
LEASE = """
    WITH taken AS (
        INSERT INTO book.runs AS r (order_id, attempt, runner, leased_until, state, task_id, source_id)
        VALUES ($1, 1, $2, $4, 'sent', $6, $7)
        ON CONFLICT (order_id) DO UPDATE
            SET attempt = r.attempt + 1, runner = excluded.runner, leased_until = excluded.leased_until, state = 'sent',
                task_id = excluded.task_id, source_id = excluded.source_id
            WHERE r.leased_until <= $3 AND r.state <> ALL($5::text[])
        RETURNING attempt
    )
    INSERT INTO book.attempts (order_id, attempt, runner, started_at) SELECT $1, attempt, $2, $3 FROM taken
    RETURNING attempt
"""
TAKEN = """
    SELECT coalesce(bool_or(task_id = $3) AND $3 <> '', false) OR ($5 > 0 AND count(*) FILTER (WHERE source_id = $4) >= $5)
    FROM book.runs WHERE state = 'sent' AND leased_until > $2 AND order_id <> $1
"""
LEASING = 0x6C65617365  # "lease": whether a place is taken is asked and answered by one runner at a time
CLOSE = """
    WITH closed AS (
        UPDATE book.runs SET state = $4, leased_until = $5
        WHERE order_id = $1 AND runner = $2 AND attempt = $3 RETURNING order_id
    )
    UPDATE book.attempts SET ended_at = $5, outcome = $4
    WHERE attempt = $3 AND order_id = (SELECT order_id FROM closed)
"""
LATEST = """
    SELECT r.order_id, r.attempt, r.state, a.started_at, a.ended_at, coalesce(
        (SELECT envelope FROM book.receipts AS k WHERE k.order_id = r.order_id ORDER BY side LIMIT 1), ''::bytea)
    FROM book.runs AS r JOIN book.attempts AS a ON (a.order_id, a.attempt) = (r.order_id, r.attempt)
    ORDER BY a.started_at DESC LIMIT $1
"""
FIELDS = "id, order_id, grant_id, consumer_id, sealed_key, manifest, made_at, expires_at"


async def migrate(connection: asyncpg.Connection[Any]) -> None:
    """Bring schema `book` to the newest version, one process at a time."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        if await connection.fetchval("SELECT to_regnamespace('book')") is None:  # IF NOT EXISTS asks for the right to
            await connection.execute("CREATE SCHEMA book")
        await connection.execute("CREATE TABLE IF NOT EXISTS book.versions (number integer PRIMARY KEY)")
        have = await connection.fetchval("SELECT coalesce(max(number), 0) FROM book.versions")
        for number, statements in migrations("postgresql"):
            if number > have:
                await connection.execute(statements)
                await connection.execute("INSERT INTO book.versions VALUES ($1)", number)


async def _as_it_is(_connection: Any) -> None:
    """Give a session back without a round trip: each deed here is one statement and leaves nothing to reset."""


class _Steady:
    """A pool whose lost connections are refusals, so that work is put back and not given up."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def execute(self, statement: str, *values: Any) -> str:
        """Run a statement and return its tag."""
        with _answering():
            tag: str = await self._pool.execute(statement, *values)
        return tag

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        """Return all rows."""
        with _answering():
            return list(await self._pool.fetch(statement, *values))

    async def fetchrow(self, statement: str, *values: Any) -> Any:
        """Return one row."""
        with _answering():
            return await self._pool.fetchrow(statement, *values)

    async def fetchval(self, statement: str, *values: Any) -> Any:
        """Return one value."""
        with _answering():
            return await self._pool.fetchval(statement, *values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """Lend a connection inside a transaction."""
        with _answering():
            async with self._pool.acquire() as connection, connection.transaction():
                yield connection

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError) as error:
        raise Unavailable(f"运行账本的数据库没有应答（{type(error).__name__}），稍后自动重试。") from error
    except (asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.CannotConnectNowError) as error:
        raise Unavailable("运行账本的数据库正在重启，稍后自动重试。") from error


class PostgresqlBook:
    """A pool of few connections; the gathering of claims keeps them few."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = _Steady(pool)

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect and migrate; `Unavailable` with the reason when the server does not answer."""
        try:
            pool = await asyncpg.create_pool(
                url, min_size=1, max_size=6, command_timeout=30, timeout=10, reset=_as_it_is
            )
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            message = (
                f"无法连接运行账本的数据库（{type(error).__name__}），请检查 JUTONG_BOOK_URL 或 JUTONG_DATABASE_URL。"
            )
            raise Unavailable(message) from error
        async with pool.acquire() as connection:
            await migrate(connection)
        return cls(pool)

    async def claim(self, claims: Sequence[Claim], *, at: datetime) -> list[Verdict]:
        """See `Book.claim`: one statement, one commit for the whole batch."""
        first: dict[tuple[str, str], Claim] = {}
        for claim in claims:
            first.setdefault((claim.key_id, claim.nonce), claim)
        found = await self._pool.fetch(
            CLAIM,
            _ENCODER.encode(list(first.values())).decode(),
            at,
            beijing_day(at),
        )
        if not found and len(first) == len(claims) and not any(claim.quota for claim in claims):
            return [Verdict.GIVEN] * len(claims)
        used = {(row[0], row[1]) for row in found if row[2] is None}
        left = Counter({row[0]: row[2] for row in found if row[2] is not None})
        return [self._verdict(claim, first, used, left) for claim in claims]

    @staticmethod
    def _verdict(
        claim: Claim, first: dict[tuple[str, str], Claim], used: set[tuple[str, str]], left: Counter[str]
    ) -> Verdict:
        name = (claim.key_id, claim.nonce)
        if name in used or first[name] is not claim:
            return Verdict.REPLAYED
        if not claim.quota:
            return Verdict.GIVEN
        left[claim.grant_id] -= 1
        return Verdict.GIVEN if left[claim.grant_id] >= 0 else Verdict.EXHAUSTED

    async def count_batch(self, grant_id: str, *, quota: int, at: datetime) -> bool:
        """See `Book.count_batch`."""
        if not quota:
            return True
        statement = COUNT.format(source="VALUES ($1, $2::date, 'batch', $3::bigint, 1, 0)")
        given = await self._pool.fetchrow(statement, grant_id, beijing_day(at), quota)
        return bool(given and given["given"])

    async def use_ticket(self, nonce: str, *, at: datetime) -> bool:
        """See `Book.use_ticket`."""
        statement = "INSERT INTO book.tickets VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING nonce"
        return await self._pool.fetchval(statement, nonce, at) is not None

    async def forget(self, *, before: datetime) -> None:
        """See `Book.forget`."""
        await self._pool.execute("DELETE FROM book.nonces WHERE used_at < $1", before)
        await self._pool.execute("DELETE FROM book.tickets WHERE used_at < $1", before)
        await self._pool.execute(
            "DELETE FROM book.file_parts WHERE noted_at < $1::timestamptz - interval '30 days'", before
        )
        await self._pool.execute("DELETE FROM book.quotas WHERE day < $1::date - 1", beijing_day(before))

    async def lease(
        self, order_id: str, *, runner: str, at: datetime, until: datetime, place: Place = ANYWHERE
    ) -> int | None:
        """See `Book.lease`."""
        where = (place.task_id, place.source_id)
        async with self._pool.transaction() as connection:
            if place.task_id or place.most:
                await connection.execute("SELECT pg_advisory_xact_lock($1)", LEASING)
                if await connection.fetchval(TAKEN, order_id, at, *where, place.most):
                    return None
            attempt: int | None = await connection.fetchval(LEASE, order_id, runner, at, until, FINAL, *where)
        return attempt

    async def renew(self, order_id: str, *, runner: str, attempt: int, until: datetime) -> bool:
        """See `Book.renew`."""
        statement = """UPDATE book.runs SET leased_until = $4
            WHERE order_id = $1 AND runner = $2 AND attempt = $3 AND state = 'sent' RETURNING attempt"""
        return await self._pool.fetchval(statement, order_id, runner, attempt, until) is not None

    async def close_run(self, order_id: str, *, runner: str, attempt: int, state: str, at: datetime) -> bool:
        """See `Book.close_run`."""
        done: str = await self._pool.execute(CLOSE, order_id, runner, attempt, state, at)
        return done == "UPDATE 1"

    async def reopen(self, order_id: str) -> None:
        """See `Book.reopen`."""
        statement = "UPDATE book.runs SET state = 'queued' WHERE order_id = $1 AND state = ANY($2::text[])"
        await self._pool.execute(statement, order_id, FINAL)

    async def run(self, order_id: str) -> Run | None:
        """See `Book.run`."""
        statement = "SELECT order_id, attempt, runner, leased_until, state FROM book.runs WHERE order_id = $1"
        row = await self._pool.fetchrow(statement, order_id)
        return Run(*row) if row else None

    async def latest(self, most: int) -> list[Attempt]:
        """See `Book.latest`."""
        return [Attempt(*row) for row in await self._pool.fetch(LATEST, most)]

    async def keep_shape(self, digest: str, columns: bytes) -> None:
        """See `Book.keep_shape`."""
        await self._pool.execute("INSERT INTO book.shapes VALUES ($1, $2) ON CONFLICT DO NOTHING", digest, columns)

    async def shape(self, digest: str) -> bytes | None:
        """See `Book.shape`."""
        found: bytes | None = await self._pool.fetchval("SELECT columns FROM book.shapes WHERE digest = $1", digest)
        return found

    async def keep_feed(self, feed: Feed) -> None:
        """See `Book.keep_feed`."""
        statement = """INSERT INTO book.feeds VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET
            grant_id = excluded.grant_id, order_id = excluded.order_id, used_at = excluded.used_at"""
        await self._pool.execute(statement, feed.name, feed.source_id, feed.grant_id, feed.order_id, feed.used_at)

    async def feeds(self) -> list[Feed]:
        """See `Book.feeds`."""
        rows = await self._pool.fetch("SELECT name, source_id, grant_id, order_id, used_at FROM book.feeds")
        return [Feed(*row) for row in rows]

    async def drop_feed(self, name: str) -> None:
        """See `Book.drop_feed`."""
        await self._pool.execute("DELETE FROM book.feeds WHERE name = $1", name)

    async def arrivals(self, stream: str) -> list[Arrival]:
        """See `Book.arrivals`."""
        statement = "SELECT name, size, mark, sm3, order_id FROM book.arrivals WHERE stream = $1"
        rows = await self._pool.fetch(statement, stream)
        return [Arrival(row["name"].decode("utf-8", "surrogatepass"), *list(row)[1:]) for row in rows]

    async def add_arrivals(self, stream: str, arrivals: Sequence[Arrival], *, at: datetime) -> None:
        """See `Book.add_arrivals`: one statement for all of them."""
        statement = """INSERT INTO book.arrivals (stream, arrived_at, name, size, mark, sm3, order_id)
            SELECT $1, $2, * FROM unnest($3::bytea[], $4::bigint[], $5::text[], $6::text[], $7::text[])
            ON CONFLICT (stream, name) DO UPDATE SET size = excluded.size, mark = excluded.mark, sm3 = excluded.sm3,
                order_id = excluded.order_id, arrived_at = excluded.arrived_at"""
        await self._pool.execute(
            statement,
            stream,
            at,
            [each.name.encode("utf-8", "surrogatepass") for each in arrivals],
            [each.size for each in arrivals],
            [each.mark for each in arrivals],
            [each.sm3 for each in arrivals],
            [each.order_id for each in arrivals],
        )

    async def drop_arrivals(self, stream: str) -> None:
        """See `Book.drop_arrivals`."""
        await self._pool.execute("DELETE FROM book.arrivals WHERE stream = $1", stream)

    async def file_part(self, tag: str) -> tuple[int, str] | None:
        """See `Book.file_part`."""
        row = await self._pool.fetchrow("SELECT taken, sm3 FROM book.file_parts WHERE tag = $1", tag)
        return (row["taken"], row["sm3"]) if row else None

    async def keep_file_part(self, tag: str, offset: int, sm3: str, *, at: datetime) -> None:
        """See `Book.keep_file_part`."""
        statement = """INSERT INTO book.file_parts VALUES ($1, $2, $3, $4) ON CONFLICT (tag) DO UPDATE
            SET taken = excluded.taken, sm3 = excluded.sm3, noted_at = excluded.noted_at"""
        await self._pool.execute(statement, tag, offset, sm3, at)

    async def keep_receipt(self, order_id: str, side: str, envelope: bytes, *, at: datetime) -> None:
        """See `Book.keep_receipt`."""
        statement = """INSERT INTO book.receipts VALUES ($1, $2, $3, $4)
            ON CONFLICT (order_id, side) DO UPDATE SET envelope = excluded.envelope, kept_at = excluded.kept_at"""
        await self._pool.execute(statement, order_id, side, envelope, at)

    async def receipts(self, order_id: str) -> dict[str, bytes]:
        """See `Book.receipts`."""
        rows = await self._pool.fetch("SELECT side, envelope FROM book.receipts WHERE order_id = $1", order_id)
        return {row["side"]: row["envelope"] for row in rows}

    async def add_artefact(self, artefact: Artefact) -> None:
        """See `Book.add_artefact`."""
        statement = f"""INSERT INTO book.artefacts ({FIELDS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (id) DO UPDATE SET sealed_key = excluded.sealed_key, manifest = excluded.manifest,
                made_at = excluded.made_at, expires_at = excluded.expires_at"""  # noqa: S608 - a constant
        values = (getattr(artefact, name) for name in FIELDS.split(", "))
        await self._pool.execute(statement, *values)

    async def artefact(self, artefact_id: str) -> Artefact | None:
        """See `Book.artefact`."""
        found = await self._artefacts("WHERE id = $1", artefact_id)
        return found[0] if found else None

    async def artefacts(self, *, grants: Sequence[str]) -> list[Artefact]:
        """See `Book.artefacts`."""
        return await self._artefacts("WHERE grant_id = ANY($1::text[]) ORDER BY made_at DESC", grants)

    async def artefacts_to_purge(self, *, at: datetime, ended: Sequence[str]) -> list[Artefact]:
        """See `Book.artefacts_to_purge`."""
        return await self._artefacts("WHERE expires_at <= $1 OR grant_id = ANY($2::text[])", at, ended)

    async def drop_artefact(self, artefact_id: str) -> None:
        """See `Book.drop_artefact`."""
        await self._pool.execute("DELETE FROM book.artefacts WHERE id = $1", artefact_id)

    async def close(self) -> None:
        """See `Book.close`."""
        await self._pool.close()

    async def _artefacts(self, where: str, *values: object) -> list[Artefact]:
        rows = await self._pool.fetch(f"SELECT {FIELDS} FROM book.artefacts {where}", *values)  # noqa: S608 - constants
        return [Artefact(*row) for row in rows]
