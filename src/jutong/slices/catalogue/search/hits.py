"""Hits of a tsquery: how many, what values they have, and which of them come first; in one statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection, transaction

from jutong.kernel.actors import Actor, Role
from jutong.slices.catalogue.rules.asking import marked
from jutong.slices.catalogue.rules.listing import HOT_FROM
from jutong.slices.catalogue.rules.words import HOT, SHELVED, SMALL_FACETS, quoted

RANKED: Final = 2_000
"""So many hits are counted and ranked at most: a common word has hundreds of thousands."""
HEAD: Final = 120
"""So many of the best are looked at closely."""
_HOT_TOO: Final = 600
SHELVES: Final = tuple(f"(l.entry_id & {size}) = {place}" for size, place in SHELVED)
"""The shelves of the index as conditions on the listing `l`, in the order they are looked through."""
Counts = dict[str, dict[str, int]]
_SEES_ALL: Final = frozenset({Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD, Role.AUDITOR, Role.PLATFORM_OPERATOR})


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose entries are looked through, as a condition on the listing `l`; public: what every department finds."""

    sql: str
    values: tuple[Any, ...] = ()
    public: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A candidate: its entry, what decides its place, and what to judge it by."""

    entry_id: int
    rank: float
    standing: int
    title: str = ""
    around: str = ""


@dataclass(frozen=True, slots=True)
class Hits:
    """How many match (`capped`: at least so many), the values of those counted, the best `HEAD` of them.

    hot: how many of those counted are fresh and used; where there are more than were counted `HEAD` of these are among the best too.
    """

    total: int
    capped: bool
    counts: Counts = field(default_factory=dict)
    best: tuple[Hit, ...] = ()
    hot: int = 0


def scope_of(actor: Actor, scope: str) -> Scope:
    """Return what an actor may look through: "published", "own", or "all" for those who see all (else "published")."""
    if scope == "own":
        return Scope("l.provider_id = any(%s)", (sorted(actor.serves),))
    if scope == "all" and (actor.account_id is None or actor.roles & _SEES_ALL):
        return Scope("true")
    return Scope("l.in_force", (), public=True)


def condition(scope: Scope, query: str, chosen: Mapping[str, Sequence[str]]) -> tuple[str, list[Any]]:
    """Return the condition on the listing `l` and its values: scope, words and the marks of chosen facets."""
    asked = " & ".join(part for part in (query and f"({query})", marked(chosen)) if part)
    if not asked:
        return scope.sql, list(scope.values)
    return f"{scope.sql} and l.search @@ %s::tsquery", [*scope.values, asked]


@contextmanager
def by_index() -> Iterator[None]:
    """Keep the database from reading the listing row by row where a common word promises to come soon.

    It would find the first hits of such a word sooner, yet pays for comparing every row before them; the index does not.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "set local enable_seqscan = off; set local work_mem = '16MB';"
                " set local max_parallel_workers_per_gather = 0"  # they would begin with the largest shelf
            )
        yield


def hits(scope: Scope, query: str, chosen: Mapping[str, Sequence[str]], *, rank: str = "", best: int = HEAD) -> Hits:
    """Return the hits of a tsquery among those with the chosen values. rank: the tsquery to rank by.

    Beyond `RANKED` hits only so many are counted, and more of those that are fresh and used are looked for where these are few.
    """
    found = _hits(scope, query, chosen, (rank or query) if best else "", RANKED, best)
    if not found.capped or not query or not best or found.hot >= _HOT_TOO:
        return found
    hot = _hits(scope, f"({query}) & {quoted(HOT)}", chosen, rank or query, _HOT_TOO, best)
    known = {hit.entry_id for hit in hot.best}
    return Hits(
        found.total,
        found.capped,
        found.counts,
        (*hot.best, *(hit for hit in found.best if hit.entry_id not in known)),
        found.hot,
    )


def shelf_by_shelf(select: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return a selection of the listing `l` as one of each shelf in turn, and the values of all.

    Under a limit the last shelves are not looked at where the first ones hold enough.
    """
    return " union all ".join(f"({select} and {shelf})" for shelf in SHELVES), [*values] * len(SHELVES)


def _hits(scope: Scope, query: str, chosen: Mapping[str, Sequence[str]], rank: str, most: int, best: int) -> Hits:
    ranked = "ts_rank(l.search, %s::tsquery, 1)" if rank else "0::real"
    sql, values = condition(scope, query, chosen)
    candidates, values = _CANDIDATES.format(ranked=ranked, condition=sql), [*([rank] if rank else []), *values]
    if query or chosen:
        candidates, values = shelf_by_shelf(candidates, values)
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT.format(candidates=candidates, most=most + 1, best=best, hot=HOT_FROM), values)
        rows = cursor.fetchall()
    counts, top, total, hot = _read(rows)
    return Hits(min(total, most), total > most, counts, top, hot)


_CANDIDATES: Final = """
    select l.entry_id, l.facets, l.domain, l.region, l.provider_id, l.standing, {ranked} as rank
      from catalogue_listing l where {condition}
"""
_STATEMENT: Final = """
    with c as materialized ({candidates} limit {most}),
    b as (
      (select entry_id, standing, rank from c order by rank + standing * 0.001::real desc, entry_id desc limit {best})
      union
      (select entry_id, standing, rank from c where standing >= {hot} and (select count(*) = {most} from c)
        order by rank + standing * 0.001::real desc, entry_id desc limit {best})
    )
    select grouping(facets, domain, region, provider_id), coalesce(facets, domain, region, provider_id::text), count(*),
           null::real, null
      from c group by grouping sets ((facets), (domain), (region), (provider_id))
    union all
    select -1, e.title, b.entry_id, b.rank, b.standing || '|' || e.provider_name
      from b join catalogue_entry e on e.id = b.entry_id
    union all
    select -2, '', count(*), null, null from c where standing >= {hot}
"""
_BEST, _HOT = -1, -2
_GROUPED: Final = {0b0111: "facets", 0b1011: "domain", 0b1101: "region", 0b1110: "provider_id"}


def _read(rows: Sequence[tuple[Any, ...]]) -> tuple[Counts, tuple[Hit, ...], int, int]:
    counts: Counts = {name: {} for name in (*SMALL_FACETS, "domain", "region", "provider_id")}
    best, total, hot = [], 0, 0
    for kind, value, number, rank, rest in rows:
        if kind == _HOT:
            hot = number
            continue
        if kind == _BEST:
            standing, _bar, around = rest.partition("|")
            best.append(Hit(number, rank, int(standing), value, around))
            continue
        name = _GROUPED[kind]
        total += number if name == "facets" else 0
        pairs = zip(SMALL_FACETS, value.split("|"), strict=True) if name == "facets" else [(name, value)]
        for facet, code in pairs:
            if code:
                counts[facet][code] = counts[facet].get(code, 0) + number
    best.sort(key=lambda hit: (-(hit.rank + hit.standing * 0.001), -hit.entry_id))
    return counts, tuple(best), total, hot
