"""What every engine can be asked: the port between a plan and a kind of data source."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from jutong.dataplane.engines.types import Type
from jutong.dataplane.errors import TooLarge
from jutong.dataplane.masking import mask
from jutong.dataplane.partitions import Cut
from jutong.dataplane.policy import Plan
from jutong.dataplane.values import order
from jutong.wire.bundle import Access, Endpoint
from jutong.wire.grants import Kind, Masking
from jutong.wire.probe import FoundTable
from jutong.wire.transfers import TableMode, Tally

Sink = Callable[[bytes], Awaitable[None]]

POSITION = "jutong_position"
TASK = "jutong_task"
"""The table beside every target that holds which orders have landed; written together with their rows."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine does itself; whatever it does not, the data plane does in Python on canonical texts.

    filters, masks: in its own query. snapshot: several statements see one state. stages: a landing can be checked before
    anyone sees it, and data and position commit together. relay: engines whose binary streams it takes byte for byte;
    every other pair moves canonical text lines.
    """

    filters: bool
    masks: bool
    snapshot: bool
    stages: bool
    relay: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shape:
    """One column as it leaves a source.

    type: the native type with its length, for creating a table. base: the native type without, for comparing types;
    both mean something to `engine` only. neutral: what every other engine goes by.
    """

    name: str
    type: str
    base: str
    neutral: Type
    engine: str


@dataclass(frozen=True, slots=True)
class Position:
    """What a target already holds of an order: written with the data in one transaction, so it is proof of landing."""

    order_id: str
    tally: Tally
    at: datetime


@dataclass(frozen=True, slots=True)
class Target:
    """Where a landing goes. unique: key columns, used by upserts and for creating the table.

    task_id: whose mark moves with the data, empty for none. cut: the partitions that are tallied; parts: the only ones
    that come, and whose rows in the target give way to them. keyed: a new target table gets the key. step: one of many
    landings of an order, of which only the task's mark is written down. sift: rows come as texts and are looked at one
    by one (see `dirty.Sifting`).
    """

    order_id: str
    grant_id: str
    schema: str
    table: str
    mode: TableMode
    unique: tuple[str, ...] = ()
    task_id: str = ""
    cut: Cut | None = None
    parts: tuple[str, ...] = ()
    keyed: bool = False
    step: bool = False
    sift: bool = False


Key = tuple[str, ...]
"""Canonical texts of a row's key columns, in the order of `Plan.unique`."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a change log tells since it was last forgotten up to: which rows were touched, not what they became.

    changes: how many there were; none where only the position went on. position: up to where they go. at: when the newest was committed. everything: the keys
    do not tell it all, so the whole table must be read. seen: what a reading must see, where the position alone does not say it (see `Reading.sees`).
    """

    keys: list[Key]
    changes: int
    position: str
    at: datetime
    everything: bool = False
    seen: frozenset[int] = frozenset()


class Log(Protocol):
    """A source's own change log of one table, held open under a name until it is dropped."""

    async def open(self) -> bool:
        """Hold the log open; True when it begins only now, so that whatever happened before is not in it."""

    async def named(self, position: str) -> str:
        """Return a position that a reading gave (`Reading.logged`) as a target keeps it: with what proves the log the same."""

    async def resume(self, position: str) -> None:
        """Go on behind a position that a target holds; `RuleBroken` when what happened since can no longer be told."""

    async def read(self) -> Changes | None:
        """Return what happened since the position last forgotten; None when nothing did."""

    async def forget(self, position: str) -> None:
        """Let the source throw away what is before a position; the next `read` begins there."""

    async def retained(self) -> int | None:
        """Return how many bytes the source keeps for this log; None when it is not held open."""

    async def drop(self) -> None:
        """Let go of the log for good."""


@runtime_checkable
class Logging(Protocol):
    """An engine whose sources tell their changes."""

    def log(self, name: str, plan: Plan) -> AbstractAsyncContextManager[Log]:
        """Open a change log of a plan's table."""

    async def capturing(self) -> str:
        """Say, to whoever tests the source, that its changes can be captured, or what its administrator has to do before."""


