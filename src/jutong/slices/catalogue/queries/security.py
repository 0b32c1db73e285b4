"""Security assessments of sharing: the list, one with its findings, departments without one in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.pieces import Happening, happenings
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.queries import history
from jutong.kernel.settings import settings
from jutong.kernel.workflow import Button
from jutong.slices.catalogue.models import SecurityAssessment
from jutong.slices.catalogue.rules.security import months_before
from jutong.slices.catalogue.workflow import SECURITY_ASSESSMENT, UNIT
from jutong.slices.parties import queries as parties

MOST_DEPARTMENTS = 5_000


@dataclass(frozen=True, slots=True)
class SecurityRow:
    """A security assessment in a list; left: findings that are not put right, of `findings`."""

    id: int
    department_id: int
    department: str
    scope: str
    state: str
    state_label: str
    planned_on: date
    done_on: date | None
    findings: int
    left: int


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding; late: not put right in time; open: the actor can say that it was."""

    id: int
    text: str
    owner: str
    due_on: date
    result: str
    done_by: str
    done_at: datetime | None
    late: bool
    open: bool


@dataclass(frozen=True, slots=True)
class SecurityDetail:
    """A security assessment as its page shows it."""

    row: SecurityRow
    conductor: str
    summary: str
    report_id: int | None
    findings: tuple[FindingRow, ...]
    buttons: tuple[Button, ...]
    happenings: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class Unassessed:
    """A department without a security assessment in the interval; last: when it had one, None for never."""

    department_id: int
    department: str
    last: date | None


def _known_to(actor: Actor) -> QuerySet[SecurityAssessment]:
    rows = SecurityAssessment.objects.select_related("department").annotate(
        many=Count("findings"), left=Count("findings", filter=Q(findings__done_at=None))
    )
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    return rows.filter(Q(department__in=actor.serves) | Q(authority__in=actor.serves))


def security_assessments(
    actor: Actor, *, state: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[SecurityRow], Page]:
    """Return the assessments the actor may know of, newest first."""
    rows = _known_to(actor).order_by("-pk")
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(department__name__icontains=text) | Q(scope__icontains=text))
    found, meta = page(rows, number, size)
    return [_row(case) for case in found], meta


def security_lines(actor: Actor, *, state: str = "", text: str = "") -> Iterator[SecurityRow]:
    """Return the whole list, page by page, for Excel."""
    return every(lambda n: security_assessments(actor, state=state, text=text, number=n, size=LARGEST))


def _row(case: SecurityAssessment) -> SecurityRow:
    return SecurityRow(
        id=case.pk,
        department_id=case.department_id,
        department=case.department.name,
        scope=case.scope,
        state=case.state,
        state_label=SECURITY_ASSESSMENT.state_label(case.state),
        planned_on=case.planned_on,
        done_on=case.done_on,
        findings=getattr(case, "many", 0),
        left=getattr(case, "left", 0),
    )


def security_assessment(case_id: int, *, actor: Actor, at: datetime) -> SecurityDetail:
    """Return one assessment. NotThere for one the actor may not know of."""
    case = _known_to(actor).filter(pk=case_id).first()
    if case is None:
        raise NotThere(_("没有找到该安全性评估，或您无权知悉。"))
    today, mine = beijing_day(at), UNIT.permits(actor, case) is not None and case.state == "findings_open"
    findings = tuple(
        FindingRow(
            row.pk, row.text, row.owner, row.due_on, row.result, row.done_by, row.done_at,
            row.done_at is None and row.due_on < today, mine and row.done_at is None,
        )
        for row in case.findings.order_by("due_on", "pk")
    )  # fmt: skip
    return SecurityDetail(
        row=_row(case),
        conductor=case.conductor,
        summary=case.summary,
        report_id=case.report_id,
        findings=findings,
        buttons=tuple(SECURITY_ASSESSMENT.open_to(actor, case)),
        happenings=tuple(happenings(history(SECURITY_ASSESSMENT.name, case.pk), SECURITY_ASSESSMENT)),
    )


def unassessed(actor: Actor, *, at: datetime) -> list[Unassessed]:
    """Return the departments without a security assessment in the interval that the settings give (R-SEC-039).

    The authority sees those of its regions, everybody else their own.
    """
    since = months_before(beijing_day(at), settings().security_assessment_months)
    departments = _watched(actor)
    done = SecurityAssessment.objects.filter(department__in=departments, done_on__isnull=False)
    last = dict(done.values("department").annotate(day=Max("done_on")).values_list("department", "day"))
    late = [(pk, name) for pk, name in departments.items() if (day := last.get(pk)) is None or day < since]
    return sorted(
        (Unassessed(pk, name, last.get(pk)) for pk, name in late),
        key=lambda row: (row.last or date.min, row.department),
    )


def _watched(actor: Actor) -> dict[int, str]:
    own = {pk: row.name for pk, row in parties.departments(actor.serves).items()}
    if not actor.holds(Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD) and not actor.holds(Role.AUDITOR):
        return own
    area = parties.search_departments(region=actor.region, limit=MOST_DEPARTMENTS)
    return own | {row.id: row.name for row in area if row.region == actor.region}
