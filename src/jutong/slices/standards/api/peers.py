"""Management endpoints of peers' codes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Path, Router, Schema

from jutong.kernel import clock
from jutong.kernel.faces import actor_of
from jutong.slices.standards import actions, queries
from jutong.slices.standards.api.policies import Plain

router = Router()
Peer = Annotated[str, Path(max_length=40, pattern=Plain)]
Value = Annotated[str, Field(max_length=60, pattern=Plain)]


class CodeIn(Schema):
    """One code: how the value is given and what it becomes; one side is ours."""

    direction: Literal["in", "out"]
    element: Annotated[str, Field(max_length=40, pattern=Plain)]
    given: Value
    becomes: Value


class TableIn(Schema):
    """A peer's whole table."""

    codes: Annotated[list[CodeIn], Field(max_length=2000)]


class PeerOut(Schema):
    """A peer and how many codes its table has."""

    peer: str
    codes: int


@router.get("/peers", response=list[PeerOut], summary="代码对照表列表")
def listed(request: HttpRequest) -> Any:
    """Return every peer with a table."""
    actor_of(request)
    return [{"peer": peer, "codes": n} for peer, n in queries.peers()]


@router.get("/peers/{peer}", response=list[CodeIn], summary="代码对照表")
def one(request: HttpRequest, peer: Peer) -> Any:
    """Return a peer's table; empty when there is none."""
    actor_of(request)
    return list(queries.peer_lines(peer))


@router.put("/peers/{peer}", response=PeerOut, summary="替换代码对照表")
def keep(request: HttpRequest, peer: Peer, body: TableIn) -> Any:
    """Replace a peer's table."""
    rows = [(one.direction, one.element, one.given, one.becomes) for one in body.codes]
    return {"peer": peer, "codes": actions.keep_peer_codes(peer=peer, rows=rows, by=actor_of(request), at=clock.now())}