class Reading(Protocol):
    """One plan read from one consistent state of its source."""

    shapes: tuple[Shape, ...]

    @property
    def methods(self) -> tuple[str, ...]:
        """Return the ways in which the source can tally what it hands over, the cheapest first."""

    async def tally(self, method: str) -> Tally:
        """Count and sum, inside the source, exactly the rows that this reading hands over."""

    async def parts(self, method: str, cut: Cut) -> dict[str, Tally]:
        """Do the same for each partition; the partitions together are all rows."""

    async def highest(self, column: str) -> tuple[str | None, bool]:
        """Return the greatest value of a column among the plan's rows, and whether a row has none."""

    async def sees(self, changes: Changes) -> bool:
        """Tell whether this reading's state contains these changes: a log may tell of one before others can see it."""

    async def logged(self) -> str:
        """Return the position in the source's change log that this reading's state stands for (see `Log.resume`)."""

    def digests(self, method: str) -> AsyncIterator[list[tuple[Key, str]]]:
        """Return each row's key and number by a method, sorted by the bytes of the key's texts."""

    def narrow(self, plan: Plan) -> None:
        """Read, of the same fields and the same state, only what another plan lets through."""

    def cast(self, casts: Sequence[str]) -> None:
        """Cast each column to a base type of a target of the same engine, in relays and in their tallies."""

    async def relay(self, sink: Sink) -> int:
        """Hand over all rows, masked, in the engine's own binary stream; return how many the source says it sent."""

    def counter(self) -> Callable[[bytes], int]:
        """Return what counts the rows that begin in each successive chunk of a relay, for pacing."""

    async def lines(self, sink: Sink) -> int:
        """Hand over all rows as canonical text lines, keyed hashes not yet applied; return how many.

        The lines are PostgreSQL COPY text: canonical texts joined by tabs, backslash-N where missing, and a backslash
        before what would end a cell or a line (`transfer.lines` reads them back).
        """


class Landing(Protocol):
    """One order arriving in one target table, inside one transaction that nobody sees before `settle`."""

    position: Position | None  # set when this order has landed before: nothing is left to do
    existing: bool  # whether the target table was there before
    mark: str  # how far the task has come, empty before its first landing
    casts: tuple[str, ...]

    @property
    def methods(self) -> tuple[str, ...]:
        """Return the ways in which the target can tally what lies in the staging table, the cheapest first."""

    async def receive(self, chunks: AsyncIterator[bytes], *, binary: bool) -> int:
        """Take the stream into a staging table: the engine's own (see `Capabilities.relay`), or canonical text lines.

        Returns how many rows the target says it took.
        """

    async def rows_done(self) -> int:
        """Return how many rows have been taken so far, for progress."""

    async def tally(self, method: str) -> Tally:
        """Count and sum, inside the target, what lies in the staging table."""

    async def parts(self, method: str, cut: Cut) -> dict[str, Tally]:
        """Do the same for each partition."""

    async def give_way(self, keys: Sequence[Key]) -> None:
        """Let the rows with these keys give way to the staged ones, at `settle`; may be called again and again."""

    def digests(self, method: str) -> AsyncIterator[list[tuple[Key, str]]]:
        """Do in the target table, as it was before, what `Reading.digests` does in the source."""

    async def whole(self, method: str) -> Tally:
        """Count and sum, inside the target, the whole target table as it will be."""

    async def settle(self, tally: Tally, *, at: datetime, mark: str = "", held: Sequence[str] = ()) -> None:
        """Merge into the target table, write position and mark; committed together when the landing is left in peace.

        held: partitions that did not reconcile: their rows stay as they were, and no position is written, since the
        order has not landed. Such a landing is for modes that may be repeated, not for appending.
        """


def shortest(seconds: int, access: Access) -> int:
    """Return how many seconds a reading statement may take: ours (0: no limit of ours) and the source owner's."""
    return min(filter(None, (seconds, access.statement_seconds)), default=0)


