"""W11: an objection is marked, decided by the authority or the department, and answered (neijiang-2020#41)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken, WrongState
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.correction.actions import correcting, marks, telling
from jutong.slices.correction.actions.raising import columns_of, data_columns
from jutong.slices.correction.models import Objection
from jutong.slices.correction.rules import concerns as rules
from jutong.slices.correction.rules.raising import Asker, check_objection_offered
from jutong.slices.correction.rules.terms import Decision, MarkKind
from jutong.slices.correction.workflow import OBJECTION
from jutong.slices.parties import queries as parties


def _tell(case: Objection, *, by: Actor, at: datetime) -> None:
    """Let the authority know that there is an objection; its clocks run from the receipt."""
    title = _("收到异议 %(number)s：%(title)s，请在期限内标注") % {"number": case.number, "title": case.title}
    telling.tell_authority(case, title, at, case.text)


@OBJECTION.opens("raise_objection", then=_tell)
def raise_objection(
    *,
    by: Actor,
    at: datetime,
    asker: Asker,
    resource_id: int,
    ground: str,
    text: str,
    evidence: str,
    items: Sequence[str] = (),
    record: str = "",
) -> Objection:
    """Raise an objection with the authority, not with the provider: data, ground and evidence (R-COR-013).

    NotAllowed where the profile has no objections, naming complaints; RuleBroken for a ground outside the article's.
    """
    offer = catalogue.require_published(resource_id)
    policy = jurisdiction.policy_for(offer.region, beijing_day(at))
    check_objection_offered(offered=policy.flag("objection_procedure"))
    return Objection(
        **columns_of("objection", asker, text=text, at=at),
        **data_columns(offer, items=items, record=record),
        ground=str(rules.check_ground(ground)),
        evidence=rules.check_text(evidence, field="evidence", what=_("证据材料")),
    )


@OBJECTION.action("mark")
def mark_objection(case: Objection, *, by: Actor, at: datetime) -> None:
    """Mark the data before any decision; whoever obtains it sees the mark (R-COR-014)."""
    case.marked_at = at
    marks.follow(case, at=at, shows=MarkKind.OBJECTION)
    telling.tell_applicant(case, _("主管部门已对该数据作出异议标注。"), at)


@OBJECTION.action("take")
def take_objection(case: Objection, *, by: Actor, at: datetime) -> None:
    """The correction is within the authority's own scope (neijiang-2020#41(1))."""
    case.scope = "own"


@OBJECTION.action("transfer")
def transfer_objection(case: Objection, *, by: Actor, at: datetime, department_id: int) -> None:
    """Pass the materials to the department of the data, whose clock starts (neijiang-2020#41(2)).

    RuleBroken for a department that does not provide the data.
    """
    if department_id != case.provider_id:
        name = parties.department(case.provider_id).name
        raise RuleBroken(_("只能转交提供该数据的部门：“%s”。") % name, field="department_id")
    case.scope = "department"
    telling.tell_provider(case, _("主管部门转交异议 %s，请在期限内决定并告知") % case.number, at, case.text)
    telling.tell_applicant(case, _("异议已转交数据提供部门办理。"), at)


@OBJECTION.action("decide_department")
def decide_department(case: Objection, *, by: Actor, at: datetime, decision: str, reason: str) -> None:
    """The department decides and tells the authority in the same step (R-COR-017)."""
    _decided(case, decision, reason)
    title = _("异议 %(number)s 部门决定：%(decision)s") % {
        "number": case.number,
        "decision": _(Decision(case.result).label),
    }
    telling.tell_authority(case, title, at, case.reason)


@OBJECTION.action("decide")
def decide_objection(case: Objection, *, by: Actor, at: datetime, decision: str, reason: str) -> None:
    """The authority decides within its own scope; the mark leaves the data with the decision (R-COR-014, R-COR-015)."""
    _decided(case, decision, reason)
    _final(case, at)


@OBJECTION.action("record_result")
def record_result(case: Objection, *, by: Actor, at: datetime) -> None:
    """The authority takes the department's decision as the result."""
    _final(case, at)


def _decided(case: Objection, decision: str, reason: str) -> None:
    case.result = str(rules.check_decision(decision))
    case.reason = rules.check_text(reason, field="reason", what=_("决定理由"))


def _final(case: Objection, at: datetime) -> None:
    case.decided_at = at
    marks.follow(case, at=at, shows=None)


@OBJECTION.action("correct")
def correct_objected(case: Objection, *, by: Actor, at: datetime, rows: Sequence[rules.Corrected], note: str) -> None:
    """Store the corrected version after a decision to correct; WrongState after the other one."""
    if case.result != Decision.CORRECT:
        raise WrongState(_("决定不予更正的，不能登记更正内容。"))
    correcting.store(case, "objection", by, at, rows=rows, note=note)


@OBJECTION.action("notify")
def notify_objector(case: Objection, *, by: Actor, at: datetime, text: str = "") -> None:
    """Tell the objector result and reason; a correction that was decided must be stored, and its receivers are told.

    WrongState for a decision to correct without its corrected version.
    """
    if case.result == Decision.CORRECT and not correcting.publish(case, "objection", by, at):
        raise WrongState(_("已决定予以更正的，须先登记更正内容，再告知异议提出人。"))
    case.notified_at = at
    words = _("异议处理结果：%(decision)s。理由：%(reason)s") % {
        "decision": _(Decision(case.result).label),
        "reason": case.reason,
    }
    telling.tell_applicant(case, f"{words} {text.strip()}".strip(), at)
    marks.follow(case, at=at, shows=None)


@OBJECTION.action("close")
def close_objection(case: Objection, *, by: Actor, at: datetime) -> None:
    """Close once the objector was told; before that it cannot be closed (R-COR-018)."""
    case.ended_at = at


@OBJECTION.action("urge")
def urge_objection(case: Objection, *, by: Actor, at: datetime, text: str = "") -> None:
    """Urge the department that has the case; the urging stays with it."""
    telling.note_urging(case, by, at, text or _("请在期限内办理。"))
