"""W07: negotiation, coordination and the ladder to the people's government, as one table (national-2025#28, local texts)."""

from __future__ import annotations

from typing import Any, Final

from jutong.crypto import sm3
from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_
from jutong.kernel.workflow import ClockRule, Workflow
from jutong.slices.sharing.models.disputes import Dispute
from jutong.slices.sharing.workflow.requests import HEADS, STAFF

PARTY: Final = Who("consumer", N_("使用方经办人"), STAFF, of="consumer_id") | Who(
    "provider", N_("提供方数据专员"), STAFF, of="provider_id"
)
PARTY_HEAD: Final = Who("consumer_unit_head", N_("使用方共享工作机构负责人"), HEADS, of="consumer_id") | Who(
    "provider_unit_head", N_("提供方共享工作机构负责人"), HEADS, of="provider_id"
)
RAISER: Final = Who("party", N_("争议一方的共享工作机构或经办人"), STAFF, of="applicant_id")
COORDINATORS: Final = (Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER, Role.PRINCIPAL, Role.DEPARTMENT_LEADER)
COORDINATOR: Final = Who("coordinator", N_("负责协调的主管部门（或领导小组）"), COORDINATORS, of="authority_id")
GOVERNMENT: Final = Who(
    "government",
    N_("主管部门的本级人民政府"),
    (Role.PRINCIPAL, Role.DEPARTMENT_LEADER, Role.SHARING_UNIT_HEAD, Role.CLERK),
    of="government_id",
)


CARRIERS: Final = (Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER)
CARRIER: Final = Who("authority", N_("提供方的同级主管部门"), CARRIERS, of="carrier_id")
"""Who carries a dispute to the common superior authority of another instance, and its answer back (R-SHR-052)."""


def negotiated(policy: Policy, _case: Any) -> bool:
    """Tell whether negotiation comes first (national-2025#28; jiangxi-2017#16, inner-mongolia-2018#19, liyang-2020#17)."""
    return policy.flag("negotiation_step")


def objected(policy: Policy, case: Any) -> bool:
    """Tell whether a department goes to the authority at once: Neijiang before the decree (neijiang-2020#25)."""
    return not negotiated(policy, case) and policy.text("coordination_body") == "authority_with_departments"


def runs_out(policy: Policy, _case: Any) -> bool:
    """Tell whether a negotiation fails by itself at its limit (inner-mongolia-2018#19)."""
    return policy.days("negotiation_days") is not None


def governed(policy: Policy, _case: Any) -> bool:
    """Tell whether the people's government decides when coordination fails (national-2025#28)."""
    return policy.text("dispute_final_body") == "authority_government"


def elsewhere(_policy: Policy, case: Any) -> bool:
    """Tell whether the common superior authority works on another instance."""
    return case.elsewhere_id is not None


def may_know(actor: Actor, case: Dispute) -> bool:
    """Tell who knows of a dispute: both parties, who coordinates and decides, the superior of an idle one, auditors."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    ids = {case.consumer_id, case.provider_id, case.authority_id, case.government_id, case.carrier_id}
    if case.idle_since:
        ids.add(case.superior_id)
    return bool(actor.serves & {one for one in ids if one is not None})


def _said(case: Dispute) -> str:
    """Return the digest of what the dispute is about."""
    return sm3.hexdigest(f"{case.number}|{case.kind}|{case.resource_id}|{case.duty}|{case.statement}".encode())


DISPUTE = Workflow[Dispute](
    "dispute",
    N_("共享争议"),
    case="sharing.Dispute",
    start="negotiating",
    visible=may_know,
    signed=dict.fromkeys(("decide", "close_without", "submit", "government_decide"), _said),
    states={
        "negotiating": N_("协商中"),
        "settled": N_("协商一致"),
        "failed": N_("协商不成"),
        "coordinating": N_("协调中"),
        "decided": N_("已协调决定"),
        "no_agreement": N_("协调未达成一致"),
        "before_government": N_("已报本级人民政府"),
        "government_decided": N_("政府已决定"),
    },
    clocks=[
        ClockRule("negotiation", N_("协商"), "negotiation_days", "provider_id"),
        ClockRule("coordination", N_("协调"), "coordination_days", "authority_id", warn_days=5),
    ],
    moves=[
        # verb                from                                              to                    who          clocks               button
        ("open",              "-",                                              "negotiating",        RAISER,      "start negotiation",  N_("提出争议协商"), negotiated),
        ("object",            "-",                                              "coordinating",       RAISER,      "start coordination", N_("提出共享异议"), objected),
        ("state",             "negotiating failed coordinating",                "=",                  PARTY,       "",                   N_("陈述意见")),
        ("propose",           "negotiating",                                    "=",                  PARTY,       "",                   N_("提出处理方案")),
        ("settle",            "negotiating",                                    "settled",            PARTY_HEAD,  "stop negotiation",   N_("同意处理方案")),
        ("fail",              "negotiating",                                    "failed",             PARTY,       "stop negotiation",   N_("宣告协商不成")),
        ("run_out",           "negotiating",                                    "failed",             SYSTEM_ONLY, "stop negotiation",   N_("协商期满未果"), runs_out),
        ("escalate",          "failed",                                         "coordinating",       PARTY,       "start coordination", N_("申请协调")),
        ("send_out",          "coordinating",                                   "=",                  CARRIER,     "",                   N_("导出给上级主管部门"), elsewhere),
        ("receive_decision",  "coordinating",                                   "decided",            CARRIER,     "stop coordination",  N_("导入上级主管部门的决定"), elsewhere),
        ("record",            "coordinating no_agreement",                      "=",                  COORDINATOR, "",                   N_("登记协调记录")),
        ("decide",            "coordinating",                                   "decided",            COORDINATOR, "stop coordination",  N_("作出协调决定")),
        ("close_without",     "coordinating",                                   "no_agreement",       COORDINATOR, "stop coordination",  N_("协调未达成一致"), governed),
        ("submit",            "no_agreement",                                   "before_government",  COORDINATOR, "",                   N_("报本级人民政府决定")),
        ("government_decide", "before_government",                              "government_decided", GOVERNMENT,  "",                   N_("登记政府决定")),
    ],
)  # fmt: skip
