"""Counts by department that triggers keep: figures of what is in force, hand-ins by month; and joining their rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from jutong.kernel.actors import Actor, Role
from jutong.slices.catalogue.models import PulseTally, TurnTally

FIGURES: Final = (
    "entries", "completeness", "with_cycle", "granted", "source_gone", "no_resource", "thin", "stale",
    "never_refreshed", "unused", "zombie",
)  # fmt: skip
"""What is counted of the pulses of a department: entries, the sum of their completeness, and how many are each."""
Outcome = tuple[str, int | None]
"""What became of a hand-in, and after how many working days."""
SLACK: Final = 2_000
"""Rows beyond twice the least possible that are borne before the tallies are joined."""


def figures_of(actor: Actor, *, today: date, department: int = 0) -> dict[int, Counter[str]]:
    """Return by department the `FIGURES` of its entries in force as of today; of those the actor may know of."""
    rows = _seen(PulseTally.objects.filter(day__lte=today), actor, department)
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for provider, figure, amount in rows.values_list("provider_id", "figure").annotate(many=Sum("amount")):
        found[provider][figure] = amount
    return {provider: figures for provider, figures in found.items() if figures["entries"]}


def turns_of(actor: Actor, *, first: date, last: date, department: int = 0) -> dict[int, Counter[Outcome]]:
    """Return by department the hand-ins of the months from `first`'s to `last`'s by outcome; of those the actor may know of."""
    rows = _seen(TurnTally.objects.filter(month__range=(first, last)), actor, department)
    found: dict[int, Counter[Outcome]] = defaultdict(Counter)
    counted = rows.values_list("provider_id", "outcome", "days").annotate(many=Sum("amount"))
    for provider, outcome, days, amount in counted.filter(many__gt=0):
        found[provider][outcome, days] = amount
    return found


def _seen(rows: QuerySet[Any], actor: Actor, department: int) -> QuerySet[Any]:
    """Leave what the actor may know of: its departments', its area's for the authority, everything for auditors."""
    if department:
        rows = rows.filter(provider_id=department)
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    return rows.filter(Q(provider_id__in=actor.serves) | Q(authority_id__in=actor.serves))


_PAST: Final = "0001-01-01"
_JOINED: Final[Mapping[str, tuple[str, str]]] = {
    "catalogue_pulsetally": ("provider_id, authority_id, figure", "day <= %(today)s"),
    "catalogue_turntally": ("provider_id, authority_id, month, outcome, days", "true"),
}
"""What the rows of a table are joined by, and which of them; what lies ahead keeps its day until that has come."""


def join_departments(*, today: date) -> int:
    """Replace the rows of each figure by their sum where changes left many; returns how many went."""
    gone = 0
    with connection.cursor() as cursor:
        for table, (columns, chosen) in _JOINED.items():
            values: dict[str, date | str] = {"today": today, "ever": _PAST}
            cursor.execute(
                f"select count(*), (select count(*) from (select distinct {columns} from {table} where {chosen}) d)"  # noqa: S608 - our own text
                f" from {table} where {chosen}",
                values,
            )
            present, least = cursor.fetchone()
            if present <= 2 * least + SLACK:
                continue
            day, ever = (", day", ", %(ever)s::date") if table == "catalogue_pulsetally" else ("", "")
            cursor.execute(
                f"with gone as (delete from {table} where {chosen} returning {columns}, amount), kept as ("  # noqa: S608 - our own text
                f" insert into {table} ({columns}{day}, amount) select {columns}{ever}, sum(amount) from gone"
                f" group by {columns} having sum(amount) <> 0)"
                " select count(*) from gone",
                values,
            )
            gone += int(cursor.fetchone()[0])
    return gone
