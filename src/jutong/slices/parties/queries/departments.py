"""Regions, departments, authorities."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.paging import Page, page
from jutong.kernel.prepared import Among, prepared
from jutong.kernel.terms import Level, OrgType
from jutong.slices.parties.formats import sheets
from jutong.slices.parties.models import Authority, Department, Region
from jutong.slices.parties.rules import codes
from jutong.slices.parties.rules.words import AuthorityFunction


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    """A department. region: division code; by_reference: R-OVR-050; confirmed: false when only an import named it."""

    id: int
    name: str
    short_name: str
    uscc: str
    region: str
    level: str
    parent_id: int | None
    org_type: str
    by_reference: bool
    active: bool
    confirmed: bool
    signature_required: bool
    goals: str

    @property
    def shown(self) -> str:
        """The short name where there is one."""
        return self.short_name or self.name

    @property
    def type_label(self) -> str:
        """Chinese name of the organisation type, translated."""
        return _(OrgType(self.org_type).label)

    @property
    def level_label(self) -> str:
        """Chinese name of the level, translated."""
        return _(Level(self.level).label)


def _row(d: Department) -> DepartmentRow:
    return DepartmentRow(
        d.pk, d.name, d.short_name, d.uscc, d.region_id, d.level, d.parent_id, d.org_type, d.by_reference, d.active,
        d.confirmed, d.signature_required, d.goals,
    )  # fmt: skip


def department(department_id: int) -> DepartmentRow:
    """Return a department. NotThere for an unknown id."""
    found = departments([department_id]).get(department_id)
    if found is None:
        raise NotThere(_("没有找到该部门。"))
    return found


def departments(ids: Iterable[int]) -> dict[int, DepartmentRow]:
    """Return departments by id; unknown ids are left out."""
    return {d.pk: _row(d) for d in _whole().ask(ids=list(set(ids)))}


@prepared
def _whole() -> QuerySet[Department]:
    return Department.objects.filter(Among("pk", "ids"))


class Seat(NamedTuple):
    """What a department is called, and the code of the region that it belongs to."""

    name: str
    region: str


def seats(ids: Iterable[int]) -> dict[int, Seat]:
    """Return names and regions of departments by id, for lists of thousands; unknown ids are left out."""
    return {pk: Seat(name, region) for pk, name, region in _seats().ask(ids=list(set(ids)))}


@prepared
def _seats() -> QuerySet[Department, tuple[int, str, str]]:
    return Department.objects.filter(Among("pk", "ids")).values_list("pk", "name", "region_id")


def search_departments(text: str = "", *, region: str = "", limit: int = 20) -> list[DepartmentRow]:
    """Find active departments whose name, short name or credit code contains the text; shorter names first."""
    rows = _matching(text, region).filter(active=True)
    return sorted((_row(d) for d in rows.order_by("name")[:200]), key=lambda d: (len(d.name), d.name))[:limit]


def _matching(text: str, region: str) -> QuerySet[Department]:
    rows = Department.objects.all()
    if text := " ".join(text.split())[:60]:
        rows = rows.filter(Q(name__icontains=text) | Q(short_name__icontains=text) | Q(uscc__startswith=text.upper()))
    if region:
        rows = rows.filter(region__code__startswith=_prefix(region))
    return rows


def _prefix(region: str) -> str:
    """Return what the codes of a region and of those below begin with."""
    stem = region[:6]
    while len(stem) > codes.PROVINCE_SIGNS and stem.endswith("00") and len(region) == codes.COUNTY_SIGNS:
        stem = stem[:-2]
    return stem if len(region) == codes.COUNTY_SIGNS else region


def departments_page(
    *, text: str = "", region: str = "", confirmed: bool | None = None, number: int = 1, size: int = 20
) -> tuple[list[DepartmentRow], Page]:
    """Return one page of departments, those of wider regions first."""
    rows = _matching(text, region).order_by("region_id", "name", "pk")
    if confirmed is not None:
        rows = rows.filter(confirmed=confirmed)
    found, meta = page(rows, number, size)
    return [_row(d) for d in found], meta


@dataclass(frozen=True, slots=True)
class Branch:
    """A department in the tree: how deep it stands and how many stand directly below."""

    department: DepartmentRow
    depth: int
    below: int

    @property
    def indent(self) -> str:
        """What stands before the name to show the depth."""
        return "　" * (self.depth - 1) + "└ " if self.depth else ""


def tree(region: str = "") -> list[Branch]:
    """Return the active departments of a region and below as a tree, each parent before its children (at most 2,000)."""
    rows = [_row(d) for d in _matching("", region).filter(active=True).order_by("region_id", "name")[:2000]]
    known = {row.id for row in rows}
    below: dict[int | None, list[DepartmentRow]] = {}
    for row in rows:
        below.setdefault(row.parent_id if row.parent_id in known else None, []).append(row)
    branches: list[Branch] = []
    waiting = [(row, 0) for row in reversed(below.get(None, []))]
    while waiting:
        row, depth = waiting.pop()
        children = below.get(row.id, [])
        branches.append(Branch(row, depth, len(children)))
        waiting += [(child, depth + 1) for child in reversed(children)]
    return branches


@dataclass(frozen=True, slots=True)
class Area:
    """What the codes of a region's records begin with, and codes among them that now belong elsewhere.

    prefixes: the region's own, then those of ended regions that merged into it.
    """

    prefixes: tuple[str, ...]
    moved_away: tuple[str, ...]


def area_of(region: str) -> Area:
    """Return the division codes by which records of a region's area are told, merged divisions followed (GB/T 2260)."""
    stem = _prefix(region)
    heirs = dict(Region.objects.exclude(successor=None).values_list("code", "successor_id"))

    def heir(code: str) -> str:
        seen = {code}
        while (following := heirs.get(code, "")) and following not in seen:
            code = following
            seen.add(code)
        return code

    merged = (_prefix(code) for code in sorted(heirs) if heir(code).startswith(stem) and not code.startswith(stem))
    moved = tuple(code for code in sorted(heirs) if code.startswith(stem) and not heir(code).startswith(stem))
    return Area(tuple(dict.fromkeys((stem, *merged))), moved)


