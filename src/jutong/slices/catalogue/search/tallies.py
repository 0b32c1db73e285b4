"""Counts of what is in force by facet and value, which the listing's triggers keep; and joining their rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db import connection

MOST_ROWS: Final = 2_000
"""Beyond so many rows the tallies are joined."""


def tallied(facets: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return how many entries in force have each value of these facets; facet "all" counts everything."""
    counts: dict[str, dict[str, int]] = {facet: {} for facet in facets}
    with connection.cursor() as cursor:
        cursor.execute(
            "select facet, value, sum(entries)::bigint from catalogue_tally where facet = any(%s)"
            " group by facet, value having sum(entries) > 0",
            [list(counts)],
        )
        for facet, value, many in cursor.fetchall():
            counts[facet][value] = many
    return counts


def join_rows() -> int:
    """Replace the rows of each value by their sum where there are many; returns how many went. Nobody waits for it."""
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from catalogue_tally")
        if cursor.fetchone()[0] <= MOST_ROWS:
            return 0
        cursor.execute(
            "with gone as (delete from catalogue_tally returning facet, value, entries), kept as ("
            " insert into catalogue_tally (facet, value, entries) select facet, value, sum(entries) from gone"
            " group by facet, value having sum(entries) <> 0)"
            " select count(*) from gone"
        )
        return int(cursor.fetchone()[0])
