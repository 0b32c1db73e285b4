"""Counts by department that triggers keep: figures of what is in force, hand-ins by month; and joining their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from jutong.kernel.actors import Actor, Role

FIGURES: Final = (
    "entries", "completeness", "with_cycle", "granted", "source_gone", "no_resource", "thin", "stale",
    "never_refreshed", "unused", "zombie",
)  # fmt: skip
"""What is counted of the pulses of a department: entries, the sum of their completeness, and how many are each."""
SLACK: Final = 2_000
"""Rows beyond twice the least possible that are borne before the tallies are joined."""
_SEEN: Final = """
    (%(everything)s or provider_id = any(%(serves)s) or authority_id = any(%(serves)s))
    and (%(department)s = 0 or provider_id = %(department)s)
"""
"""What the actor may know of: its departments', its area's for the authority, everything for auditors."""
_SUMS: Final = ", ".join(f"coalesce(sum(amount) filter (where figure = '{name}'), 0)::bigint" for name in FIGURES)
_FIGURES: Final = f"""
    select provider_id, {_SUMS} from catalogue_pulsetally where day <= %(today)s and {_SEEN} group by provider_id
"""  # noqa: S608 - put together from constants
_TURNS: Final = f"""
    select provider_id, sum(many)::bigint, coalesce(sum(many) filter (where outcome = 'reviewed'), 0)::bigint,
           coalesce(sum(many) filter (where outcome = 'returned'), 0)::bigint,
           coalesce(sum(many) filter (where outcome = ''), 0)::bigint,
           round(sum(many * days) / nullif(sum(many) filter (where days is not null), 0), 1)::float, max(days)
      from (select provider_id, outcome, days, sum(amount) as many
              from (select provider_id, outcome, days, amount from catalogue_turntally
                     where month between %(first)s and %(last)s and {_SEEN}
                    union all
                    select r.provider_id, r.outcome, r.days, 1
                      from unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[]) as part(begins, ends)
                      join catalogue_reviewturn r on r.submitted_at >= part.begins and r.submitted_at < part.ends
                     where {_SEEN}) counted
             group by provider_id, outcome, days having sum(amount) > 0) kept
     group by provider_id
"""  # noqa: S608 - put together from constants


@dataclass(frozen=True, slots=True)
class ReviewFigure:
    """A department's hand-ins in a period: how many, passed, returned, waiting; working days on average and at most."""

    department_id: int
    handed: int = 0
    passed: int = 0
    returned: int = 0
    waiting: int = 0
    days: float | None = None
    longest: int | None = None

    @property
    def at_once(self) -> int | None:
        """Percent of the decided ones that passed; None where nothing was decided."""
        decided = self.passed + self.returned
        return 100 * self.passed // decided if decided else None


def _scope(actor: Actor, department: int) -> dict[str, Any]:
    everything = actor.account_id is None or actor.holds(Role.AUDITOR)
    return {"everything": everything, "serves": list(actor.serves), "department": department}


def figures_of(actor: Actor, *, today: date, department: int = 0) -> dict[int, dict[str, int]]:
    """Return by department the `FIGURES` of its entries in force as of today; of those the actor may know of."""
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {**_scope(actor, department), "today": today})
        found = {provider: dict(zip(FIGURES, sums, strict=True)) for provider, *sums in cursor.fetchall()}
    return {provider: figures for provider, figures in found.items() if figures["entries"]}


def turns_of(
    actor: Actor, months: tuple[date, date] | None, parts: Sequence[tuple[datetime, datetime]], *, department: int = 0
) -> dict[int, ReviewFigure]:
    """Return by department how hand-ins went: of whole months, from the first's to the last's, and of parts beside them.

    parts: from which moment to before which. Only departments that the actor may know of.
    """
    first, last = months or (date.max, date.min)
    begins, ends = [begin for begin, _end in parts], [end for _begin, end in parts]
    values: dict[str, Any] = {"first": first, "last": last, "begins": begins, "ends": ends}
    with connection.cursor() as cursor:
        cursor.execute(_TURNS, {**_scope(actor, department), **values})
        return {row[0]: ReviewFigure(*row) for row in cursor.fetchall()}


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
