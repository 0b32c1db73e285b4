"""Answers the questions that come through the tunnel: under the grants of this node's own bundle, written to its own chain."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from jutong.crypto import CryptoRefused, sm3
from jutong.dataplane import policy, probe
from jutong.dataplane.bundles import BundleCache
from jutong.dataplane.chain import Chain, Entry
from jutong.dataplane.errors import NotAllowed, Refusal, RuleBroken, Unavailable
from jutong.dataplane.gateway.admission import INTERFACE, endpoint_of, mounted
from jutong.dataplane.gateway.lookups import Sources, passing
from jutong.dataplane.identity import Identity
from jutong.dataplane.snapshots import Snapshot, inactive_reason
from jutong.wire.bundle import Mount, Source
from jutong.wire.grants import Grant
from jutong.wire.nodes import Question, Reply

log = logging.getLogger(__name__)


class Answering:
    """The node's side of an online query. It believes of a question only which records are asked for."""

    def __init__(self, me: Identity, bundles: BundleCache, chain: Chain, sources: Sources) -> None:
        self._me = me
        self._bundles = bundles
        self._chain = chain
        self._sources = sources

    async def answer(self, question: Question) -> Reply:
        """Answer one question; whatever is refused is an answer, too. Nothing leaves before the chain is on disk."""
        try:
            return await self._answer(question)
        except Refusal as refusal:
            return Reply(question.id, refusal.code, refusal.sentence)
        except TimeoutError:
            return Reply(question.id, Unavailable.code, "数据源没有在时限内应答，请稍后重试。")
        except Exception:
            log.exception("应答联机查询时出错")
            return Reply(question.id, Unavailable.code, "前置机内部错误，请联系数据提供部门。")

    async def _answer(self, question: Question) -> Reply:
        if question.what == "probe" and question.probe is not None:
            answer = await probe.answer(self._me, question.probe)
            await self._write(question, None, "ok" if answer.ok else "refused", reason=answer.message)
            return Reply(question.id, probe=msgspec.json.encode(answer))
        if question.what not in {"lookup", "confirm", "through"}:
            raise RuleBroken(f"不支持的问题“{question.what[:20]}”，请检查两端版本。")
        grant: Grant | None = None
        try:
            snapshot = self._bundles.current()
            grant, mount, source = self._allowed(snapshot, question.grant_id)
            reply = await self._asked(question, grant, mount, source)
            self._allowed(self._bundles.current(), question.grant_id)  # a slow source is no way around a revocation
        except Refusal as refusal:
            await self._write(question, grant, refusal.code, reason=refusal.sentence)
            raise
        rows = sum(len(found) for found in reply.rows) or int(reply.found)
        await self._write(question, grant, "ok" if rows else "not_found", rows=rows)
        return reply

    def _allowed(self, snapshot: Snapshot, grant_id: str) -> tuple[Grant, Mount, Source]:
        """Return what a question is about, if this node may answer it now."""
        now = datetime.now(UTC)
        snapshot.check_fresh(now)
        grant = snapshot.grants.get(grant_id)
        if grant is None:
            raise NotAllowed("前置机的授权包中没有这项授权，请稍后重试或联系数据提供部门。")
        if reason := inactive_reason(grant, now):
            raise NotAllowed(reason)
        if not set(INTERFACE) & set(grant.modes):
            raise NotAllowed("授权的共享方式不包括联机查询。")
        mount, source = mounted(snapshot, grant)
        if source.node != self._me.name:
            raise NotAllowed("该数据源不在本前置机之后。")
        return grant, mount, source

    async def _asked(self, question: Question, grant: Grant, mount: Mount, source: Source) -> Reply:
        if question.what == "confirm":
            if len(question.keys) != 1:
                raise RuleBroken("核对一次只能针对一条记录。")
            plan = policy.compile_confirm(grant, mount, question.keys[0], question.facts)
            found, match = await self._sources.ask(source, lambda engine: engine.confirm(plan))
            return Reply(question.id, found=found, match=match)
        try:
            key = self._me.signer.unseal(grant.hash_key) if grant.hash_key else b""
        except CryptoRefused as error:
            raise Unavailable("本节点无法打开授权的散列密钥，请在控制面重新登记本节点。") from error
        if question.what == "through":
            endpoint = endpoint_of(grant, source, question.endpoint)
            plan = policy.compile_through(grant, mount, hash_key=key)
            _check_key(plan, key)
            passed = await self._sources.ask(
                source, lambda engine: passing(engine).through(plan, endpoint, question.given)
            )
            return Reply(question.id, rows=(tuple(passed),))
        plan = policy.compile_lookup(
            grant, mount, question.keys, items=question.items, filters=question.filters, hash_key=key
        )
        _check_key(plan, key)
        rows = await self._sources.ask(source, lambda engine: engine.lookup_each(plan))
        return Reply(question.id, rows=tuple(tuple(found) for found in rows))

    async def _write(
        self, question: Question, grant: Grant | None, outcome: str, *, rows: int = 0, reason: str = ""
    ) -> None:
        await self._chain.append(
            Entry(
                at=datetime.now(UTC),
                who="gateway",
                department=grant.consumer_id if grant else "",
                act={"lookup": "query"}.get(question.what, question.what),
                grant=question.grant_id[:64],
                purpose="",
                outcome=outcome,
                rows=rows,
                key=self._hashed(question.keys),
                reason=reason,
            )
        )

    def _hashed(self, keys: Sequence[Mapping[str, str]]) -> str:
        """Return the asked keys as the chain keeps them: HMAC-SM3, never the keys themselves."""
        if not keys:
            return ""
        return sm3.hmac_sm3(self._me.tracing_key, msgspec.json.encode(keys, order="sorted")).hex()


def _check_key(plan: policy.Plan, key: bytes) -> None:
    if plan.hashed and not key:
        raise Unavailable("授权要求按密钥散列脱敏，但本节点没有收到散列密钥，请联系平台运行单位。")
