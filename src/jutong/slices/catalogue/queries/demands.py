"""Demands for data: lists of the own, of those given to one and of a region; one demand; what may meet or answer it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.pieces import Happening, happenings
from jutong.kernel.jurisdiction import policy_for
from jutong.kernel.models import Clock, ClockState
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.queries import ClockRow, clocks, history
from jutong.kernel.workflow import Button
from jutong.slices.catalogue.models import Demand, Entry, ItemSource
from jutong.slices.catalogue.models.demands import OVER
from jutong.slices.catalogue.queries.keys import keys_of
from jutong.slices.catalogue.rules.demands import SCOPES
from jutong.slices.catalogue.workflow.demands import DEMAND, DEMAND_STATES, lists_demands, matches_demands
from jutong.slices.catalogue.workflow.sources import STAFF
from jutong.slices.parties import queries as parties

VIEWS: Final = ("own", "given", "review", "all")
"""Whose demands a list shows: the own departments', those their departments are to meet, those to decide, all known."""
LISTED: Final = ("accepted", "gap", "met", "registered", "assigned", "met_by_entry", "met_by_request")
"""States in which a region's list takes a demand up: reviewed or registered, and neither rejected nor ended."""
MET: Final = ("met", "met_by_entry", "met_by_request")
DROPPED: Final = ("rejected", "ended")
_GROUPS: Final = {"fulfilled": MET, "dropped": DROPPED}
"""States that a figure counts together, by the name under which a list is asked for them."""
TO_DECIDE: Final = Q(state__in=["submitted", "registered"]) | Q(state="accepted", entry=None)


@dataclass(frozen=True, slots=True)
class DemandRow:
    """A demand in a list. entry_id 0: nothing is to meet it yet; provider_id 0: nobody was named or given it."""

    id: int
    number: str
    region: str
    consumer_id: int
    consumer: str
    provider_id: int
    provider: str
    scope: str
    scope_label: str
    wanted: str
    contents: str
    items: tuple[str, ...]
    duty: str
    basis: str
    state: str
    state_label: str
    entry_id: int
    entry_title: str
    entry_code: str
    request_number: str
    reason: str
    suggested: tuple[int, ...]
    at: datetime
    submitted_at: datetime | None
    over_at: datetime | None
    clock: ClockRow | None


@dataclass(frozen=True, slots=True)
class DeclinedRow:
    """A department that gave a demand back, why and when."""

    department: str
    reason: str
    on: str


@dataclass(frozen=True, slots=True)
class DemandDetail:
    """A demand as its page shows it. entry_state: of what is to meet it; procedure: version it runs under, 0 for none."""

    row: DemandRow
    account_name: str
    by_request: bool
    with_catalogue: bool
    entry_state: str
    entry_published: bool
    procedure_id: int
    procedure: int
    listed: str
    declined: tuple[DeclinedRow, ...]
    candidates: tuple[tuple[int, str], ...]
    buttons: tuple[Button, ...]
    clocks: tuple[ClockRow, ...]
    happenings: tuple[Happening, ...]
    profile: str

    @property
    def open(self) -> bool:
        """Tell whether it still waits for what meets it."""
        return self.row.state not in OVER


def known_demands(actor: Actor) -> QuerySet[Demand]:
    """Return the demands that the actor may know of, as `may_know_demand` says of one."""
    rows = Demand.objects.select_related("consumer", "provider", "entry")
    if actor.account_id is None:
        return rows
    handed_in = ~Q(state="draft")
    if not actor.holds(Role.AUDITOR):
        handed_in &= Q(provider__in=actor.serves) | Q(authority__in=actor.serves)
    return rows.filter(Q(consumer__in=actor.serves) | Q(listed__isnull=False) | handed_in)


def _viewed(actor: Actor, view: str) -> QuerySet[Demand]:
    rows = known_demands(actor)
    if view == "own":
        return rows.filter(consumer__in=actor.serves)
    if view == "given":
        return rows.filter(provider__in=actor.serves).exclude(state="draft")
    if view == "review":
        return rows.filter(TO_DECIDE, authority__in=actor.serves)
    return rows.exclude(state="draft")


