"""The census of information resources: the campaign, departments' declarations, and gaps in the catalogue it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.catalogue.workflow.entries import AUTHORITY
from jutong.slices.catalogue.workflow.sources import STAFF

if TYPE_CHECKING:
    from jutong.slices.catalogue.models import Census, CensusGap, Declaration

CENSUS_STATES: Final = {"open": N_("填报中"), "closed": N_("已结束")}
DECLARATION_STATES: Final = {
    "assigned": N_("待填报"),
    "declared": N_("已填报"),
    "not_responded": N_("未填报"),
}
GAP_STATES: Final = {
    "open": N_("待编目"),
    "compiled": N_("已编目"),
    "waived": N_("不需编目"),
    "taken_back": N_("已撤回"),
}
DECLARER: Final = Who("declarer", N_("本部门数据专员或共享工作机构"), STAFF, of="department_id")


def holds_censuses(policy: Policy) -> bool:
    """Tell whether the profile has a census of information resources (Inner Mongolia)."""
    return policy.flag("resource_census")


def _holds(policy: Policy, _case: object) -> bool:
    return holds_censuses(policy)


def may_know_declaration(actor: Actor, case: Declaration | CensusGap) -> bool:
    """Tell who knows of a declaration or a gap: the department, the authority, auditors."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    return bool(actor.serves & {case.department_id, case.authority_id})


def may_know_census(actor: Actor, case: Census) -> bool:
    """Tell who knows of a census: its authority, auditors, and every department that was asked."""
    if actor.account_id is None or actor.holds(Role.AUDITOR) or case.authority_id in actor.serves:
        return True
    return case.declarations.filter(department__in=actor.serves).exists()


CENSUS: Final = Workflow["Census"](
    "resource_census",
    N_("信息资源普查"),
    case="catalogue.Census",
    start="open",
    states=CENSUS_STATES,
    visible=may_know_census,
    moves=[
        # verb      from    to        who                      clocks  button             condition
        ("open",    "-",    "open",   AUTHORITY,               "",     N_("开展普查"),     _holds),
        ("prolong", "open", "=",      AUTHORITY,               "",     N_("延长填报期限")),
        ("close",   "open", "closed", AUTHORITY | SYSTEM_ONLY, "",     N_("结束普查")),
    ],
)  # fmt: skip
DECLARATION: Final = Workflow["Declaration"](
    "census_declaration",
    N_("普查填报"),
    case="catalogue.Declaration",
    start="assigned",
    states=DECLARATION_STATES,
    visible=may_know_declaration,
    moves=[
        # verb        from        to               who          clocks  button
        ("assign",    "-",        "assigned",      AUTHORITY,   "",     N_("布置填报")),
        ("declare",   "assigned", "declared",      DECLARER,    "",     N_("提交填报")),
        ("send_back", "declared", "assigned",      AUTHORITY,   "",     N_("退回填报")),
        ("lapse",     "assigned", "not_responded", SYSTEM_ONLY, "",     N_("逾期未填报")),
    ],
)  # fmt: skip
CENSUS_GAP: Final = Workflow["CensusGap"](
    "census_gap",
    N_("普查补编任务"),
    case="catalogue.CensusGap",
    start="open",
    states=GAP_STATES,
    visible=may_know_declaration,
    moves=[
        # verb       from    to            who          clocks  button
        ("find",     "-",    "open",       DECLARER,    "",     N_("登记目录缺漏")),
        ("compile",  "open", "compiled",   SYSTEM_ONLY, "",     N_("目录已发布")),
        ("waive",    "open", "waived",     AUTHORITY,   "",     N_("认定不需编目")),
        ("take_back", "open", "taken_back", DECLARER,   "",     N_("撤回")),
    ],
)  # fmt: skip