def regions_above(region: str) -> tuple[str, ...]:
    """Return the codes of the regions in whose area a region lies, nearest first."""
    return codes.above(region)


def lies_within(region: str, upper: str) -> bool:
    """Tell whether a region lies in another one's area, below it."""
    return region != upper and _prefix(region).startswith(_prefix(upper)) and _prefix(region) != _prefix(upper)


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A region; ended ones carry `valid_to` and the successor's code."""

    code: str
    name: str
    level: str
    parent: str
    valid_to: date | None
    successor: str

    @property
    def level_label(self) -> str:
        """Chinese name of the level, translated."""
        return _(Level(self.level).label)


def regions(under: str = "") -> list[RegionRow]:
    """Return the regions (those directly below `under`, or all up to 5,000) by code."""
    rows = Region.objects.order_by("code")
    if under:
        rows = rows.filter(parent_id=under)
    return [
        RegionRow(r.code, r.name, r.level, r.parent_id or "", r.valid_to, r.successor_id or "") for r in rows[:5000]
    ]


def region_name(code: str) -> str:
    """Return what a region is called, with those above it: 四川省内江市; the code itself when unknown."""
    wanted = [*reversed(codes.above(code)), code] if code else []
    names = dict(Region.objects.filter(code__in=wanted).values_list("code", "name"))
    return "".join(names[c] for c in wanted if c in names) or code


def region_names(wanted: Iterable[str]) -> dict[str, str]:
    """Return the own names of regions by code, without those above; unknown codes are left out."""
    return dict(Region.objects.filter(code__in=list(wanted)).values_list("code", "name"))


