"""The endpoints of front-end nodes: signing with a one-time code, which needs no proof of a node, and heartbeats."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import clock, keys
from jutong.kernel.actors import system_actor
from jutong.kernel.errors import Refusal
from jutong.kernel.faces import addresses, limits, problem
from jutong.kernel.settings import settings
from jutong.site.internal import answered, for_nodes, read
from jutong.slices.sources import actions as sources
from jutong.wire.envelope import Envelope
from jutong.wire.nodes import Anchor, Heartbeat


@require_safe
@login_not_required
def anchor(_request: HttpRequest) -> HttpResponse:
    """Answer this instance's public key; who has a one-time code can tell by it whether the key is the right one."""
    return answered(Anchor(keys.instance().public.hex()))


@csrf_exempt
@require_POST
@login_not_required
def enrol(request: HttpRequest) -> HttpResponse:
    """Take in a front-end node that brings a one-time code (R-EXC-004)."""
    at = clock.now()
    try:
        limits.check("enrol", addresses.client_address(request), most=settings().enrolments_per_minute, at=at)
        envelope = read(request, Envelope)
        return answered(sources.enrol(by=system_actor("enrolment"), at=at, envelope=envelope))
    except Refusal as refusal:
        return problem(request, refusal)


@require_POST
@for_nodes
def heartbeat(request: HttpRequest, node: str) -> HttpResponse:
    """Keep what a node says of itself, and answer what it has to know."""
    return answered(sources.take_heartbeat(read(request, Heartbeat), node=node, at=clock.now()))


urlpatterns = [
    path("internal/anchor", anchor, name="internal_anchor"),
    path("internal/enrol", enrol, name="internal_enrol"),
    path("internal/heartbeat", heartbeat, name="internal_heartbeat"),
]
