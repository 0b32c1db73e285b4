"""The binlog as a stream of events: whole transactions only, and of a row nothing but its key before and after.

Where the log does not say which rows it means – a definition, a statement in place of rows, an event that the library
cannot read, a prepared transaction whose rows came in an earlier reading – the whole table is read instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pymysql
from pymysqlreplication import BinLogStreamReader
from pymysqlreplication.constants import BINLOG
from pymysqlreplication.event import (
    ExecuteLoadQueryEvent,
    FormatDescriptionEvent,
    NotImplementedEvent,
    QueryEvent,
    XAPrepareEvent,
    XidEvent,
)
from pymysqlreplication.row_event import DeleteRowsEvent, UpdateRowsEvent, WriteRowsEvent

from jutong.dataplane.engines.base import Key
from jutong.dataplane.engines.mysql.images import Images
from jutong.dataplane.engines.mysql.positions import Position
from jutong.dataplane.engines.mysql.statements import Deed, Statements

AT_ONCE = 20_000
"""Changes read at once; a greater transaction is read whole."""

MOST_KEYS = 200_000
"""Keys held in memory; where more were touched, the whole table is read instead."""

LOST = 2013
BEGINNING = 4
"""The byte at which the events of every file begin."""

COMPRESSED_QUERY = 165
IGNORED = frozenset({BINLOG.IGNORABLE_LOG_EVENT, BINLOG.ANONYMOUS_GTID_LOG_EVENT})

Touched = list[Key | None]
"""Keys of one transaction; None where it does not tell them."""


class Unreadable(Exception):  # noqa: N818 - a refusal, not a bug
    """An event that the library cannot read."""


class Binlog:
    """What was read: keys touched by whole transactions up to `place`, the newest of which was committed `at`.

    ended: whether the end of the log was reached. born: when the server began the file of `place`, in seconds of the
    epoch. prepared: the keys of transactions that are prepared and not yet committed, by the server's word for them; kept
    from reading to reading.
    """

    def __init__(
        self, schema: str, table: str, unique: Sequence[str], since: Position, prepared: dict[str, Touched]
    ) -> None:
        self.keys: dict[Key, None] = {}
        self.changes = 0
        self.everything = False
        self.place = since
        self.at = datetime.now(UTC)
        self.ended = False
        self.born = 0
        self._file_born = 0
        self._names = [[name, name.lower()] for name in (schema, table)]  # as servers that fold names write them
        self._statements = Statements(table)
        self._unique = tuple(unique)
        self._images: Images | None = None
        self._prepared = prepared
        self._xid = ""
        self._open: Touched = []  # keys of the transaction that is being read
        self._count = 0

    def read(self, settings: dict[str, Any], server: int, *, birth: bool = False) -> int:
        """Read to the end of the log or to enough; return the server's error number, 0 for none.

        birth: read no further than what says when the file began. One connection reads, one asks: the library would open
        a broken stream again in the midst of a transaction, where the names of its tables are missing, so a third is
        refused.
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

        stream = self._stream(settings, server, connect)
        try:
            while self.changes < AT_ONCE and not (birth and self.born) and not self.ended:
                self._take(stream.fetchone(), Position(stream.log_file, stream.log_pos))
        except pymysql.err.MySQLError as error:
            return int(error.args[0]) if error.args and isinstance(error.args[0], int) and error.args[0] else LOST
        except (ValueError, LookupError, TypeError, NotImplementedError) as error:
            raise Unreadable from error
        finally:
            stream.close()
        return 0

    def _stream(self, settings: dict[str, Any], server: int, connect: Any) -> Any:
        return BinLogStreamReader(
            connection_settings=settings,
            server_id=server,
            log_file=self.place.file,
            log_pos=self.place.byte,
            resume_stream=True,
            only_events=[
                WriteRowsEvent,
                UpdateRowsEvent,
                DeleteRowsEvent,
                QueryEvent,
                XidEvent,
                XAPrepareEvent,
                ExecuteLoadQueryEvent,
                FormatDescriptionEvent,
                NotImplementedEvent,
            ],
            filter_non_implemented_events=False,
            only_schemas=self._names[0],
            only_tables=self._names[1],
            pymysql_wrapper=connect,
            enable_logging=False,
        )

    def _take(self, event: Any, place: Position) -> None:
        """Take one event, None at the end of the log; a transaction counts when its end has come."""
        if event is None:
            self.ended = True
            if not self._open and place.file != self.place.file:
                self.place, self.born = Position(place.file, BEGINNING), self._file_born  # the files before may go
        elif isinstance(event, QueryEvent):
            self._said(event, place)
        elif isinstance(event, XidEvent):
            self._end(event, place)
        elif isinstance(event, XAPrepareEvent):
            self._prepare(event, place)
        elif isinstance(event, FormatDescriptionEvent):
            self._file_born = event.timestamp
            self.born = self.born or event.timestamp
        elif isinstance(event, NotImplementedEvent | ExecuteLoadQueryEvent):
            self._unknown(event, place)
        else:
            self._changed(event)

    def _changed(self, event: Any) -> None:
        """Take rows of our table."""
        if self._images is None or self._images.columns is not event.columns:
            self._images = Images(event.columns, self._unique)
        before = len(self._open)
        self._open.extend(self._images.keys(event))
        came = len(self._open) - before
        self._count += came // 2 if isinstance(event, UpdateRowsEvent) else came
        if len(self._open) > MOST_KEYS:
            self._open = [None]

    def _unknown(self, event: Any, place: Position) -> None:
        """Take an event that does not say what it changed: rows or a statement, compressed; a file loaded; a gap owned to."""
        if event.event_type not in IGNORED:
            self._open.append(None)
        if event.event_type == COMPRESSED_QUERY:  # maybe a definition, which no other event ends
            self._end(event, place)

    def _said(self, event: Any, place: Position) -> None:
        """Take a statement: an end of a transaction, or one after which of our table nothing is known."""
        deed, named = self._statements.told(event.query)
        if deed is Deed.PART:
            return
        if deed is Deed.BEGIN_PREPARED:
            self._xid = named
            return
        if deed is Deed.ROWS:
            self._open.append(None)
            return
        if deed is Deed.COMMIT_PREPARED:
            self._open += self._prepared.pop(named, [None])
        elif deed is Deed.UNDO_PREPARED:
            self._prepared.pop(named, None)
        elif deed is Deed.UNDO:
            self._open, self._count = [], 0
        elif deed is Deed.DEFINE:
            self._open.append(None)
        self._end(event, place)

    def _prepare(self, event: Any, place: Position) -> None:
        """Keep a prepared transaction's keys until it is committed: before that, nobody sees its rows."""
        if not event.one_phase:
            self._prepared[self._xid], self._open, self._count = self._open, [], 0
        self._end(event, place)

    def _end(self, event: Any, place: Position) -> None:
        """Count a transaction in."""
        self.place, self.born = place, self._file_born
        if self._open:
            self.at = datetime.fromtimestamp(event.timestamp, UTC)
            self.changes += max(1, self._count)
            self.everything = self.everything or None in self._open
            self.keys.update((key, None) for key in self._open if key is not None)
            if len(self.keys) > MOST_KEYS:
                self.keys.clear()
                self.everything = True
        self._open, self._count = [], 0
