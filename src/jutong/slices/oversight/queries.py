"""The state of sharing in an authority's area over a period, and the records behind every figure of it (R-OVR-037)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _

from jutong.kernel import agenda
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import end_of_day
from jutong.kernel.errors import NotAllowed, NotThere
from jutong.kernel.paging import Page
from jutong.kernel.terms import ShareType
from jutong.kernel.workflow import workflows
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.exchange import queries as exchange
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties
from jutong.slices.services import queries as services

WATCHERS: Final = (Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER)
"""Who sees the state of their own authority's area; auditors see that of all."""
RECEIVED: Final = Q(received_at__isnull=False)
"""A request that is not filed yet is its consumer's own affair."""
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "sharing_request": ("reply", "delivery"),
    "use_change": (),
    "dispute": ("negotiation", "coordination"),
    "verification": (),
    "objection": (),
    "open_correction": (),
    "complaint": (),
    "misuse_case": (),
    "disposal": (),
    "catalog_update": (),
    "catalog_finding": (),
}
"""Kinds of cases in their order, with the limits that are told apart."""


@dataclass(frozen=True, slots=True)
class TypeFigure:
    """Published entries of one sharing type."""

    share_type: str
    label: str
    entries: int


@dataclass(frozen=True, slots=True)
class Volume:
    """What moved over a period: grants used, calls answered, rows handed out by them, deliveries and their rows."""

    side: str
    label: str
    grants: int = 0
    calls: int = 0
    called_rows: int = 0
    deliveries: int = 0
    delivered_rows: int = 0


@dataclass(frozen=True, slots=True)
class MovedGrant:
    """One grant behind a volume."""

    grant_id: int
    reference: str
    title: str
    provider: str
    consumer: str
    calls: int
    called_rows: int
    deliveries: int
    delivered_rows: int


@dataclass(frozen=True, slots=True)
class State:
    """The state of sharing over a period: entries by type, cases by kind and limit, volumes by side."""

    first: date
    last: date
    types: tuple[TypeFigure, ...]
    cases: tuple[agenda.Standing, ...]
    volumes: tuple[Volume, ...]

    @property
    def entries(self) -> int:
        """Every published entry."""
        return sum(one.entries for one in self.types)

    def of(self, workflow: str, limit: str = "") -> agenda.Standing:
        """Return how the cases of a kind stand."""
        return next(one for one in self.cases if (one.workflow, one.limit) == (workflow, limit))


def supervises(actor: Actor) -> bool:
    """Tell whether an actor sees the state of sharing: the competent authority, auditors."""
    return actor.holds(*WATCHERS, Role.AUDITOR)


def _authorities(actor: Actor) -> frozenset[int] | None:
    """Return the departments as whose authority the actor looks (None: everything). NotAllowed for everybody else."""
    if actor.holds(Role.AUDITOR):
        return None
    held = frozenset(
        post.department_id for post in actor.held if post.role in WATCHERS and post.department_id is not None
    )
    if not held:
        raise NotAllowed(_("共享态势只供主管部门和审计人员查看。"))
    return held


def _watched(workflow: str, limit: str, first: date, last: date, by: frozenset[int] | None) -> agenda.Watched:
    only = RECEIVED if workflow == "sharing_request" else Q()
    return agenda.Watched(workflow, first, last, by, only=only, limit=limit)


def state(actor: Actor, first: date, last: date, *, at: datetime) -> State:
    """Return the state of sharing in the actor's area from `first` to `last` (Beijing days), set by set.

    Cases are those that began in the period or are open; an authority sees those of its own area and no other's.
    """
    by = _authorities(actor)
    counted = catalogue.counted_by_type(by)
    return State(
        first,
        last,
        tuple(TypeFigure(kind.value, _(kind.label), counted.get(kind.value, 0)) for kind in ShareType),
        agenda.standings({_watched(kind, "", first, last, by): limits for kind, limits in KINDS.items()}, at),
        _volumes(_moved(actor, first, last)),
    )


