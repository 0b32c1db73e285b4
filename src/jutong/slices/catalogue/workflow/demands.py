"""W04 and S51: a demand for data, reviewed with its department's list or registered at any time, followed to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_
from jutong.kernel.workflow import ClockRule, Workflow
from jutong.slices.catalogue.workflow.entries import AUTHORITY
from jutong.slices.catalogue.workflow.sources import STAFF

if TYPE_CHECKING:
    from jutong.slices.catalogue.models import Demand

DEMAND_STATES: Final = {
    "draft": N_("草稿"),
    "submitted": N_("待审核"),
    "accepted": N_("已受理"),
    "rejected": N_("未采纳"),
    "gap": N_("缺口已分派"),
    "met": N_("已满足"),
    "registered": N_("已登记"),
    "assigned": N_("已分派"),
    "met_by_entry": N_("已由目录满足"),
    "met_by_request": N_("已由共享申请满足"),
    "ended": N_("已终结"),
}
CONSUMER: Final = Who("consumer", N_("需求部门数据专员或共享工作机构"), STAFF, of="consumer_id")
SUPPLIER: Final = Who("provider", N_("提供部门数据专员或共享工作机构"), STAFF, of="provider_id")
COMPILER: Final = Who("provider_officer", N_("提供部门数据专员"), (Role.DATA_OFFICER,), of="provider_id")


def lists_demands(policy: Policy, _case: object = None) -> bool:
    """Tell whether the profile has demand lists that the authority reviews (neijiang-2020#12)."""
    return bool(policy.text("demand_list"))


def matches_demands(policy: Policy, _case: object = None) -> bool:
    """Tell whether the profile has a mechanism that matches supply and demand (national-2025#20)."""
    return bool(policy.text("supply_demand_mechanism"))


def _unlinked(_policy: Policy, case: Demand) -> bool:
    return case.entry_id is None


def may_know_demand(actor: Actor, case: Demand) -> bool:
    """Tell who knows of a demand: its department; once handed in the named provider, the authority, auditors; listed: all."""
    if actor.account_id is None or case.consumer_id in actor.serves or case.listed_id is not None:
        return True
    if case.state == "draft":
        return False
    return actor.holds(Role.AUDITOR) or bool(actor.serves & {case.provider_id, case.authority_id})


def _answer(case: Demand) -> tuple[int, str] | None:
    """Return the limit that the procedure of the demand's day sets for a provider's answer; no text sets one."""
    if case.answer_days is None:
        return None
    return case.answer_days, _("%d 个工作日 — 主管部门发布的供需对接流程") % case.answer_days


OPEN: Final = "accepted gap registered assigned"
"""States in which a demand waits for what meets it."""

DEMAND: Final = Workflow["Demand"](
    "demand",
    N_("数据需求"),
    case="catalogue.Demand",
    start="draft",
    states=DEMAND_STATES,
    visible=may_know_demand,
    clocks=[ClockRule("answer", N_("研究答复需求"), "", "provider_id", given=_answer)],
    moves=[
        # verb              from                  to                who                   clocks          button               condition
        ("record",          "-",                  "draft",          CONSUMER,             "",             N_("登记需求")),
        ("edit",            "draft",              "=",              CONSUMER,             "",             N_("修改需求")),
        ("submit",          "draft",              "submitted",      CONSUMER,             "",             N_("随需求清单提交"),  lists_demands),
        ("register",        "draft",              "registered",     CONSUMER,             "",             N_("提交供需对接"),   matches_demands),
        ("accept",          "submitted",          "accepted",       AUTHORITY,            "",             N_("受理")),
        ("reject",          "submitted",          "rejected",       AUTHORITY,            "",             N_("不予采纳")),
        ("make_gap",        "accepted",           "gap",            AUTHORITY | SYSTEM_ONLY, "start answer", N_("分派缺口"),     _unlinked),
        ("assign",          "registered",         "assigned",       AUTHORITY | SYSTEM_ONLY, "start answer", N_("分派提供部门")),
        ("reassign",        "gap assigned",       "=",              AUTHORITY,            "start answer", N_("改派")),
        ("decline",         "gap",                "accepted",       SUPPLIER,             "stop answer",  N_("说明不能提供")),
        ("decline",         "assigned",           "registered",     SUPPLIER,             "stop answer",  N_("说明不能提供")),
        ("compile_for",     "gap assigned",       "=",              COMPILER,             "stop answer",  N_("为需求编制目录")),
        ("link",            OPEN,                 "=",              SUPPLIER | AUTHORITY, "stop answer",  N_("关联目录")),
        ("ask",             OPEN,                 "=",              CONSUMER,             "",             N_("改以共享申请满足")),
        ("meet",            "accepted gap",       "met",            SYSTEM_ONLY,          "stop answer",  N_("满足")),
        ("meet_by_entry",   "registered assigned", "met_by_entry",  SYSTEM_ONLY,          "stop answer",  N_("由目录满足")),
        ("meet_by_request", "registered assigned", "met_by_request", SYSTEM_ONLY,         "stop answer",  N_("由共享申请满足")),
        ("end",             f"submitted {OPEN}",  "ended",          CONSUMER | AUTHORITY, "stop answer",  N_("终结")),
    ],
)  # fmt: skip
