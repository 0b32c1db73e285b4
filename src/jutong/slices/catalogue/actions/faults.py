"""Findings about catalogues: recorded by inspection, reported by consumers, proposed by checks; then put right by a day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, NotThere
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import Entry, Fault
from jutong.slices.catalogue.queries.contents import content_of
from jutong.slices.catalogue.queries.faults import without_catalogue
from jutong.slices.catalogue.queries.filing import area_of
from jutong.slices.catalogue.rules import faults as rules
from jutong.slices.catalogue.rules.sources import check_reason
from jutong.slices.catalogue.workflow import AUTHORITY
from jutong.slices.catalogue.workflow.faults import FAULT
from jutong.slices.parties import queries as parties

PLATFORM: Final = system_actor("catalogue")


def _fault(
    *, region: str, department_id: int, kind: str, found_by: str, text: str, evidence: str, at: datetime, **more: Any
) -> Fault:
    said, shown = rules.check_finding(text, evidence)
    article = rules.check_kind(kind, jurisdiction.policy_for(region, beijing_day(at)))
    return Fault(
        region=region, department_id=department_id, authority_id=parties.authority_of(region), kind=kind,
        found_by=found_by, article=article, text=said, evidence=shown, at=at, **more,
    )  # fmt: skip


@FAULT.opens("record")
def record_finding(
    *,
    by: Actor,
    at: datetime,
    department_id: int,
    kind: str,
    text: str,
    evidence: str,
    wilful: bool = False,
    entry_id: int | None = None,
) -> Fault:
    """Record what an inspection found of a department's catalogue: untrue, inaccurate, incomplete (R-CAT-047).

    wilful: it was done on purpose. RuleBroken without evidence, or for an entry of another department.
    """
    department = parties.department(department_id)
    if entry_id is not None and not Entry.objects.filter(pk=entry_id, provider=department_id).exists():
        raise NotThere(_("没有找到该部门的这条目录，请核对后重新填写。"))
    return _fault(
        region=department.region, department_id=department_id, kind=kind, found_by="inspection", text=text,
        evidence=evidence, at=at, wilful=wilful, entry_id=entry_id,
    )  # fmt: skip


@FAULT.opens("report")
def report_condition(*, by: Actor, at: datetime, entry_id: int, reporter_id: int, text: str, evidence: str) -> Fault:
    """Report a condition that a provider applies and its published entry does not list (national-2025#39(2), R-CAT-055).

    It is a proposed finding until the authority decides. RuleBroken without evidence, or where the entry lists it.
    """
    entry = Entry.objects.filter(pk=entry_id, published__isnull=False).first()
    if entry is None:
        raise NotThere(_("没有找到该目录条目，或它尚未发布。"))
    content = content_of(entry.published_id or 0)
    rules.check_unlisted(text, f"{content.share_conditions}\n{content.share_scope}")
    return _fault(
        region=entry.region, department_id=entry.provider_id, kind="unlisted_condition", found_by="report", text=text,
        evidence=evidence, at=at, entry_id=entry.pk, reporter_id=reporter_id,
    )  # fmt: skip


@FAULT.opens("propose")
def propose_finding(
    *, by: Actor, at: datetime, department_id: int, kind: str, text: str, evidence: str, subject: str
) -> Fault:
    """Propose a finding that a check or a clock made; the authority decides (W16)."""
    return _fault(
        region=parties.department(department_id).region, department_id=department_id, kind=kind, found_by="check",
        text=text, evidence=evidence, at=at, subject=subject,
    )  # fmt: skip


def propose_once(
    *, at: datetime, department_id: int, kind: str, text: str, evidence: str, subject: str
) -> Fault | None:
    """Propose a finding as the platform; None where its profile knows none, or one of the same thing is open."""
    region = parties.department(department_id).region
    if not rules.article_of(kind, jurisdiction.policy_for(region, beijing_day(at))):
        return None
    if _open(department_id, kind, subject):
        return None
    return propose_finding(
        by=PLATFORM, at=at, department_id=department_id, kind=kind, text=text, evidence=evidence, subject=subject
    )


def _open(department_id: int, kind: str, subject: str) -> bool:
    same = Fault.objects.filter(department=department_id, kind=kind, subject=subject)
    return same.exclude(state__in=["finding_rejected", "verified"]).exists()


@action("catalogue.check_provision", label=N_("检查目录提供情况"), allow=AUTHORITY)
def check_provision(*, by: Actor, at: datetime, authority_id: int) -> int:
    """Propose a finding for every department of the area that has no published catalogue (inner-mongolia-2018#36(2)).

    Returns how many are new. NotAllowed where the profile of no region of the area knows such a finding.
    """
    day, kind = beijing_day(at), "catalog_not_provided"
    regions = [r for r in area_of(by) if rules.article_of(kind, jurisdiction.policy_for(r, day))]
    if not regions:
        raise NotAllowed(_("现行政策规则没有“未按规定提供本部门目录”这种情形，无需检查。"))
    found = [
        row for row in without_catalogue(regions)
        if parties.authority_of(row.region) == authority_id and not _open(row.id, kind, kind)
    ]  # fmt: skip
    for row in found:
        propose_finding(
            by=by, at=at, department_id=row.id, kind=kind, subject=kind,
            text=_("截至 %s 没有已发布的目录。") % day, evidence=_("平台目录：已发布 0 条"),
        )  # fmt: skip
    return len(found)


@FAULT.action("confirm")
def confirm_finding(case: Fault, *, by: Actor, at: datetime, note: str = "") -> None:
    """The authority confirms a finding; the department knows of it from now on."""
    case.decided = note.strip()[:2000]


@FAULT.action("reject")
def reject_finding(case: Fault, *, by: Actor, at: datetime, reason: str) -> None:
    """The authority finds nothing in it and says why."""
    case.decided = check_reason(reason)[:2000]


@FAULT.action("order")
def order_rectification(case: Fault, *, by: Actor, at: datetime, demand: str, due_on: date | None) -> None:
    """Order the department to put it right by a day (W16)."""
    case.demand = check_reason(demand, field="demand")[:2000]
    case.due_on = rules.check_limit(due_on, today=beijing_day(at))


@FAULT.action("put_right")
def put_right(case: Fault, *, by: Actor, at: datetime, note: str) -> None:
    """The department says what it put right; the authority verifies it: no department closes its own case."""
    case.done, case.done_on = check_reason(note, field="note")[:2000], beijing_day(at)


@FAULT.action("verify")
def verify_rectification(case: Fault, *, by: Actor, at: datetime, note: str = "") -> None:
    """The authority verifies that it was put right; the case is closed."""
    case.decided = note.strip()[:2000]


@FAULT.action("demand_again")
def demand_again(case: Fault, *, by: Actor, at: datetime, reason: str, due_on: date | None) -> None:
    """The authority finds it not put right, says why and sets another day."""
    case.decided = check_reason(reason)[:2000]
    case.due_on = rules.check_limit(due_on, today=beijing_day(at))


def lapse_findings(*, at: datetime, limit: int = 500) -> int:
    """Let rectifications whose day has passed be overdue; returns how many."""
    late = Fault.objects.filter(state="notice_issued", due_on__lt=beijing_day(at)).order_by("pk")
    with transaction.atomic():
        moved = FAULT.advance_many("lapse", late.values_list("pk", flat=True)[:limit], by=PLATFORM, at=at)
    return len(moved.done)