class Engine(Protocol):
    """One data source, opened with its access; pooled, safe for concurrent use, closed by whoever opened it."""

    name: str
    capabilities: Capabilities

    async def test(self) -> str:
        """Connect and return product and version; `Unavailable` with the reason and remedy otherwise."""

    async def tables(self, schema: str) -> tuple[FoundTable, ...]:
        """List tables and views (of one schema, or all when empty) with comments and estimated rows."""

    async def describe(self, schema: str, table: str) -> FoundTable:
        """Return one table with its columns; `RuleBroken` when it is not there."""

    async def preview(self, plan: Plan) -> tuple[tuple[str, ...], ...]:
        """Return the first rows of a plan, masked; a missing value is shown empty."""

    async def lookup(self, plan: Plan) -> list[dict[str, str | None]]:
        """Return the rows of all keys: granted item to canonical text, filtered and masked."""

    async def lookup_each(self, plan: Plan) -> list[list[dict[str, str | None]]]:
        """Return the rows key by key, in the order of `plan.keys`, so that gathered calls can be told apart."""

    async def confirm(self, plan: Plan) -> tuple[bool, bool]:
        """Return (found, match): is the record there, and does one record carry all facts? No value leaves the source."""

    def reading(self, plan: Plan) -> AbstractAsyncContextManager[Reading]:
        """Open one consistent reading of a plan."""

    def landing(self, target: Target, shapes: Sequence[Shape]) -> AbstractAsyncContextManager[Landing]:
        """Open a landing for rows of these shapes; leaving it by an error undoes everything."""

    async def close(self) -> None:
        """Give all connections back."""


def used(plan: Plan) -> list[str]:
    """Return every column a plan touches."""
    shown = [column.column for column in (*plan.fields, *plan.key_columns)]
    return [*shown, *(test.column for test in (*plan.where, *plan.facts))]


def gathered(
    plan: Plan, kinds: Sequence[Kind], rows: Sequence[Sequence[str | None]]
) -> list[list[dict[str, str | None]]]:
    """Tell a lookup's rows apart by key: each row begins with the canonical texts of its key columns (`kinds`).

    Keys that a database takes for equal but that are not (by case, width or blanks behind) find nothing here.
    Raises TooLarge when there are more rows than the plan allows.
    """
    if plan.limit and len(rows) > plan.limit:
        raise TooLarge(f"查询结果超过 {plan.limit} 行，请增加查询条件，或改用批量下载。")
    width, places = len(kinds), dict[tuple[Any, ...], list[int]]()
    for n, key in enumerate(plan.keys):
        places.setdefault(tuple(map(order, kinds, key)), []).append(n)
    answers: list[list[dict[str, str | None]]] = [[] for _ in plan.keys]
    for row in rows:
        key = tuple(order(kind, text or "") for kind, text in zip(kinds, row[:width], strict=True))
        record = {
            found.item: mask(found.masking, text, plan.hash_key) if found.masking is Masking.KEYED_HASH else text
            for found, text in zip(plan.fields, row[width:], strict=True)
        }
        for n in places.get(key, ()):
            answers[n].append(record)
    return answers


@dataclass(frozen=True, slots=True)
class Count:
    """One column over some rows: how many have a value, how many values differ (None: nobody counted).

    least, greatest: canonical texts of numbers and times. shortest, longest: characters of everything else.
    """

    filled: int
    distinct: int | None = None
    least: str = ""
    greatest: str = ""
    shortest: int = 0
    longest: int = 0


@runtime_checkable
class Counting(Protocol):
    """An engine whose source counts over its columns itself."""

    async def count(self, plan: Plan) -> tuple[int, tuple[Count, ...]]:
        """Return how many of the first `plan.limit` rows there are, and a count for each field over them."""


@runtime_checkable
class Passing(Protocol):
    """An engine that can also pass a call through to a department's own interface."""

    async def through(self, plan: Plan, endpoint: Endpoint, given: Mapping[str, Any]) -> list[dict[str, str | None]]:
        """Return what a call of the endpoint answers, as rows of the plan: granted fields only, filtered, masked."""


@runtime_checkable
class Paging(Protocol):
    """An engine that can also list records page by page."""

    async def page(self, plan: Plan) -> list[tuple[tuple[str, ...], dict[str, str | None]]]:
        """Return up to `plan.limit` records after `plan.after` in the order of `plan.key_columns`: key and masked row.

        Keys are canonical texts, for the next page only; records without a key are left out.
        """
