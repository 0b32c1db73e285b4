"""Published entries against the resources that are really there: without resource, without entry, stale, never shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.paging import Page
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.datacentre.models import Mount, SourceTable
from jutong.slices.datacentre.queries.mounts import OVERSEERS


@dataclass(frozen=True, slots=True)
class Unmounted:
    """A published entry without resource: its owner, since when it is in force and how many days that is (R-CAT-059)."""

    resource_id: int
    code: str
    title: str
    provider_name: str
    since: date
    days: int


@dataclass(frozen=True, slots=True)
class TableWithoutEntry:
    """A resource without entry: a table nobody catalogued, or one whose entry is no longer in force.

    table_id: of a table that was found; 0 for a mount.
    """

    table_id: int
    department_id: int
    department: str
    source_title: str
    place: str
    comment: str
    why: str
    since: date


@dataclass(frozen=True, slots=True)
class ComparedDepartment:
    """One department: published entries, those with a resource, those within their cycle, those ever shared; tables without entry."""

    department_id: int
    department: str
    entries: int
    with_resource: int
    stale: int
    shared: int
    without_entry: int

    @property
    def without_resource(self) -> int:
        """Published entries without a resource."""
        return self.entries - self.with_resource


def without_resource(
    actor: Actor, *, at: datetime, department: int = 0, number: int = 1, size: int = 50
) -> tuple[list[Unmounted], Page]:
    """Return published entries without resource, of the actor's departments and of the area it watches, oldest first."""
    lacking = list(all_without_resource(actor, at=at, department=department))
    meta = Page(max(1, number), size, len(lacking))
    return lacking[meta.first : meta.first + size], meta


def all_without_resource(actor: Actor, *, at: datetime, department: int = 0) -> Iterator[Unmounted]:
    """Return them all, for Excel."""
    mounted = set(Mount.objects.filter(active=True).values_list("entry_id", flat=True))
    today = beijing_day(at)
    rows = catalogue.ailing_lines(actor, at=at, ailment="no_resource", department=department)
    for row in sorted(rows, key=lambda row: (row.since, row.entry_id)):
        if row.entry_id not in mounted:
            yield Unmounted(row.entry_id, row.code, row.title, row.department, row.since, (today - row.since).days)


def without_entry(actor: Actor, *, department: int = 0) -> list[TableWithoutEntry]:
    """Return resources without entry that the actor may know of, by department and place."""
    tables = _seen(actor, SourceTable.objects.filter(entry=None, gone_at=None, left_out=""), "department_id")
    mounted = set(Mount.objects.filter(active=True).values_list("source_id", "schema", "table"))
    found = [
        TableWithoutEntry(
            row.pk, row.department_id, row.department.name, row.source.title, row.place, row.comment,
            _("表未编目"), beijing_day(row.found_at),
        )
        for row in tables.select_related("department", "source")
        if (row.source_id, row.schema, row.table) not in mounted
    ]  # fmt: skip
    gone = _seen(actor, Mount.objects.filter(active=True, entry__published=None), "provider_id")
    found += [
        TableWithoutEntry(
            0, row.provider_id, row.provider.name, row.source.title, ".".join(filter(None, (row.schema, row.table))),
            row.title, _("目录已不在发布状态"), beijing_day(row.changed_at),
        )
        for row in gone.select_related("provider", "source")
    ]  # fmt: skip
    return sorted(
        (row for row in found if department in (0, row.department_id)), key=lambda row: (row.department_id, row.place)
    )


def _seen(actor: Actor, rows: QuerySet[Any], of: str) -> QuerySet[Any]:
    if actor.account_id is None or actor.holds(*OVERSEERS):
        return rows
    return rows.filter(Q(**{f"{of}__in": actor.serves}))


def comparison(actor: Actor, *, at: datetime) -> list[ComparedDepartment]:
    """Return the comparison per department, those with most entries without resource first."""
    lacking = Counter(row.provider_name for row in all_without_resource(actor, at=at))
    loose = Counter((row.department_id, row.department) for row in without_entry(actor))
    figures = {row.department_id: row for row in catalogue.liveliness(actor, at=at)}
    rows = [
        ComparedDepartment(
            department_id=pk,
            department=row.department,
            entries=row.entries,
            with_resource=row.entries - lacking[row.department],
            stale=row.stale,
            shared=row.granted,
            without_entry=loose.pop((pk, row.department), 0),
        )
        for pk, row in figures.items()
    ]
    rows += [ComparedDepartment(pk, name, 0, 0, 0, 0, count) for (pk, name), count in loose.items()]
    return sorted(rows, key=lambda row: (-row.without_resource, -row.without_entry, row.department_id))
