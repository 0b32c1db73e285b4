"""A front-end node of the civil affairs bureau, allocated and signed for through the product's own actions and endpoints.

node = enrolled(world, tmp_path)        # a node process's folder, signed for over the real endpoints
node.call(client, "GET", "/internal/bundle?since=0&wait=0")     # an internal call with its proof
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from django.test import Client

from jutong.dataplane import envelopes, identity
from jutong.dataplane.link import proof_headers
from jutong.dataplane.node import enrolment
from jutong.slices.sources import actions
from jutong.slices.sources.models import FrontEndNode
from jutong.slices.sources.rules import NodeWish
from jutong.wire.bundle import Bundle
from jutong.wire.envelope import Envelope
from jutong.wire.nodes import Anchor, Enrolled

if TYPE_CHECKING:
    from world import World


@dataclass(frozen=True)
class Node:
    """A node that signed: its row's id, its folder and who it is."""

    id: int
    folder: Path
    me: identity.Identity

    def call(self, method: str, target: str, body: Any = None, client: Client | None = None) -> Any:
        """Make an internal call with this node's proof."""
        raw = b"" if body is None else msgspec.json.encode(body)
        at_ms = time.time_ns() // 1_000_000
        proof = proof_headers(self.me.name, self.me.secret, method=method, target=target, at_ms=at_ms, body=raw)
        headers = {name.replace("-", "_").upper(): value for name, value in proof.items()}
        extra = {f"HTTP_{name}": value for name, value in headers.items()}
        return (client or Client()).generic(method, target, raw, content_type="application/json", **extra)

    def bundle(self) -> Bundle:
        """Fetch and verify what the centre lets this node know."""
        answer = self.call("GET", "/internal/bundle?since=0&wait=0")
        assert answer.status_code == 200, answer.content.decode()
        envelope = msgspec.json.decode(answer.content, type=Envelope)
        return msgspec.json.decode(envelopes.opened(envelope, "bundle", self.me.control), type=Bundle)


def applied(world: World, *, department: str = "civil", title: str = "前置机", **wish: Any) -> FrontEndNode:
    """Let a department apply for a node."""
    return actions.apply_for(
        by=world.actor(f"{department}.engineer"), at=world.at, department_id=world.department(department),
        wish=NodeWish(title, **wish),
    )  # fmt: skip


def allocated(world: World, **wish: Any) -> FrontEndNode:
    """Apply, and let the operator allocate."""
    node = applied(world, **wish)
    return actions.allocate(node, by=world.actor("authority.operator"), at=world.at)


def enrolled(world: World, home: Path, *, department: str = "civil", at: Any = None, **wish: Any) -> Node:
    """Apply, allocate, issue the code, and sign for it over the endpoints that a node calls."""
    from jutong.kernel import clock

    at = at or clock.now()
    row = allocated(world, department=department, **wish)
    code = actions.issue_code(row.pk, by=world.actor(f"{department}.engineer"), at=at)
    client = Client()
    anchor = msgspec.json.decode(client.get("/internal/anchor").content, type=Anchor)
    draft = enrolment.prepare(home, code, anchor, at=at)
    answer = client.post("/internal/enrol", msgspec.json.encode(draft.envelope), content_type="application/json")
    assert answer.status_code == 200, answer.content.decode()
    folder = enrolment.settle(home, draft, msgspec.json.decode(answer.content, type=Enrolled))
    return Node(row.pk, folder, identity.load(folder))
