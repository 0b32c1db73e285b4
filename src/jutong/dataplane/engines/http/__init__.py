"""The engine for a department's HTTP interface that answers JSON: asked record by record, or read page by page.

Access: host, port, tls (disable: plain HTTP, only where the zone allows it), user and password (a name and password, a
token, or an application key and its secret). Access.options, all texts:

`path` of the interface; `method` GET or POST (parameters then as a JSON object); `rows` JSON pointer to the array of
records in the answer (empty: the answer itself); `auth` none, basic, bearer, national, guangdong, zhejiang; `service`
the service's id at that platform; `paging` none, page or cursor; `page`, `size`, `cursor` names of the parameters;
`rows_per_page`; `first_page`; `next` JSON pointer to the next cursor; `key.COLUMN` the parameter that asks for a column.
"""

# ruff: noqa: ARG002 - the port's arguments, some without meaning here
from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import islice
from typing import Any, TypeVar

from jutong.dataplane import values
from jutong.dataplane.engines.addresses import resolve
from jutong.dataplane.engines.base import Capabilities, Landing, Reading, Shape, Target
from jutong.dataplane.engines.http.calls import Caller, Interface
from jutong.dataplane.engines.passing import PassReading
from jutong.dataplane.errors import RuleBroken, TooLarge, Unavailable
from jutong.dataplane.files import jsons, shaping
from jutong.dataplane.files.rows import Batch, batches_of, from_rows, guessed
from jutong.dataplane.policy import Plan
from jutong.wire.bundle import Access, Endpoint
from jutong.wire.grants import Column
from jutong.wire.probe import FoundColumn, FoundTable

NAME = "http"
TOP = "."
MOST_KEYS = 50
"""Keys of one lookup: each is a call of its own."""

AT_ONCE = 8
"""Calls of one interface under way at a time: a slow department waits for itself, not for the others' threads."""

Row = dict[str, str | None]
Found = TypeVar("Found")


