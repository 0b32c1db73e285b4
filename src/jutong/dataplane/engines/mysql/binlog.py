"""The binlog as a stream of events: whole transactions only, and of a row nothing but its key before and after."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pymysql
from pymysqlreplication import BinLogStreamReader
from pymysqlreplication.event import QueryEvent, XidEvent
from pymysqlreplication.row_event import DeleteRowsEvent, UpdateRowsEvent, WriteRowsEvent

from jutong.dataplane.engines.base import Key
from jutong.dataplane.engines.mysql.positions import Position

AT_ONCE = 20_000
"""Changes read at once; a greater transaction is read whole."""

MOST_KEYS = 200_000
"""Keys held in memory; where more were touched, the whole table is read instead."""

LOST = 2013
_PART = re.compile(rb"\s*(begin|savepoint|rollback to)\b", re.IGNORECASE)
_UNDONE = re.compile(rb"\s*rollback\s*$", re.IGNORECASE)


class Unreadable(Exception):  # noqa: N818 - a refusal, not a bug
    """An event that the library cannot read."""


def text(value: Any) -> str | None:
    """Return the canonical text of a key's value as the log has it; None for what is no key."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, int | str) else None


class Binlog:
    """What was read: keys touched by whole transactions up to `place`, the newest of which was committed `at`."""

    def __init__(self, schema: str, table: str, unique: Sequence[str], since: Position) -> None:
        self.keys: dict[Key, None] = {}
        self.changes = 0
        self.everything = False
        self.place = since
        self.at = datetime.now(UTC)
        self._names = (schema, table)
        self._word = re.compile(rb"(?<!\w)" + re.escape(table.encode()) + rb"(?!\w)", re.IGNORECASE)
        self._unique = tuple(unique)
        self._open: list[Key | None] = []  # keys of the transaction that is being read
        self._count = 0

    def read(self, settings: dict[str, Any], server: int) -> int:
        """Read to the end of the log or to enough; return the server's error number, 0 for none.

        One connection reads, one asks: the library would open a broken stream again in the midst of a transaction, where
        the names of its tables are missing, so a third is refused.
        """
        connections = 0

        def connect(**arguments: Any) -> Any:
            nonlocal connections
            connections += 1
            if connections > 2:  # noqa: PLR2004
                raise pymysql.err.OperationalError(LOST, "the stream broke")
            if "db" in arguments:  # the library's word for it, which its driver no longer likes
                arguments["database"] = arguments.pop("db")
            return pymysql.connect(**arguments)

        stream = BinLogStreamReader(
            connection_settings=settings,
            server_id=server,
            log_file=self.place.file,
            log_pos=self.place.byte,
            resume_stream=True,
            only_events=[WriteRowsEvent, UpdateRowsEvent, DeleteRowsEvent, QueryEvent, XidEvent],
            only_schemas=[self._names[0]],
            only_tables=[self._names[1]],
            pymysql_wrapper=connect,
            enable_logging=False,
        )
        try:
            while self.changes < AT_ONCE and (event := stream.fetchone()) is not None:
                self._take(event, Position(stream.log_file, stream.log_pos))
        except pymysql.err.MySQLError as error:
            return int(error.args[0]) if error.args and isinstance(error.args[0], int) and error.args[0] else LOST
        except (ValueError, LookupError, TypeError, NotImplementedError) as error:
            raise Unreadable from error
        finally:
            stream.close()
        return 0

    def _take(self, event: Any, place: Position) -> None:
        """Take one event; a transaction counts when its end has come."""
        if isinstance(event, QueryEvent):
            self._said(event, place)
        elif isinstance(event, XidEvent):
            self._end(event, place)
        else:
            for row in event.rows:
                self._count += 1
                images = [row["values"]] if "values" in row else [row["before_values"], row["after_values"]]
                self._open.extend(map(self._key, images))

    def _said(self, event: Any, place: Position) -> None:
        """Take a statement: the end of a transaction, or a definition, after which of our table nothing is known."""
        query = event.query.encode() if isinstance(event.query, str) else event.query
        if _PART.match(query):
            return
        if _UNDONE.match(query):
            self._open, self._count = [], 0
        elif self._word.search(query):
            self._open.append(None)
        self._end(event, place)

    def _key(self, image: dict[str, Any]) -> Key | None:
        key = tuple(text(image.get(name)) for name in self._unique)
        return None if None in key else key  # type: ignore[return-value]

    def _end(self, event: Any, place: Position) -> None:
        """Count a transaction in."""
        self.place = place
        if self._open:
            self.at = datetime.fromtimestamp(event.timestamp, UTC)
            self.changes += max(1, self._count)
            self.everything = self.everything or None in self._open
            self.keys.update((key, None) for key in self._open if key is not None)
            if len(self.keys) > MOST_KEYS:
                self.keys.clear()
                self.everything = True
        self._open, self._count = [], 0
