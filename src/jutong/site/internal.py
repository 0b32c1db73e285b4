"""The endpoints that only the data plane's nodes call: bundles, orders, progress, usage, sealed segments."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import time
from collections.abc import Callable
from functools import wraps
from typing import Final, TypeVar

import msgspec
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from jutong.crypto import sm3
from jutong.kernel import clock, handovers, heartbeats, nodes
from jutong.kernel.errors import Refusal, RuleBroken, Unauthenticated
from jutong.kernel.faces import once, problem
from jutong.kernel.terms import N_
from jutong.site.patience import LONGEST_WAIT, seats_of
from jutong.slices.exchange import actions as exchange
from jutong.slices.exchange import queries as orders
from jutong.slices.grants import queries as grants
from jutong.slices.services import actions as services
from jutong.wire.alive import Alive
from jutong.wire.envelope import Envelope
from jutong.wire.handover import Handover
from jutong.wire.transfers import DirtyRows, Order, Progress
from jutong.wire.usage import UsageBatch

WINDOW_MS: Final = 300_000
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
M = TypeVar("M")
NodeView = Callable[[HttpRequest, str], HttpResponse]


class SegmentParcel(msgspec.Struct, frozen=True):
    """A shipped chain file: its signed envelope and its bytes in base64."""

    envelope: Envelope
    lines: str


class OrderFeed(msgspec.Struct, frozen=True):
    """Orders that changed after a serial."""

    serial: int
    orders: tuple[Order, ...]


def _node(request: HttpRequest) -> str:
    """Return the node that signed this call (wire.NodeProof). Unauthenticated otherwise; a nonce counts once."""
    head = request.headers
    node, nonce = head.get("X-Jutong-Node", ""), head.get("X-Jutong-Nonce", "")
    try:
        at = int(head.get("X-Jutong-Time", ""))
    except ValueError:
        raise Unauthenticated(N_("内部调用缺少节点凭据。")) from None
    secret = (NAME.fullmatch(node) and nodes.calling_secret(node, clock.now())) or b""
    lines = "\n".join([request.method or "", request.get_full_path(), str(at), nonce, sm3.hexdigest(request.body)])
    expected = sm3.hmac_sm3(secret, lines.encode()).hex()
    fresh = abs(at - time.time() * 1000) <= WINDOW_MS
    if not secret or not fresh or not hmac.compare_digest(expected, head.get("X-Jutong-Signature", "")):
        raise Unauthenticated(N_("内部调用的节点凭据无效或已过期，请检查节点登记与系统时间。"))
    once.spend(nonce, None, at=clock.now())
    return node


def for_nodes(view: NodeView) -> Callable[[HttpRequest], HttpResponse]:
    """Admit only registered nodes; answer refusals as problem+json."""

    @csrf_exempt
    @login_not_required
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        try:
            return view(request, _node(request))
        except Refusal as refusal:
            return problem(request, refusal)

    return guarded


def read(request: HttpRequest, kind: type[M]) -> M:
    """Read a body in the words of the wire. RuleBroken for any other."""
    try:
        return msgspec.json.decode(request.body, type=kind)
    except msgspec.MsgspecError:
        raise RuleBroken(N_("内部调用的内容不符合约定，请检查节点版本。")) from None


def _since(request: HttpRequest) -> tuple[int, float]:
    try:
        since, wait = int(request.GET.get("since", "0")), float(request.GET.get("wait", "0"))
    except ValueError:
        raise RuleBroken(N_("since 与 wait 须为数字。")) from None
    return since, min(max(wait, 0.0), LONGEST_WAIT)


def answered(content: object) -> HttpResponse:
    """Answer with JSON of the wire."""
    return HttpResponse(msgspec.json.encode(content), content_type="application/json")


def nothing(again: int) -> HttpResponse:
    """Answer that there is nothing new; again: seconds after which to ask, 0 for at once."""
    return HttpResponse(status=204, headers={"Retry-After": str(again)} if again else {})


@require_safe
@for_nodes
def bundle(request: HttpRequest, node: str) -> HttpResponse:
    """Answer the signed bundle of changes since a serial, or 204 when nothing changes within the wait.

    A front-end node gets what concerns it, in full.
    """
    since, wait = _since(request)
    if since > grants.newest():
        since = 0  # the database was restored: the node starts anew
    if since or wait:
        newer, again = seats_of(node).wait_for(lambda: grants.newest() > since, wait=wait)
        if not newer:
            return nothing(again)
    if nodes.elsewhere(node):
        return answered(grants.node_bundle(node, clock.now()))
    return answered(grants.bundle(since, clock.now()))


@require_safe
@for_nodes
def orders_feed(request: HttpRequest, node: str) -> HttpResponse:
    """Answer the orders that changed since a serial and are this node's to carry out, or 204."""
    since, wait = _since(request)
    mine = node if nodes.elsewhere(node) else ""

    def look() -> OrderFeed | None:
        serial, changed = orders.orders_since(since, node=mine)
        return OrderFeed(serial, tuple(changed)) if changed or serial < since else None

    found, again = seats_of(node).wait_for(look, wait=wait)
    return answered(found) if found else nothing(again)


