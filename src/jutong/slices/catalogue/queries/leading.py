"""Who answers for what: lead departments of base libraries and themes, and designated catalogue offices, with their history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.terms import CatalogueClass
from jutong.slices.catalogue.models import Entry, Lead, Office
from jutong.slices.catalogue.queries.entries import EntryRow, row_of
from jutong.slices.catalogue.rules.codes import BASE_CATEGORIES, THEMES
from jutong.slices.catalogue.rules.leading import LED, categories, demands_lead, has_offices
from jutong.slices.catalogue.workflow.leading import HEADS, NAMERS
from jutong.slices.parties import queries as parties
from jutong.slices.standards import queries as standards

MOST_UNITS: Final = 300
"""Departments of a region offered for choice."""


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A base library or theme with its lead department; id 0 and no department while none is named."""

    id: int
    region: str
    resource_class: str
    class_label: str
    category: str
    label: str
    department_id: int
    department: str
    document: str
    since: date | None
    until: date | None
    ended_for: str
    entries: int


@dataclass(frozen=True, slots=True)
class LeadTable:
    """The leads of a region: one row per library and theme of its profile, and those that were before.

    demanded: the local text wants a lead, without which nothing can be compiled. authority_id: whose people name leads.
    """

    region: str
    region_name: str
    demanded: bool
    authority_id: int
    rows: tuple[LeadRow, ...]
    former: tuple[LeadRow, ...]
    may_name: bool


@dataclass(frozen=True, slots=True)
class OfficeRow:
    """A designated catalogue office; department empty where it serves all departments of its region."""

    id: int
    region: str
    region_name: str
    department: str
    unit_id: int
    unit: str
    document: str
    since: date
    until: date | None
    ended_for: str
    may_end: bool


def lead_of(region: str, resource_class: str, category: str) -> tuple[int, str] | None:
    """Return id and name of the department that leads a library or theme: of the region, or of the nearest above it."""
    chain = [region, *parties.regions_above(region)]
    rows = Lead.objects.filter(region__in=chain, resource_class=resource_class, category=category, until=None)
    found = {row.region: (row.department_id, row.department.name) for row in rows.select_related("department")}
    return next((found[code] for code in chain if code in found), None)


def categories_in(region: str, resource_class: str, at: datetime) -> dict[str, str]:
    """Return what can be led in a region: the profile's list and what the specification in force adds to it."""
    day = beijing_day(at)
    known = categories(jurisdiction.policy_for(region, day), resource_class)
    element = standards.specification_for(region, day).element("category")
    elsewhere = BASE_CATEGORIES if resource_class == "theme" else THEMES
    added = {value.code: value.label for value in element.values} if element else {}
    return known | {code: label for code, label in added.items() if code not in elsewhere}


def registrars(region: str, departments: Iterable[int]) -> dict[int, int]:
    """Return by department who registers and submits its entries: its catalogue office, else the department itself."""
    mine = set(departments)
    own = Q(department__in=mine) | Q(department=None, region=region)
    rows = list(Office.objects.filter(own, until=None).values_list("department", "unit"))
    everybody = next((unit for department, unit in rows if department is None), None)
    named = {department: unit for department, unit in rows if department is not None}
    return {pk: named.get(pk, everybody or pk) for pk in mine}


def lead_table(actor: Actor, *, at: datetime, region: str = "") -> LeadTable:
    """Return the leads of a region, of the actor's own without one."""
    place = region or actor.region
    policy = jurisdiction.policy_for(place, beijing_day(at))
    authority = parties.authority_of(place)
    labels = {(kind, code): label for kind in LED for code, label in categories_in(place, kind, at).items()}
    rows = list(Lead.objects.filter(region=place).select_related("department").order_by("-until", "-pk"))
    held = {(row.resource_class, row.category): row for row in rows if row.until is None}
    counts = _entries_in(place)
    return LeadTable(
        region=place,
        region_name=parties.region_name(place),
        demanded=any(demands_lead(policy, kind) for kind in LED),
        authority_id=authority,
        rows=tuple(_row(place, key, held.get(key), labels, counts) for key in {**labels, **held}),
        former=tuple(_row(place, (r.resource_class, r.category), r, labels, {}) for r in rows if r.until is not None),
        may_name=actor.holds(Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD, department_id=authority),
    )