def cases(
    actor: Actor,
    workflow: str,
    first: date,
    last: date,
    *,
    at: datetime,
    limit: str = "",
    how: str = "",
    number: int = 1,
    size: int = 20,
) -> tuple[list[agenda.StandingCase], Page]:
    """Return the cases behind a figure; how: in_time, overdue, open, or empty for all. NotThere for another kind."""
    if workflow not in KINDS or limit not in ("", *KINDS[workflow]) or how not in ("", *agenda.HOWS):
        raise NotThere(_("没有这项统计，请从共享态势页面上的数字进入。"))
    watched = _watched(workflow, limit, first, last, _authorities(actor))
    return agenda.standing_cases(watched, at, how=how, number=number, size=size)


def entries(
    actor: Actor, share_type: str, *, number: int = 1, size: int = 20
) -> tuple[list[catalogue.CountedEntry], Page]:
    """Return the published entries behind a figure, of one sharing type or of all."""
    return catalogue.published_by(_authorities(actor), share_type, number=number, size=size)


@dataclass(frozen=True, slots=True)
class _Moved:
    """What was called and delivered under each grant, and which grants are provided to or used by the area."""

    called: Mapping[int, services.Called]
    delivered: Mapping[int, exchange.Carried]
    by_side: Mapping[str, tuple[int, ...]]


def _moved(actor: Actor, first: date, last: date) -> _Moved:
    by = _authorities(actor)
    called = services.called_under(first, last)
    delivered = exchange.delivered_under(end_of_day(first - timedelta(days=1)), end_of_day(last))
    sides = grants.sides_of({*called, *delivered})
    area = None if by is None else parties.watched(actor).keys()
    return _Moved(
        called,
        delivered,
        {
            side: tuple(sorted(pk for pk, both in sides.items() if area is None or both[place] in area))
            for place, side in enumerate(("provided", "used"))
        },
    )


def _volumes(moved: _Moved) -> tuple[Volume, ...]:
    labels = {"provided": _("本区域提供"), "used": _("本区域使用")}
    return tuple(_volume(side, labels[side], moved, ids) for side, ids in moved.by_side.items())


def _volume(side: str, label: str, moved: _Moved, ids: Iterable[int]) -> Volume:
    called = [moved.called[pk] for pk in ids if pk in moved.called]
    delivered = [moved.delivered[pk] for pk in ids if pk in moved.delivered]
    return Volume(
        side, label, len(moved.by_side[side]), sum(one.calls for one in called), sum(one.rows for one in called),
        sum(one.runs for one in delivered), sum(one.rows for one in delivered),
    )  # fmt: skip


def moved_grants(
    actor: Actor, side: str, first: date, last: date, *, number: int = 1, size: int = 20
) -> tuple[list[MovedGrant], Page]:
    """Return the grants behind a volume, those with the most rows first; side: provided or used."""
    moved = _moved(actor, first, last)
    if side not in moved.by_side:
        raise NotThere(_("没有这项统计，请从共享态势页面上的数字进入。"))
    figures = {pk: _volume(side, "", moved, [pk]) for pk in moved.by_side[side]}
    ranked = sorted(figures, key=lambda pk: (-figures[pk].called_rows - figures[pk].delivered_rows, pk))
    last_page = max(1, -(-len(ranked) // size))
    meta = Page(min(max(1, number), last_page), size, len(ranked))
    shown = ranked[meta.first : meta.first + size]
    facts = grants.facts_by_ids(shown)
    names = parties.departments({pk for one in facts.values() for pk in (one.provider_id, one.consumer_id)})
    return [
        MovedGrant(
            pk, facts[pk].reference, facts[pk].resource_title, names[facts[pk].provider_id].name,
            names[facts[pk].consumer_id].name, figures[pk].calls, figures[pk].called_rows, figures[pk].deliveries,
            figures[pk].delivered_rows,
        )
        for pk in shown
    ], meta  # fmt: skip


def label_of(workflow: str, limit: str = "") -> str:
    """Return what a figure is called, translated."""
    title = _(workflows()[workflow].title)
    return f"{title}：{_(workflows()[workflow].clocks[limit].label)}" if limit else title
