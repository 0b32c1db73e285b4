"""What workbenches ask of the database: one statement for all kinds of cases, its conditions written once a shape of posts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final, cast

from django.db import connection
from django.db.models import BigIntegerField

from jutong.kernel.actors import Actor, Post, Role
from jutong.kernel.agenda.chores import Chore, chores, wanted, workflow_of
from jutong.kernel.prepared import Hole, Written, written

COUNTED: Final = 1000
"""Cases of one kind counted for a workbench; beyond it stands "1,000+", so that twenty thousand cost no more."""
A_DAY: Final = timedelta(days=1)

Shape = tuple[tuple[Role, str, tuple[str, ...]], ...]
Ids = Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A kind of case, and the moves that somebody ought to make."""

    chore: Chore
    verbs: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The workflow."""
        return self.chore.workflow


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose cases: the posts with holes for their departments, and the departments by the names of the holes."""

    shape: Shape
    departments: Mapping[str, int]

    def condition(self, asked: Asked) -> Written | None:
        """Return `select id from …` of the cases of one kind that wait; None where nothing of it can wait for these posts."""
        return _written(asked.chore, asked.verbs, self.shape)


@dataclass(frozen=True, slots=True)
class Pressing:
    """How the limits of one kind stand: cases late, due today, due soon; `more`: names of those that are more than COUNTED.

    urgent: (case, due day), the nearest limits first.
    """

    late: int = 0
    today: int = 0
    soon: int = 0
    more: tuple[str, ...] = ()
    urgent: tuple[tuple[int, date], ...] = ()


def asker(actor: Actor) -> Asker:
    """Return the shape of an actor's posts and the departments it is about."""
    departments = sorted({post.department_id for post in actor.posts if post.department_id is not None})
    holes = {department: f"department{place}" for place, department in enumerate(departments)}
    shape = {
        (post.role, holes[post.department_id], post.duties) for post in actor.posts if post.department_id is not None
    }
    return Asker(tuple(sorted(shape)), {hole: department for department, hole in holes.items()})


@lru_cache(maxsize=2048)
def _written(chore: Chore, verbs: tuple[str, ...], shape: Shape) -> Written | None:
    posts = frozenset(
        Post(role, cast("int", Hole(hole, BigIntegerField())), duties=duties) for role, hole, duties in shape
    )
    cases = workflow_of(chore).model._default_manager.filter(wanted(chore, Actor(0, "", None, "", "", posts), verbs))
    return written(cases.values("pk"))


