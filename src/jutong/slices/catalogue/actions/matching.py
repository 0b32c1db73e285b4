"""Deciding and meeting demands (W04, S51): review one by one and in sets, give to a provider, link, compile, meet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, Refusal, RuleBroken, WrongState
from jutong.kernel.workflow import Moved, joined
from jutong.slices.catalogue.actions.drafting import compile_entry
from jutong.slices.catalogue.models import Demand, Entry, Use
from jutong.slices.catalogue.queries.demands import holders_of, unlinkable
from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.slices.catalogue.rules.demands import likeliest, misplaced
from jutong.slices.catalogue.rules.sources import check_reason
from jutong.slices.catalogue.search import suggested
from jutong.slices.catalogue.workflow.demands import DEMAND, OPEN
from jutong.slices.parties import queries as parties

PLATFORM: Final = system_actor("catalogue")
_OPEN: Final = tuple(OPEN.split())
_ENDS: Final = {"accepted": "meet", "gap": "meet", "registered": "meet_by_entry", "assigned": "meet_by_entry"}
"""How a demand of each open state ends when an entry meets it."""
MOST_ITEM_NAME: Final = 128


def accept_demands(
    ids: Iterable[int],
    *,
    by: Actor,
    at: datetime,
    entries: Mapping[int, int] | None = None,
    provider_id: int | None = None,
) -> Moved:
    """Accept a set of demands (R-CAT-029): those named in `entries` {demand: entry} are linked, the others become gaps.

    A gap goes to `provider_id`, else to the provider that the demand names or that alone provides its items, else it
    waits to be given out.
    """
    chosen, wanted = dict(entries or {}), list(dict.fromkeys(ids))
    with transaction.atomic():
        bad, own = unlinkable(chosen.values()), _movable("accept", wanted, by)
        refusals: dict[int, Refusal] = {
            pk: WrongState(bad[chosen[pk]]) for pk in own & chosen.keys() if chosen[pk] in bad
        }
        if provider_id is not None:
            refusals |= _misplaced(own - chosen.keys(), provider_id)
        moved = DEMAND.advance_many("accept", [pk for pk in wanted if pk not in refusals], by=by, at=at)
        if provider_id is not None:
            Demand.objects.filter(pk__in=set(moved.done) - chosen.keys()).update(provider=provider_id)
        linked = list(Demand.objects.filter(pk__in=[pk for pk in moved.done if pk in chosen]))
        for case in linked:
            case.entry_id = chosen[case.pk]
        Demand.objects.bulk_update(linked, ["entry"], batch_size=500)
    return joined([moved], refusals)


def _movable(verb: str, ids: Iterable[int], by: Actor) -> set[int]:
    """Return the demands that the person may move so now; only of them more is said than why not."""
    cases = Demand.objects.filter(pk__in=list(ids))
    return {case.pk for case in cases if any(button.verb == verb for button in DEMAND.open_to(by, case))}


def _misplaced(ids: Iterable[int], provider_id: int) -> dict[int, Refusal]:
    """Say of demands why they cannot be given to a department; NotThere for an unknown one."""
    parties.department(provider_id)
    found = {
        case.pk: misplaced(case.scope, case.consumer_id, provider_id)
        for case in Demand.objects.filter(pk__in=list(ids))
    }
    return {pk: RuleBroken(sentence, field="provider_id") for pk, sentence in found.items() if sentence}


def reject_demands(ids: Iterable[int], *, by: Actor, at: datetime, reason: str) -> Moved:
    """Reject a set of demands with one reason; RuleBroken without it (R-CAT-029)."""
    return DEMAND.advance_many("reject", ids, by=by, at=at, reason=check_reason(reason)[:500], over_at=at)


def assign_demands(ids: Iterable[int], *, by: Actor, at: datetime, provider_id: int | None = None) -> Moved:
    """Give accepted and registered demands to a department, each to the one it names where none is given.

    The limit for its answer, if the procedure of the demand's day sets one, begins now.
    """
    if provider_id is not None:
        parties.department(provider_id)
    wanted = list(dict.fromkeys(ids))
    refusals: dict[int, Refusal] = {}
    groups: dict[tuple[str, int], list[int]] = {}
    cases = {case.pk: case for case in Demand.objects.filter(pk__in=wanted)}
    own = _movable("make_gap", wanted, by) | _movable("assign", wanted, by)
    for pk in wanted:
        case = cases.get(pk)
        chosen = provider_id or (case.provider_id if case else None)
        if case and pk in own and chosen is None:
            sentence = _("需求“%s”没有可能的提供部门，请选择部门后再分派。") % case.wanted
            refusals[pk] = RuleBroken(sentence, field="provider_id")
        elif case and pk in own and (sentence := misplaced(case.scope, case.consumer_id, chosen)):
            refusals[pk] = RuleBroken(sentence, field="provider_id")
        else:
            verb = "make_gap" if case and case.state == "accepted" else "assign"
            groups.setdefault((verb, chosen or 0), []).append(pk)
    parts: list[Moved] = []
    with transaction.atomic():
        for (verb, chosen), some in groups.items():
            parts.append(DEMAND.advance_many(verb, some, by=by, at=at, provider_id=chosen or None))
    return joined(parts, refusals)


@DEMAND.action("reassign")
def reassign_demand(case: Demand, *, by: Actor, at: datetime, provider_id: int) -> None:
    """Give a demand to another department instead; what the one before had begun to compile for it stays its own."""
    parties.department(provider_id)
    if sentence := misplaced(case.scope, case.consumer_id, provider_id):
        raise RuleBroken(sentence, field="provider_id")
    case.provider_id, case.entry_id, case.by_request = provider_id, None, False


@DEMAND.action("decline")
def decline_demand(case: Demand, *, by: Actor, at: datetime, reason: str) -> None:
    """Say why the department cannot provide what is wanted; the authority gives it to another one or ends it."""
    said = check_reason(reason)[:500]
    case.declined = [
        *case.declined,
        {"department_id": case.provider_id, "reason": said, "on": f"{beijing_day(at):%Y-%m-%d}"},
    ]
    case.provider_id, case.entry_id = None, None


@DEMAND.action("link")
def link_demand(case: Demand, *, by: Actor, at: datetime, entry_id: int) -> None:
    """Name the entry that is to meet a demand: a published one, or one of the own department that is to be published.

    The demand is met as soon as the entry is published and a resource stands behind it.
    """
    entry = Entry.objects.filter(pk=entry_id).exclude(state="withdrawn").first()
    own = entry is not None and entry.provider_id in by.serves and entry.share_type != "withheld"
    if not own and (bad := unlinkable([entry_id])):
        raise RuleBroken(bad[entry_id], field="entry_id")
    case.entry_id, case.by_request = entry_id, False


@DEMAND.action("compile_for")
def compile_for_demand(case: Demand, *, by: Actor, at: datetime) -> None:
    """Begin the entry that fills a gap: a draft of the provider with what the demand says; its publication meets the demand."""
    if case.entry_id is not None:
        raise NotAllowed(_("该需求已关联目录，请在该目录上继续编制。"))
    names = [name for name in case.items if len(name) <= MOST_ITEM_NAME]
    content = Content(
        title=case.wanted,
        abstract=case.contents,
        items=tuple(ItemContent(name=name) for name in names),
    )
    note = _("为数据需求 %s 编制") % case.number
    entry = compile_entry(by=by, at=at, provider_id=case.provider_id or 0, content=content, note=note)
    case.entry_id, case.by_request = entry.pk, False


def look_for(demand_id: int) -> None:
    """Keep what the catalogue's search finds for a demand that came in, for those who decide on it."""
    case = Demand.objects.filter(pk=demand_id).first()
    if case:
        Demand.objects.filter(pk=demand_id).update(suggested=suggested(case.wanted, case.items))


