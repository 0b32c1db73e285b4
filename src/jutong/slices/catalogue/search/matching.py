"""Searches that people keep: what each was understood as, and which of them a publication meets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from jutong.slices.catalogue.rules.asking import marked, tsquery
from jutong.slices.catalogue.search.understanding import understood_as


@dataclass(frozen=True, slots=True)
class Subscription:
    """A kept search that a publication meets: whose, called how, how many of the entries, and one of them."""

    id: int
    account_id: int
    name: str
    entries: int
    entry_id: int


def query_of(text: str, chosen: Mapping[str, Sequence[str]]) -> str:
    """Return the tsquery that stands for a search: its words with their synonyms, and the marks of its facets."""
    return " & ".join(f"({part})" for part in (tsquery(understood_as(text)), marked(chosen)) if part)


def subscriptions_met(notice_id: int) -> list[Subscription]:
    """Return the subscribed searches that entries of a notice meet, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_MET, [notice_id])
        return [Subscription(*row) for row in cursor.fetchall()]


_MET = """
    select s.id, s.account_id, s.name, count(distinct l.entry_id), min(l.entry_id)
      from catalogue_opinion o
      join catalogue_listing l on l.entry_id = o.entry_id and l.in_force
      join catalogue_savedsearch s on s.subscribed and (s.query = '' or l.search @@ s.query::tsquery)
     where o.notice_id = %s
     group by s.id, s.account_id, s.name
     order by s.id
"""
