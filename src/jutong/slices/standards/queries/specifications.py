"""Which compilation specification is in force where and when, its versions, and what a reference of an entry means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.levels import LEVELS
from jutong.kernel.terms import N_
from jutong.slices.parties import queries as parties
from jutong.slices.standards.models import SpecificationVersion
from jutong.slices.standards.queries.grades import grades_on, regions_above, scheme_of
from jutong.slices.standards.queries.purposes import listed_purposes
from jutong.slices.standards.rules.national import shipped
from jutong.slices.standards.rules.specifications import PURPOSES, merged
from jutong.wire.specification import Element, Specification, Value

STATES = {
    "draft": N_("草稿"),
    "published": N_("已发布，待生效"),
    "in_force": N_("现行"),
    "superseded": N_("已被替代"),
}


@dataclass(frozen=True, slots=True)
class SpecificationRow:
    """A version in a list; id is None for one that is shipped with the platform. state: see `STATES`."""

    id: int | None
    reference: str
    region: str
    region_name: str
    number: int
    title: str
    basis: str
    elements: int
    state: str
    state_label: str
    effective_from: date | None
    published_by: str


@dataclass(frozen=True, slots=True)
class SpecificationPage:
    """What the library's page of a region shows: what is in force today, level by level and together, and all versions."""

    region: str
    region_name: str
    in_force: Specification
    rows: tuple[SpecificationRow, ...]
    regions: tuple[tuple[str, str], ...]


def as_specification(row: SpecificationVersion) -> Specification:
    """Return a stored version as the wire has it."""
    return Specification(
        reference=row.reference,
        title=row.title,
        basis=row.basis,
        region=row.region,
        effective_from=row.effective_from,
        serial_digits=row.serial_digits,
        elements=tuple(msgspec.convert(row.elements, list[Element])),
    )


def specification_for(region: str, day: date) -> Specification:
    """Return what an entry of a region has to keep to on a Beijing day: the national one with every local one over it."""
    return _laid(day, regions_above(region))


def ungraded_for(region: str, day: date) -> Specification:
    """Return the same without the levels of the catalogue of grades, for those who only ask what elements there are."""
    return _merged(*_in_force(day, regions_above(region)))


def above(region: str, day: date) -> Specification:
    """Return what a region's own specification may not loosen on a day: the levels above it."""
    return _laid(day, regions_above(region)[:-1])


def _laid(day: date, chain: list[str]) -> Specification:
    return _listed(*_in_force(day, chain), grades_on(chain, day), tuple(listed_purposes().items()))


_Version = tuple[int, datetime | None]


def _in_force(day: date, chain: list[str]) -> tuple[date, _Version, tuple[_Version, ...]]:
    """Return what `_merged` takes: the published versions in force on a day, the national one and those below it."""
    held = SpecificationVersion.objects.filter(region__in=["", *chain], effective_from__lte=day)
    newest = {
        place: (pk, at) for place, pk, at in held.order_by("effective_from").values_list("region", "pk", "published_at")
    }
    national = newest.get("", (0, None))
    below = tuple(newest[p] for p in chain if p in newest)
    return day if not national[0] else date.min, national, below


@lru_cache(maxsize=512)
def _listed(
    day: date, national: _Version, below: tuple[_Version, ...], scheme: _Version, purposes: tuple[tuple[str, str], ...]
) -> Specification:
    """Return what `_graded` lays, with the list of purposes of use, kept apart from any specification, as what is asked for."""
    found = _graded(day, national, below, scheme)
    values = tuple(Value(code, name) for code, name in purposes)
    elements = tuple(
        msgspec.structs.replace(one, values=values) if one.name == PURPOSES else one for one in found.elements
    )
    return msgspec.structs.replace(found, elements=elements)


@lru_cache(maxsize=512)
def _graded(
    day: date,
    national: tuple[int, datetime | None],
    below: tuple[tuple[int, datetime | None], ...],
    scheme: tuple[int, datetime | None],
) -> Specification:
    """Return what `_merged` lays, with the levels of the catalogue of grades in force as the values of a level."""
    found = _merged(day, national, below)
    if not scheme[0]:
        return found
    values = tuple(Value(one.code, LEVELS[one.code]) for one in scheme_of(scheme[0]).grades)
    elements = tuple(
        msgspec.structs.replace(one, values=values) if one.name == "security_level" else one for one in found.elements
    )
    return msgspec.structs.replace(found, elements=elements)