def pursue(demand_id: int, *, at: datetime) -> None:
    """Take a demand on after it was accepted, registered or linked: met by what it is linked to, or given to a provider.

    A demand that a department gave back waits for the authority.
    """
    case = Demand.objects.filter(pk=demand_id, state__in=_OPEN).first()
    if case is None:
        return
    if case.entry_id is not None:
        if not case.by_request:
            meet_by_entries([case.entry_id], at=at)
        elif Use.objects.filter(entry=case.entry_id, consumer=case.consumer_id, ended_on=None).exists():
            _met_by_request([case], at=at)
        return
    if case.state in {"accepted", "registered"} and not case.declined:
        chosen = likeliest(case.provider_id, holders_of(case.region, case.items), [])
        if chosen is not None and not misplaced(case.scope, case.consumer_id, chosen):
            assign_demands([case.pk], by=PLATFORM, at=at, provider_id=chosen)


def meet_by_entries(entry_ids: Sequence[int], *, at: datetime) -> int:
    """Meet the demands whose entry is published and reachable by now: a resource stands behind it (W04); returns how many."""
    reachable = Q(entry__published__isnull=False, entry__pulse__mounted=True) & ~Q(entry__state="withdrawn")
    waiting = Demand.objects.filter(reachable, entry__in=entry_ids, by_request=False, state__in=_OPEN)
    by_verb: dict[str, list[int]] = {}
    for pk, state in waiting.order_by("pk").values_list("pk", "state"):
        by_verb.setdefault(_ENDS[state], []).append(pk)
    moved = [DEMAND.advance_many(verb, ids, by=PLATFORM, at=at, over_at=at) for verb, ids in by_verb.items()]
    return sum(len(one.done) for one in moved)


