"""The endpoints through which front-end nodes send and fetch parcels."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jutong.kernel import clock
from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_
from jutong.site.internal import answered, for_nodes, read
from jutong.site.patience import seats_of
from jutong.slices.exchange import actions, queries
from jutong.wire.envelope import Envelope


def _whole(request: HttpRequest, name: str) -> int:
    given = request.GET.get(name, "0")
    if not given.isascii() or not given.isdigit() or len(given) > 15:  # noqa: PLR2004 - a petabyte is enough
        raise RuleBroken(N_("offset、length 与 wait 须为非负整数。"))
    return int(given)


@require_POST
@for_nodes
def announce(request: HttpRequest, node: str) -> HttpResponse:
    """Take a slip; answer how much of its parcel is here."""
    return answered(actions.take_slip(read(request, Envelope), node=node, at=clock.now()))


@require_http_methods(["GET", "POST"])
@for_nodes
def pieces(request: HttpRequest, node: str) -> HttpResponse:
    """Take the next piece of a parcel (POST), or hand one out to its receiver (GET)."""
    key, offset = request.GET.get("key", "")[:40], _whole(request, "offset")
    if request.method == "POST":
        return answered(actions.take_piece(key, offset, request.body, node=node, at=clock.now()))
    found = queries.piece_of(key, offset, _whole(request, "length"), node=node)
    return HttpResponse(found, content_type="application/octet-stream")


@require_safe
@for_nodes
def waiting(request: HttpRequest, node: str) -> HttpResponse:
    """Answer the slips that wait for this node, after a long poll of at most 25 seconds."""
    found, again = seats_of(node).wait_for(lambda: queries.waiting_parcels(node), wait=_whole(request, "wait"))
    answer = answered(found)
    if again:
        answer.headers["Retry-After"] = str(again)
    return answer


@require_http_methods(["GET", "POST"])
@for_nodes
def receipts(request: HttpRequest, node: str) -> HttpResponse:
    """Take a receipt (POST), or answer those of what this node sent (GET)."""
    if request.method == "POST":
        actions.take_parcel_receipt(read(request, Envelope), node=node, at=clock.now())
        return HttpResponse(status=204)
    return answered(queries.parcel_receipts(node))


@require_POST
@for_nodes
def collected(request: HttpRequest, node: str) -> HttpResponse:
    """Note that the sender has a receipt."""
    actions.receipt_collected(request.GET.get("key", "")[:40], node=node, at=clock.now())
    return HttpResponse(status=204)


urlpatterns = [
    path("internal/parcels", announce, name="internal_parcels"),
    path("internal/parcels/pieces", pieces, name="internal_pieces"),
    path("internal/parcels/waiting", waiting, name="internal_waiting"),
    path("internal/parcels/receipts", receipts, name="internal_receipts"),
    path("internal/parcels/collected", collected, name="internal_collected"),
]