@lru_cache(maxsize=512)
def _merged(
    day: date, national: tuple[int, datetime | None], below: tuple[tuple[int, datetime | None], ...]
) -> Specification:
    """Lay published versions, which never change, over each other; `day` chooses among the shipped national ones."""
    rows = {
        row.pk: as_specification(row)
        for row in SpecificationVersion.objects.filter(pk__in=[pk for pk, _at in (national, *below)])
    }
    top = (
        rows.get(national[0])
        or [one for one in shipped() if (one.effective_from or day) <= day or one is shipped()[0]][-1]
    )
    return merged([top, *(rows[pk] for pk, _at in below)])


def national_values(name: str) -> dict[str, str]:
    """Return {code: label} of a list that the shipped national specification gives for an element of entries."""
    element = shipped()[-1].element(name)
    return {value.code: value.label for value in element.values} if element else {}


def specification_named(reference: str) -> Specification | None:
    """Return the specification that an entry's reference means (levels joined by "+"), None for an unknown one."""
    names = reference.split("+")
    known = {one.reference: one for one in shipped()}
    rows = SpecificationVersion.objects.filter(reference__in=names, published_at__isnull=False)
    known |= {row.reference: as_specification(row) for row in rows}
    if not all(name in known for name in names):
        return None
    return merged([known[name] for name in reversed(names)])


def version(pk: int, at: datetime) -> tuple[SpecificationRow, Specification]:
    """Return one stored version with its content. NotThere when there is none."""
    row = SpecificationVersion.objects.filter(pk=pk).first()
    if row is None:
        raise NotThere(_("没有找到该编制规范。"))
    listed = next(one for one in specifications(at, region=row.region) if one.id == pk)
    return listed, as_specification(row)


def specifications(at: datetime, *, region: str | None = None) -> list[SpecificationRow]:
    """Return every version (of one region), the national first, the newest of each region first."""
    today = beijing_day(at)
    stored = list(SpecificationVersion.objects.order_by("region", "-number"))
    if region is not None:
        stored = [row for row in stored if row.region == region]
    names = parties.region_names([row.region for row in stored if row.region])
    found = [_row(row, names.get(row.region, row.region) or _("国家"), today, stored) for row in stored]
    if region in (None, ""):
        loaded = [row.effective_from for row in stored if not row.region and row.effective_from]
        found += [
            _shipped_row(one, today, [*loaded, *(o.effective_from for o in shipped() if o.effective_from)])
            for one in reversed(shipped())
        ]
    return sorted(found, key=lambda row: row.region)


def _row(row: SpecificationVersion, name: str, today: date, stored: list[SpecificationVersion]) -> SpecificationRow:
    days = [other.effective_from for other in stored if other.region == row.region and other.effective_from]
    code = "draft" if row.effective_from is None else _state(row.effective_from, today, days)
    return SpecificationRow(
        row.pk, row.reference, row.region, name, row.number, row.title, row.basis, len(row.elements), code,
        _(STATES[code]), row.effective_from, row.published_by,
    )  # fmt: skip


def _shipped_row(one: Specification, today: date, days: list[date]) -> SpecificationRow:
    code = _state(one.effective_from or today, today, days)
    return SpecificationRow(
        None, one.reference, "", _("国家"), 0, one.title, one.basis, len(one.elements), code, _(STATES[code]),
        one.effective_from, _("随平台提供"),
    )  # fmt: skip


def _state(since: date, today: date, days: list[date]) -> str:
    if since > today:
        return "published"
    return "superseded" if any(since < day <= today for day in days) else "in_force"


def specification_page(region: str, at: datetime) -> SpecificationPage:
    """Return the library's page of a region (empty: the national level)."""
    rows = [row for row in specifications(at) if row.region in ("", *regions_above(region))]
    return SpecificationPage(
        region=region,
        region_name=parties.region_name(region) if region else _("国家"),
        in_force=specification_for(region, beijing_day(at)),
        rows=tuple(rows),
        regions=tuple((row.code, row.name) for row in parties.regions()),
    )