def leave_entry(entry_id: int, *, at: datetime) -> None:
    """Let open demands go on after their entry was withdrawn: to the one it was merged into, else without an entry.

    Their authority is told of those that have none any more.
    """
    entry = Entry.objects.get(pk=entry_id)
    waiting = Demand.objects.filter(entry=entry_id, state__in=_OPEN)
    left = list(waiting.order_by("pk").values_list("pk", "authority", "wanted"))
    waiting.update(entry=entry.successor_id, by_request=False)
    if entry.successor_id:
        meet_by_entries([entry.successor_id], at=at)
        return
    for pk, authority, name in left:
        title = _("需求所关联的目录已经撤销，请另行办理：%s") % name
        inbox.tell(department_id=authority, title=title, link=f"/catalogue/demands/{pk}/", at=at)


@dataclass(frozen=True, slots=True)
class Opened:
    """A sharing request that was opened: its number, and the entry that its department can use now."""

    number: str
    entry_id: int
    consumer_id: int


def note_requests_granted(opened: Sequence[Opened], *, at: datetime) -> int:
    """Meet the demands of departments for entries that sharing requests have just opened to them; returns how many."""
    waiting: dict[tuple[int, int], list[Demand]] = defaultdict(list)
    asked = {"entry__in": {one.entry_id for one in opened}, "consumer__in": {one.consumer_id for one in opened}}
    for demand in Demand.objects.filter(**asked, state__in=_OPEN).order_by("pk"):
        waiting[demand.entry_id or 0, demand.consumer_id].append(demand)
    return sum(
        _met_by_request(waiting.pop((one.entry_id, one.consumer_id), []), at=at, number=one.number) for one in opened
    )


def _met_by_request(cases: Sequence[Demand], *, at: datetime, number: str = "") -> int:
    done = 0
    for verb, states in (("meet", {"accepted", "gap"}), ("meet_by_request", {"registered", "assigned"})):
        ids = [case.pk for case in cases if case.state in states]
        if ids:
            moved = DEMAND.advance_many(verb, ids, by=PLATFORM, at=at, over_at=at, request_number=number[:24])
            done += len(moved.done)
    return done
