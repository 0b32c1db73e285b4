"""W05: the collection duty list of a region, derived from its catalogue and following it (neijiang-2020#13, #14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.catalogue.workflow.entries import AUTHORITY

if TYPE_CHECKING:
    from jutong.slices.catalogue.models import DutyList

DUTY_STATES: Final = {
    "derived": N_("已分解，待印发"),
    "issued": N_("已印发"),
    "in_force": N_("执行中"),
    "superseded": N_("已被替代"),
}


def lists_duties(policy: Policy) -> bool:
    """Tell whether the profile has a collection duty list (Neijiang)."""
    return policy.flag("duty_list")


def _lists(policy: Policy, _case: object) -> bool:
    return lists_duties(policy)


def may_know_duties(actor: Actor, case: DutyList) -> bool:
    """Tell who knows of a list: its authority and auditors; once it is issued everybody."""
    if actor.account_id is None or actor.holds(Role.AUDITOR) or case.state != "derived":
        return True
    return case.authority_id in actor.serves


DUTY_LIST: Final = Workflow["DutyList"](
    "duty_list",
    N_("采集责任清单"),
    case="catalogue.DutyList",
    start="derived",
    states=DUTY_STATES,
    visible=may_know_duties,
    moves=[
        # verb        from       to            who          clocks  button              condition
        ("derive",    "-",       "derived",    AUTHORITY,   "",     N_("分解责任清单"),   _lists),
        ("renew",     "-",       "in_force",   SYSTEM_ONLY, "",     N_("随目录更新")),
        ("rederive",  "derived", "=",          AUTHORITY,   "",     N_("重新分解")),
        ("issue",     "derived", "issued",     AUTHORITY,   "",     N_("印发"),          _lists),
        ("enter",     "issued",  "in_force",   SYSTEM_ONLY, "",     N_("开始执行")),
        ("supersede", "in_force", "superseded", SYSTEM_ONLY, "",    N_("被替代")),
    ],
)  # fmt: skip
