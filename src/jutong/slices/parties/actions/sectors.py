"""Sector lines: which departments belong to a sector, and the guidance of its lead (R-OVR-040)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from jutong.kernel import inbox, outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.errors import Conflict, RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.parties import events
from jutong.slices.parties.models import Department, SectorLine, SectorMember, SectorNote
from jutong.slices.parties.rules import organisations
from jutong.slices.parties.workflow import LEADERS, REGISTRARS

LONGEST_NOTE = 4000


@action("parties.start_sector", label=N_("建立行业条线"), allow=REGISTRARS)
def start_sector(*, name: str, lead_id: int, members: Sequence[int], by: Actor, at: datetime) -> SectorLine:
    """Register a sector line with its lead and its departments (national-2025#8)."""
    clean = organisations.check_name(name, most=60)
    known = set(Department.objects.filter(pk__in={lead_id, *members}, active=True).values_list("pk", flat=True))
    if known != {lead_id, *members} or not members:
        raise RuleBroken(_("条线的牵头部门和成员部门应为已登记的部门，且至少有一个成员，请重新选择。"), field="members")
    try:
        with transaction.atomic():
            line = SectorLine.objects.create(name=clean, lead_id=lead_id)
    except IntegrityError:
        raise Conflict(_("行业条线“%s”已经登记。") % clean) from None
    SectorMember.objects.bulk_create([SectorMember(line=line, department_id=member) for member in sorted(set(members))])
    return line


@action("parties.guide_sector", label=N_("行业指导"), allow=LEADERS, on=SectorLine)
def guide_sector(line: SectorLine, *, title: str, text: str, by: Actor, at: datetime) -> SectorNote:
    """The sector lead gives guidance; it reaches every department of the line (R-OVR-040)."""
    body = organisations.check_text(text, most=LONGEST_NOTE, field="text")
    note = SectorNote.objects.create(
        line=line, title=organisations.check_name(title), text=body, by_account=by.account_id, at=at
    )
    members = list(SectorMember.objects.filter(line=line).values_list("department_id", flat=True))
    for department_id in members:
        inbox.tell(title=_("行业指导意见：%s") % note.title, text=body, department_id=department_id, at=at)
    payload = {"line_id": line.pk, "note_id": note.pk, "departments": members}
    outbox.publish(events.SECTOR_GUIDED, f"sector:{line.pk}", payload, at=at, by=by)
    return note
