"""The consumer's side of demands (W04, S51): record, by Excel, edit, hand in with the catalogue list or alone, end."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO, Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from jutong.kernel import files, inbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, RuleBroken
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Moved, joined, open_many
from jutong.slices.catalogue.actions.approving import submit_entries
from jutong.slices.catalogue.formats import demands as sheets
from jutong.slices.catalogue.models import Demand, Entry, MatchingProcedure
from jutong.slices.catalogue.models.demands import OVER
from jutong.slices.catalogue.queries.demand_figures import procedure_of
from jutong.slices.catalogue.queries.demands import unlinkable
from jutong.slices.catalogue.rules.demands import Wanted, check_wanted
from jutong.slices.catalogue.rules.sources import check_reason
from jutong.slices.catalogue.rules.text import title_key
from jutong.slices.catalogue.workflow.demands import CONSUMER, DEMAND, may_know_demand
from jutong.slices.parties import queries as parties

MOST_TOGETHER: Final = 500
"""Entries handed in together with a demand list; more are handed in on the catalogue's own page."""


@dataclass(frozen=True, slots=True)
class DemandsImported:
    """How an import ended: demands recorded, lines refused, and the workbook of the refused ones (stored file)."""

    taken: int
    refused: int
    file_id: int | None


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What was handed in: the demands, and the catalogue entries together with them."""

    demands: Moved
    entries: Moved


@DEMAND.opens("record")
def record_demand(*, by: Actor, at: datetime, consumer_id: int, given: Wanted) -> Demand:
    """Record what a department wants, as a draft (neijiang-2020#12, national-2025#20).

    RuleBroken with a remark per field for what is missing; Conflict for what the department demands already.
    """
    kept = _checked(given, consumer_id)
    _check_provider(kept)
    _refuse_doubled(consumer_id, kept)
    case = _unsaved(kept, _place(consumer_id), by, at)
    try:
        with transaction.atomic():
            case.started_on = beijing_day(at)
            case.save()
    except IntegrityError as twice:
        raise _doubled(kept) from twice
    return case


def _checked(given: Wanted, consumer_id: int) -> Wanted:
    if given.scope == "internal" and given.provider_id is None:
        given = replace(given, provider_id=consumer_id)
    return check_wanted(given, consumer_id=consumer_id)


def _check_provider(kept: Wanted) -> None:
    if kept.provider_id is not None and kept.provider_id not in parties.departments([kept.provider_id]):
        raise RuleBroken(_("没有这个提供部门，请从列表中选择。"), field="provider_id")


def _refuse_doubled(consumer_id: int, kept: Wanted, *, but: int = 0) -> None:
    same = Demand.objects.filter(consumer=consumer_id, wanted_key=title_key(kept.wanted)).exclude(pk=but)
    if same.exclude(state__in=OVER).exists():
        raise _doubled(kept)


def _doubled(kept: Wanted) -> Conflict:
    return Conflict(_("本部门已有同一数据的需求“%s”尚未办结，请在该需求上补充。") % kept.wanted)


def _place(consumer_id: int) -> dict[str, Any]:
    """Return whose a demand is, where, and which authority decides on it."""
    region = parties.department(consumer_id).region
    return {"region": region, "consumer_id": consumer_id, "authority_id": parties.authority_of(region)}


def _unsaved(kept: Wanted, place: Mapping[str, Any], by: Actor, at: datetime) -> Demand:
    case = Demand(**place, account_name=by.name[:100], at=at)
    _write(case, kept)
    return case


def _write(case: Demand, kept: Wanted) -> None:
    case.scope, case.wanted, case.wanted_key = kept.scope, kept.wanted, title_key(kept.wanted)[:200]
    case.contents, case.items, case.provider_id = kept.contents, list(kept.items), kept.provider_id
    case.duty, case.basis = kept.duty, kept.basis


@DEMAND.action("edit")
def edit_demand(case: Demand, *, by: Actor, at: datetime, given: Wanted) -> None:
    """Change a demand that was not handed in yet."""
    kept = _checked(given, case.consumer_id)
    _check_provider(kept)
    _refuse_doubled(case.consumer_id, kept, but=case.pk)
    _write(case, kept)


@action("catalogue.discard_demand", label=N_("删除需求草稿"), allow=CONSUMER, on=Demand, visible=may_know_demand)
def discard_demand(case: Demand, *, by: Actor, at: datetime) -> None:
    """Delete a demand that was not handed in yet; what was handed in is ended with a reason instead."""
    if case.state != "draft":
        raise Conflict(_("需求已提交，不能删除；不再需要的，请终结并说明理由。"))
    case.delete()


@action("catalogue.import_demands", label=N_("导入数据需求"), allow=CONSUMER)
def import_demands(source: IO[bytes], *, by: Actor, at: datetime, consumer_id: int) -> DemandsImported:
    """Record the demands of a workbook: good lines in, bad ones back with a reason each; see `formats.demands`.

    The same file again records nothing twice: what the department demands already comes back with that reason.
    """
    cases: list[Demand] = []
    bad: list[sheets.BadLine] = []
    open_ = Demand.objects.filter(consumer=consumer_id).exclude(state__in=OVER)
    taken = set(open_.values_list("wanted_key", flat=True))
    known: dict[str, int | None] = {}
    place = _place(consumer_id)
    for line in sheets.read(source):
        try:
            kept = _checked(_meant(line, known), consumer_id)
            key = title_key(kept.wanted)
            if key in taken:
                raise _doubled(kept)
            taken.add(key)
            cases.append(_unsaved(kept, place, by, at))
        except (RuleBroken, Conflict) as refusal:
            bad.append(sheets.BadLine(line, _remarks(refusal)))
    if not cases and not bad:
        raise RuleBroken(_("工作表没有数据行，请填写后再导入。"), field="file")
    try:
        with transaction.atomic():
            open_many(DEMAND, "record", cases, at=at)
    except IntegrityError as twice:
        raise Conflict(_("同一数据的需求刚刚已由他人登记，请重新导入。")) from twice
    name = _("数据需求导入未通过的行.xlsx")
    stored = files.store(io.BytesIO(sheets.returned(bad)), name, by=by, at=at) if bad else None
    return DemandsImported(len(cases), len(bad), stored.id if stored else None)


def _meant(line: sheets.Line, known: dict[str, int | None]) -> Wanted:
    """Return what a line says; RuleBroken for a provider nobody is called like."""
    name = line.values.get("provider", "")
    if name not in known:
        found = parties.departments_called(name) if name else []
        known[name] = found[0] if len(found) == 1 else None
    if name and known[name] is None:
        raise RuleBroken(_("没有名为“%s”的部门，或者重名，请从下拉列表中选择。") % name[:60], field="provider")
    return Wanted(
        scope=sheets.scope_called(line.values.get("scope", "")),
        wanted=line.values.get("wanted", ""),
        contents=line.values.get("contents", ""),
        items=sheets.listed(line.values.get("items", "")),
        provider_id=known[name],
        duty=line.values.get("duty", ""),
        basis=line.values.get("basis", ""),
    )


def _remarks(refusal: RuleBroken | Conflict) -> Mapping[str, str]:
    if isinstance(refusal, RuleBroken) and refusal.remarks:
        names = {"provider_id": "provider"}
        return {names.get(field, field): sentence for field, sentence in refusal.remarks.items()}
    return {getattr(refusal, "field", "") or "wanted": refusal.sentence}


def submit_demands(ids: Iterable[int], *, by: Actor, at: datetime, with_catalogue: bool = False) -> HandedIn:
    """Hand a department's demand list in for review, alone or together with its catalogue list (neijiang-2020#12).

    with_catalogue: the entries of the same departments that their leader approved are submitted in the same step; those
    that are refused stay behind with the reason. The authority is told once.
    """
    with transaction.atomic():
        moved = _procedural("submit", ids, by, at, submitted_at=at, with_catalogue=with_catalogue)
        cases = list(Demand.objects.filter(pk__in=moved.done))
        ready = Entry.objects.filter(
            provider__in={case.consumer_id for case in cases}, state="leader_approved"
        ).order_by("pk")
        ids_ready = list(ready.values_list("pk", flat=True)[:MOST_TOGETHER]) if with_catalogue else []
        entries = submit_entries(ids_ready, by=by, at=at) if ids_ready else Moved()
        _tell_authorities(cases, at)
    return HandedIn(moved, entries)


def _tell_authorities(cases: Sequence[Demand], at: datetime) -> None:
    for authority, consumer in dict.fromkeys((case.authority_id, case.consumer_id) for case in cases):
        count = sum(case.consumer_id == consumer for case in cases)
        words = {"department": parties.department(consumer).name, "count": count}
        inbox.tell(
            department_id=authority,
            title=_("%(department)s提交需求清单，共 %(count)d 项，请审核") % words,
            link="/catalogue/demands/review/",
            at=at,
        )


def register_demands(ids: Iterable[int], *, by: Actor, at: datetime) -> Moved:
    """Register demands with the matching mechanism, at any time and without a list (national-2025#20, R-SHR-039)."""
    return _procedural("register", ids, by, at, submitted_at=at)


def _procedural(verb: str, ids: Iterable[int], by: Actor, at: datetime, **values: Any) -> Moved:
    """Hand demands in, each under the procedure that its region's authority has published by now, and kept to it."""
    parts: list[Moved] = []
    wanted = list(dict.fromkeys(ids))
    regions = dict(Demand.objects.filter(pk__in=wanted).values_list("pk", "region"))
    with transaction.atomic():
        for region in dict.fromkeys([*regions.values(), *([""] if len(regions) < len(wanted) else [])]):
            rules: MatchingProcedure | None = procedure_of(region)
            moved = DEMAND.advance_many(
                verb,
                [pk for pk in wanted if regions.get(pk, "") == region],
                by=by,
                at=at,
                procedure_id=rules.pk if rules else None,
                answer_days=rules.answer_days if rules else None,
                **values,
            )
            parts.append(moved)
    return joined(parts, {})


@DEMAND.action("ask")
def ask_by_request(case: Demand, *, by: Actor, at: datetime, entry_id: int) -> None:
    """Name the published entry that the department asks for instead: the demand is met when that request is granted."""
    if bad := unlinkable([entry_id]):
        raise RuleBroken(bad[entry_id], field="entry_id")
    case.entry_id, case.by_request = entry_id, True


@DEMAND.action("end")
def end_demand(case: Demand, *, by: Actor, at: datetime, reason: str) -> None:
    """End a demand with the reason: its department needs it no longer, or the authority finds it cannot be met."""
    case.reason = check_reason(reason)[:500]
    case.over_at = at
