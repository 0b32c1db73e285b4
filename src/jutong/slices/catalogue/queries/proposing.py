"""Proposing the lines of a census from the catalogue, in one statement for a whole region."""

from __future__ import annotations

from typing import Final

from django.db import connection

from jutong.slices.catalogue.queries.zones import here

_PROPOSE: Final = """
insert into catalogue_censusline
       (declaration_id, entry_id, title, title_key, code, kind, computed,
        stored_volume, stored_records, shared_volume, shared_records, opened_volume, opened_records)
select d.id, e.id, e.title, e.title_key, coalesce(e.code, ''), 'proposed',
       jsonb_strip_nulls(jsonb_build_object(
         'stored_volume', q.volume::text, 'stored_records', q.records::text,
         'shared_volume', (q.volume * q.shared)::text, 'shared_records', (q.records * q.shared)::text,
         'opened_volume', (q.volume * q.opened)::text, 'opened_records', (q.records * q.opened)::text)),
       q.volume, q.records, q.volume * q.shared, q.records * q.shared, q.volume * q.opened, q.records * q.opened
  from catalogue_declaration d
  join catalogue_entry e on e.provider_id = d.department_id and e.published_id is not null and e.zone = %(zone)s
  join catalogue_entryversion v on v.id = e.published_id
  left join catalogue_censusline b
         on b.entry_id = e.id and b.kind = 'confirmed' and b.declaration_id in
            (select p.id from catalogue_declaration p where p.census_id = %(before)s and p.state = 'declared')
 cross join lateral (
       select coalesce(case when v.content->'extra'->>'stored_volume' ~ '^[0-9]{1,9}([.][0-9]{1,4})?$'
                            then (v.content->'extra'->>'stored_volume')::numeric(18, 4) end, b.stored_volume) as volume,
              coalesce(round((v.content->>'records')::numeric / 10000, 4), b.stored_records) as records,
              exists (select 1 from catalogue_use u where u.entry_id = e.id and u.ended_on is null)::int as shared,
              (coalesce(v.content->>'open_type', '') in ('unconditional', 'conditional'))::int as opened) q
 where d.census_id = %(census)s
on conflict (declaration_id, entry_id) do nothing
"""
_COUNT: Final = """
update catalogue_declaration d set lines = l.many
  from (select c.declaration_id, count(*) as many
          from catalogue_censusline c join catalogue_declaration o on o.id = c.declaration_id
         where o.census_id = %(census)s group by c.declaration_id) l
 where l.declaration_id = d.id
"""


def propose_lines(census: int, *, before: int) -> None:
    """Write a line for each published entry of the departments asked, with what the catalogue knows of its quantities.

    Records are the entry's own figure; the volume is the local element `stored_volume` where the specification has one;
    what is not stated is taken from the census `before` (0: there was none). An entry that is granted to somebody counts
    as shared, one that is open to the public as opened, each with its whole content; the department corrects it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PROPOSE, {"census": census, "before": before, "zone": here()})
        cursor.execute(_COUNT, {"census": census})
