"""Deriving duty lines from the regional catalogue, set by set: one statement for a whole region or for some items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection

from jutong.slices.catalogue.queries.keys import COLLECTED
from jutong.slices.catalogue.queries.zones import here

_CHOSEN: Final = f"""
with {COLLECTED},
held as (
  select case when h.key is null then c.bare else c.bare || '@' || c.provider_id end as key, c.*
    from collected c left join catalogue_homonym h on h.region = %(region)s and h.key = c.bare
   where c.bare <> '' and (%(keys)s::text[] is null or c.bare = any(%(keys)s))
),
chosen as (
  select key, min(bare) as bare, min(name) as name, array_agg(distinct provider_id order by provider_id) as rivals
    from held group by key
),
settled as (
  select c.key, c.name, c.rivals,
         coalesce(s.provider_id, case when cardinality(c.rivals) = 1 then c.rivals[1] end) as department_id, s.entry_id
    from chosen c
    left join catalogue_itemsource s
           on s.region = %(region)s and s.key = c.bare and s.until is null and c.key = c.bare
),
wanted as (
  select s.key, s.name, s.department_id, coalesce(s.entry_id, p.entry_id) as entry_id, coalesce(p.how, '') as how,
         coalesce(p.system, '') as system, coalesce(p.cycle, '') as cycle,
         case when s.department_id is null then to_jsonb(s.rivals) else '[]'::jsonb end as rivals
    from settled s
    left join lateral (
      select h.entry_id, h.how, h.system, h.cycle from held h
       where h.key = s.key and h.provider_id = s.department_id
       order by h.entry_id is distinct from s.entry_id, h.entry_id limit 1
    ) p on true
)"""  # noqa: S608 - put together from constants
_INSERT: Final = f"""
insert into catalogue_dutyline
       (series_id, key, name, department_id, entry_id, how, system, cycle, rivals, since)
{_CHOSEN}
select %(series)s, key, name, department_id, entry_id, how, system, cycle, rivals, %(since)s from wanted
"""  # noqa: S608 - put together from constants
_REPLACE: Final = f"""
{_CHOSEN},
kept as (
  select w.key, w.name, coalesce(w.department_id, l.department_id) as department_id,
         case when w.department_id is null then l.entry_id else w.entry_id end as entry_id,
         case when w.department_id is null then l.how else w.how end as how,
         case when w.department_id is null then l.system else w.system end as system,
         case when w.department_id is null then l.cycle else w.cycle end as cycle,
         case when w.department_id is null and l.department_id is null then w.rivals else '[]'::jsonb end as rivals
    from wanted w
    left join catalogue_dutyline l
           on l.series_id = %(series)s and l.key = w.key and l.until is null
          and w.rivals @> to_jsonb(l.department_id)
),
ended as (
  update catalogue_dutyline l set until = %(since)s
   where l.series_id = %(series)s and l.until is null and split_part(l.key, '@', 1) = any(%(keys)s)
     and not exists (select 1 from kept k where k.key = l.key and k.department_id is not distinct from l.department_id
                        and k.entry_id is not distinct from l.entry_id and k.how = l.how and k.system = l.system
                        and k.cycle = l.cycle and k.rivals = l.rivals)
  returning l.key, l.name, l.department_id
)
select 'ended', key, name, department_id, null::bigint, '', '', '', '[]'::jsonb from ended
union all
select 'kept', k.key, k.name, k.department_id, k.entry_id, k.how, k.system, k.cycle, k.rivals from kept k
 where k.key in (select key from ended)
    or not exists (select 1 from catalogue_dutyline l
                    where l.series_id = %(series)s and l.key = k.key and l.until is null)
"""  # noqa: S608 - put together from constants


def derive_lines(series: int, region: str, *, since: int) -> None:
    """Write the lines of a whole region: one department per item, none and the rivals where several collect it.

    A designated source, else a department whose entry says it is the source, has the line before all others (W05, W28).
    """
    values: dict[str, Any] = {"series": series, "region": region, "zone": here(), "since": since, "keys": None}
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)


def changed_lines(series: int, region: str, keys: Sequence[str], *, since: int) -> tuple[list[Any], list[Any]]:
    """End the lines of these items that no longer hold at list `since`; return (ended, to be written).

    Where several departments now collect an item, the one that had its line keeps it. Rows: (key, name, department,
    entry, how, system, cycle, rivals).
    """
    values: dict[str, Any] = {"series": series, "region": region, "zone": here(), "since": since, "keys": list(keys)}
    with connection.cursor() as cursor:
        cursor.execute(_REPLACE, values)
        rows = cursor.fetchall()
    return [row[1:] for row in rows if row[0] == "ended"], [row[1:] for row in rows if row[0] == "kept"]
