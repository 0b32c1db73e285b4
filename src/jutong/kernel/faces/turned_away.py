"""Who was turned away before any act: calls without identity or right, kept in the audit with caller and address (R-SEC-001)."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext as _

from jutong.kernel import clock
from jutong.kernel.actors import Actor, Channel
from jutong.kernel.audit import Act, record_refusal
from jutong.kernel.errors import NotAllowed, Refusal, TooMany, Unauthenticated
from jutong.kernel.faces import actors, limits
from jutong.kernel.faces.addresses import client_address

VERB: Final = "access.refused"
MOST_A_MINUTE: Final = 120
"""Entries that one address can cause in a minute; beyond it the refusals are answered and no longer written down."""


def note(request: HttpRequest, refusal: Refusal) -> None:
    """Write down that somebody was turned away; acts write their own refusals, and nothing is written twice."""
    if refusal.audited or not isinstance(refusal, Unauthenticated | NotAllowed):
        return
    at, address = clock.now(), client_address(request)
    try:
        limits.check("turned_away", address, most=MOST_A_MINUTE, at=at)
    except TooMany:
        return
    by = _caller(request, address)
    act = Act(VERB, by, at, "address", request.path[:64], detail={"method": request.method, "path": request.path[:300]})
    record_refusal(act, refusal)


def _caller(request: HttpRequest, address: str) -> Actor:
    try:
        known = actors.actor_or_none(request)
    except Refusal:
        known = None
    if known is not None:
        return known
    channel = Channel.NODE if request.path.startswith("/internal/") else Channel.API
    if not request.path.startswith(("/internal/", "/api/")):
        channel = Channel.PAGE
    trace = str(getattr(request, "trace", ""))
    return Actor(None, _("未登录"), None, "", "", channel=channel, address=address, trace=trace)
