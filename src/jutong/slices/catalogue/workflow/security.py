"""The life of a security assessment of a department's sharing: planned, done, findings open, closed (W25, national-2025#11(5))."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow

if TYPE_CHECKING:
    from jutong.slices.catalogue.models import SecurityAssessment

SECURITY_STATES: Final = {
    "planned": N_("已计划"),
    "done": N_("已评估"),
    "findings_open": N_("整改中"),
    "closed": N_("已办结"),
}
UNIT_ROLES: Final = (Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY)
UNIT: Final = Who("sharing_unit", N_("共享工作机构"), UNIT_ROLES, of="department_id")


def assesses_sharing(policy: Policy, _case: object = None) -> bool:
    """Tell whether the profile has the sharing unit organise security assessments."""
    return policy.flag("sharing_security_assessment")


def may_know_security(actor: Actor, case: SecurityAssessment) -> bool:
    """Tell who knows of an assessment: its department, the authority, auditors."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    return bool(actor.serves & {case.department_id, case.authority_id})


SECURITY_ASSESSMENT: Final = Workflow["SecurityAssessment"](
    "sharing_security_assessment",
    N_("共享安全性评估"),
    case="catalogue.SecurityAssessment",
    start="planned",
    states=SECURITY_STATES,
    visible=may_know_security,
    moves=[
        # verb       from                 to               who          clocks  button               condition
        ("plan",     "-",                 "planned",       UNIT,        "",     N_("计划安全性评估"),  assesses_sharing),
        ("conclude", "planned",           "done",          UNIT,        "",     N_("登记评估结果")),
        ("follow_up", "done",             "findings_open", SYSTEM_ONLY, "",     N_("转入整改")),
        ("close",    "done findings_open", "closed",       UNIT,        "",     N_("办结评估")),
    ],
)  # fmt: skip