def overdue(at: datetime) -> QuerySet[Clock, Any]:
    """Return the ids of demands whose answer is overdue."""
    running = Clock.objects.filter(case_kind=DEMAND.name, state=ClockState.RUNNING, target=False)
    return running.filter(due_day__lt=beijing_day(at)).values("case_id")


@dataclass(frozen=True, slots=True)
class Counted:
    """Which demands a figure counts: of a region, of those who want them, given to a department, those of them overdue."""

    region: str = ""
    consumer: int = 0
    provider: int = 0
    late: bool = False


def _counted(rows: QuerySet[Demand], counted: Counted, at: datetime) -> QuerySet[Demand]:
    if counted.region:
        rows = rows.filter(region=counted.region)
    if counted.consumer:
        rows = rows.filter(consumer=counted.consumer)
    if counted.provider:
        rows = rows.filter(provider=counted.provider, state__in=LISTED)
    return rows.filter(pk__in=overdue(at)) if counted.late else rows


def demands(
    actor: Actor,
    *,
    at: datetime,
    view: str = "own",
    state: str = "",
    scope: str = "",
    text: str = "",
    counted: Counted = Counted(),
    number: int = 1,
    size: int = 20,
) -> tuple[list[DemandRow], Page]:
    """Return demands of a view (`VIEWS`), newest first: of a state ("open": not over), of a scope, with some words."""
    rows = _counted(_viewed(actor, view), counted, at).order_by("-pk")
    if state == "open":
        rows = rows.exclude(state__in=OVER)
    elif state in _GROUPS:
        rows = rows.filter(state__in=_GROUPS[state])
    elif state:
        rows = rows.filter(state=state)
    if scope:
        rows = rows.filter(scope=scope)
    if text:
        said = Q(wanted__icontains=text) | Q(contents__icontains=text) | Q(duty__icontains=text)
        rows = rows.filter(said | Q(consumer__name__icontains=text) | Q(provider__name__icontains=text))
    found, meta = page(rows, number, size)
    return rows_of(found, at), meta


def demand_lines(actor: Actor, *, at: datetime, **given: Any) -> Iterator[DemandRow]:
    """Return every demand of a view, page by page, for Excel."""
    return every(lambda number: demands(actor, at=at, number=number, size=LARGEST, **given))


def rows_of(found: Sequence[Demand], at: datetime) -> list[DemandRow]:
    """Return demands as lists show them, with the running limit of each."""
    running = clocks(DEMAND.name, [case.pk for case in found], at)
    return [_row(case, next((c for c in running.get(case.pk, ()) if c.state == "running"), None)) for case in found]


def _row(case: Demand, clock: ClockRow | None) -> DemandRow:
    entry = case.entry
    return DemandRow(
        id=case.pk,
        number=case.number,
        region=case.region,
        consumer_id=case.consumer_id,
        consumer=case.consumer.name,
        provider_id=case.provider_id or 0,
        provider=case.provider.name if case.provider else "",
        scope=case.scope,
        scope_label=_(SCOPES.get(case.scope, case.scope)),
        wanted=case.wanted,
        contents=case.contents,
        items=tuple(case.items),
        duty=case.duty,
        basis=case.basis,
        state=case.state,
        state_label=DEMAND.state_label(case.state),
        entry_id=entry.pk if entry else 0,
        entry_title=entry.title if entry else "",
        entry_code=(entry.code or "") if entry else "",
        request_number=case.request_number,
        reason=case.reason,
        suggested=tuple(case.suggested),
        at=case.at,
        submitted_at=case.submitted_at,
        over_at=case.over_at,
        clock=clock,
    )


