"""The secrecy review of what several grants give together, before a product made of them is stored or released (R-SEC-031)."""

from __future__ import annotations

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.usage.models import AggregationReview

CONSUMER = Who(
    "consumer",
    N_("使用方数据专员或共享工作机构"),
    (Role.DATA_OFFICER, Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY),
    of="consumer_id",
)
CONSUMER_HEAD = Who(
    "consumer_unit_head",
    N_("使用方共享工作机构负责人"),
    (Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY),
    of="consumer_id",
)
REVIEWER = Who(
    "secrecy_review",
    N_("主管部门或其保密审查员"),
    (Role.SECRECY_OFFICER, Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER),
    of="authority_id",
)
"""Not the consumer's own secrecy officer: who joins the data does not clear it."""


def may_know(actor: Actor, case: AggregationReview) -> bool:
    """Tell who knows of a review: the consumer, the authority, those whose data is part of it, auditors, the platform."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    providers = {part["provider_id"] for part in case.parts}
    return bool(actor.serves & ({case.consumer_id, case.authority_id} | providers))


AGGREGATION_REVIEW = Workflow[AggregationReview](
    "aggregation_review",
    N_("汇聚审查"),
    case="usage.AggregationReview",
    start="marked",
    visible=may_know,
    states={
        "marked": N_("已提示，未登记产品"),
        "locked": N_("已登记，锁定待审查"),
        "cleared": N_("审查通过"),
        "withheld": N_("审查不通过"),
        "released": N_("已存储或发布"),
    },
    moves=[
        # verb        from                       to          who            clocks  button
        ("mark",      "-",                       "marked",   SYSTEM_ONLY,   "",     N_("提示汇聚风险")),
        ("admit",     "marked locked cleared withheld", "=",   REVIEWER,      "",     N_("同意提供")),
        ("register",  "marked withheld",         "locked",   CONSUMER,      "",     N_("登记汇聚产品")),
        ("clear",     "locked",                  "cleared",  REVIEWER,      "",     N_("审查通过")),
        ("withhold",  "locked",                  "withheld", REVIEWER,      "",     N_("审查不通过")),
        ("release",   "locked withheld cleared", "released", CONSUMER_HEAD, "",     N_("解锁并存储或发布")),
    ],
)  # fmt: skip
"""Releasing before the review passed is forbidden by the action itself, so that the refusal says why and is audited."""
