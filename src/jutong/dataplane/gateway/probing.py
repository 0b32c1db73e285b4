"""The control plane's questions about sources behind front-end nodes, handed on through the nodes' tunnels."""

from __future__ import annotations

import asyncio

from jutong.dataplane.errors import Unauthenticated, Unavailable
from jutong.dataplane.gateway import admission
from jutong.dataplane.gateway.answers import Answer, raw_json
from jutong.dataplane.gateway.calls import Call
from jutong.dataplane.gateway.desk import Desk
from jutong.dataplane.gateway.tunnels import Tunnels
from jutong.dataplane.link import check_proof
from jutong.wire.nodes import Question
from jutong.wire.probe import ProbeRequest

CALLER = "control"


class Probing(Desk):
    """The one deed that no business system may call."""

    async def probe(self, call: Call, node: str, tunnels: Tunnels | None) -> Answer:
        """POST /v1/nodes/{name}/probe: the control plane's question about a source behind a node, with its proof."""
        call.act = "probe"
        at_ms = int(call.at.timestamp() * 1000)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in call.headers.items()}
        secret = self._identity.secret
        proof = check_proof(headers, secret, node=CALLER, method="POST", target=call.path, body=call.body, at_ms=at_ms)
        call.who = CALLER
        if not await self._book.use_ticket(proof.nonce, at=call.at):
            raise Unauthenticated("内部调用被重放，已拒绝。")
        if tunnels is None:
            raise Unavailable("网关正在启动或停止，请稍后重试。")
        asked = admission.decoded(call.body, ProbeRequest)
        try:
            async with asyncio.timeout(self._settings.lookup_seconds):
                reply = await tunnels.ask(node, Question(0, "probe", probe=asked))
        except TimeoutError as error:
            raise Unavailable("前置机没有在时限内应答，请稍后重试。") from error
        if reply.code:
            raise Unavailable(reply.message)
        return raw_json(reply.probe)
