"""Numbers of cases, one sequence a kind and year."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from jutong.kernel.clock import beijing_day
from jutong.slices.correction.models import Counter

PREFIXES: Final = {"verification": "XH", "objection": "YY", "open_correction": "GZ", "complaint": "TS", "filing": "BA"}
"""校核, 异议, 更正, 投诉, 备案."""


def next_serial(name: str) -> int:
    """Return the next number of a sequence; its row lock makes every one be given once."""
    Counter.objects.get_or_create(name=name)
    row = Counter.objects.select_for_update().get(name=name)
    row.last += 1
    row.save(update_fields=["last"])
    return row.last


def next_number(kind: str, at: datetime) -> str:
    """Return the next number of a kind of case: XH-2026-000012."""
    name = f"{PREFIXES[kind]}-{beijing_day(at).year}"
    return f"{name}-{next_serial(name):06d}"
