"""Sector lines as their lead sees them: members and guidance, never data (R-OVR-040)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotThere
from jutong.slices.parties.models import SectorLine, SectorMember, SectorNote
from jutong.slices.parties.queries.departments import DepartmentRow, departments
from jutong.slices.parties.queries.gaps import Gap, gaps


@dataclass(frozen=True, slots=True)
class SectorRow:
    """A sector line."""

    id: int
    name: str
    lead_id: int
    lead_name: str
    members: int


@dataclass(frozen=True, slots=True)
class Member:
    """A department of the line and what it still has to register."""

    department: DepartmentRow
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Guidance that was given."""

    title: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Overview:
    """A sector line with its departments and the guidance given."""

    line: SectorRow
    members: tuple[Member, ...]
    notes: tuple[Note, ...]


def sectors() -> list[SectorRow]:
    """Return the active sector lines by name."""
    rows = (
        SectorLine.objects.filter(active=True).select_related("lead").annotate(n=Count("sectormember")).order_by("name")
    )
    return [SectorRow(line.pk, line.name, line.lead_id, line.lead.name, line.n) for line in rows]


def is_sector_lead(actor: Actor) -> bool:
    """Tell whether the actor leads any sector line's work."""
    return actor.holds(Role.SECTOR_LEAD)


def sector(line_id: int, actor: Actor, at: datetime) -> Overview:
    """Return a line to its lead, a member or an overseeing post. NotThere for everybody else."""
    row = next((line for line in sectors() if line.id == line_id), None)
    ids = list(SectorMember.objects.filter(line_id=line_id).order_by("pk").values_list("department_id", flat=True))
    overseeing = actor.holds(Role.PLATFORM_OPERATOR, Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER, Role.SYSTEM_ADMIN)
    if row is None or not (
        actor.holds(Role.SECTOR_LEAD, department_id=row.lead_id) or actor.department_id in ids or overseeing
    ):
        raise NotThere(_("没有找到该行业条线，或您无权知悉。"))
    known = departments(ids)
    members = tuple(Member(known[pk], gaps(pk, at)) for pk in ids)
    notes = tuple(Note(n.title, n.text, n.at) for n in SectorNote.objects.filter(line_id=line_id).order_by("-at")[:50])
    return Overview(row, members, notes)
