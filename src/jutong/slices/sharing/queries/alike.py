"""Requests that are like another: the same resource, waiting for the same provider."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from jutong.kernel.actors import Actor
from jutong.slices.sharing.models import SharingRequest
from jutong.slices.sharing.queries.requests import RequestLine, lines, request

MOST: Final = 100


def alike(request_id: int, actor: Actor, at: datetime) -> list[RequestLine]:
    """Return requests for the same resource that wait for a draft or a decision (at most 100), oldest first.

    Only for the provider's people; empty for others. NotThere where the actor may not know of the request.
    """
    row = request(request_id, actor, at)
    if row.provider_id not in actor.serves:
        return []
    states = ("reply_prepared",) if row.line.state == "reply_prepared" else ()
    found = SharingRequest.objects.select_related("consumer", "provider").filter(
        resource_id=row.resource_id, provider_id=row.provider_id, state__in=("received", "extended", *states)
    )
    return lines(list(found.exclude(pk=request_id).order_by("received_at")[:MOST]), actor, at)


def same_reply(request_id: int, ids: Collection[int], actor: Actor, at: datetime) -> set[int]:
    """Return which of these are like requests whose drafted reply says the same as that of the request, itself included."""
    row = request(request_id, actor, at)
    if row.provider_id not in actor.serves or not row.reply:
        return set()
    found = SharingRequest.objects.filter(
        pk__in=ids, resource_id=row.resource_id, provider_id=row.provider_id, state="reply_prepared"
    )
    said = _said(row.reply)
    return {pk for pk, reply in found.values_list("pk", "reply") if _said(reply) == said}


def _said(reply: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in reply.items() if not name.startswith("prepared_")}
