"""W29: complaints and reports, handed in at any department, handled by the one in charge (national-2025#37)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, RuleBroken, WrongState
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.correction.actions import telling
from jutong.slices.correction.actions.raising import columns_of
from jutong.slices.correction.models import Complaint
from jutong.slices.correction.rules import concerns as rules
from jutong.slices.correction.rules.raising import Asker
from jutong.slices.correction.rules.terms import Finding
from jutong.slices.correction.workflow import COMPLAINT
from jutong.slices.parties import queries as parties
from jutong.slices.usage import actions as usage

PLATFORM = system_actor("correction")


def _tell(case: Complaint, *, by: Actor, at: datetime) -> None:
    """Let the department know; who complains stands in the case only."""
    telling.tell_provider(case, _("收到投诉举报 %s，请及时处理") % case.number, at)


@COMPLAINT.opens("complain", then=_tell)
def complain(
    *,
    by: Actor,
    at: datetime,
    asker: Asker,
    department_id: int,
    act: str,
    right: str,
    text: str,
    resource_id: int | None = None,
) -> Complaint:
    """Complain at any department about an act in data sharing that infringes a right (R-COR-022).

    act: in a few words; right: which right; text: what happened, required. resource_id: the entry concerned, if any.
    """
    department = parties.department(department_id)
    policy = jurisdiction.policy_for(department.region, beijing_day(at))
    if "complaint" not in policy.list("complaint_handling"):
        raise NotAllowed(_("现行规则没有规定投诉举报程序，请查看可以办理的其他程序。"))
    offer = catalogue.require_published(resource_id) if resource_id else None
    return Complaint(
        **columns_of("complaint", asker, text=text, at=at),
        region=department.region,
        provider_id=department.id,
        first_department_id=department.id,
        authority_id=parties.authority_of(department.region),
        resource_id=offer.id if offer else None,
        title=rules.check_text(act, field="act", what=_("投诉举报的行为"))[:200],
        right=rules.check_text(right, field="right", what=_("受侵害的权益"))[:200],
    )


@COMPLAINT.action("transfer")
def transfer_complaint(case: Complaint, *, by: Actor, at: datetime, department_id: int) -> None:
    """Pass it on to the department in charge; it keeps its first receipt time (R-COR-022)."""
    if department_id == case.provider_id:
        raise RuleBroken(_("该投诉已在本部门，请选择另一有权处理的部门。"), field="department_id")
    department = parties.department(department_id)
    case.provider_id = department.id
    telling.tell_provider(case, _("转来投诉举报 %s，请及时处理") % case.number, at)
    telling.tell_applicant(case, _("投诉举报已转有权处理的部门：%s。") % department.name, at)


@COMPLAINT.action("examine")
def examine_complaint(case: Complaint, *, by: Actor, at: datetime) -> None:
    """Begin to look into logs and statements."""
    telling.tell_applicant(case, _("承办部门已开始调查。"), at)


@COMPLAINT.action("resolve")
def resolve_complaint(
    case: Complaint, *, by: Actor, at: datetime, finding: str, examined: str, reason: str, misuse: bool = False
) -> None:
    """State what it came to, with what logs and statements show. misuse: the facts show misuse of shared data."""
    case.result = str(rules.check_finding(finding))
    case.examined = rules.check_text(examined, field="examined", what=_("日志与陈述核查情况"))
    case.reason = rules.check_text(reason, field="reason", what=_("处理结论"))
    if misuse and case.result == Finding.UNFOUNDED:
        raise RuleBroken(_("结论为不属实的，不能同时认定存在滥用，请修改其一。"), field="misuse")
    case.misuse = misuse


@COMPLAINT.action("link")
def link_complaint(
    case: Complaint,
    *,
    by: Actor,
    at: datetime,
    links: Sequence[Mapping[str, Any]] = (),
    no_link: str = "",
    grant_id: int | None = None,
) -> None:
    """Record what it was handed over to – verification, rectification, incident – or why it was not.

    grant_id: the grant that was misused; a case of misuse is opened with what was found (W25) and linked by its number.
    """
    if not links and not no_link.strip() and grant_id is None:
        raise RuleBroken(_("请登记移交事项，或说明不移交的理由。"), field="no_link")
    case.links = [*case.links, *rules.check_links(links)]
    if grant_id is not None:
        case.links = [*case.links, {"kind": "rectification", "reference": _misuse(case, grant_id, at)}]
    if no_link.strip():
        case.no_link = rules.check_text(no_link, field="no_link", what=_("不移交的理由"))


def _misuse(case: Complaint, grant_id: int, at: datetime) -> str:
    """Open a case of misuse with what was found, and return its number; only facts that show misuse make one."""
    if not case.misuse:
        raise WrongState(_("结论没有认定存在滥用，不能登记违规使用案件。"))
    made = usage.open_misuse(
        by=PLATFORM,
        at=at,
        grant_ids=[grant_id],
        category="abuse",
        text=case.examined,
        source="complaint",
        source_ref=case.number,
    )
    return str(made.number)


@COMPLAINT.action("notify")
def notify_complainant(case: Complaint, *, by: Actor, at: datetime, text: str = "") -> None:
    """Tell the complainant what it came to."""
    case.notified_at = at
    words = _("处理结论：%(finding)s。%(reason)s") % {"finding": _(Finding(case.result).label), "reason": case.reason}
    telling.tell_applicant(case, f"{words} {text.strip()}".strip(), at)


@COMPLAINT.action("close")
def close_complaint(case: Complaint, *, by: Actor, at: datetime) -> None:
    """Close; misuse needs a linked rectification, or why there is none (R-COR-023): else WrongState."""
    if case.misuse and not case.no_link and not any(link["kind"] == "rectification" for link in case.links):
        raise WrongState(_("认定存在滥用的，须登记移交整改的编号，或写明不移交的理由，方可办结。"))
    case.ended_at = at
