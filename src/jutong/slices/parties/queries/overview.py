"""Everything one department's page shows, in one call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from jutong.kernel.actors import Actor
from jutong.slices.parties.models import Authority
from jutong.slices.parties.queries.departments import DepartmentRow, department, departments, region_name
from jutong.slices.parties.queries.gaps import Gap, gaps
from jutong.slices.parties.queries.people import (
    PersonRow,
    PostRow,
    SharingUnitRow,
    UnitRoleRow,
    people_page,
    posts,
    sharing_unit,
    unit_roles,
)
from jutong.slices.parties.queries.rulebooks import CorrectionChannel, RulesRow, correction_channel, internal_rules
from jutong.slices.parties.queries.systems import SystemRow, systems
from jutong.slices.parties.workflow import KEY_HOLDERS, OWN_KEEPERS, PEOPLE_READERS, REGISTRARS


@dataclass(frozen=True, slots=True)
class May:
    """Which buttons are worth showing to the actor."""

    keep: bool
    register: bool
    read_people: bool
    keep_systems: bool


@dataclass(frozen=True, slots=True)
class About:
    """What a `who` is asked about: the department as id and as department_id."""

    id: int
    department_id: int


@dataclass(frozen=True, slots=True)
class Overview:
    """A department with its people, duties, rules, systems and gaps."""

    department: DepartmentRow
    region: str
    parent: DepartmentRow | None
    authority_since: date | None
    posts: tuple[PostRow, ...]
    former: tuple[PostRow, ...]
    people: tuple[PersonRow, ...]
    unit: SharingUnitRow | None
    unit_roles: tuple[UnitRoleRow, ...]
    rules: tuple[RulesRow, ...]
    channel: CorrectionChannel
    systems: tuple[SystemRow, ...]
    gaps: tuple[Gap, ...]
    may: May


def overview(department_id: int, actor: Actor, at: datetime) -> Overview:
    """Return what the actor may see of a department: people and systems only of the own one or with an overseeing post."""
    row = department(department_id)
    about = About(row.id, row.id)
    inside = actor.department_id == row.id or any(post.department_id == row.id for post in actor.posts)
    reads = inside or bool(actor.roles & PEOPLE_READERS)
    held = posts(department_id=row.id, history=reads, limit=300)
    ruling = Authority.objects.filter(department_id=row.id, ended_at=None).order_by("since").first()
    return Overview(
        department=row,
        region=region_name(row.region),
        parent=departments([row.parent_id]).get(row.parent_id) if row.parent_id else None,
        authority_since=ruling.since if ruling else None,
        posts=tuple(p for p in held if p.ended_at is None),
        former=tuple(p for p in held if p.ended_at is not None),
        people=tuple(people_page(actor, department_id=row.id, size=200)[0]) if reads else (),
        unit=sharing_unit(row.id),
        unit_roles=tuple(unit_roles(row.id)),
        rules=tuple(internal_rules(row.id)),
        channel=correction_channel(row.id),
        systems=tuple(systems(department_id=row.id)) if reads else (),
        gaps=gaps(row.id, at),
        may=May(
            keep=OWN_KEEPERS.permits(actor, about) is not None or REGISTRARS.permits(actor, about) is not None,
            register=REGISTRARS.permits(actor, about) is not None,
            read_people=reads,
            keep_systems=KEY_HOLDERS.permits(actor, about) is not None,
        ),
    )
