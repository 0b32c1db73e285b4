"""W01 and W02: the life of a catalogue entry, and the duty to update entries when something outside changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_
from jutong.kernel.workflow import ClockRule, Workflow
from jutong.slices.catalogue.rules.obligations import obligations

if TYPE_CHECKING:
    from jutong.slices.catalogue.models import CatalogUpdate, Entry

PROVIDER: Final = Who("provider", N_("提供部门数据专员"), (Role.DATA_OFFICER,), of="provider_id")
ASSESSORS: Final = Who(
    "assessors",
    N_("提供部门保密审查员或共享工作机构"),
    (Role.SECRECY_OFFICER, Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY),
    of="provider_id",
)
REGISTRAR: Final = Who(
    "registrar", N_("提供部门数据专员，设目录管理部门的为其数据专员"), (Role.DATA_OFFICER,), of="registrar_id"
)
"""Who submits: where one unit is designated as catalogue office, nobody but its people (R-CAT-009)."""
LEADER: Final = Who(
    "department_leader", N_("提供部门的部门负责人"), (Role.DEPARTMENT_LEADER, Role.PRINCIPAL), of="provider_id"
)
AUTHORITY: Final = Who(
    "competent_authority",
    N_("同级政务数据共享主管部门"),
    (Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD),
    of="authority_id",
)

STATES: Final = {
    "draft": N_("草稿"),
    "assessed": N_("已评估"),
    "leader_approved": N_("负责人已同意"),
    "submitted": N_("待审核"),
    "returned": N_("已退回"),
    "pending_determination": N_("待核定"),
    "reviewed": N_("审核通过"),
    "published": N_("已发布"),
    "revising": N_("修订中"),
    "withdrawn": N_("已撤销"),
}


def _needs_no_leader(policy: Policy, _entry: Entry) -> bool:
    return not policy.flag("catalog_leader_approval")


def determined(policy: Policy, entry: Entry) -> bool:
    """Tell whether the profile has the authority determine this entry's restrictive sharing type."""
    return entry.share_type != "unconditional" and "determination" in obligations(policy).control


def _not_determined(policy: Policy, entry: Entry) -> bool:
    return not determined(policy, entry)


def _first(_policy: Policy, entry: Entry) -> bool:
    return entry.published_id is None


def _again(_policy: Policy, entry: Entry) -> bool:
    return entry.published_id is not None


UNDER_WAY: Final = "published revising assessed leader_approved submitted returned pending_determination reviewed"
"""States of an entry that can have a published version, also while a revision is under way."""


def may_know(actor: Actor, entry: Entry) -> bool:
    """Tell whether an actor may know of an entry: published ones all, others their department and the authority."""
    if entry.published_id or actor.account_id is None:
        return True
    return bool(actor.serves & {entry.provider_id, entry.registrar_id, entry.authority_id}) or actor.holds(Role.AUDITOR)


LEGAL_ACTS: Final = (
    "assess", "leader_approve", "submit", "submit_directly", "return_entry", "determine", "review", "publish",
)  # fmt: skip
"""Moves under which a department can demand the person's signature (R-SEC-002)."""


def _content(entry: Entry) -> str:
    """Return the digest of the version at work: what is assessed, approved, submitted and published."""
    return entry.working.digest if entry.working else ""


ENTRY: Final = Workflow["Entry"](
    "catalog_entry",
    N_("目录条目"),
    case="catalogue.Entry",
    start="draft",
    states=STATES,
    visible=may_know,
    signed=dict.fromkeys(LEGAL_ACTS, _content),
    moves=[
        # verb             from                        to                       who           clocks  button               condition
        ("compile",        "-",                        "draft",                 PROVIDER,     "",     N_("新建目录")),
        ("edit",           "draft revising",           "=",                     PROVIDER | SYSTEM_ONLY, "", N_("编辑")),
        ("correct",        "assessed leader_approved", "=",                     PROVIDER,     "",     N_("更正文字")),
        ("amend",          "assessed leader_approved returned", "draft",        PROVIDER,     "",     N_("修改"),          _first),
        ("amend_revision", "assessed leader_approved returned", "revising",     PROVIDER,     "",     N_("修改"),          _again),
        ("assess",         "draft revising",           "assessed",              ASSESSORS,    "",     N_("登记评估")),
        ("leader_approve", "assessed",                 "leader_approved",       LEADER,       "",     N_("负责人审核同意")),
        ("submit",         "leader_approved",          "submitted",             REGISTRAR,    "",     N_("提交审核")),
        ("submit_directly", "draft revising assessed", "submitted",             REGISTRAR,    "",     N_("提交审核"),      _needs_no_leader),
        ("return_entry",   "submitted pending_determination", "returned",       AUTHORITY,    "",     N_("退回")),
        ("hold",           "submitted",                "pending_determination", SYSTEM_ONLY,  "",     N_("转入核定"),      determined),
        ("determine",      "pending_determination",    "reviewed",              AUTHORITY,    "",     N_("核定并审核通过")),
        ("review",         "submitted",                "reviewed",              AUTHORITY,    "",     N_("审核通过"),      _not_determined),
        ("publish",        "reviewed",                 "published",             AUTHORITY,    "",     N_("发布")),
        ("revise",         "published",                "revising",              PROVIDER | SYSTEM_ONLY, "",     N_("修订")),
        ("take_out",       f"draft {UNDER_WAY}",       "withdrawn",             ASSESSORS | AUTHORITY, "",     N_("涉密取下")),
        ("withdraw",       UNDER_WAY,                  "withdrawn",             SYSTEM_ONLY,  "",     N_("撤销"),          _again),
    ],
)  # fmt: skip

