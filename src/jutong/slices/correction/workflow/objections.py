"""W11: objection of the public to the authority (neijiang-2020#41)."""

from __future__ import annotations

from typing import Any

from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_
from jutong.kernel.workflow import ClockRule, Workflow
from jutong.slices.correction.models import Objection
from jutong.slices.correction.workflow.who import AUTHORITY, PROVIDER, PUBLIC, may_know


def offered(policy: Policy, _case: Any) -> bool:
    """Offer objections where the profile has the procedure."""
    return policy.flag("objection_procedure")


OBJECTION = Workflow[Objection](
    "objection",
    N_("异议"),
    case="correction.Objection",
    start="received",
    visible=may_know,
    states={
        "received": N_("已收到异议材料"),
        "marked": N_("已作异议标注"),
        "own_decision": N_("主管部门处理中"),
        "transferred": N_("已转交部门"),
        "department_decided": N_("部门已决定"),
        "decided": N_("已作出决定"),
        "notified": N_("已告知异议人"),
        "closed": N_("已办结"),
        "converted": N_("已转其他程序"),
    },
    clocks=[
        ClockRule("mark", N_("异议标注"), "objection_mark_days", "authority_id", since="received_on", warn_days=1),
        ClockRule("transfer", N_("转交部门"), "objection_transfer_days", "authority_id", since="received_on"),
        ClockRule("own_decision", N_("主管部门决定"), "objection_own_decision_days", "authority_id", since="received_on"),
        ClockRule("department", N_("部门决定并告知"), "objection_department_days", "provider_id"),
        ClockRule("notice", N_("告知异议人"), "", "authority_id", wish="objection_notice"),
    ],
    moves=[
        # verb                from                                              to                    who        clocks                                                    button
        ("raise_objection",   "-",                                              "received",           PUBLIC,    "start mark; start transfer; start own_decision",         N_("提出异议"), offered),
        ("mark",              "received",                                       "marked",             AUTHORITY, "stop mark",                                              N_("作出异议标注")),
        ("take",              "marked",                                         "own_decision",       AUTHORITY, "stop transfer",                                          N_("本部门处理")),
        ("transfer",          "marked",                                         "transferred",        AUTHORITY, "stop transfer; stop own_decision; start department",     N_("转交部门办理")),
        ("decide_department", "transferred",                                    "department_decided", PROVIDER,  "stop department",                                        N_("决定并告知主管部门")),
        ("decide",            "own_decision",                                   "decided",            AUTHORITY, "stop own_decision; start notice",                        N_("作出决定")),
        ("record_result",     "department_decided",                             "decided",            AUTHORITY, "start notice",                                           N_("登记处理结果")),
        ("correct",           "decided",                                        "=",                  AUTHORITY | PROVIDER, "",                                            N_("登记更正内容")),
        ("notify",            "decided",                                        "notified",           AUTHORITY, "stop notice",                                            N_("告知异议提出人")),
        ("close",             "notified",                                       "closed",             AUTHORITY, "",                                                       N_("办结")),
        ("urge",              "transferred decided",                            "=",                  AUTHORITY, "",                                                       N_("催办")),
        ("convert",           "received marked",                                "converted",          AUTHORITY, "stop mark; stop transfer; stop own_decision",            N_("转其他程序")),
    ],
)  # fmt: skip
