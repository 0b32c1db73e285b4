"""The plain list of circumstances that may have to be rectified, for the authority until the supervision takes them up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotAllowed
from jutong.kernel.paging import Page, page
from jutong.kernel.terms import N_
from jutong.slices.correction.models import ProposedFinding
from jutong.slices.correction.rules.findings import KINDS

WATCHERS = (Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A circumstance put forward: what, whose, by which words and articles; subject: the case, "sharing_request:12"."""

    id: int
    kind: str
    label: str
    department_id: int
    department: str
    subject: str
    words: str
    source: str
    at: datetime


def proposed_findings(actor: Actor, *, number: int = 1, size: int = 20) -> tuple[list[FindingLine], Page]:
    """Return what was put forward to the actor's authority, newest first; auditors see all. NotAllowed for others."""
    if not actor.holds(*WATCHERS):
        raise NotAllowed(_("拟提问题由主管部门查看。"))
    rows = ProposedFinding.objects.select_related("department").order_by("-id")
    if not actor.holds(Role.AUDITOR):
        rows = rows.filter(authority_id__in=actor.serves)
    found, meta = page(rows, number, size)
    return [_line(row) for row in found], meta


def _line(row: ProposedFinding) -> FindingLine:
    return FindingLine(
        id=row.pk,
        kind=row.kind,
        label=_(KINDS.get(row.kind, N_("其他情形"))),
        department_id=row.department_id,
        department=row.department.name,
        subject=row.subject,
        words=row.words,
        source=row.source,
        at=row.at,
    )
