"""The SQL that finds what a region's catalogue ought to hold, and that brings the catalogue there in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from jutong.slices.catalogue.queries.zones import here
from jutong.slices.parties import queries as parties

_COLUMNS: Final = (
    "key, entry_id, reported_id, code, title, provider_name, provider_id, origin, resource_class, share_type, version"
)
_STATED: Final = "code, title, provider_name, provider_id, origin, resource_class, share_type, version, standing"
_PLACED: Final = f"""
candidate as (
  select 'e' || e.id as key, e.id as entry_id, null::bigint as reported_id, coalesce(e.code, '') as code,
         v.content->>'title' as title, e.provider_name, e.provider_id, e.region as origin,
         coalesce(v.content->>'resource_class', 'department') as resource_class,
         coalesce(v.content->>'share_type', 'unconditional') as share_type, v.number as version
    from catalogue_entry e join catalogue_entryversion v on v.id = e.published_id
   where e.region = any(%(direct)s) and e.zone = %(zone)s
  union all
  select {_COLUMNS} from catalogue_regionalentry
   where region = any(%(below)s) and gone is null and standing = 'held'
  union all
  select 'r' || id, null, id, code, title, provider_name, null, region, resource_class, share_type, version
    from catalogue_reported where region = any(%(direct)s) and not gone
),
placed as (
  select c.*, case when c.code = '' or count(*) over same = 1 then 'held'
                   when not bool_or(s.key is not distinct from c.key) over same then 'conflict'
                   when s.key = c.key then 'held' else 'left_out' end as standing
    from candidate c left join catalogue_settlement s on s.region = %(region)s and s.code = c.code and c.code <> ''
  window same as (partition by c.code)
)"""  # noqa: S608 - put together from constants
_AGGREGATE: Final = f"""
with {_PLACED},
went as (
  update catalogue_regionalentry r set gone = %(number)s
   where r.region = %(region)s and r.gone is null and not exists (select 1 from placed p where p.key = r.key)
  returning r.standing
),
put as (
  insert into catalogue_regionalentry (region, {_COLUMNS}, standing, added, changed, gone)
  select %(region)s, {_COLUMNS}, standing, %(number)s, %(number)s, null from placed
  on conflict (region, key) do update set
    ({_STATED}) = row(excluded.code, excluded.title, excluded.provider_name, excluded.provider_id, excluded.origin,
                      excluded.resource_class, excluded.share_type, excluded.version, excluded.standing),
    added = case when catalogue_regionalentry.gone is null then catalogue_regionalentry.added else excluded.added end,
    changed = excluded.changed, gone = null
  where catalogue_regionalentry.gone is not null
     or ({", ".join(f"catalogue_regionalentry.{name}" for name in _STATED.split(", "))})
        is distinct from ({", ".join(f"excluded.{name}" for name in _STATED.split(", "))})
  returning added, standing
)
select (select count(*) from put where added = %(number)s and standing = 'held'),
       (select count(*) from put where added < %(number)s and standing = 'held'),
       (select count(*) from went where standing = 'held')
"""  # noqa: S608 - put together from constants
_PENDING: Final = f"""
with {_PLACED},
waiting as (
  select case when p.standing = 'conflict' then 'conflict' when r.id is null or r.gone is not null then 'added'
              else 'changed' end as kind,
         p.entry_id, p.reported_id, p.code, p.title, p.provider_name, p.origin, p.version
    from placed p left join catalogue_regionalentry r on r.region = %(region)s and r.key = p.key
   where p.standing <> 'left_out' and (r.id is null or r.gone is not null
      or ({", ".join(f"p.{name}" for name in _STATED.split(", "))})
         is distinct from ({", ".join(f"r.{name}" for name in _STATED.split(", "))}))
  union all
  select 'withdrawn', r.entry_id, r.reported_id, r.code, r.title, r.provider_name, r.origin, r.version
    from catalogue_regionalentry r
   where r.region = %(region)s and r.gone is null and r.standing = 'held'
     and not exists (select 1 from placed p where p.key = r.key)
)"""  # noqa: S608 - put together from constants
_COUNTS: Final = _PENDING + " select kind, count(*) from waiting group by kind"  # noqa: S608 - put together from constants
_LIST: Final = (
    _PENDING
    + """
select * from waiting where %(kind)s in ('', kind) order by kind, title, code limit %(most)s offset %(first)s"""
)


@dataclass(frozen=True, slots=True)
class Feeders:
    """From where a region's catalogue is filled: regions read directly, and regions below with a catalogue of their own."""

    direct: tuple[str, ...]
    below: tuple[str, ...]


def feeders(region: str) -> Feeders:
    """Return what fills a region's catalogue (national-2025#12).

    Read directly are its own departments and regions without an authority of their own; for the others the catalogue of
    the nearest authority below counts, as that last aggregated it.
    """
    ruled = {row.region for row in parties.authorities()}
    direct, below = [region], set()
    for row in parties.regions():
        if not parties.lies_within(row.code, region):
            continue
        chain = [row.code, *parties.regions_above(row.code)]
        chain = chain[: chain.index(region)] if region in chain else chain[:1]
        if owner := next((code for code in reversed(chain) if code in ruled), ""):
            below.add(owner)
        else:
            direct.append(row.code)
    return Feeders(tuple(direct), tuple(sorted(below)))


def lock(region: str) -> None:
    """Let nobody else aggregate a region's catalogue until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"catalogue.aggregate:{region}"])


def bring_up(region: str, number: int) -> tuple[int, int, int]:
    """Bring a region's catalogue to what it ought to hold, as aggregation `number`; returns added, changed, withdrawn.

    One at a time in a region; the caller takes the number after `lock`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_AGGREGATE, _given(region) | {"number": number})
        added, changed, withdrawn = cursor.fetchone()
    return added, changed, withdrawn


def pending_counts(region: str) -> dict[str, int]:
    """Count what the next aggregation would bring, by kind: added, changed, withdrawn, conflict."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, _given(region))
        return dict(cursor.fetchall())


def pending_rows(region: str, kind: str, *, first: int, most: int) -> list[tuple[Any, ...]]:
    """Return what the next aggregation would bring: kind, entry, reported, code, title, department, origin, version."""
    with connection.cursor() as cursor:
        cursor.execute(_LIST, _given(region) | {"kind": kind, "first": first, "most": most})
        return list(cursor.fetchall())


def _given(region: str) -> dict[str, Any]:
    found = feeders(region)
    return {"region": region, "zone": here(), "direct": list(found.direct), "below": list(found.below)}
