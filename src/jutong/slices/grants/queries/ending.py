"""Ends and changes of services (W15): the list, and one with the consumers it concerns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.pieces import Happening, happenings
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.queries import history
from jutong.kernel.workflow import Button
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.datacentre import queries as datacentre
from jutong.slices.grants.models import ChangeConsumer, Grant, ServiceChange
from jutong.slices.grants.rules import CHANGE_KINDS, HEARD
from jutong.slices.grants.workflow import AUTHORITY, HEARD_BY, PROVIDER, SERVICE_CHANGE, may_know_change


@dataclass(frozen=True, slots=True)
class EndingRow:
    """The end or change of a resource's service. heard, consumers: how many consumers were heard, of how many.

    kind: end or change; what: the new form in words; case_ref: the one arrangement it concerns, or empty.
    """

    id: int
    resource_id: int
    title: str
    code: str
    provider_id: int
    provider_name: str
    state: str
    state_label: str
    cause: str
    stop_on: date
    filed_on: date | None
    number: str
    consumers: int
    heard: int
    kind: str = "end"
    kind_label: str = ""
    what: str = ""
    case_ref: str = ""


@dataclass(frozen=True, slots=True)
class HeardRow:
    """A consumer: the result of the negotiation, its grants of the resource, and whether the actor can record the result."""

    id: int
    consumer_id: int
    consumer: str
    result: str
    result_label: str
    text: str
    by_name: str
    given_at: datetime | None
    grants: tuple[tuple[int, str], ...]
    open: bool


@dataclass(frozen=True, slots=True)
class EndingDetail:
    """An end or change as its page shows it.

    prepared: the new form of the mount, in words; lost: what running grants give and the new form does not; prepares:
    whether the actor's part is to prepare it still.
    """

    row: EndingRow
    prepared: str
    lost: tuple[str, ...]
    prepares: bool
    successor: str
    acknowledged_by: str
    cancelled_for: str
    stopped_at: datetime | None
    grants_ended: int
    consumers: tuple[HeardRow, ...]
    buttons: tuple[Button, ...]
    happenings: tuple[Happening, ...]
    profile: str


def _known_to(actor: Actor) -> QuerySet[ServiceChange]:
    rows = ServiceChange.objects.all()
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    mine = ChangeConsumer.objects.filter(consumer__in=actor.serves).values("change")
    return rows.filter(Q(provider__in=actor.serves) | Q(authority_id__in=actor.serves) | Q(pk__in=mine))


def _counted(rows: QuerySet[ServiceChange]) -> QuerySet[Any]:
    """Return cases with how many consumers they concern and how many have answered."""
    answered = Count("consumers", filter=~Q(consumers__result=""))
    return rows.select_related("provider").annotate(many=Count("consumers"), answered=answered)


def endings(
    actor: Actor, *, state: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[EndingRow], Page]:
    """Return the ends and changes that concern the actor's departments, newest first."""
    rows = _counted(_known_to(actor)).order_by("-pk")
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(resource_title__icontains=text) | Q(provider__name__icontains=text) | Q(entry_code=text))
    found, meta = page(rows, number, size)
    return [_row(case) for case in found], meta


def _row(case: Any) -> EndingRow:
    return EndingRow(
        id=case.pk,
        resource_id=case.resource_id,
        title=case.resource_title,
        code=case.entry_code,
        provider_id=case.provider_id,
        provider_name=case.provider.name,
        state=case.state,
        state_label=SERVICE_CHANGE.state_label(case.state),
        cause=case.cause,
        stop_on=case.stop_on,
        filed_on=case.filed_on,
        number=case.number,
        consumers=case.many,
        heard=case.answered,
        kind=case.kind,
        kind_label=_(CHANGE_KINDS[case.kind]),
        what=case.what,
        case_ref=case.case_ref,
    )


def ending_lines(actor: Actor, *, state: str = "", text: str = "") -> Iterator[EndingRow]:
    """Return every ending of a list, page by page, for Excel."""
    return every(lambda number: endings(actor, state=state, text=text, number=number, size=LARGEST))


