"""Business goes on while data is verified: it is recorded as handled, and nothing else can be recorded (R-COR-007)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel import outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Who
from jutong.kernel.errors import NotThere, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.correction import events
from jutong.slices.correction.actions import telling
from jutong.slices.correction.actions.marks import VERIFYING
from jutong.slices.correction.models import Handling, Verification
from jutong.slices.correction.rules import concerns as rules
from jutong.slices.correction.rules.terms import Outcome
from jutong.slices.correction.workflow.who import STAFF

DESK: Final = Who("service_desk", N_("受理单位经办人"), STAFF)


def record_handling(
    verification_id: int, *, by: Actor, at: datetime, outcome: str, proof: str, text: str = ""
) -> Handling:
    """Record that business was handled as usual on lawful and valid proof, whatever is being verified.

    RuleBroken for any other outcome – refusing, passing on, demanding a correction – which is reported to the authority
    and stays in the audit; NotThere for an unknown verification, WrongState for one that is over.
    """
    chosen = rules.check_outcome(outcome)
    if chosen is not Outcome.AS_USUAL:
        _report_refusal(verification_id, by=by, at=at, outcome=str(chosen))
        raise RuleBroken(
            _("校核期间，办事人已提供合法有效证明材料的应当照常办理，不能登记“%s”；此次登记已报告主管部门。")
            % _(chosen.label),
            field="outcome",
        )
    return _record(verification_id, by=by, at=at, proof=proof, text=text)


@action("correction.record_handling", label=N_("登记照常办理"), allow=DESK)
def _record(verification_id: int, *, by: Actor, at: datetime, proof: str, text: str) -> Handling:
    """A service desk records business handled as usual."""
    case = _pending(verification_id)
    if by.department_id is None:
        raise RuleBroken(_("您没有所属部门，不能登记办理情况。"))
    return Handling.objects.create(
        verification=case,
        department_id=by.department_id,
        by_name=by.name[:100],
        proof=rules.check_text(proof, field="proof", what=_("证明材料"))[:200],
        text=text.strip()[: rules.LONGEST_TEXT],
        at=at,
    )


@action("correction.report_refused_business", label=N_("报告未照常办理"), allow=DESK)
def _report_refusal(verification_id: int, *, by: Actor, at: datetime, outcome: str) -> None:
    """Somebody wanted to record that business was not handled: the authority is told, nothing else is written."""
    case = _pending(verification_id)
    title = _("校核 %(number)s：%(name)s 拟登记“%(outcome)s”，已拒绝登记") % {
        "number": case.number,
        "name": by.department_name or by.name,
        "outcome": _(Outcome(outcome).label),
    }
    telling.tell_authority(case, title, at)
    payload = {
        "case_id": case.pk,
        "number": case.number,
        "department_id": by.department_id,
        "authority_id": case.authority_id,
        "outcome": outcome,
    }
    outbox.publish(events.BUSINESS_REFUSED, f"verification:{case.pk}", payload, at=at, by=by)


def _pending(verification_id: int) -> Verification:
    case = Verification.objects.filter(pk=verification_id).first()
    if case is None:
        raise NotThere(_("没有找到该校核事项，请核对编号。"))
    if case.state not in VERIFYING:
        raise WrongState(_("该校核已经结束，按一般业务办理即可。"))
    return case
