"""Who obtained data of a resource in a period: department, person, time, items, purpose and count (R-SHR-021).

Set-based: the tallies of calls by day are read by their index, never the calls themselves; deliveries are runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.paging import Page
from jutong.slices.agreements import queries as agreements
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.exchange import queries as exchange
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties
from jutong.slices.services import queries as services

LONGEST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Sum:
    """What one department obtained in the period: answered calls and their rows, deliveries and their rows.

    responsible: who answers for the data there.
    """

    consumer_id: int
    consumer_name: str
    responsible: tuple[str, ...]
    calls: int
    call_rows: int
    runs: int
    run_rows: int


@dataclass(frozen=True, slots=True)
class TraceCall:
    """Calls of one business system of a department on one day, for one purpose: answered calls and rows handed over."""

    day: date
    consumer_name: str
    system: str
    grant_id: int
    reference: str
    items: tuple[str, ...]
    mode: str
    purpose: str
    calls: int
    rows: int


@dataclass(frozen=True, slots=True)
class Trace:
    """A resource and what each department obtained of it in the period, most rows first; responsible: at the provider's."""

    resource_id: int
    title: str
    code: str
    provider_name: str
    responsible: tuple[str, ...]
    sums: tuple[Sum, ...]


def _entry(resource_id: int, actor: Actor, first: date, last: date) -> catalogue.PublishedEntry:
    """Return the entry; NotThere unless it is the actor's, the authority's or an auditor's; RuleBroken for a wrong period."""
    entry = catalogue.published(resource_id)
    if entry is None:
        raise NotThere(_("没有找到该资源，或您无权查看其使用情况。"))
    overseer = actor.holds(
        Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER, department_id=parties.authority_of(entry.region)
    )
    if not (overseer or actor.holds(Role.AUDITOR) or entry.provider_id in actor.serves):
        raise NotThere(_("没有找到该资源，或您无权查看其使用情况。"))
    if not first <= last or (last - first).days > LONGEST_DAYS:
        raise RuleBroken(_("查询期间须从先到后，最长十年，请修改日期。"), field="last")
    return entry


def trace(resource_id: int, first: date, last: date, actor: Actor) -> Trace:
    """Return who obtained a resource between two Beijing days, one line a department, and who answers for it at each (R-SHR-031).

    That is whom the agreement behind a grant names, else the head of the department's sharing unit (national-2025#34).
    """
    entry = _entry(resource_id, actor, first, last)
    held = grants.standing(grants.grants_of_entry(resource_id))
    totals: dict[int, list[int]] = {}
    for pk, use in services.used_of(held, first, last).items():
        if use.calls > use.refused:
            sums = totals.setdefault(held[pk].consumer_id, [0, 0, 0, 0])
            sums[0] += use.calls - use.refused
            sums[1] += use.rows
    for consumer, got in exchange.handed_sums(resource_id, first, last).items():
        sums = totals.setdefault(consumer, [0, 0, 0, 0])
        sums[2] += got.runs
        sums[3] += got.rows
    names = parties.departments(totals)
    heads = parties.sharing_unit_heads([entry.provider_id, *totals], last)
    answerable = {pk: (name,) for pk, name in heads.items()} | agreements.responsible_under(
        one.came_under for one in held.values()
    )
    lines = [
        Sum(pk, names[pk].name if pk in names else str(pk), answerable.get(pk, ()), *sums)
        for pk, sums in totals.items()
    ]
    lines.sort(key=lambda one: (-(one.call_rows + one.run_rows), one.consumer_name))
    provider = answerable.get(entry.provider_id, ())
    return Trace(entry.id, entry.title, entry.code, entry.provider_name, provider, tuple(lines))


def calls(
    resource_id: int, first: date, last: date, actor: Actor, *, number: int = 1, size: int = 50
) -> tuple[list[TraceCall], Page]:
    """Return the answered calls day by day, newest first: department, system, items, purpose, count."""
    _entry(resource_id, actor, first, last)
    held = grants.standing(grants.grants_of_entry(resource_id))
    found, meta = services.use_lines(held, first, last, number=number, size=size)
    names = parties.departments({held[line.grant_id].consumer_id for line in found})
    return [
        TraceCall(
            line.day, names[held[line.grant_id].consumer_id].name, line.system, line.grant_id,
            held[line.grant_id].reference, tuple(item["item"] for item in held[line.grant_id].items), line.mode,
            line.purpose, line.calls - line.refused, line.rows,
        )
        for line in found
    ], meta  # fmt: skip


def deliveries(
    resource_id: int, first: date, last: date, actor: Actor, *, number: int = 1, size: int = 50
) -> tuple[list[exchange.HandedOver], Page]:
    """Return the released deliveries, newest first: department, person, those who fetched the file, items, purposes, rows."""
    _entry(resource_id, actor, first, last)
    return exchange.handed_over(resource_id, first, last, number=number, size=size)
