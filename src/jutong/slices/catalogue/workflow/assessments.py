"""The life of an assessment before submission: recorded, approved by the department's leader, lapsed (national-2025#13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.catalogue.workflow.entries import ASSESSORS, LEADER

if TYPE_CHECKING:
    from jutong.slices.catalogue.models import Assessment

ASSESSMENT_STATES: Final = {
    "concluded": N_("待负责人批准"),
    "approved": N_("已批准"),
    "sent_back": N_("已退回"),
    "lapsed": N_("已失效"),
}


def may_know_assessment(actor: Actor, case: Assessment) -> bool:
    """Tell who knows of an assessment: its department, the authority that reviews the entry, auditors."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    return bool(actor.serves & {case.provider_id, case.entry.authority_id})


ASSESSMENT: Final = Workflow["Assessment"](
    "impact_assessment",
    N_("目录评估"),
    case="catalogue.Assessment",
    start="concluded",
    states=ASSESSMENT_STATES,
    visible=may_know_assessment,
    signed={"approve": lambda case: case.scope},
    moves=[
        # verb        from                 to           who          clocks  button
        ("record",    "-",                 "concluded", ASSESSORS,   "",     N_("登记评估记录")),
        ("approve",   "concluded",         "approved",  LEADER,      "",     N_("批准评估")),
        ("approve_with_entry", "concluded",    "approved",  SYSTEM_ONLY, "",     N_("随目录一并批准")),
        ("send_back", "concluded",         "sent_back", LEADER,      "",     N_("退回评估")),
        ("lapse",     "concluded approved", "lapsed",   SYSTEM_ONLY, "",     N_("失效")),
    ],
)  # fmt: skip
