"""A page of results: whose entries, understood how, ranked, with facets; and every hit in order, for a sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.paging import Page
from jutong.slices.catalogue.rules.asking import Group, any_word, relevance
from jutong.slices.catalogue.search.counting import FACETS, SHOWN, Facet, counted, facets, label
from jutong.slices.catalogue.search.hits import (
    HEAD,
    RANKED,
    Counts,
    Hit,
    Hits,
    Scope,
    by_index,
    condition,
    hits,
    scope_of,
    shelf_by_shelf,
)
from jutong.slices.catalogue.search.tallies import tallied
from jutong.slices.catalogue.search.understanding import Answered, answered

SIZE: Final = 20
DEEPEST: Final = 500
MOST_CHOSEN: Final = 20
_SHORT: Final = 160
_LOOKED_THROUGH: Final = 5_000
_ORDER: Final = "order by l.released_on desc nulls last, l.entry_id desc"
_NEWEST: Final = f"select l.entry_id from {{rows}} l where {{condition}} {_ORDER} limit %s offset %s"  # noqa: S608 - own text
_NEWEST_OF_ALL: Final = f"(select l.* from catalogue_listing l {_ORDER} limit %s)"  # noqa: S608 - own text
_DATED: Final = "select l.entry_id, l.released_on from catalogue_listing l where {condition}"
Chosen = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """One result: enough to judge it and to know how to obtain it."""

    id: int
    code: str
    title: str
    abstract: str
    provider_id: int
    provider_name: str
    region: str
    share_type: str
    share_label: str
    format_label: str
    cycle_label: str
    domain: str
    released_on: date | None
    state: str
    how: str

    @property
    def tone(self) -> str:
        """The colour family of the sharing type."""
        return {"unconditional": "good", "conditional": "info"}.get(self.share_type, "neutral")


@dataclass(frozen=True, slots=True)
class Results:
    """A page of results, the facets of all of them, and how the question was understood.

    approximate: there are more hits than were counted, so the facets' counts are of those that were. meant: what was
    looked for instead of what was typed. suggested: another question. partial: no entry holds every word.
    """

    found: tuple[Found, ...]
    page: Page
    facets: tuple[Facet, ...]
    words: tuple[str, ...]
    approximate: bool = False
    meant: str = ""
    suggested: str = ""
    partial: bool = False


def search(
    text: str,
    *,
    actor: Actor,
    chosen: Chosen | None = None,
    scope: str = "published",
    number: int = 1,
    size: int = SIZE,
    facets: bool = True,
) -> Results:
    """Return entries that answer `text`, best first (newest first without text), with facet counts.

    Every word is looked for with its synonyms; letters are read as pinyin or initials; a question that nothing answers
    is corrected, or answered in part, and the results say so. chosen: {facet: values}; values of one facet are
    alternatives. scope: "published" (what every department finds), "own" (all entries of the actor's departments),
    "all" (every state, for authorities, auditors and operators; narrowed to "published" for others). An instance holds
    entries of its own network zone only, so none of the other is ever returned (R-CAT-043).
    """
    kept = kept_of(chosen)
    where = scope_of(actor, scope)
    size = max(1, min(size, 100))
    with by_index():
        if text.strip():
            return _asked(text, where, kept, number, size, with_facets=facets)
        return _listed(where, kept, number, size, with_facets=facets)


def kept_of(chosen: Chosen | None) -> dict[str, list[str]]:
    """Return the chosen values of facets there are, without empty ones and those that no database holds."""
    given = {
        name: [v for v in values if v and "\x00" not in v][:MOST_CHOSEN]
        for name, values in (chosen or {}).items()
        if name in FACETS
    }
    return {name: values for name, values in given.items() if values}


def _asked(text: str, where: Scope, kept: Chosen, number: int, size: int, *, with_facets: bool) -> Results:
    answer = answered(text, where, kept)
    meta = _page(answer.hits.total, number, size, capped=answer.hits.capped)
    ids = _ids(answer, where, kept, meta)
    return Results(
        found=_rows(ids),
        page=meta,
        facets=facets(counted(where, answer.query, kept, answer.hits), kept) if with_facets and answer.query else (),
        words=answer.words,
        approximate=answer.hits.capped,
        meant=answer.meant,
        suggested=answer.suggested,
        partial=answer.partial,
    )


def _page(total: int, number: int, size: int, *, capped: bool) -> Page:
    last = min(max(1, -(-total // size)), DEEPEST)
    return Page(min(max(1, number), last), size, total, capped)


def _ids(answer: Answered, where: Scope, kept: Chosen, meta: Page) -> list[int]:
    """Return the entries of a page: the head of the list as judged by titles, what follows as the index ranks it."""
    ranked = [hit.entry_id for hit in judged(answer.groups, answer.hits)]
    wanted = ranked[meta.first : meta.first + meta.size]
    if len(wanted) == meta.size or len(ranked) >= answer.hits.total:
        return wanted
    deeper = hits(where, answer.query, kept, rank=any_word(answer.groups), best=RANKED)
    head = set(ranked)
    rest = [hit.entry_id for hit in deeper.best if hit.entry_id not in head]
    return [*ranked, *rest][meta.first : meta.first + meta.size]


def judged(groups: Sequence[Group], found: Hits) -> list[Hit]:
    """Return the best hits anew in order, by what their titles say of the question and how they stand."""
    best = max((hit.rank for hit in found.best), default=0.0) or 1.0

    def worth(hit: Hit) -> float:
        return relevance(groups, hit.title, hit.around, hit.standing) + 0.1 * hit.rank / best

    return sorted(found.best, key=lambda hit: (-worth(hit), -hit.entry_id))


def _listed(where: Scope, kept: Chosen, number: int, size: int, *, with_facets: bool) -> Results:
    """Return what there is without a question, newest first."""
    counts: Counts
    if where.public and not kept:
        counts = tallied(["all", *SHOWN])
        found = Hits(counts["all"].get("all", 0), capped=False, counts=counts)
    else:
        found = hits(where, "", kept, best=0)
        counts = counted(where, "", kept, found) if with_facets else {}
    meta = _page(found.total, number, size, capped=found.capped)
    shown = facets(counts, kept) if with_facets else ()
    return Results(_rows(_newest(where, kept, meta, found)), meta, shown, (), approximate=found.capped)


def _newest(where: Scope, kept: Chosen, meta: Page, found: Hits) -> list[int]:
    """Return a page of entries, newest first.

    Where many have the chosen values the newest of all are looked through for them; where few have, or the page lies
    deep, the index tells which, and these are sorted.
    """
    sql, values = condition(where, "", kept)
    place = [meta.size, meta.first]
    if not kept:
        return _ids_of(_NEWEST.format(rows="catalogue_listing", condition=sql), [*values, *place])
    if found.capped:
        ids = _ids_of(_NEWEST.format(rows=_NEWEST_OF_ALL, condition=sql), [_LOOKED_THROUGH, *values, *place])
        if len(ids) == meta.size:
            return ids
    each, values = shelf_by_shelf(_DATED.format(condition=sql), values)
    return _ids_of(_NEWEST.format(rows=f"({each})", condition="true"), [*values, *place])


def _ids_of(statement: str, values: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]


def every_hit(text: str, *, actor: Actor, chosen: Chosen | None = None) -> Iterator[Found]:
    """Yield the published hits of a question in their order, at most as many as are ranked, for a sheet."""
    with by_index():
        ids = _every_id(text, scope_of(actor, "published"), kept_of(chosen))
    for first in range(0, len(ids), HEAD):
        yield from _rows(ids[first : first + HEAD])


def _every_id(text: str, where: Scope, kept: Chosen) -> list[int]:
    if text.strip():
        answer = answered(text, where, kept)
        deeper = (
            hits(where, answer.query, kept, rank=any_word(answer.groups), best=RANKED) if answer.query else answer.hits
        )
        head = [hit.entry_id for hit in judged(answer.groups, answer.hits)]
        return list(dict.fromkeys([*head, *(hit.entry_id for hit in deeper.best)]))
    return [hit.entry_id for hit in hits(where, "", kept, best=RANKED).best]


def _rows(ids: Sequence[int]) -> tuple[Found, ...]:
    if not ids:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(_DETAIL, [list(ids)])
        return tuple(_row(*row) for row in cursor.fetchall())


_DETAIL: Final = """
    select e.id, e.code, v.content ->> 'title', left(v.content ->> 'abstract', 400), e.provider_id, e.provider_name,
           l.region, l.share_type, l.format_class, l.update_cycle, l.domain, l.released_on, e.state, l.share_mode
      from unnest(%s::bigint[]) with ordinality as p(entry_id, place)
      join catalogue_listing l using (entry_id) join catalogue_entry e on e.id = p.entry_id
      join catalogue_entryversion v on v.id = case when l.in_force then e.published_id else e.working_id end
     order by p.place
"""


def _row(*columns: Any) -> Found:
    (pk, code, title, abstract, provider, name, region, share, format_class, cycle, domain, day, state, mode) = columns
    short = abstract or ""
    return Found(
        id=pk,
        code=code or "",
        title=title,
        abstract=short if len(short) <= _SHORT else f"{short[:_SHORT]}…",
        provider_id=provider,
        provider_name=name,
        region=region,
        share_type=share,
        share_label=label("share_type", share),
        format_label=label("format_class", format_class),
        cycle_label=label("update_cycle", cycle),
        domain=domain,
        released_on=day,
        state=state,
        how=_how(share, mode),
    )


def _how(share: str, mode: str) -> str:
    """Say how a result is obtained (R-CAT-043)."""
    if share == "withheld":
        return _("不予共享：可查看目录信息与依据，不提供数据")
    ask = _("提交共享申请后由提供部门答复") if share == "conditional" else _("提交共享申请后直接获取")
    mode_label = label("share_mode", mode)
    return f"{ask}（{mode_label}）" if mode_label else ask