def ending(change_id: int, *, actor: Actor) -> EndingDetail:
    """Return one ending with its consumers. NotThere for one the actor may not know of."""
    case = _counted(_known_to(actor)).filter(pk=change_id).first()
    if case is None or not may_know_change(actor, case):
        raise NotThere(_("没有找到该停止或者变更事项，或您无权知悉。"))
    unfiled = (
        case.kind == "change" and not case.case_ref and case.state in {"justified", "negotiated", "filed", "announced"}
    )
    mount = datacentre.mount_of(case.resource_id) if unfiled else None
    prepared = mount.prepared if mount else ""
    return EndingDetail(
        row=_row(case),
        prepared=prepared,
        lost=_lost(case, mount.prepared_items) if mount and prepared else (),
        prepares=unfiled and not prepared and case.provider_id in actor.serves,
        successor=case.successor,
        acknowledged_by=case.acknowledged_by,
        cancelled_for=case.cancelled_for,
        stopped_at=case.stopped_at,
        grants_ended=case.grants_ended,
        consumers=tuple(_consumers(case, actor)),
        buttons=tuple(b for b in SERVICE_CHANGE.open_to(actor, case) if _makes_sense(b.verb, case)),
        happenings=tuple(happenings(history(SERVICE_CHANGE.name, case.pk), SERVICE_CHANGE)),
        profile=case.profile,
    )


def _lost(case: ServiceChange, provided: frozenset[str]) -> tuple[str, ...]:
    held = Grant.objects.filter(resource_id=case.resource_id, state__in=["granted", "suspended"]).values_list("items")
    return tuple(sorted({item["item"] for (items,) in held for item in items} - provided))


def _makes_sense(verb: str, case: ServiceChange) -> bool:
    return verb != "acknowledge" or not case.acknowledged_by


def _consumers(case: ServiceChange, actor: Actor) -> Iterator[HeardRow]:
    """Yield the consumers: all to provider and authority, a consumer only itself."""
    rows = case.consumers.select_related("consumer").order_by("consumer__name")
    if not (actor.serves & {case.provider_id, case.authority_id} or actor.holds(Role.AUDITOR)):
        rows = rows.filter(consumer__in=actor.serves)
    held: dict[int, list[tuple[int, str]]] = {}
    concerned = Grant.objects.filter(resource_id=case.resource_id).order_by("pk")
    for grant in concerned.filter(case_ref=case.case_ref) if case.case_ref else concerned:
        held.setdefault(grant.consumer_id, []).append((grant.pk, f"G-{grant.pk:06d}"))
    unfiled = case.state in {"justified", "negotiated"}
    for row in rows:
        yield HeardRow(
            row.pk, row.consumer_id, row.consumer.name, row.result, _(HEARD[row.result]) if row.result else "", row.text,
            row.by_name, row.given_at, tuple(held.get(row.consumer_id, ())),
            unfiled and HEARD_BY.permits(actor, row) is not None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class EndingPanel:
    """What an entry's page says of the end of its service: the open case, and whether the actor can propose one."""

    open: EndingRow | None
    entry_id: int
    may_end: bool


def ending_of_entry(actor: Actor, entry: catalogue.EntryDetail, *, consumers: set[int]) -> EndingPanel | None:
    """Return what an entry's page says of the end of its service; None where the actor neither knows nor can do anything.

    consumers: who has or had a grant of it; besides them only its provider, its authority and auditors are concerned.
    """
    watches = actor.account_id is None or actor.holds(Role.AUDITOR, *AUTHORITY.roles)
    if not watches and not actor.serves & {entry.row.provider_id, *consumers}:
        return None
    known = (
        _known_to(actor)
        .filter(resource_id=entry.row.id, case_ref="")
        .exclude(state__in=["cancelled", "changed"])
        .values_list("pk", flat=True)
    )
    last = known.order_by("-pk").first()
    running = _counted(ServiceChange.objects.filter(pk=last)).get() if last else None
    may_end = entry.in_force is not None and running is None and PROVIDER.permits(actor, entry.row) is not None
    if running is None and not may_end:
        return None
    return EndingPanel(_row(running) if running else None, entry.row.id, may_end)


def proposable(resource_id: int, actor: Actor) -> tuple[catalogue.PublishedEntry, list[str]]:
    """Return a published entry whose service the actor can end, with the names of its consumers. NotThere otherwise."""
    entry = catalogue.published(resource_id)
    if entry is None or PROVIDER.permits(actor, entry) is None:
        raise NotThere(_("没有找到本部门已发布的该资源。"))
    held = Grant.objects.filter(resource_id=resource_id, state__in=["granted", "suspended"]).select_related("consumer")
    return entry, sorted({grant.consumer.name for grant in held})