def demand(demand_id: int, *, actor: Actor, at: datetime) -> DemandDetail:
    """Return one demand. NotThere for one the actor may not know of."""
    case = known_demands(actor).select_related("procedure", "listed").filter(pk=demand_id).first()
    if case is None:
        raise NotThere(_("没有找到该数据需求，或您无权知悉。"))
    entry = case.entry
    names = parties.departments({row["department_id"] for row in case.declined})
    declined = tuple(
        DeclinedRow(names[row["department_id"]].name if row["department_id"] in names else "", row["reason"], row["on"])
        for row in case.declined
    )
    listed = case.listed
    return DemandDetail(
        row=_row(case, None),
        account_name=case.account_name,
        by_request=case.by_request,
        with_catalogue=case.with_catalogue,
        entry_state=entry.state if entry else "",
        entry_published=bool(entry and entry.published_id and entry.state != "withdrawn"),
        procedure_id=case.procedure_id or 0,
        procedure=case.procedure.version if case.procedure else 0,
        listed=listed.document if listed else "",
        declined=declined,
        candidates=candidates(case),
        buttons=tuple(DEMAND.open_to(actor, case)),
        clocks=tuple(clocks(DEMAND.name, [case.pk], at).get(case.pk, ())),
        happenings=tuple(happenings(history(DEMAND.name, case.pk), DEMAND)),
        profile=case.profile,
    )


def candidates(case: Demand) -> tuple[tuple[int, str], ...]:
    """Return departments (id, name) that probably have what is wanted: those of its items, then those of like entries."""
    refused = {row["department_id"] for row in case.declined}
    if case.scope != "internal":
        refused.add(case.consumer_id)
    like = Entry.objects.filter(pk__in=case.suggested).values_list("provider_id", flat=True)
    found = dict.fromkeys([*holders_of(case.region, case.items), *like])
    known = parties.departments(pk for pk in found if pk not in refused)
    return tuple((pk, known[pk].name) for pk in found if pk in known and known[pk].active)


def holders_of(region: str, items: Iterable[str]) -> list[int]:
    """Return the departments that are the source of these items in a region, those of most items first."""
    names = list(items)
    if not names:
        return []
    held = ItemSource.objects.filter(region=region, until=None, key__in=set(keys_of(names).values()))
    counts: dict[int, int] = {}
    for provider in held.values_list("provider_id", flat=True):
        counts[provider] = counts.get(provider, 0) + 1
    return sorted(counts, key=lambda pk: (-counts[pk], pk))


def own_unpublished(actor: Actor, provider_id: int) -> list[tuple[int, str]]:
    """Return entries (id, title) of a provider that are not published yet, newest first, to its own people."""
    if provider_id not in actor.serves:
        return []
    rows = Entry.objects.filter(provider=provider_id, published=None).exclude(state="withdrawn").order_by("-pk")
    return list(rows.values_list("pk", "title")[:50])


def unlinkable(entry_ids: Iterable[int]) -> dict[int, str]:
    """Say of entries why a demand cannot be linked to them as an authority or consumer: not in force, or not shared."""
    wanted = set(entry_ids)
    known = {row.pk: row for row in Entry.objects.filter(pk__in=wanted)}
    found: dict[int, str] = {}
    for pk in wanted:
        entry = known.get(pk)
        if entry is None or entry.published_id is None or entry.state == "withdrawn":
            found[pk] = _("没有找到该目录，或尚未发布，请从建议或检索结果中选择已发布的目录。")
        elif entry.share_type == "withheld":
            found[pk] = _("《%s》属于不予共享，不能满足需求，请选择其他目录或者分派缺口。") % entry.title
    return found


@dataclass(frozen=True, slots=True)
class DemandOffer:
    """What the actor may do with demands: departments they record for, whether lists and matching are offered there."""

    departments: tuple[tuple[int, str], ...]
    lists: bool
    matches: bool
    decides: bool


def demands_offered(actor: Actor, at: datetime) -> DemandOffer:
    """Return for which departments the actor records demands, and which ways the profile of the region offers."""
    mine = {post.department_id for post in actor.posts if post.role in STAFF and post.department_id is not None}
    known = parties.departments(mine)
    policy = policy_for(actor.region, beijing_day(at)) if actor.region else None
    return DemandOffer(
        departments=tuple(sorted(((pk, row.name) for pk, row in known.items()), key=lambda pair: pair[1])),
        lists=bool(policy and lists_demands(policy)),
        matches=bool(policy and matches_demands(policy)),
        decides=actor.holds(Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD),
    )


def demand_states() -> list[tuple[str, str]]:
    """Return the states to filter by: those that figures count together first, then one by one."""
    together = [("open", _("未办结")), ("fulfilled", _("已满足")), ("dropped", _("未采纳或终结"))]
    return [*together, *((code, _(label)) for code, label in DEMAND_STATES.items() if code != "met")]
