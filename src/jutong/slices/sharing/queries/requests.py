"""Requests as their parties see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel import queries as kernel
from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.prepared import prepared
from jutong.kernel.queries import AuditRow, ClockRow
from jutong.kernel.workflow import Button
from jutong.slices.sharing.models import SharingRequest, StandingConsent
from jutong.slices.sharing.rules import requests as rules
from jutong.slices.sharing.workflow import SHARING_REQUEST, may_know

KIND: Final = SHARING_REQUEST.name


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request in a list."""

    id: int
    number: str
    title: str
    state: str
    state_label: str
    share_type: str
    consumer_name: str
    provider_name: str
    created_at: datetime
    received_at: datetime | None
    clocks: tuple[ClockRow, ...]
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request with all that its page shows; `history` is the trail's entries about it, oldest first."""

    line: RequestLine
    resource_id: int
    entry_version: int
    consumer_id: int
    provider_id: int
    authority_id: int
    items: tuple[str, ...]
    conditions: tuple[dict[str, Any], ...]
    key_items: tuple[str, ...]
    modes: tuple[str, ...]
    purposes: tuple[str, ...]
    use_basis: str
    use_scene: str
    use_scope: str
    duty: str
    personal_basis: str
    use_from: date
    use_until: date
    attachments: tuple[int, ...]
    digest: str
    profile: str
    consented_by: str
    consented_at: datetime | None
    supplement: dict[str, Any]
    supplement_until: date | None
    supplied: str
    extension_asked: dict[str, Any]
    reply: dict[str, Any]
    reply_digest: str
    replied_at: datetime | None
    reply_reason: str
    remark: str
    commercial: bool
    agreement: str
    verdict: dict[str, Any]
    fees: bool
    delivered_at: datetime | None
    grant_id: int | None
    history: tuple[AuditRow, ...]


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A standing consent in force."""

    id: int
    resource_id: int
    resource_title: str
    given_by: str
    given_at: datetime


def _known_to(actor: Actor) -> Q:
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return Q()
    others = Q(provider_id__in=actor.serves) | Q(authority_id__in=actor.serves)
    return Q(consumer_id__in=actor.serves) | (others & Q(received_at__isnull=False))


def _line(r: SharingRequest, clocks: Mapping[int, Iterable[ClockRow]], buttons: tuple[Button, ...] = ()) -> RequestLine:
    return RequestLine(
        id=r.pk,
        number=r.number or "",
        title=r.resource_title,
        state=r.state,
        state_label=SHARING_REQUEST.state_label(r.state),
        share_type=r.share_type,
        consumer_name=r.consumer.name,
        provider_name=r.provider.name,
        created_at=r.created_at,
        received_at=r.received_at,
        clocks=tuple(clocks.get(r.pk, ())),
        buttons=buttons,
    )


def lines(rows: list[SharingRequest], actor: Actor, at: datetime) -> list[RequestLine]:
    """Return requests as lines of a list, with clocks and buttons."""
    clocks = kernel.clocks(KIND, [r.pk for r in rows], at)
    return [_line(r, clocks, tuple(SHARING_REQUEST.open_to(actor, r))) for r in rows]


_ROWS = SharingRequest.objects.select_related("consumer", "provider")


def requests(
    actor: Actor,
    at: datetime,
    *,
    side: str = "",
    state: str = "",
    text: str = "",
    number: int = 1,
    size: int = 20,
) -> tuple[list[RequestLine], Page]:
    """Return the requests an actor may know, newest first; side: consumer, provider or authority."""
    rows = _ROWS.filter(_known_to(actor)).order_by("-id")
    if side in {"consumer", "provider", "authority"}:
        rows = rows.filter(**{f"{side}_id__in": actor.serves})
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(resource_title__icontains=text) | Q(number=text))
    found, meta = page(rows, number, size)
    return lines(found, actor, at), meta


OVER: Final = ("granted", "expired", "revoked", "terminated", "lapsed", "withdrawn", "refused", "not_accepted")
"""States in which a consumer waits for nothing."""


def own_open(actor: Actor, at: datetime) -> list[RequestLine] | None:
    """Return the newest requests of the actor's department that are under way (at most 6), None where there are none."""
    return lines(_under_way(actor.serves).ask(), actor, at) or None


@prepared
def _under_way(consumers: frozenset[int]) -> QuerySet[SharingRequest]:
    return _ROWS.filter(consumer_id__in=consumers).exclude(state__in=OVER).order_by("-id")[:6]


_AS_STORED: Final = (
    "resource_id", "entry_version", "consumer_id", "provider_id", "authority_id", "use_basis", "use_scene", "use_scope",
    "duty", "personal_basis", "use_from", "use_until", "digest", "profile", "consented_by", "consented_at", "supplement",
    "supplement_until", "supplied", "extension_asked", "replied_at", "reply_reason", "delivered_at", "grant_id",
    "commercial", "agreement", "verdict",
)  # fmt: skip
_LISTS: Final = ("items", "conditions", "key_items", "modes", "purposes", "attachments")


def request(request_id: int, actor: Actor, at: datetime) -> RequestRow:
    """Return one request with clocks, buttons and history. NotThere where the actor may not know of it."""
    found = _ROWS.filter(pk=request_id).first()
    if found is None or not may_know(actor, found):
        raise NotThere(_("没有找到该申请，或您无权知悉。"))
    answered = found.replied_at is not None or found.consumer_id not in actor.serves
    stored: dict[str, Any] = {name: getattr(found, name) for name in _AS_STORED}
    stored |= {name: tuple(getattr(found, name)) for name in _LISTS}
    return RequestRow(
        line=lines([found], actor, at)[0],
        **stored,
        fees=found.policy.flag("fee_exception"),
        reply=found.reply if answered else {},
        reply_digest=rules.reply_digest(found.digest, found.reply) if found.reply and answered else "",
        remark=found.remark if answered else "",
        history=tuple(kernel.history(KIND, found.pk)),
    )


def standing_consents(actor: Actor) -> list[StandingRow]:
    """Return the standing consents of the actor's department."""
    rows = StandingConsent.objects.select_related("resource").filter(provider_id__in=actor.serves, ended_at=None)
    return [StandingRow(c.pk, c.resource_id, c.resource.title, c.given_by, c.given_at) for c in rows.order_by("-id")]
