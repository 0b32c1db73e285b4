"""The probe service: what the control plane asks about a data source, answered by the plane that may connect to one."""

from __future__ import annotations

import logging.config
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jutong.crypto import CryptoRefused
from jutong.dataplane import engines, identity, policy, profiling
from jutong.dataplane.engines.base import Engine, Logging
from jutong.dataplane.errors import Refusal, RuleBroken, TooLarge, Unauthenticated
from jutong.dataplane.identity import Identity
from jutong.dataplane.link import TOLERANCE_MS, check_proof
from jutong.dataplane.settings import Settings
from jutong.logs import dictionary
from jutong.wire.bundle import Access, Source
from jutong.wire.probe import ProbeAnswer, ProbeRequest

CALLER = "control"
BODY_LIMIT = 262_144


class Nonces:
    """Nonces seen within the tolerated clock difference; a replayed one is refused."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def use(self, nonce: str, at_ms: int) -> None:
        """Remember a nonce, or refuse it (`Unauthenticated`) when it was used before."""
        self._seen = {known: when for known, when in self._seen.items() if when > at_ms - 2 * TOLERANCE_MS}
        if nonce in self._seen:
            raise Unauthenticated("内部调用被重放，已拒绝。")
        self._seen[nonce] = at_ms


async def _asked(engine: Engine, request: ProbeRequest) -> ProbeAnswer:
    """Put the question to an opened source."""
    if request.what == "test":
        version = await engine.test()
        capturing = await engine.capturing() if isinstance(engine, Logging) else ""
        return ProbeAnswer(ok=True, version=version, message=f"连接成功：{version}。{capturing}")
    if request.what == "tables":
        return ProbeAnswer(ok=True, tables=await engine.tables(request.schema))
    if request.what == "schema":
        return ProbeAnswer(ok=True, tables=(await engine.describe(request.schema, request.table),))
    if request.what == "preview":
        if not request.columns:
            raise RuleBroken("预览的数据项为空，请至少选择一个。")
        plan = policy.compile_preview(request.schema, request.table, request.columns, request.limit, request.filters)
        return ProbeAnswer(ok=True, rows=await engine.preview(plan))
    if request.what == "profile":
        table, found = await profiling.profile(engine, request.schema, request.table)
        return ProbeAnswer(ok=True, tables=(table,), profile=found)
    raise RuleBroken(f"不支持的探测方式“{request.what}”，支持：test、tables、schema、preview、profile。")


async def answer(me: Identity, request: ProbeRequest) -> ProbeAnswer:
    """Open the source, ask, close; whatever is refused comes back as an answer that is not `ok`."""
    try:
        access = msgspec.json.decode(me.signer.unseal(request.sealed), type=Access)
        engine = await engines.open(Source("", "", request.engine, f"{access.database}", b""), access)
        try:
            return await _asked(engine, request)
        finally:
            await engine.close()
    except (CryptoRefused, msgspec.MsgspecError):
        return ProbeAnswer(ok=False, message="本节点无法打开数据源的访问凭据，请在控制面重新登记本节点或更新凭据。")
    except Refusal as refusal:
        return ProbeAnswer(ok=False, message=refusal.sentence)


async def _probe(request: Request) -> Response:
    """Answer POST /probe: a signed ProbeRequest in, a ProbeAnswer out."""
    me: Identity = request.app.state.me
    now = time.time_ns() // 1_000_000
    try:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > BODY_LIMIT:
                raise TooLarge(f"探测请求超过 {BODY_LIMIT} 字节，请减少列数。")
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        proof = check_proof(
            request.headers, me.secret, node=CALLER, method="POST", target=target, body=bytes(body), at_ms=now
        )
        request.app.state.nonces.use(proof.nonce, now)
        asked = msgspec.json.decode(bytes(body), type=ProbeRequest)
    except msgspec.MsgspecError:
        refusal: Refusal = RuleBroken("探测请求的内容无法解读，请检查两端版本是否一致。")
    except Refusal as found:
        refusal = found
    else:
        found_answer = await answer(me, asked)
        return Response(msgspec.json.encode(found_answer), media_type="application/json")
    problem = msgspec.json.encode(refusal.problem())
    return Response(problem, status_code=refusal.status, media_type="application/problem+json")


async def _healthy(request: Request) -> Response:
    """Answer GET /healthz: this process holds its identity and may be asked."""
    del request
    return Response(msgspec.json.encode({"ok": True, "failed": []}), media_type="application/json")


def create() -> Starlette:
    """Return the ASGI application; granian's factory. It opens the node's identity when it starts."""
    logging.config.dictConfig(dictionary(Settings().log_format))

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        app.state.me = identity.load(Settings().node_folder)
        app.state.nonces = Nonces()
        yield

    routes = [Route("/probe", _probe, methods=["POST"]), Route("/healthz", _healthy, methods=["GET"])]
    return Starlette(routes=routes, lifespan=life)
