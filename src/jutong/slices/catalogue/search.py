"""Search of the catalogue in one place: words, facets with counts, ranking; always in step with the entries themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.paging import Page
from jutong.kernel.terms import N_, CatalogueClass, FormatClass, OpenType, ShareType, UpdateCycle
from jutong.slices.catalogue.rules.obligations import SHARE_MODES
from jutong.slices.catalogue.rules.words import IN_FORCE, SMALL_FACETS, asked
from jutong.slices.parties import queries as parties

FACETS: Final = (*SMALL_FACETS, "domain", "region", "provider_id")
"""What results can be narrowed by, in the page's order (R-CAT-043)."""
RANKED: Final = 2_000
"""So many candidates are ranked at most: a common word matches tens of thousands."""
MOST_VALUES: Final = 30
MOST_KEPT: Final = 256
"""Counts kept in one process."""
SIZE: Final = 20
DEEPEST: Final = 500
_SHORT: Final = 160


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


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet, what it is called and how many results have it."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet and its commonest values."""

    name: str
    label: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """A page of results, the facets of all of them, and the words that were searched for."""

    found: tuple[Found, ...]
    page: Page
    facets: tuple[Facet, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Where:
    sql: str
    values: list[Any] = field(default_factory=list)
    in_force: bool = False


def search(
    text: str,
    *,
    actor: Actor,
    chosen: Mapping[str, Sequence[str]] | None = None,
    scope: str = "published",
    number: int = 1,
    size: int = SIZE,
    facets: bool = True,
) -> Results:
    """Return entries that hold every word of `text`, best first (newest first without text), with facet counts.

    chosen: {facet: values}; values of one facet are alternatives. scope: "published" (what every department finds),
    "own" (all entries of the actor's departments), "all" (every state, for authorities, auditors and operators;
    narrowed to "published" for others). An instance holds entries of its own network zone only, so none of the other
    is ever returned (R-CAT-043).
    """
    words = asked(text)
    kept = {name: [v for v in values if v] for name, values in (chosen or {}).items() if name in FACETS}
    kept = {name: values for name, values in kept.items() if values}
    where = _where(words, kept, actor, scope, typed=bool(text.strip()))
    size = max(1, min(size, 100))
    with connection.cursor() as cursor:
        total, counted = _counts(cursor, where, kept, words, actor, scope) if facets else (_total(cursor, where), {})
        meta = _page(total, number, size)
        found = _found(cursor, where, words, meta)
    return Results(found, meta, _facets(counted, kept), words)


def _page(total: int, number: int, size: int) -> Page:
    last = min(max(1, -(-total // size)), DEEPEST)
    return Page(min(max(1, number), last), size, total)


def _where(words: Sequence[str], kept: Mapping[str, Sequence[str]], actor: Actor, scope: str, *, typed: bool) -> _Where:
    parts: list[str] = []
    values: list[Any] = []
    in_force = False
    places = sorted(actor.serves)
    if scope == "own":
        parts.append("l.provider_id = any(%s)")
        values.append(places)
    elif scope != "all" or not (actor.account_id is None or actor.roles & _SEES_ALL):
        parts.append("l.in_force")
        in_force = True
    if words:
        parts.append("l.search @@ %s::tsquery")
        values.append(" & ".join(f"'{word}'" for word in words))
    elif typed:
        parts.append("false")
    for name, chosen in kept.items():
        parts.append(f"l.{name}::text = any(%s)")
        values.append(list(chosen))
    return _Where(" and ".join(parts) or "true", values, in_force)


_SEES_ALL: Final = frozenset({Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD, Role.AUDITOR, Role.PLATFORM_OPERATOR})


def _total(cursor: Any, where: _Where) -> int:
    cursor.execute(f"select count(*) from catalogue_listing l where {where.sql}", where.values)  # noqa: S608 - own text
    return int(cursor.fetchone()[0])


def _found(cursor: Any, where: _Where, words: Sequence[str], meta: Page) -> tuple[Found, ...]:
    query = " & ".join(f"'{word}'" for word in words)
    if words:
        picked = f"""
            select entry_id from (
                select l.entry_id, l.search, l.released_on from catalogue_listing l where {where.sql} limit {RANKED}) c
             order by ts_rank(c.search, %s::tsquery, 1) desc, c.released_on desc nulls last, c.entry_id desc
             limit %s offset %s"""  # noqa: S608 - own text
        values = [*where.values, query, meta.size, meta.first]
    else:
        picked = f"""
            select l.entry_id from catalogue_listing l where {where.sql}
             order by l.released_on desc nulls last, l.entry_id desc limit %s offset %s"""  # noqa: S608 - own text
        values = [*where.values, meta.size, meta.first]
    cursor.execute(_DETAIL.format(picked=picked), values)
    return tuple(_row(*row) for row in cursor.fetchall())


_DETAIL: Final = """
    with picked as materialized (select entry_id, row_number() over () as place from ({picked}) p)
    select e.id, e.code, v.content ->> 'title', left(v.content ->> 'abstract', 400), e.provider_id, e.provider_name,
           l.region, l.share_type, l.format_class, l.update_cycle, l.domain, l.released_on, e.state, l.share_mode
      from picked p join catalogue_listing l using (entry_id) join catalogue_entry e on e.id = p.entry_id
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
        share_label=_label("share_type", share),
        format_label=_label("format_class", format_class),
        cycle_label=_label("update_cycle", cycle),
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
    label = _label("share_mode", mode)
    return f"{ask}（{label}）" if label else ask


def _counts(
    cursor: Any, where: _Where, kept: Mapping[str, Sequence[str]], words: Sequence[str], actor: Actor, scope: str
) -> tuple[int, dict[str, list[tuple[str, int]]]]:
    """Return how many match and {facet: [(value, count)]}, commonest first; a chosen facet counts as if unchosen."""
    found = _kept_group(cursor, where)
    total = sum(found["resource_class"].values())
    for name in kept:
        others = {other: values for other, values in kept.items() if other != name}
        found[name] = _kept_group(cursor, _where(words, others, actor, scope, typed=bool(words)))[name]
    return total, {
        name: sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:MOST_VALUES] for name, counts in found.items()
    }


def _kept_group(cursor: Any, where: _Where) -> dict[str, dict[str, int]]:
    """Count as `_group` does, once for each state of what is in force.

    The mark changes in the transaction that changes what is in force, to a value never used before, so kept counts
    are never stale; other scopes are counted each time.
    """
    if not where.in_force:
        return _group(cursor, where)
    cursor.execute("select value from catalogue_mark where name = %s", [IN_FORCE])
    row = cursor.fetchone()
    key = (row[0] if row else "", where.sql, repr(where.values))
    if key not in _KEPT:
        while len(_KEPT) >= MOST_KEPT:
            _KEPT.pop(next(iter(_KEPT)), None)
        _KEPT[key] = _group(cursor, where)
    return dict(_KEPT[key])


_KEPT: Final[dict[tuple[str, str, str], dict[str, dict[str, int]]]] = {}


def _group(cursor: Any, where: _Where) -> dict[str, dict[str, int]]:
    """Count the values of all facets in one pass: the small ones by their joined codes, the others one by one."""
    cursor.execute(
        "select grouping(facets, domain, region, provider_id), coalesce(facets, domain, region, provider_id::text),"  # noqa: S608 - own text
        f" count(*) from catalogue_listing l where {where.sql}"
        " group by grouping sets ((facets), (domain), (region), (provider_id))",
        where.values,
    )
    found: dict[str, dict[str, int]] = {name: {} for name in FACETS}
    for mask, value, count in cursor.fetchall():
        name = _GROUPED[mask]
        pairs = zip(SMALL_FACETS, value.split("|"), strict=True) if name == "facets" else [(name, value)]
        for facet, code in pairs:
            if code:
                found[facet][code] = found[facet].get(code, 0) + count
    return found


_GROUPED: Final = {0b0111: "facets", 0b1011: "domain", 0b1101: "region", 0b1110: "provider_id"}


def _facets(counted: Mapping[str, Sequence[tuple[str, int]]], kept: Mapping[str, Sequence[str]]) -> tuple[Facet, ...]:
    providers = parties.departments([int(value) for value, _count in counted.get("provider_id", ())])
    regions = parties.region_names([value for value, _count in counted.get("region", ())])
    facets = []
    for name in FACETS:
        values = []
        for value, count in counted.get(name, ()):
            label = _label(name, value)
            if name == "provider_id":
                label = providers[int(value)].name if int(value) in providers else value
            elif name == "region":
                label = regions.get(value, value)
            values.append(FacetValue(value, label, count, value in kept.get(name, ())))
        if values:
            facets.append(Facet(name, _(FACET_LABELS[name]), tuple(values)))
    return tuple(facets)


FACET_LABELS: Final = {
    "resource_class": N_("资源分类"), "share_type": N_("共享类型"), "format_class": N_("资源格式"), "share_mode": N_("共享方式"),
    "open_type": N_("开放属性"), "update_cycle": N_("更新周期"), "domain": N_("领域"), "region": N_("地区"), "provider_id": N_("提供部门"),
}  # fmt: skip
_TERMS: Final[Mapping[str, Mapping[str, str]]] = {
    "resource_class": dict(CatalogueClass.choices()),
    "share_type": dict(ShareType.choices()),
    "format_class": dict(FormatClass.choices()),
    "open_type": dict(OpenType.choices()),
    "update_cycle": dict(UpdateCycle.choices()),
    "share_mode": {code: label for row in SHARE_MODES.values() for code, label in row.items()},
}


def _label(name: str, code: str) -> str:
    return _(_TERMS.get(name, {}).get(code, code)) if code else ""