def fetched(statement: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def newest(who: Asker, asked: Iterable[Asked]) -> dict[str, list[int]]:
    """Return the cases of each kind that wait, the newest COUNTED and one more: one statement for all."""
    parts, values = [], []
    for one in asked:
        if condition := who.condition(one):
            parts.append(f"select %s, array({condition.sql} order by 1 desc limit {COUNTED + 1})")
            values += [one.kind, *condition.filled(who.departments)]
    if not parts:
        return {}
    return {kind: ids for kind, ids in fetched(" union all ".join(parts), values) if ids}


def everything(who: Asker, asked: Asked) -> list[int]:
    """Return every case of one kind that waits, newest first."""
    condition = who.condition(asked)
    if condition is None:
        return []
    rows = fetched(f"{condition.sql} order by 1 desc", condition.filled(who.departments))
    return [row[0] for row in rows]


_LEGAL: Final = "c.state = 'running' and not c.target"
_FEW: Final = f"""
    select c.case_kind, count(distinct c.case_id) filter (where {_LEGAL} and c.due_day < %s),
           count(distinct c.case_id) filter (where {_LEGAL} and c.due_day = %s),
           count(distinct c.case_id) filter (where {_LEGAL} and c.due_day > %s and c.due_day <= %s),
           0, 0, 0,
           (array_agg(c.case_id order by c.due_day, c.case_id desc) filter (where c.due_day between %s and %s))[:%s],
           (array_agg(c.due_day order by c.due_day, c.case_id desc) filter (where c.due_day between %s and %s))[:%s]
      from unnest(%s::text[], %s::bigint[]) as w(kind, id)
      join kernel_clock c on c.case_kind = w.kind and c.case_id = w.id and c.state <> 'stopped'
     group by c.case_kind
"""  # noqa: S608 - put together from constants
_COUNT: Final = f"""
    (select count(distinct case_id) as cases, count(*) as clocks
       from (select c.case_id from kernel_clock c
              where c.case_kind = %s and {_LEGAL} and c.due_day between %s and %s and c.case_id in ({{condition}})
              order by c.due_day, c.case_id limit {COUNTED + 1}) counted)
"""  # noqa: S608 - put together from constants
_MANY: Final = """
    select %s, late.cases, today.cases, soon.cases, late.clocks, today.clocks, soon.clocks, urgent.ids, urgent.days
      from {late} late, {today} today, {soon} soon,
           (select array_agg(case_id) as ids, array_agg(due_day) as days
              from (select c.case_id, c.due_day from kernel_clock c
                     where c.case_kind = %s and c.state <> 'stopped' and c.due_day between %s and %s
                       and c.case_id in ({condition})
                     order by c.due_day, c.case_id limit %s) nearest) urgent
"""


def pressing(
    who: Asker,
    found: Ids,
    asked: Iterable[Asked],
    *,
    today: date,
    soon: date,
    between: tuple[date, date],
    most: int,
) -> dict[str, Pressing]:
    """Return how the limits of the cases that wait stand, by kind: one statement for all of them.

    found: what `newest` found. A kind with COUNTED cases at most is asked case by case; one with more is walked along its
    clocks, nearest first, as far as is counted. between: the days whose cases are named, `most` of a kind.
    """
    few = {kind: ids for kind, ids in found.items() if len(ids) <= COUNTED}
    parts, values = [], []
    if few:
        named = (*between, most)
        parts.append(_FEW)
        values += [today, today, today, soon, *named, *named, [kind for kind, ids in few.items() for _pk in ids]]
        values.append([pk for ids in few.values() for pk in ids])
    for one in asked:
        condition = who.condition(one) if len(found.get(one.kind, ())) > COUNTED else None
        if condition is not None:
            own, count = condition.filled(who.departments), _COUNT.format(condition=condition.sql)
            parts.append(_MANY.format(late=count, today=count, soon=count, condition=condition.sql))
            days = ((date.min, today - A_DAY), (today, today), (today + A_DAY, soon))
            values += [one.kind, *(value for first, last in days for value in (one.kind, first, last, *own))]
            values += [one.kind, *between, *own, most]
    if not parts:
        return {}
    return {row[0]: _pressing(*row[1:]) for row in fetched(" union all ".join(parts), values)}


def _pressing(
    late: int, today: int, soon: int, late_clocks: int, today_clocks: int, soon_clocks: int,
    ids: list[int] | None, days: list[date] | None,
) -> Pressing:  # fmt: skip
    clocks = {"late": late_clocks, "today": today_clocks, "soon": soon_clocks}
    more = tuple(name for name, seen in clocks.items() if seen > COUNTED)
    nearest: dict[int, date] = {}
    for pk, day in zip(ids or (), days or (), strict=True):
        nearest.setdefault(pk, day)
    return Pressing(
        min(late, COUNTED), min(today, COUNTED), min(soon, COUNTED), more=more, urgent=tuple(nearest.items())
    )


_UNLIMITED: Final = """
    select w.kind, w.id from unnest(%s::text[], %s::bigint[]) as w(kind, id)
     where not exists (select from kernel_clock c
                        where c.case_kind = w.kind and c.case_id = w.id and c.state <> 'stopped' and not c.target)
     order by w.id desc limit %s
"""


def unlimited(found: Ids, *, most: int) -> list[tuple[str, int]]:
    """Return those of the cases that no text sets a limit, newest first."""
    pairs = [(kind, pk) for kind, ids in found.items() for pk in ids]
    return (
        [(kind, pk) for kind, pk in fetched(_UNLIMITED, [*map(list, zip(*pairs, strict=True)), most])] if pairs else []
    )


def nearest_first(found: Ids) -> list[tuple[str, int]]:
    """Return all these cases by their nearest limit, those without one last: for whole lists."""
    pairs = [(kind, pk) for kind, ids in found.items() for pk in ids]
    if not pairs:
        return []
    statement = """
        select w.kind, w.id from unnest(%s::text[], %s::bigint[]) as w(kind, id)
          left join kernel_clock c on c.case_kind = w.kind and c.case_id = w.id and c.state <> 'stopped'
         group by w.kind, w.id order by min(c.due_day) nulls last, w.kind, w.id
    """
    return [(kind, pk) for kind, pk in fetched(statement, map(list, zip(*pairs, strict=True)))]


_OBLIGED: Final = """
    select late.* from unnest(%s::bigint[]) as d(id),
           lateral (select c.case_kind, c.case_id, c.name, c.due_day from kernel_clock c
                     where c.obliged_id = d.id and c.state = 'running' and not c.target and c.due_day < %s
                       and c.case_kind = any(%s)
                     order by c.due_day limit %s) late
"""
# asked first whether the departments watch over any case at all: else every late clock would be looked at in vain
_WATCHED: Final = """
    (select c.case_kind, c.case_id, c.name, c.due_day from kernel_clock c
      where c.case_kind = %s and c.state = 'running' and not c.target and c.due_day < %s
        and exists (select from {table} where {overseer} = any(%s))
        and c.case_id in (select id from {table} where {overseer} = any(%s))
      order by c.due_day, c.case_id limit %s)
"""


def late(departments: Iterable[int], day: date, *, most: int) -> list[tuple[str, int, str, date]]:
    """Return limits (kind, case, name, due day) that ended before a day, longest ago first: one statement.

    Those that the departments must keep, and those of cases that they watch over; `most` of them.
    """
    mine, offered = list(departments), chores()
    parts, values = [_OBLIGED], [mine, day, list(offered), most]
    for name, chore in offered.items():
        if chore.overseer:
            model = workflow_of(chore).model._meta
            column = model.get_field(chore.overseer).column
            parts.append(_WATCHED.format(table=model.db_table, overseer=column))
            values += [name, day, mine, mine, most]
    longest_ago = f"select * from ({' union '.join(parts)}) late order by due_day, case_kind, case_id limit %s"  # noqa: S608 - own text
    rows = fetched(longest_ago, [*values, most])
    return [(kind, case, name, due) for kind, case, name, due in rows]