@dataclass(frozen=True, slots=True)
class AuthorityRow:
    """The competent authority of a region."""

    region: str
    region_name: str
    department_id: int
    department_name: str
    functions: tuple[str, ...]
    since: date


def authorities() -> list[AuthorityRow]:
    """Return the competent authorities in force, by region code."""
    rows = Authority.objects.filter(ended_at=None).select_related("region", "department").order_by("region_id")
    return [
        AuthorityRow(
            a.region_id,
            a.region.name,
            a.department_id,
            a.department.name,
            tuple(_(AuthorityFunction(f).label) for f in a.functions),
            a.since,
        )
        for a in rows
    ]


@dataclass(frozen=True, slots=True)
class RegionLine:
    """A region and its competent authority, if one is registered for it."""

    region: RegionRow
    authority: AuthorityRow | None
    depth: int


def regions_with_authorities() -> list[RegionLine]:
    """Return every region with its authority, each below the region above it."""
    ruling = {a.region: a for a in authorities()}
    return [RegionLine(r, ruling.get(r.code), len(codes.above(r.code))) for r in regions()]


def authority_of(region: str) -> int:
    """Return the department that is the competent authority of a region, or of the nearest region above it.

    RuleBroken naming the region when none is registered: a filing or escalation must not be lost (R-OVR-002).
    """
    wanted = [region, *codes.above(region)] if region else []
    found = dict(
        Authority.objects.filter(region_id__in=wanted, ended_at=None).values_list("region_id", "department_id")
    )
    for code in wanted:
        if code in found:
            return found[code]
    raise RuleBroken(
        _("%s 尚未登记共享主管部门，事项无法流转；请平台管理员先登记主管部门。") % (region_name(region) or _("该区划")),
        field="region",
    )


def authority_above(region: str) -> int:
    """Return the competent authority of the nearest wider region, or the region's own where none is registered above."""
    above = codes.above(region)
    found = dict(Authority.objects.filter(region_id__in=above, ended_at=None).values_list("region_id", "department_id"))
    return next((found[code] for code in above if code in found), None) or authority_of(region)


def common_authority(one: str, other: str) -> tuple[int, str] | None:
    """Return the lowest competent authority whose area holds both regions, with its region; None where none is registered.

    Of one and the same region it is that region's own, or the nearest above (national-2025#28).
    """
    reach = {other, *codes.above(other)}
    common = [code for code in (one, *codes.above(one)) if code in reach]
    rows = Authority.objects.filter(region_id__in=common, ended_at=None)
    found = dict(rows.values_list("region_id", "department_id"))
    return next(((found[code], code) for code in common if code in found), None)


@dataclass(frozen=True, slots=True)
class Organisation:
    """The tree of a region, or one page of what a search found."""

    branches: tuple[Branch, ...]
    page: Page
    regions: tuple[RegionRow, ...]
    searched: bool


def organisation(text: str, region: str, number: int) -> Organisation:
    """Return the tree; with a search text one page of flat rows instead."""
    if text:
        rows, meta = departments_page(text=text, region=region, number=number, size=50)
        return Organisation(tuple(Branch(row, 0, 0) for row in rows), meta, tuple(regions()), searched=True)
    branches = tuple(tree(region))
    return Organisation(branches, Page(1, max(1, len(branches)), len(branches)), tuple(regions()), searched=False)


def departments_sheet(*, empty: bool) -> bytes:
    """Return the workbook in which departments are imported: empty, or with the active ones (at most 5,000)."""
    rows = Department.objects.filter(active=True).select_related("parent").order_by("region_id", "name")
    return sheets.template(
        sheets.DEPARTMENTS,
        (
            (d.name, d.short_name, d.uscc, _(OrgType(d.org_type).label), d.region_id, d.parent.name if d.parent else "")
            for d in rows[: 0 if empty else sheets.MOST_ROWS]
        ),
    )
