"""Which catalogue of grades is in force where and when, and its versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.terms import N_
from jutong.slices.parties import queries as parties
from jutong.slices.standards.models import GradeScheme
from jutong.slices.standards.rules.grades import NATIONAL
from jutong.wire.levels import Grade, Scheme

GRADE_STATES: Final = {
    "draft": N_("草稿"),
    "published": N_("已发布，待生效"),
    "in_force": N_("现行"),
    "superseded": N_("已被替代"),
}
_REGION_DIGITS: Final = 6
_NONE: Final = (0, None)


@dataclass(frozen=True, slots=True)
class GradeSchemeRow:
    """A version in a list; id is None for the national one, which is shipped. state: see `GRADE_STATES`."""

    id: int | None
    reference: str
    region: str
    region_name: str
    title: str
    basis: str
    state: str
    state_label: str
    effective_from: date | None
    published_by: str


@dataclass(frozen=True, slots=True)
class GradesPage:
    """What the page of a region shows: the catalogue in force today and every version of it and of the levels above."""

    region: str
    region_name: str
    in_force: Scheme
    rows: tuple[GradeSchemeRow, ...]


def regions_above(region: str) -> list[str]:
    """Return the regions whose standards count for one, the highest first: province, city, county, what lies below."""
    if len(region) < _REGION_DIGITS:
        return [region] if region else []
    codes = [region[:n] + "0" * (_REGION_DIGITS - n) for n in (2, 4, _REGION_DIGITS)]
    return list(dict.fromkeys([*codes, region]))


def grades_on(chain: Sequence[str], day: date) -> tuple[int, datetime | None]:
    """Return id and moment of publication of the nearest catalogue of grades in force on a day; (0, None): the national."""
    held = GradeScheme.objects.filter(region__in=list(chain), effective_from__lte=day, published_at__isnull=False)
    newest = {
        place: (pk, at) for place, pk, at in held.order_by("effective_from").values_list("region", "pk", "published_at")
    }
    return next((newest[place] for place in reversed(chain) if place in newest), _NONE)


@lru_cache(maxsize=256)
def _published(pk: int, _published_at: datetime | None) -> Scheme:
    return scheme_of(pk)


def scheme_of(pk: int) -> Scheme:
    """Return a stored version. NotThere when there is none."""
    row = GradeScheme.objects.filter(pk=pk).first()
    if row is None:
        raise NotThere(_("没有找到该分级目录。"))
    return Scheme(
        reference=row.reference,
        title=row.title,
        basis=row.basis,
        region=row.region,
        effective_from=row.effective_from,
        grades=tuple(msgspec.convert(row.grades, list[Grade])),
    )


def grades_for(region: str, day: date) -> Scheme:
    """Return the catalogue of grades in force in a region on a Beijing day: the nearest one, else the national (R-SEC-040)."""
    found = grades_on(regions_above(region), day)
    return _published(*found) if found[0] else NATIONAL


def grades_above(region: str, day: date) -> Scheme:
    """Return the catalogue that a region's own may not loosen on a day."""
    found = grades_on(regions_above(region)[:-1], day)
    return _published(*found) if found[0] else NATIONAL


def grades_page(region: str, at: datetime) -> GradesPage:
    """Return the page of a region (empty: the national catalogue alone)."""
    today = beijing_day(at)
    chain = regions_above(region)
    stored = list(GradeScheme.objects.filter(region__in=chain).order_by("region", "-number"))
    names = parties.region_names([row.region for row in stored])
    own = [_row(row, names.get(row.region, row.region), today, stored) for row in stored]
    shipped = GradeSchemeRow(
        None, NATIONAL.reference, "", _("国家"), _(NATIONAL.title), NATIONAL.basis, "in_force", _(GRADE_STATES["in_force"]),
        NATIONAL.effective_from, _("随平台提供"),
    )  # fmt: skip
    return GradesPage(
        region=region,
        region_name=parties.region_name(region) if region else _("国家"),
        in_force=grades_for(region, today),
        rows=(shipped, *own),
    )


def _row(row: GradeScheme, name: str, today: date, stored: Sequence[GradeScheme]) -> GradeSchemeRow:
    later = any(
        other.region == row.region and row.effective_from and other.effective_from
        and row.effective_from < other.effective_from <= today
        for other in stored
    )  # fmt: skip
    code = "draft" if row.effective_from is None else "superseded" if later else "in_force"
    if row.effective_from and row.effective_from > today:
        code = "published"
    return GradeSchemeRow(
        row.pk, row.reference, row.region, name, row.title, row.basis, code, _(GRADE_STATES[code]), row.effective_from,
        row.published_by,
    )  # fmt: skip


def grade_scheme(pk: int, at: datetime) -> tuple[GradeSchemeRow, Scheme]:
    """Return one stored version with its grades. NotThere when there is none."""
    scheme = scheme_of(pk)
    rows = grades_page(scheme.region, at).rows
    return next(row for row in rows if row.id == pk), scheme