class Http:
    """One interface behind the port `base.Engine`; calls block and run in threads."""

    name = NAME
    capabilities = Capabilities(filters=False, masks=False, snapshot=False, stages=False)

    def __init__(self, title: str, interface: Interface, caller: Caller) -> None:
        self._title = title
        self._interface = interface
        self._caller = caller
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="interface")

    async def _apart(self, deed: Callable[..., Found], *given: Any) -> Found:
        """Do what blocks in one of this interface's threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, deed, *given)

    async def test(self) -> str:
        """See `Engine.test`."""
        await self._apart(self._caller.first)
        return "HTTP 接口"

    async def tables(self, schema: str) -> tuple[FoundTable, ...]:
        """See `Engine.tables`: the interface is one table."""
        return (FoundTable(TOP, self._interface.table, self._title, 0),)

    async def describe(self, schema: str, table: str) -> FoundTable:
        """See `Engine.describe`: the members of the first answer's records, nested ones by JSON pointer."""
        if table != self._interface.table:
            raise RuleBroken(f"数据源“{self._title}”中没有表 {table}，该接口只有 {self._interface.table}。")
        records = [each for each in await self._apart(self._caller.first) if isinstance(each, dict)]
        names = list(dict.fromkeys(name for record in records for name in jsons.members(record)))
        found = tuple(
            FoundColumn(
                name,
                guessed([jsons.text_of(jsons.member(record, name)) for record in records]),
                "json",
                "",
                True,
                False,
            )
            for name in names
        )
        return FoundTable(TOP, table, self._title, 0, found)

    def _pass(self, wanted: Sequence[Column]) -> Iterator[Batch]:
        numbered = enumerate(self._caller.all(), 1)
        return batches_of(jsons.rows(numbered, wanted), wanted)

    async def preview(self, plan: Plan) -> tuple[tuple[str, ...], ...]:
        """See `Engine.preview`: of the first answer."""
        records = await self._apart(self._caller.first)
        rows = self._shaped(plan, self._texts(plan, records))
        return tuple(tuple(row[field.item] or "" for field in plan.fields) for row in islice(rows, plan.limit or None))

    def _texts(self, plan: Plan, records: Sequence[Any]) -> dict[str, Any]:
        """Return records as columns of canonical texts, or refuse an answer that is not what was registered."""
        wanted = shaping.needed(plan)
        found = list(jsons.rows(iter(enumerate(records, 1)), wanted))
        rows = [each[1] for each in found if isinstance(each, tuple)]
        batch = from_rows(rows, wanted, range(1, len(rows) + 1))
        if len(rows) != len(found) or batch.dirty:
            raise Unavailable(f"接口“{self._title}”返回的数据不符合登记的结构，请联系提供部门。")
        return {column.column: texts for column, texts in zip(wanted, batch.columns, strict=True)}

    def _shaped(self, plan: Plan, columns: dict[str, Any]) -> list[Row]:
        """Return granted items only, filtered and masked."""
        fields = shaping.shaped(plan, shaping.admitted(plan, columns), hashed=True)
        names = [field.item for field in plan.fields]
        return [dict(zip(names, row, strict=True)) for row in zip(*(each.to_pylist() for each in fields), strict=True)]

    async def lookup(self, plan: Plan) -> list[Row]:
        """See `Engine.lookup`."""
        return [row for rows in await self.lookup_each(plan) for row in rows]

    async def lookup_each(self, plan: Plan) -> list[list[Row]]:
        """See `Engine.lookup_each`: one call a key."""
        answers = await self._asked(plan)
        found = [self._shaped(plan, columns) for columns in answers]
        if plan.limit and sum(map(len, found)) > plan.limit:
            raise TooLarge(f"查询结果超过 {plan.limit} 行，请增加查询条件，或改用批量下载。")
        return found

    async def _asked(self, plan: Plan) -> list[dict[str, Any]]:
        """Return for each key the records that really carry it, as columns of canonical texts."""
        if len(plan.keys) > MOST_KEYS:
            raise TooLarge(f"该资源由接口逐条查询，一次最多 {MOST_KEYS} 个查询标识，请分次查询。")
        names = [self._interface.parameter(column.column) for column in plan.key_columns]
        return [await self._apart(self._one, plan, names, key) for key in plan.keys]

    def _one(self, plan: Plan, names: Sequence[str], key: tuple[str, ...]) -> dict[str, Any]:
        columns = self._texts(plan, self._caller.ask(dict(zip(names, key, strict=True))))
        for column, wanted in zip(plan.key_columns, key, strict=True):
            mine = values.order(column.kind, wanted)
            texts = columns[column.column].to_pylist()
            kept = [text is not None and values.order(column.kind, text) == mine for text in texts]
            columns = {name: each.filter(shaping.truths(kept)) for name, each in columns.items()}
        return columns

    async def confirm(self, plan: Plan) -> tuple[bool, bool]:
        """See `Engine.confirm`: compared here; what the interface answered goes no further."""
        [columns] = [shaping.admitted(plan, each) for each in await self._asked(plan)]
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*map(_listed, columns.values()), strict=True)]
        agree = [
            all(values.passes(row[fact.column], fact.kind, fact.operator, fact.values) for fact in plan.facts)
            for row in rows
        ]
        return bool(rows), any(agree)

    async def through(self, plan: Plan, endpoint: Endpoint, given: Mapping[str, Any]) -> list[Row]:
        """See `Passing.through`: the answer's records, shaped like any other row."""
        return await self._apart(self._passed, plan, endpoint, given)

    def _passed(self, plan: Plan, endpoint: Endpoint, given: Mapping[str, Any]) -> list[Row]:
        rows = self._shaped(plan, self._texts(plan, self._caller.through(endpoint, given)))
        if plan.limit and len(rows) > plan.limit:
            raise TooLarge(f"接口的应答超过 {plan.limit} 行，请缩小查询范围，或改用批量下载。")
        return rows

    @asynccontextmanager
    async def reading(self, plan: Plan) -> AsyncIterator[Reading]:
        """See `Engine.reading`: all pages, one after the other."""
        yield PassReading(plan, NAME, self._pass)

    def landing(self, target: Target, shapes: Sequence[Shape]) -> AbstractAsyncContextManager[Landing]:
        """See `Engine.landing`: refused."""
        raise RuleBroken("接口数据源不能作为目标，请改选数据库或文件数据源。")

    async def close(self) -> None:
        """See `Engine.close`."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(self._caller.close)


def _listed(column: Any) -> list[str | None]:
    return list(column.to_pylist())


async def connect(access: Access, title: str) -> Http:
    """Return the engine for an access; `RuleBroken` for options that mean nothing or a forbidden address."""
    interface = Interface.of(access)
    port = access.port or (80 if access.tls == "disable" else 443)
    address = await resolve(access.host, port, "")
    if address.startswith("/"):
        raise RuleBroken("接口数据源的主机地址应为域名或 IP 地址，请修改。")
    return Http(title, interface, Caller(access, interface, address, port, title))
