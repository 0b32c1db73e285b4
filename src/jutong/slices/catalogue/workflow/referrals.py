"""W03: a sharing type or grade that its department cannot decide goes to the city authority (neijiang-2020#25)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jutong.kernel.actors import Actor, Role, Who
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.catalogue.workflow.entries import AUTHORITY, PROVIDER
from jutong.slices.catalogue.workflow.sources import STAFF

if TYPE_CHECKING:
    from jutong.slices.catalogue.models import Referral

REFERRAL_STATES: Final = {
    "referred": N_("已提请"),
    "consulting": N_("征求意见中"),
    "decided": N_("已确定"),
    "withdrawn": N_("已撤回"),
}
CONSULTEE: Final = Who("consulted", N_("被征求意见部门数据专员或共享工作机构"), STAFF, of="department_id")


def offered(policy: Policy, _case: object = None) -> bool:
    """Tell whether the profile lets a department refer what it cannot decide (Neijiang only)."""
    return policy.flag("attribute_referral")


def may_know_referral(actor: Actor, case: Referral) -> bool:
    """Tell who knows of a referral: the department, the authority, the departments consulted, auditors."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    if actor.serves & {case.provider_id, case.authority_id}:
        return True
    return case.consulted.filter(department__in=actor.serves).exists()


REFERRAL: Final = Workflow["Referral"](
    "attribute_referral",
    N_("属性定级提请"),
    case="catalogue.Referral",
    start="referred",
    states=REFERRAL_STATES,
    visible=may_know_referral,
    moves=[
        # verb      from                  to            who        clocks  button              condition
        ("refer",   "-",                  "referred",   PROVIDER,  "",     N_("提请确定属性定级"), offered),
        ("consult", "referred consulting", "consulting", AUTHORITY, "",    N_("征求有关部门意见")),
        ("decide",  "referred consulting", "decided",   AUTHORITY, "",     N_("确定属性和定级")),
        ("take_back", "referred consulting", "withdrawn", PROVIDER, "",    N_("撤回提请")),
    ],
)  # fmt: skip
