"""How many cases stand where: counted by the database for all kinds at once, by state, side and limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, BooleanField, ExpressionWrapper, Q

from jutong.kernel.actors import Role
from jutong.kernel.agenda.chores import Chore, chores, workflow_of
from jutong.kernel.agenda.queries import fetched
from jutong.kernel.prepared import Hole, Written, written
from jutong.kernel.workflow import Move
from jutong.kernel.workflow.table import NOWHERE


@dataclass(frozen=True, slots=True)
class Tally:
    """Cases of one kind that are alike for everybody in a department: who can move them, how they stand, how old they are.

    roles: posts of the department that ought to move them. due: late, today, soon, later, or empty without a limit.
    age: place among the columns of age.
    """

    kind: str
    roles: frozenset[Role]
    due: str
    age: int
    count: int
    oldest: date


@dataclass(frozen=True, slots=True)
class _Kind:
    """The cases of a kind that a department may have to move: id, state, started_on, then by which attribute, then `only`."""

    cases: Written
    sides: tuple[str, ...]
    narrowed: tuple[str, ...]


def _moves(chore: Chore) -> list[Move]:
    return [move for move in workflow_of(chore).moves if move.verb in chore.verbs and NOWHERE not in move.sources]


def _sides(moves: Iterable[Move]) -> tuple[str, ...]:
    """Return the attributes of a case that name the departments whose turn it is."""
    return tuple(sorted({who.of for move in moves for who in move.who.each() if who.roles and who.of}))


def _several(chore: Chore, side: str) -> bool:
    return isinstance(workflow_of(chore).model._meta.get_field(side), ArrayField)


@lru_cache(maxsize=256)
def _kind(chore: Chore) -> _Kind | None:
    moves = _moves(chore)
    sides, narrowed = _sides(moves), tuple(sorted({move.verb for move in moves} & chore.only.keys()))
    hole = Hole("department", BigIntegerField())
    named = [Q(**({f"{side}__contains": [hole]} if _several(chore, side) else {side: hole})) for side in sides]
    flags = {f"flag{n}": condition for n, condition in enumerate([*named, *(chore.only[verb] for verb in narrowed)])}
    mine = Q(pk__in=[])
    for one in named:
        mine |= one
    cases = workflow_of(chore).model._default_manager.filter(
        mine, state__in={state for move in moves for state in move.sources}
    )
    columns = {name: ExpressionWrapper(condition, BooleanField()) for name, condition in flags.items()}
    found = written(cases.annotate(**columns).values("pk", "state", "started_on", *columns))
    return _Kind(found, sides, narrowed) if found else None


_COUNTED: Final = """
    select %s, state, flags, case when due is null then '' when due < %s then 'late' when due = %s then 'today'
                                  when due <= %s then 'soon' else 'later' end,
           (started_on < %s)::int + (started_on < %s)::int + (started_on < %s)::int, count(*), min(started_on)
      from (select w.state, w.started_on, array[{flags}]::boolean[] as flags, min(c.due_day) as due
              from ({sql}) as w(id, state, started_on, {flags})
              left join kernel_clock c on c.case_kind = %s and c.case_id = w.id and c.state <> 'stopped' and not c.target
             group by w.id, w.state, w.started_on, {flags}) dated
     group by 2, 3, 4, 5
