"""Numbers that people cite: a series, the Beijing year, and a count that never gives one twice."""

from __future__ import annotations

from datetime import datetime

from jutong.kernel.clock import beijing_day
from jutong.slices.usage.models import CaseNumber


def next_number(series: str, at: datetime) -> str:
    """Return the next number of a series in the year of `at`: WG-2026-000001; waits for others that take one."""
    year = beijing_day(at).year
    CaseNumber.objects.get_or_create(series=series, year=year)
    row = CaseNumber.objects.select_for_update().get(series=series, year=year)
    row.last += 1
    row.save(update_fields=["last"])
    return f"{series}-{year}-{row.last:06d}"
