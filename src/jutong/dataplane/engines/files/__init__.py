"""The engine for files in a folder: all files that match a pattern are one table; written files are whole or not there.

Access.database is the folder. Access.options: `store` (local, sftp, s3) and what `files.folders` takes for it, `pattern`
(what is offered as a table; empty offers every file), and what `files.formats.Manner` takes. As a schema stands the
folder below (`.` for the top), as a table the pattern.
"""

# ruff: noqa: ARG002 - the port's arguments, some without meaning here
from __future__ import annotations

import asyncio
import io
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from jutong.dataplane.dirty import Dirty
from jutong.dataplane.engines.base import Capabilities, Landing, Reading, Shape, Target
from jutong.dataplane.engines.files.landing import open_landing
from jutong.dataplane.engines.passing import PassReading
from jutong.dataplane.errors import RuleBroken, Unavailable
from jutong.dataplane.files import formats
from jutong.dataplane.files.folders import store_of
from jutong.dataplane.files.formats import Manner
from jutong.dataplane.files.rows import Batch
from jutong.dataplane.files.stores import Bounded, Entry, Store, printable
from jutong.dataplane.policy import Plan
from jutong.wire.bundle import Access
from jutong.wire.grants import Column
from jutong.wire.probe import FoundTable

NAME = "files"
TOP = "."
OFFERED = 200
NAME_BYTES = 63


def pattern_of(schema: str, table: str) -> str:
    """Return the pattern below the store's folder that schema and table stand for."""
    return table if schema in ("", TOP) else f"{schema}/{table}"


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of one reading, in the order of their names."""

    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, store: Store, pattern: str) -> Listing:
        """List what matches now."""
        return cls(tuple(sorted(store.entries(pattern), key=lambda entry: entry.name)))


def _unchanged(store: Store, entry: Entry) -> None:
    """Refuse a file that changed since it was listed; the run is begun anew later."""
    if store.entry(entry.name) != entry:
        raise Unavailable(f"文件“{printable(entry.name)}”在读取过程中发生变化，稍后自动重新读取。")


class Files:
    """One folder behind the port `base.Engine`."""

    name = NAME
    capabilities = Capabilities(filters=False, masks=False, snapshot=True, stages=True)

    def __init__(self, access: Access, title: str, store: Store) -> None:
        self._title = title
        self.store = store
        self._manner = Manner.of(access.options)
        self._options = access.options

    async def test(self) -> str:
        """See `Engine.test`."""
        return await asyncio.to_thread(self.store.describe)

    async def tables(self, schema: str) -> tuple[FoundTable, ...]:
        """See `Engine.tables`: the declared pattern, else a pattern for each kind of file in a folder and every file."""
        return await asyncio.to_thread(self._tables, schema)

    def _tables(self, schema: str) -> tuple[FoundTable, ...]:
        declared = self._options.get("pattern", "")
        if declared:
            return (FoundTable(TOP, declared, "文件名模式", 0),)
        names = [entry.name for entry in islice(self.store.entries("**/*"), 100 * OFFERED)]
        places = [(name.rpartition("/")[0] or TOP, name.rpartition("/")[2]) for name in sorted(names)]
        places = [place for place in places if schema in ("", place[0])]
        kinds = Counter((folder, "*." + name.rpartition(".")[2]) for folder, name in places if "." in name)
        found = [FoundTable(*kind, f"{count} 个文件", 0) for kind, count in sorted(kinds.items()) if count > 1]
        found += [FoundTable(folder, printable(name), "", 0) for folder, name in places]
        short = (each for each in found if max(len(each.schema.encode()), len(each.name.encode())) <= NAME_BYTES)
        return tuple(islice(short, OFFERED))

    async def describe(self, schema: str, table: str) -> FoundTable:
        """See `Engine.describe`: the columns of the first file that matches."""
        columns = await asyncio.to_thread(self._columns, pattern_of(schema, table))
        return FoundTable(schema or TOP, table, "", 0, columns)

    def _columns(self, pattern: str) -> Any:
        listing = Listing.of(self.store, pattern)
        if not listing.entries:
            raise RuleBroken(f"数据源“{self._title}”中没有与“{pattern}”匹配的文件，请检查文件夹与文件名模式。")
        first = listing.entries[0]
        with self.store.reader(first.name) as file:
            return formats.columns(file, first.name, first.size, self._manner)

    def _pass(self, listing: Listing, wanted: Sequence[Column]) -> Iterator[Batch]:
        """Read all files of a listing; a dirty row says which file it stands in."""
        for entry in listing.entries:
            _unchanged(self.store, entry)
            with self.store.reader(entry.name) as opened:
                file = io.BufferedReader(Bounded(opened, entry.size))
                for batch in formats.batches(file, entry.name, entry.size, wanted, self._manner):
                    if len(listing.entries) > 1 and batch.dirty:
                        yield replace(batch, dirty=[_named(dirty, entry.name) for dirty in batch.dirty])
                    else:
                        yield batch
            _unchanged(self.store, entry)

    async def preview(self, plan: Plan) -> tuple[tuple[str, ...], ...]:
        """See `Engine.preview`."""
        rows: list[bytes] = []

        async def take(chunk: bytes) -> None:
            rows.append(chunk)

        async with self.reading(plan) as reading:
            await reading.lines(take)
        from jutong.dataplane.transfer.lines import parsed

        texts = b"".join(rows).decode().split("\n")[:-1]
        return tuple(tuple("" if cell is None else cell for cell in parsed(line)) for line in texts)

    async def lookup(self, plan: Plan) -> list[dict[str, str | None]]:
        """See `Engine.lookup`: refused."""
        raise _no_lookup()

    async def lookup_each(self, plan: Plan) -> list[list[dict[str, str | None]]]:
        """See `Engine.lookup_each`: refused."""
        raise _no_lookup()

    async def confirm(self, plan: Plan) -> tuple[bool, bool]:
        """See `Engine.confirm`: refused."""
        raise _no_lookup()

    @asynccontextmanager
    async def reading(self, plan: Plan) -> AsyncIterator[Reading]:
        """See `Engine.reading`: the files that match at this moment, none of which may change meanwhile."""
        pattern = pattern_of(plan.schema, plan.table)
        listing = await asyncio.to_thread(Listing.of, self.store, pattern)
        if not listing.entries:
            raise Unavailable(f"数据源“{self._title}”中没有与“{pattern}”匹配的文件，稍后自动重试。")
        yield PassReading(plan, NAME, lambda wanted: self._pass(listing, wanted))

    def landing(self, target: Target, shapes: Sequence[Shape]) -> AbstractAsyncContextManager[Landing]:
        """See `Engine.landing`: a file of the declared format (CSV unless stated) with its manifest."""
        return open_landing(self.store, self._options, target, shapes)

    async def close(self) -> None:
        """See `Engine.close`."""
        await asyncio.to_thread(self.store.close)


def _named(dirty: Dirty, file: str) -> Dirty:
    return Dirty(dirty.number, dirty.column, dirty.value, f"{printable(file)}：{dirty.reason}", dirty.cells)


def _no_lookup() -> RuleBroken:
    return RuleBroken("文件数据源不支持按主键查询和核对，请改用批量交换，或先交换入库后再提供查询。")


async def connect(access: Access, title: str) -> Files:
    """Return the engine for an access; `RuleBroken` when its folder or address may not be used."""
    return Files(access, title, await store_of(access))
