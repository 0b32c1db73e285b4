"""W29: complaint and report of the public about an act in data sharing (national-2025#37)."""

from __future__ import annotations

from typing import Any

from jutong.kernel.actors import Actor
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.correction.models import Complaint
from jutong.slices.correction.workflow.who import HANDLER, PUBLIC, may_know


def offered(policy: Policy, _case: Any) -> bool:
    """Offer complaints where the profile has them: everywhere since 2025-08-01."""
    return "complaint" in policy.list("complaint_handling")


def may_know_of_complaint(actor: Actor, case: Any) -> bool:
    """The department to which it was handed in keeps knowing of it."""
    return may_know(actor, case) or case.first_department_id in actor.serves


COMPLAINT = Workflow[Complaint](
    "complaint",
    N_("投诉举报"),
    case="correction.Complaint",
    start="received",
    visible=may_know_of_complaint,
    states={
        "received": N_("已收到"),
        "transferred": N_("已转有权部门"),
        "examining": N_("调查中"),
        "resolved": N_("已有结论"),
        "notified": N_("已告知"),
        "closed": N_("已办结"),
        "converted": N_("已转其他程序"),
    },
    moves=[
        # verb       from                             to             who      clocks  button
        ("complain", "-",                             "received",    PUBLIC,  "",     N_("投诉举报"), offered),
        ("transfer", "received",                      "transferred", HANDLER, "",     N_("转有权部门")),
        ("examine",  "received transferred",          "examining",   HANDLER, "",     N_("开始调查")),
        ("resolve",  "examining",                     "resolved",    HANDLER, "",     N_("作出结论")),
        ("link",     "resolved notified",             "=",           HANDLER, "",     N_("登记移交")),
        ("notify",   "resolved",                      "notified",    HANDLER, "",     N_("告知投诉人")),
        ("close",    "notified",                      "closed",      HANDLER, "",     N_("办结")),
        ("convert",  "received transferred examining", "converted",  HANDLER, "",     N_("转其他程序")),
    ],
)  # fmt: skip