FORWARD: Final = ("assess", "leader_approve", "submit", "submit_directly", "determine", "review", "publish")
"""The moves that lead an entry to publication, in their order."""

OFFICE: Final = Who(
    "catalog_office",
    N_("提供部门数据专员或共享工作机构"),
    (Role.DATA_OFFICER, Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY),
    of="provider_id",
)
UPDATE_STATES: Final = {
    "triggered": N_("已登记变化"),
    "update_due": N_("待更新"),
    "update_extended": N_("已延期"),
    "update_submitted": N_("已更新"),
    "authority_review": N_("主管部门审核中"),
    "completed": N_("已完成"),
}


def _extensible(policy: Policy, case: CatalogUpdate) -> bool:
    """Only changes that the decree names can be given more time (national-2025#17)."""
    return bool(policy.days("catalog_update_extension_days", kind=case.kind))


def reports_itself(policy: Policy) -> bool:
    """Tell whether the department has to report an update beside making it, as Neijiang and Liyang asked.

    Under the decree the submission for review is the report (R-CAT-021).
    """
    found = policy.effective("catalog_update_report_required")
    return bool(found.value) and found.origin == "local"


def submission_counts(policy: Policy) -> bool:
    """Tell whether submitting the new versions for review meets the duty, as it does under the decree."""
    return policy.flag("catalog_update_report_required") and not reports_itself(policy)


def _reports(policy: Policy, _case: CatalogUpdate) -> bool:
    return reports_itself(policy)


def _not_reported(policy: Policy, _case: CatalogUpdate) -> bool:
    return not reports_itself(policy)


def reviewed_in_time(policy: Policy, _case: CatalogUpdate) -> bool:
    """Tell whether the authority has a limit for the updated catalogue (2 working days; Neijiang's 10 before)."""
    return policy.days("catalog_update_review_days") is not None


def may_know_update(actor: Actor, case: CatalogUpdate) -> bool:
    """Tell who knows of an update duty: the department, its authority, auditors and the platform."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    return bool(actor.serves & {case.provider_id, case.authority_id})


CATALOG_UPDATE: Final = Workflow["CatalogUpdate"](
    "catalog_update",
    N_("目录更新"),
    case="catalogue.CatalogUpdate",
    start="triggered",
    states=UPDATE_STATES,
    visible=may_know_update,
    clocks=[
        ClockRule(
            "update", N_("更新目录"), "catalog_update_days", "provider_id", "catalog_update_extension_days",
            kind=lambda case: case.kind, since="event_on",
        ),
        ClockRule("review", N_("审核并发布更新"), "catalog_update_review_days", "authority_id", since="received_on"),
    ],
    moves=[
        # verb              from                          to                  who                 clocks                       button                 condition
        ("register",        "-",                          "triggered",        OFFICE | AUTHORITY, "",                          N_("登记变化")),
        ("fall_due",        "triggered",                  "update_due",       SYSTEM_ONLY,        "start update",              N_("确定更新期限")),
        ("ask_extension",   "update_due",                 "=",                OFFICE,             "",                          N_("申请延长期限"),    _extensible),
        ("extend",          "update_due",                 "update_extended",  AUTHORITY,          "extend update",             N_("同意延长期限"),    _extensible),
        ("refuse_extension", "update_due",                "=",                AUTHORITY,          "",                          N_("不同意延长期限"),  _extensible),
        ("hand_in",         "update_due update_extended", "update_submitted", SYSTEM_ONLY,        "pause update",              N_("完成更新"),        _not_reported),
        ("report",          "update_due update_extended", "update_submitted", OFFICE,             "pause update",              N_("报告更新情况"),    _reports),
        ("receive",         "update_submitted",           "authority_review", SYSTEM_ONLY,        "start review",              N_("受理更新"),        reviewed_in_time),
        ("send_back",       "authority_review update_submitted", "update_due", SYSTEM_ONLY,       "resume update; stop review", N_("退回更新")),
        ("complete",        "update_submitted authority_review", "completed", SYSTEM_ONLY,        "stop update; stop review",  N_("办结")),
    ],
)  # fmt: skip