"""


def of_department(department_id: int, *, today: date, soon: date, ages: Sequence[int]) -> list[Tally]:
    """Return what waits in a department, by kind: one statement, which reads each case once.

    The database counts by state, by the attribute that names the department and by limit; who can move such cases is then
    read from the table of moves. ages: the days that part the three columns of age.
    """
    parts, values, asked = [], [], {}
    borders = [today, today, soon, *(today - timedelta(days=days) for days in ages)]
    for kind, chore in chores().items():
        if own := _kind(chore):
            asked[kind] = (chore, own)
            flags = ", ".join(f"f{n}" for n in range(len(own.sides) + len(own.narrowed)))
            parts.append(_COUNTED.format(sql=own.cases.sql, flags=flags))
            values += [kind, *borders, *own.cases.filled({"department": department_id}), kind]
    found = []
    rows = fetched(" union all ".join(parts), values) if parts else []
    for kind, state, flags, due, age, count, oldest in rows:
        if roles := _roles(*asked[kind], state, flags):
            found.append(Tally(kind, roles, due, age, count, oldest))
    return found


def _roles(chore: Chore, kind: _Kind, state: str, flags: Sequence[bool | None]) -> frozenset[Role]:
    """Return the posts that ought to move such cases, as `Workflow.waiting_for` asks for them."""
    names = (*kind.sides, *kind.narrowed)
    true = {(n < len(kind.sides), name) for n, (name, flag) in enumerate(zip(names, flags, strict=True)) if flag}
    return frozenset(
        role
        for move in _moves(chore)
        if state in move.sources and (move.verb not in kind.narrowed or (False, move.verb) in true)
        for who in move.who.each()
        if (True, who.of) in true
        for role in who.roles
    )


_BY_DEPARTMENT: Final = """
    select d.id, count(*), count(late.case_id)
      from ({sql}) as w(id, named) cross join lateral {departments} as d(id)
      left join (select distinct case_id from kernel_clock
                  where case_kind = %s and state = 'running' and not target and due_day < %s) late on late.case_id = w.id
     where d.id = any(%s) group by d.id
"""


@lru_cache(maxsize=512)
def _waiting_at(chore: Chore, side: str) -> Written | None:
    """Return the cases that wait for a department named by one attribute: id and the attribute."""
    turn = Q(pk__in=[])
    for move in _moves(chore):
        if any(who.roles and who.of == side for who in move.who.each()):
            turn |= Q(state__in=move.sources) & chore.only.get(move.verb, Q())
    return written(workflow_of(chore).model._default_manager.filter(turn).values("pk", side))


def of_departments(departments: Sequence[int], today: date) -> list[tuple[int, int, int]]:
    """Return (department, cases, late ones), once for each kind and side: one statement.

    A case that names several departments counts for each.
    """
    parts, values = [], []
    for kind, chore in chores().items():
        for side in _sides(_moves(chore)):
            if cases := _waiting_at(chore, side):
                named = "unnest(w.named)" if _several(chore, side) else "(select w.named)"
                parts.append(_BY_DEPARTMENT.format(sql=cases.sql, departments=named))
                values += [*cases.parameters, kind, today, list(departments)]
    rows = fetched(" union all ".join(parts), values) if parts else []
    return [(pk, total, late) for pk, total, late in rows]


_LIMITS: Final = """
    select %s, state, limits, count(*)
      from (select w.state,
                   string_agg(c.name || case when c.state = 'running' and not c.target and c.due_day < %s then ':past'
                                             when c.state <> 'stopped' then ':open'
                                             when not c.target and c.stopped_at > c.due_at then ':late' else ':kept' end, ' ') as limits
              from ({sql}) as w(id, state) left join kernel_clock c on c.case_kind = %s and c.case_id = w.id
             group by w.id, w.state) alike
     group by 2, 3
"""


@dataclass(frozen=True, slots=True)
class Alike:
    """Cases that stand alike: their state, and how each of their limits stands, by its name.

    limits: past (over while it runs), open, late (stopped after it was over) or kept.
    """

    state: str
    limits: Mapping[str, str]
    count: int


def of_limits(asked: Iterable[tuple[str, Written, Mapping[str, Any]]], today: date) -> dict[str, list[Alike]]:
    """Return how many cases of each kind stand alike: one statement, which reads each case and each limit once.

    asked: a kind, its cases (id and state), and what fills the holes.
    """
    parts, values = [], []
    for kind, cases, holes in asked:
        parts.append(_LIMITS.format(sql=cases.sql))
        values += [kind, today, *cases.filled(holes), kind]
    found: dict[str, list[Alike]] = defaultdict(list)
    for kind, state, limits, count in fetched(" union all ".join(parts), values) if parts else ():
        stands = dict(limit.split(":") for limit in (limits or "").split())
        found[kind].append(Alike(state, stands, count))
    return found
