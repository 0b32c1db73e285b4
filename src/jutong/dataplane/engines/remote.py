"""A source behind a front-end node, asked through the node's tunnel: the question goes in words of the wire, never as SQL.

The node compiles the question itself, from the grant and the mount in its own bundle; what this side compiled is only
where the words come from.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import chain
from typing import Any

import msgspec

from jutong.dataplane.engines.base import Capabilities, Landing, Reading, Shape, Target
from jutong.dataplane.errors import Refusal, Unavailable
from jutong.dataplane.policy import Plan
from jutong.wire.bundle import Endpoint, Source
from jutong.wire.grants import Column
from jutong.wire.nodes import Question, Reply
from jutong.wire.probe import Filter, FoundTable, ProbeAnswer, ProbeRequest

Ask = Callable[[str, Question], Awaitable[Reply]]
Rows = list[dict[str, str | None]]


class RemoteEngine:
    """The questions that a gateway puts; bulk goes as orders and parcels, which the node carries out itself."""

    name = "remote"
    capabilities = Capabilities(filters=True, masks=True, snapshot=False, stages=False)

    def __init__(self, source: Source, ask: Ask) -> None:
        self._source = source
        self._ask = ask

    async def test(self) -> str:
        """Return product and version, as the node found them."""
        return (await self._probe(ProbeRequest("test", self._source.engine, self._source.sealed))).version

    async def tables(self, schema: str) -> tuple[FoundTable, ...]:
        """List tables and views."""
        return (await self._probe(ProbeRequest("tables", self._source.engine, self._source.sealed, schema))).tables

    async def describe(self, schema: str, table: str) -> FoundTable:
        """Return one table with its columns."""
        asked = ProbeRequest("schema", self._source.engine, self._source.sealed, schema, table)
        return (await self._probe(asked)).tables[0]

    async def preview(self, plan: Plan) -> tuple[tuple[str, ...], ...]:
        """Return the first rows of a plan, masked by the node."""
        filters = tuple(
            Filter(Column(test.item, test.column, test.kind), test.operator, test.values) for test in plan.where
        )
        source = self._source
        asked = ProbeRequest(
            "preview", source.engine, source.sealed, plan.schema, plan.table, plan.fields, plan.limit, filters
        )
        return (await self._probe(asked)).rows

    async def lookup(self, plan: Plan) -> Rows:
        """Return the rows of all keys."""
        return list(chain.from_iterable(await self.lookup_each(plan)))

    async def lookup_each(self, plan: Plan) -> list[Rows]:
        """Return the rows key by key; the node enforces the grant from its own bundle."""
        reply = await self._answered(
            Question(
                0,
                "lookup",
                grant_id=plan.grant,
                keys=_keys(plan),
                items=tuple(found.item for found in plan.fields),
                filters=plan.asked,
            )
        )
        if len(reply.rows) != len(plan.keys):
            raise Unavailable(f"前置机对数据源“{self._source.title}”的应答不完整，请稍后重试。")
        return [list(rows) for rows in reply.rows]

    async def confirm(self, plan: Plan) -> tuple[bool, bool]:
        """Return (found, match) as the node saw it; no value leaves it."""
        facts = {fact.item: fact.values[0] for fact in plan.facts}
        reply = await self._answered(Question(0, "confirm", grant_id=plan.grant, keys=_keys(plan), facts=facts))
        return reply.found, reply.match

    async def through(self, plan: Plan, endpoint: Endpoint, given: Mapping[str, Any]) -> Rows:
        """Return what the department's interface answers; the node looks endpoint and grant up by itself."""
        asked = Question(0, "through", grant_id=plan.grant, endpoint=endpoint.name, given=dict(given))
        return [row for rows in (await self._answered(asked)).rows for row in rows]

    def reading(self, plan: Plan) -> AbstractAsyncContextManager[Reading]:  # noqa: ARG002 - the port's
        """Refuse: what leaves a node in bulk, the node itself sends."""
        raise Unavailable(self._bulk())

    def landing(self, target: Target, shapes: Sequence[Shape]) -> AbstractAsyncContextManager[Landing]:  # noqa: ARG002
        """Refuse: what arrives behind a node in bulk, the node itself lands."""
        raise Unavailable(self._bulk())

    async def close(self) -> None:
        """Hold nothing, give nothing back: the tunnel is the node's."""

    def _bulk(self) -> str:
        return f"数据源“{self._source.title}”位于前置机之后，批量数据由前置机自行收发，不能由中心直接读写。"

    async def _probe(self, asked: ProbeRequest) -> ProbeAnswer:
        reply = await self._answered(Question(0, "probe", probe=asked))
        answer = msgspec.json.decode(reply.probe, type=ProbeAnswer)
        if not answer.ok:
            raise Unavailable(answer.message)
        return answer

    async def _answered(self, question: Question) -> Reply:
        reply = await self._ask(self._source.node, question)
        if reply.code:
            raise refusal_of(reply)
        return reply


def _keys(plan: Plan) -> tuple[dict[str, str], ...]:
    items = [column.item for column in plan.key_columns]
    return tuple(dict(zip(items, key, strict=True)) for key in plan.keys)


def refusal_of(reply: Reply) -> Refusal:
    """Return the refusal that a node answered with."""
    kind = next((kind for kind in Refusal.__subclasses__() if kind.code == reply.code), Unavailable)
    return kind(reply.message)
