"""One session of a blocking driver, used from one thread at a time, its errors told in our words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from jutong.dataplane.engines.addresses import resolve
from jutong.dataplane.engines.dbapi.dialect import Dialect
from jutong.dataplane.errors import Refusal, Unavailable
from jutong.wire.bundle import Access

FETCHED = 2000


@contextmanager
def refusing(title: str, dialect: Dialect) -> Iterator[None]:
    """Turn a driver's errors into refusals; anything unknown is a bug and goes on."""
    try:
        yield
    except Refusal:
        raise
    except dialect.errors() as error:
        raise dialect.refusal(error, title) from error
    except (TimeoutError, OSError) as error:
        raise Unavailable(f"数据源“{title}”无法连接，请检查地址、端口与网络。") from error


class Session:
    """A connection of the driver."""

    def __init__(self, connection: Any, title: str, dialect: Dialect) -> None:
        self.dialect = dialect
        self.title = title
        self._connection = connection
        self._turn = asyncio.Lock()

    async def _run(self, deed: Any, *given: Any) -> Any:
        async with self._turn:
            with refusing(self.title, self.dialect):
                return await asyncio.to_thread(deed, *given)

    async def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement with its values bound and return its rows."""
        return list((await self.cursor(statement, values, most=-1))[1])

    async def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run a statement with its values bound and return how many rows it touched."""
        cursor, _ = await self.cursor(statement, values)
        count: int = cursor.rowcount
        return count

    async def cursor(self, statement: str, values: Sequence[Any] = (), *, most: int = 0) -> tuple[Any, list[Any]]:
        """Run a statement; return its cursor, and its rows where `most` is -1."""

        def deed() -> tuple[Any, list[Any]]:
            cursor = self._connection.cursor()
            cursor.arraysize = FETCHED
            cursor.execute(statement, tuple(values)) if values else cursor.execute(statement)
            return cursor, cursor.fetchall() if most else []

        found: tuple[Any, list[Any]] = await self._run(deed)
        return found

    async def more(self, cursor: Any) -> list[Any]:
        """Return the next rows of a cursor."""
        found: list[Any] = await self._run(cursor.fetchmany, FETCHED)
        return found

    async def insert(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for many rows of values."""

        def deed() -> None:
            self._connection.cursor().executemany(statement, rows)

        await self._run(deed)

    async def commit(self) -> None:
        """Commit."""
        await self._run(self._connection.commit)

    async def rollback(self) -> None:
        """Roll back."""
        await self._run(self._connection.rollback)

    def close(self) -> None:
        """Close; what is not committed is gone."""
        with suppress(Exception):
            self._connection.close()


async def open_session(access: Access, title: str, dialect: Dialect, *, reading: bool) -> Session:
    """Open a session after checking its address; a missing driver is refused naming the extra to install."""
    host = access.host
    if dialect.network:
        host = await resolve(access.host, access.port or dialect.port, access.database)
    with refusing(title, dialect):
        connection = await asyncio.to_thread(dialect.connect, access, host, reading)
    session = Session(connection, title, dialect)
    for statement in dialect.begin if reading else dialect.start:
        await session.execute(statement)
    return session