@require_POST
@for_nodes
def progress(request: HttpRequest, node: str) -> HttpResponse:
    """Take reports of runs; each is taken once, however often it comes."""
    exchange.take_progress(read(request, list[Progress]), node=node, at=clock.now())
    return HttpResponse(status=204)


@require_POST
@for_nodes
def dirty(request: HttpRequest, node: str) -> HttpResponse:
    """Take a parcel of rows that a run set aside; each parcel is taken once, however often it comes."""
    exchange.take_dirty(read(request, DirtyRows), node=node, at=clock.now())
    return HttpResponse(status=204)


@require_POST
@for_nodes
def usage(request: HttpRequest, node: str) -> HttpResponse:
    """Take usage figures per minute; each batch is taken once, however often it comes."""
    services.take_batch(read(request, UsageBatch), node=node, at=clock.now())
    return HttpResponse(status=204)


@require_POST
@for_nodes
def segments(request: HttpRequest, node: str) -> HttpResponse:
    """Take a sealed piece of a node's chain into the centre's trail."""
    parcel = read(request, SegmentParcel)
    try:
        lines = base64.b64decode(parcel.lines, validate=True)
    except binascii.Error:
        raise RuleBroken(N_("日志段的内容不是有效的 base64。")) from None
    exchange.take_segment(parcel.envelope, lines, node=node, at=clock.now())
    return HttpResponse(status=204)


@require_safe
@for_nodes
def key_handovers(request: HttpRequest, _node: str) -> HttpResponse:
    """Answer how this instance's key followed another, for a node that knows only an earlier one."""
    del request
    found = handovers.stored("instance")
    return answered(
        [Handover(h.old_public, h.new_public, h.statement, h.old_signature, h.new_signature) for h in found]
    )


@require_POST
@for_nodes
def alive(request: HttpRequest, node: str) -> HttpResponse:
    """Take a sign of life of one of a node's processes."""
    said = read(request, Alive)
    heartbeats.beat(
        f"{node}/{said.process}",
        said.kind[:16],
        node=node,
        busy=said.busy,
        stopping=said.stopping,
        version=said.version,
        at=clock.now(),
    )
    return HttpResponse(status=204)


urlpatterns = [
    path("internal/bundle", bundle, name="internal_bundle"),
    path("internal/orders", orders_feed, name="internal_orders"),
    path("internal/progress", progress, name="internal_progress"),
    path("internal/dirty", dirty, name="internal_dirty"),
    path("internal/usage", usage, name="internal_usage"),
    path("internal/segments", segments, name="internal_segments"),
    path("internal/alive", alive, name="internal_alive"),
    path("internal/handovers", key_handovers, name="internal_handovers"),
]
