"""Names to choose departments and regions by, and which they mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from django.db.models import Q

from jutong.slices.parties.models import Department, Region

MOST: Final = 5000
_PLACED: Final = re.compile(r"(?P<name>.+)（(?P<region>\d{6,12})）")


def department_names() -> list[str]:
    """Return the names of active departments; where two are alike, each with the code of its region."""
    rows = list(
        Department.objects.filter(active=True).order_by("name", "region_id").values_list("name", "region_id")[:MOST]
    )
    often = Counter(name for name, _region in rows)
    return [f"{name}（{region}）" if often[name] > 1 else name for name, region in rows]


def names_of(ids: Iterable[int]) -> dict[int, str]:
    """Return the names of departments by id; unknown ids are left out."""
    return dict(Department.objects.filter(pk__in=set(ids)).values_list("pk", "name"))


def department_shown(department_id: int) -> str:
    """Return a department's name as the list shows it; nothing for an unknown number."""
    row = Department.objects.filter(pk=department_id).values_list("name", "region_id").first()
    if row is None:
        return ""
    alike = Department.objects.filter(active=True, name=row[0]).exclude(pk=department_id).exists()
    return f"{row[0]}（{row[1]}）" if alike else str(row[0])


def departments_called(text: str) -> list[int]:
    """Return the numbers of active departments that a text means: name with region, full name, short name or number."""
    rows = Department.objects.filter(active=True).order_by("pk")
    if text.isascii() and text.isdecimal() and len(text) <= 12:  # noqa: PLR2004 - what a number can be
        return list(rows.filter(pk=int(text)).values_list("pk", flat=True))
    wanted = [Q(name=text), Q(short_name=text)]
    if placed := _PLACED.fullmatch(text):
        wanted.insert(0, Q(name=placed["name"], region_id=placed["region"]))
    for condition in wanted:
        if found := list(rows.filter(condition).values_list("pk", flat=True)[:20]):
            return found
    return []


def departments_by_name(names: Iterable[str], region: str) -> dict[str, int]:
    """Return {name: id} of the departments of a region that are called exactly so."""
    return dict(Department.objects.filter(region_id=region, name__in=list(names)).values_list("name", "pk"))


def region_choices() -> list[str]:
    """Return the regions in force as "511000 内江市"."""
    rows = Region.objects.filter(valid_to=None).order_by("code").values_list("code", "name")[:MOST]
    return [f"{code} {name}" for code, name in rows]
