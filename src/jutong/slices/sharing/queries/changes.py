"""Changes of use, permits and releases as those see them who may know of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel import queries as kernel
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.pieces import Happening, happenings
from jutong.kernel.paging import Page, every, page
from jutong.kernel.terms import ShareType
from jutong.kernel.workflow import Button
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import queries as grants
from jutong.slices.sharing.models import Release, UseChange
from jutong.slices.sharing.queries.cases import MOST_LINES, FileLine, file_lines
from jutong.slices.sharing.rules import changes as rules
from jutong.slices.sharing.workflow import USE_CHANGE
from jutong.slices.sharing.workflow.changes import admitted, may_know, parameter_of

KIND: Final = USE_CHANGE.name


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change of use in a list and on its page."""

    id: int
    number: str
    kind: str
    kind_label: str
    title: str
    grant_id: int
    grant_reference: str
    state: str
    state_label: str
    consumer_id: int
    consumer_name: str
    provider_id: int
    provider_name: str
    items: tuple[str, ...]
    purposes: tuple[str, ...]
    scope: str
    recipient: str
    content: str
    why: str
    until: date | None
    commercial: bool
    created_at: datetime
    reply_reason: str
    replied_by: str
    replied_at: datetime | None
    permit: str
    version: int | None
    releases: int
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One release; fault: why it lies outside the permit, in words, or nothing."""

    id: int
    recipient: str
    items: tuple[str, ...]
    rows: int
    released_on: date
    fault: str
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change of use as its page shows it."""

    row: ChangeRow
    files: tuple[FileLine, ...]
    releases: tuple[ReleaseRow, ...]
    profile: str
    happenings: tuple[Happening, ...]


_ROWS = UseChange.objects.select_related("consumer", "provider")


def changes(
    actor: Actor, *, side: str = "", state: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[ChangeRow], Page]:
    """Return the changes of use an actor may know, newest first; side: consumer or provider."""
    rows = _ROWS.order_by("-id")
    if not (actor.account_id is None or actor.holds(Role.AUDITOR)):
        mine = actor.serves
        rows = rows.filter(Q(consumer_id__in=mine) | Q(provider_id__in=mine) | Q(authority_id__in=mine))
    if side in {"consumer", "provider", "authority"}:
        rows = rows.filter(**{f"{side}_id__in": actor.serves})
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(resource_title__icontains=text) | Q(number=text))
    found, meta = page(rows, number, size)
    return [_row(case, actor) for case in found], meta


def change_lines(actor: Actor, **asked: str) -> Iterator[ChangeRow]:
    """Return every change of a list (at most 10,000), for Excel."""
    return islice(every(lambda number: changes(actor, number=number, size=200, **asked)), MOST_LINES)


def _row(case: UseChange, actor: Actor) -> ChangeRow:
    return ChangeRow(
        id=case.pk,
        number=case.number,
        kind=case.kind,
        kind_label=_(rules.KINDS[case.kind]),
        title=case.resource_title,
        grant_id=case.grant_id,
        grant_reference=case.grant_reference,
        state=case.state,
        state_label=USE_CHANGE.state_label(case.state),
        consumer_id=case.consumer_id,
        consumer_name=case.consumer.name,
        provider_id=case.provider_id,
        provider_name=case.provider.name,
        items=tuple(case.items),
        purposes=tuple(case.purposes),
        scope=case.scope,
        recipient=case.recipient,
        content=case.content,
        why=case.why,
        until=case.until,
        commercial=case.commercial,
        created_at=case.created_at,
        reply_reason=case.reply_reason,
        replied_by=case.replied_by,
        replied_at=case.replied_at,
        permit=case.permit,
        version=case.version,
        releases=case.releases,
        buttons=tuple(USE_CHANGE.open_to(actor, case)),
    )


def change(change_id: int, actor: Actor) -> ChangeView:
    """Return one change of use with its releases and the moves open to the actor. NotThere for others."""
    case = _ROWS.filter(pk=change_id).first()
    if case is None or not may_know(actor, case):
        raise NotThere(_("没有找到该变更使用申请，或您无权知悉。"))
    return ChangeView(
        row=_row(case, actor),
        files=file_lines(tuple(case.attachments)),
        releases=tuple(_release(one) for one in Release.objects.filter(change=case).order_by("-pk")[:200]),
        profile=case.profile,
        happenings=tuple(happenings(kernel.history(KIND, case.pk), USE_CHANGE)),
    )


def _release(one: Release) -> ReleaseRow:
    return ReleaseRow(
        id=one.pk,
        recipient=one.recipient,
        items=tuple(one.items),
        rows=one.rows,
        released_on=one.released_on,
        fault=_(one.fault) if one.fault else "",
        by_name=one.by_name,
        at=one.at,
    )


def change_file(change_id: int, file_id: int, actor: Actor) -> int:
    """Return the id of a file handed in with an application. NotThere unless the change has it and may be known."""
    if file_id not in {file.id for file in change(change_id, actor).files}:
        raise NotThere(_("没有找到该附件，或您无权知悉。"))
    return file_id


@dataclass(frozen=True, slots=True)
class Changeable:
    """A grant whose use can be changed: the kinds the profile admits, and the items of the entry that are not withheld.

    banned: the kinds it forbids, with their sources in words.
    """

    grant_id: int
    reference: str
    title: str
    kinds: tuple[str, ...]
    banned: tuple[tuple[str, str], ...]
    items: tuple[str, ...]


def changeable(grant_id: int, actor: Actor, at: datetime) -> Changeable:
    """Return what may be applied for under a grant. NotThere where the actor's department does not hold it."""
    grant = grants.grant(grant_id, actor)
    if grant.consumer_id not in actor.serves:
        raise NotThere(_("没有找到该授权，或您无权知悉。"))
    entry = catalogue.require_published(grant.resource_id)
    policy = jurisdiction.policy_for(entry.region, beijing_day(at))
    cases = {kind: UseChange(kind=kind, share_type=entry.share_type) for kind in rules.KINDS}
    open_kinds = tuple(kind for kind, case in cases.items() if admitted(policy, case))
    banned = tuple(
        (_(rules.KINDS[kind]), policy.explain(*parameter_of(kind, entry.share_type)))
        for kind in rules.KINDS
        if kind not in open_kinds
    )
    names = tuple(item.name for item in entry.items if item.share_type != ShareType.WITHHELD)
    return Changeable(grant.id, grant.reference, grant.resource_title, open_kinds, banned, names)
