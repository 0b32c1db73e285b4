"""W28: designation of the source department of items that several departments collect, and tasks to support it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.catalogue.workflow.entries import AUTHORITY

if TYPE_CHECKING:
    from jutong.slices.catalogue.models import Designation, SourceTask

STAFF: Final = (Role.DATA_OFFICER, Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY)
SOURCE: Final = Who("source_department", N_("数源部门数据专员或共享工作机构"), STAFF, of="source_id")
PARTY: Final = Who("party", N_("被征求意见部门数据专员或共享工作机构"), STAFF, of="department_id")
HOLDER: Final = Who("holder", N_("被要求部门数据专员或共享工作机构"), STAFF, of="holder_id")
DESIGNATION_STATES: Final = {
    "overlap_found": N_("发现多部门收集"),
    "opinions": N_("征求意见中"),
    "designated": N_("已明确，待生效"),
    "in_force": N_("生效"),
    "superseded": N_("已被替代"),
    "ended": N_("已终止"),
}
TASK_STATES: Final = {"open": N_("待办理"), "done": N_("已办理"), "overdue": N_("逾期未办理")}


def has_one_source(policy: Policy) -> bool:
    """Tell whether the profile wants one source of an item: 一数一源, designated under the decree (R-CAT-046)."""
    return policy.text("source_department") in {"single_source", "designated"}


def _one_source(policy: Policy, _case: object) -> bool:
    return has_one_source(policy)


def may_know_designation(actor: Actor, case: Designation) -> bool:
    """Tell who knows of a designation: once it is in force everybody; before, the authorities and the departments asked."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    if case.state in {"in_force", "superseded"} or actor.serves & {case.authority_id, case.superior_id}:
        return True
    return case.parties.filter(department__in=actor.serves).exists()


def may_know_task(actor: Actor, case: SourceTask) -> bool:
    """Tell who knows of a task: the source, the department asked, their authority, auditors."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    return bool(actor.serves & {case.source_id, case.holder_id, case.authority_id})


DESIGNATION: Final = Workflow["Designation"](
    "source_designation",
    N_("数源部门认定"),
    case="catalogue.Designation",
    start="overlap_found",
    states=DESIGNATION_STATES,
    visible=may_know_designation,
    moves=[
        # verb           from                     to               who                      clocks  button             condition
        ("find",         "-",                     "overlap_found", AUTHORITY | SYSTEM_ONLY, "",     N_("登记多部门收集"), _one_source),
        ("ask_opinions", "overlap_found",         "opinions",      AUTHORITY,               "",     N_("征求部门意见")),
        ("designate",    "overlap_found opinions", "designated",   AUTHORITY,               "",     N_("明确数源部门")),
        ("enter",        "designated",            "in_force",      SYSTEM_ONLY,             "",     N_("生效")),
        ("supersede",    "in_force",              "superseded",    SYSTEM_ONLY,             "",     N_("被替代")),
        ("distinguish",  "overlap_found opinions", "ended",        AUTHORITY,               "",     N_("认定为同名异义")),
        ("end",          "designated in_force",   "ended",         AUTHORITY,               "",     N_("终止认定")),
    ],
)  # fmt: skip
SOURCE_TASK: Final = Workflow["SourceTask"](
    "source_task",
    N_("数源更新任务"),
    case="catalogue.SourceTask",
    start="open",
    states=TASK_STATES,
    visible=may_know_task,
    moves=[
        # verb     from           to         who          clocks  button
        ("ask",    "-",           "open",    SOURCE,      "",     N_("要求补充更正")),
        ("do",     "open overdue", "done",   HOLDER,      "",     N_("登记办理结果")),
        ("lapse",  "open",        "overdue", SYSTEM_ONLY, "",     N_("逾期")),
    ],
)  # fmt: skip
