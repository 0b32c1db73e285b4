"""W16 for catalogues: a finding is proposed, decided by the authority, and put right by a day or told as overdue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.catalogue.workflow.entries import AUTHORITY
from jutong.slices.catalogue.workflow.sources import STAFF

if TYPE_CHECKING:
    from jutong.slices.catalogue.models import Fault

FAULT_STATES: Final = {
    "finding_proposed": N_("待认定"),
    "finding_confirmed": N_("已认定"),
    "finding_rejected": N_("不予认定"),
    "notice_issued": N_("整改中"),
    "reported_done": N_("已报整改情况"),
    "verified": N_("整改已核实"),
    "overdue": N_("逾期未整改"),
}
REPORTER: Final = Who("reporter", N_("使用部门数据专员、经办人或共享工作机构"), (*STAFF, Role.CLERK), of="reporter_id")
CONCERNED: Final = Who("department", N_("被整改部门数据专员或共享工作机构"), STAFF, of="department_id")


def may_know_fault(actor: Actor, case: Fault) -> bool:
    """Tell who knows of a finding: the authority, auditors, who reported it; its department once it is confirmed."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    if actor.serves & {case.authority_id, case.reporter_id}:
        return True
    return case.department_id in actor.serves and case.state not in {"finding_proposed", "finding_rejected"}


FAULT: Final = Workflow["Fault"](
    "catalog_finding",
    N_("目录问题"),
    case="catalogue.Fault",
    start="finding_proposed",
    states=FAULT_STATES,
    visible=may_know_fault,
    moves=[
        # verb      from                     to                   who                      clocks  button
        ("record",  "-",                     "finding_proposed",  AUTHORITY,               "",     N_("登记目录问题")),
        ("report",  "-",                     "finding_proposed",  REPORTER,                "",     N_("反映目录外条件")),
        ("propose", "-",                     "finding_proposed",  AUTHORITY | SYSTEM_ONLY, "",     N_("提出目录问题")),
        ("confirm", "finding_proposed",      "finding_confirmed", AUTHORITY,               "",     N_("认定")),
        ("reject",  "finding_proposed",      "finding_rejected",  AUTHORITY,               "",     N_("不予认定")),
        ("order",   "finding_confirmed",     "notice_issued",     AUTHORITY,               "",     N_("责令限期整改")),
        ("put_right", "notice_issued overdue", "reported_done",   CONCERNED,               "",     N_("报告整改情况")),
        ("verify",  "reported_done",         "verified",          AUTHORITY,               "",     N_("核实整改")),
        ("demand_again", "reported_done",    "notice_issued",     AUTHORITY,               "",     N_("退回继续整改")),
        ("lapse",   "notice_issued",         "overdue",           SYSTEM_ONLY,             "",     N_("逾期")),
    ],
)  # fmt: skip