def _entries_in(region: str) -> dict[tuple[str, str], int]:
    """Count the published entries of a region by class and category."""
    rows = Entry.objects.filter(region=region, published__isnull=False, class_node__category__gt="")
    counted = rows.order_by().values_list("resource_class", "class_node__category").annotate(many=Count("pk"))
    return {(kind, category or ""): many for kind, category, many in counted}


def _row(
    region: str, key: tuple[str, str], row: Lead | None, labels: dict[tuple[str, str], str], counts: dict[tuple[str, str], int]
) -> LeadRow:  # fmt: skip
    kind, category = key
    return LeadRow(
        id=row.pk if row else 0,
        region=region,
        resource_class=kind,
        class_label=_(CatalogueClass(kind).label),
        category=category,
        label=_(labels.get(key, category)),
        department_id=row.department_id if row else 0,
        department=row.department.name if row else "",
        document=row.document if row else "",
        since=row.since if row else None,
        until=row.until if row else None,
        ended_for=row.ended_for if row else "",
        entries=counts.get(key, 0),
    )


def led_by(department_id: int) -> list[tuple[str, str]]:
    """Return class and category of everything a department leads."""
    return list(Lead.objects.filter(department=department_id, until=None).values_list("resource_class", "category"))


def offices(
    actor: Actor, *, region: str = "", ended: bool = False, number: int = 1, size: int = 20
) -> tuple[list[OfficeRow], Page]:
    """Return the catalogue offices in force by region and department, or those that ended."""
    rows = Office.objects.select_related("unit", "department").order_by("region", "department__name", "-pk")
    rows = rows.filter(until__isnull=not ended)
    if region:
        rows = rows.filter(region=region)
    found, meta = page(rows, number, size)
    return [_office(row, actor) for row in found], meta


def _office(row: Office, actor: Actor) -> OfficeRow:
    return OfficeRow(
        id=row.pk,
        region=row.region,
        region_name=parties.region_name(row.region),
        department=row.department.name if row.department else "",
        unit_id=row.unit_id,
        unit=row.unit.name,
        document=row.document,
        since=row.since,
        until=row.until,
        ended_for=row.ended_for,
        may_end=row.until is None and NAMERS.permits(actor, row) is not None,
    )


def office_scopes(actor: Actor, *, at: datetime) -> list[tuple[str, str]]:
    """Return for what the actor can name an office, as (scope, name): "r:" and a region, "d:" and a department."""
    found = [
        (f"r:{row.region}", parties.region_name(row.region))
        for row in parties.authorities()
        if actor.holds(Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD, department_id=row.department_id)
        and _offered(row.region, at)
    ]
    mine = {post.department_id for post in actor.posts if post.role in HEADS and post.department_id is not None}
    found += [
        (f"d:{pk}", department.name)
        for pk, department in parties.departments(mine).items()
        if department.level == "province" and _offered(department.region, at)
    ]
    return found


def office_scope(scope: str) -> dict[str, Any]:
    """Return for whom an office is named and by whom, as `name_office` takes it. NotThere for a scope nobody was offered."""
    kind, _colon, code = scope.partition(":")
    if kind == "r":
        return {"region": code, "named_by_id": parties.authority_of(code)}
    if kind == "d" and code.isascii() and code.isdigit():
        return {"department_id": int(code), "named_by_id": int(code)}
    raise NotThere(_("没有这个适用范围，请从列表中选择。"))


def office_units(scope: str) -> list[tuple[int, str]]:
    """Return the units that can be the office of a scope: departments of the region, or the department and those below."""
    where = office_scope(scope)
    if where.get("region"):
        found = parties.search_departments(region=where["region"], limit=MOST_UNITS)
        return [(row.id, row.name) for row in found if row.region == where["region"]]
    department = parties.department(where["department_id"])
    below = [one.department for one in parties.tree(department.region) if one.department.parent_id == department.id]
    return [(row.id, row.name) for row in (department, *below)]


def _offered(region: str, at: datetime) -> bool:
    return has_offices(jurisdiction.policy_for(region, beijing_day(at)))


def to_register(actor: Actor, *, text: str = "", number: int = 1, size: int = 50) -> tuple[list[EntryRow], Page]:
    """Return the entries of other departments that the actor's catalogue office has to check and submit, oldest first."""
    rows = Entry.objects.filter(registrar__in=actor.serves, state="leader_approved").exclude(provider__in=actor.serves)
    if text:
        rows = rows.filter(Q(title__icontains=text) | Q(provider_name__icontains=text))
    found, meta = page(rows.order_by("changed_at", "pk"), number, size)
    return [row_of(case) for case in found], meta
