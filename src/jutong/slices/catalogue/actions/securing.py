"""Security assessments of a department's sharing, with findings and follow-up (R-SEC-039)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import IO, Final

from django.db import transaction
from django.utils.translation import gettext as _

from jutong.kernel import files
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import SecurityAssessment, SecurityFinding
from jutong.slices.catalogue.rules.security import FindingGiven, check_done, check_plan
from jutong.slices.catalogue.workflow import SECURITY_ASSESSMENT, UNIT
from jutong.slices.parties import queries as parties

PLATFORM: Final = system_actor("catalogue")
MOST_REPORT: Final = 20 * 1024 * 1024


@SECURITY_ASSESSMENT.opens("plan")
def plan_security_assessment(
    *, by: Actor, at: datetime, department_id: int, scope: str, planned_on: date | None
) -> SecurityAssessment:
    """Plan a security assessment of a department's sharing as its sharing unit (national-2025#11(5)); scope is required."""
    if department_id not in by.serves:
        raise NotThere(_("没有找到该部门，或您不在该部门任职。"))
    check_plan(scope, planned_on)
    department = parties.department(department_id)
    return SecurityAssessment(
        region=department.region, department_id=department_id, authority_id=parties.authority_of(department.region),
        scope=scope.strip(), planned_on=planned_on or beijing_day(at), at=at,
    )  # fmt: skip


def conclude_security_assessment(
    assessment_id: int, *, by: Actor, at: datetime, conductor: str, summary: str, done_on: date | None,
    findings: Sequence[FindingGiven] = (), report: IO[bytes] | None = None, file_name: str = "",
) -> SecurityAssessment:  # fmt: skip
    """Record what an assessment found; with findings it stays open until each is put right (R-SEC-039).

    RuleBroken for a finding without owner or date; all or nothing.
    """
    with transaction.atomic():
        case = _conclude(
            assessment_id, by=by, at=at, conductor=conductor, summary=summary, done_on=done_on, findings=findings,
            report=report, file_name=file_name,
        )  # fmt: skip
        if findings:
            SECURITY_ASSESSMENT.advance_many("follow_up", [case.pk], by=PLATFORM, at=at)
    case.refresh_from_db()
    return case


@SECURITY_ASSESSMENT.action("conclude")
def _conclude(
    case: SecurityAssessment, *, by: Actor, at: datetime, conductor: str, summary: str, done_on: date | None,
    findings: Sequence[FindingGiven], report: IO[bytes] | None, file_name: str,
) -> None:  # fmt: skip
    """Record the result of an assessment; call `conclude_security_assessment`, which opens the follow-up."""
    check_done(conductor, summary, done_on, findings, today=beijing_day(at))
    case.conductor, case.summary, case.done_on = conductor.strip()[:200], summary.strip(), done_on
    if report is not None:
        case.report_id = files.store(report, file_name, by=by, at=at, limit=MOST_REPORT).id
    SecurityFinding.objects.bulk_create(
        [
            SecurityFinding(
                assessment=case,
                text=one.text.strip(),
                owner=one.owner.strip()[:100],
                due_on=one.due_on or beijing_day(at),
            )
            for one in findings
        ]
    )


def _known(by: Actor, finding: SecurityFinding) -> bool:
    return bool(SECURITY_ASSESSMENT.visible and SECURITY_ASSESSMENT.visible(by, finding.assessment))


@action("catalogue.settle_security_finding", label=N_("登记整改结果"), allow=UNIT, on=SecurityFinding, visible=_known)
def settle_security_finding(finding: SecurityFinding, *, by: Actor, at: datetime, result: str) -> None:
    """Record that a finding was put right, and how. WrongState once it was settled or the assessment is closed."""
    if finding.done_at is not None or finding.assessment.state == "closed":
        raise WrongState(_("该问题已经整改完毕，或评估已办结。"))
    if not result.strip():
        raise RuleBroken(_("请填写整改结果。"), field="result")
    finding.result, finding.done_by, finding.done_at = result.strip(), by.name[:100], at
    finding.save(update_fields=["result", "done_by", "done_at"])


@SECURITY_ASSESSMENT.action("close")
def close_security_assessment(case: SecurityAssessment, *, by: Actor, at: datetime, note: str = "") -> None:
    """Close an assessment; WrongState while a finding is open (R-SEC-039)."""
    if left := case.findings.filter(done_at=None).count():
        raise WrongState(_("还有 %d 个问题没有整改完毕，不能办结；请先逐个登记整改结果。") % left)
    case.closed_at = at
