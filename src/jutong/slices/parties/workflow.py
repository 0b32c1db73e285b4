"""Who may change organisations and people; the moves of an information manager (W23) and of systems' access (W21)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from jutong.kernel.actors import ANYONE, SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.audit import digest_of
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.parties.models import (
    BusinessSystem,
    DedicatedNetwork,
    DirectExchange,
    LegacyExchange,
    Person,
    SecurityIncident,
    SupportRequest,
)
from jutong.slices.parties.rules.words import ManagerState

SYSTEM_ADMINS = Who("system_admin", N_("系统管理员"), (Role.SYSTEM_ADMIN,))
SECURITY_ADMINS = Who("security_admin", N_("安全管理员"), (Role.SECURITY_ADMIN,))
OPERATORS = Who("platform_operator", N_("平台管理员"), (Role.PLATFORM_OPERATOR,))
AUTHORITIES = Who("authority", N_("主管部门"), (Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER))
REGISTRARS = OPERATORS | SYSTEM_ADMINS | SYSTEM_ONLY

_KEEPERS = (Role.PRINCIPAL, Role.DEPARTMENT_LEADER, Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY, Role.LIAISON)
KEEPERS = Who("department_keeper", N_("本部门负责人、共享工作机构或联络员"), _KEEPERS, of="department_id")
OWN_KEEPERS = Who("department_keeper", N_("本部门负责人、共享工作机构或联络员"), _KEEPERS, of="id")
LEADERS = Who("leader", N_("行业主管"), (Role.SECTOR_LEAD,), of="lead_id")
SYSTEM_KEEPERS = Who(
    "system_keeper", N_("本部门系统工程师、共享工作机构或联络员"), (Role.SYSTEM_ENGINEER, *_KEEPERS), of="department_id"
)
KEY_HOLDERS = SYSTEM_KEEPERS | SYSTEM_ONLY
"""Who may see a call key: it opens every grant of the department, so neither administrators nor the operator may."""
REPORTERS = KEEPERS | OPERATORS | SYSTEM_ADMINS | SYSTEM_ONLY
CONFIRMERS = OPERATORS | SYSTEM_ONLY
ACTIVATORS = SYSTEM_ADMINS | OPERATORS | SYSTEM_ONLY

SYSTEM_REGISTRARS = SYSTEM_KEEPERS | REGISTRARS
_OVERSEERS = (Role.AUDITOR, Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER, Role.PLATFORM_OPERATOR)
WITNESSES = Who("witness", N_("各部门共享工作机构、主管部门、平台管理员或审计人员"), (*_KEEPERS, *_OVERSEERS))
GUARDIANS = Who("guardian", N_("平台管理员或安全管理员"), (Role.PLATFORM_OPERATOR, Role.SECURITY_ADMIN))
ASKERS = SYSTEM_KEEPERS | OPERATORS

PEOPLE_READERS = frozenset(
    {
        Role.PLATFORM_OPERATOR,
        Role.SYSTEM_ADMIN,
        Role.SECURITY_ADMIN,
        Role.AUDIT_ADMIN,
        Role.AUDITOR,
        Role.AUTHORITY_HEAD,
    }
    | {Role.AUTHORITY_REVIEWER}
)
"""Posts that see the people of every department; others see their own department's."""


def sees(actor: Actor, person: Person) -> bool:
    """Tell whether the actor may know of the person: the own department's, or any with an overseeing post."""
    return (
        actor.account_id is None
        or bool(actor.roles & PEOPLE_READERS)
        or person.department_id == actor.department_id
        or any(post.department_id == person.department_id for post in actor.posts)
    )


MANAGER: Workflow[Person] = Workflow(
    "information_manager", N_("信息管理人员"), case="parties.Person", start="reported", visible=sees,
    states={str(state): state.label for state in ManagerState},
    moves=[
        # verb       from                         to           who                            clocks  button
        ("report",   "-",                         "reported",  REPORTERS,                     "",     N_("报送人员")),
        ("confirm",  "reported",                  "confirmed", CONFIRMERS,                    "",     N_("确认")),
        ("activate", "confirmed",                 "active",    ACTIVATORS,                    "",     N_("开通账号")),
        ("change",   "reported confirmed active", "=",         REPORTERS,                     "",     N_("修改信息")),
        ("end",      "reported confirmed active", "ended",     REPORTERS,                     "",     N_("离岗")),
    ],
)  # fmt: skip


def sees_access(actor: Actor, case: object) -> bool:
    """Tell whether the actor may know of a case of the access register: a department it concerns, or an overseer."""
    concerned = {getattr(case, name, None) for name in ("department_id", "counterpart_id", "receiver_id")}
    return (
        actor.account_id is None
        or bool(actor.roles & PEOPLE_READERS)
        or actor.department_id in concerned
        or any(post.department_id in concerned for post in actor.posts)
    )


def _signed(*verbs: str) -> dict[str, Callable[[Any], str]]:
    """Let these moves of a register be signed where a department demands it (R-SEC-002): they decide or confirm.

    What is signed is the case as it stood before the move, the digest that the audit writes as `before`.
    """
    return dict.fromkeys(verbs, digest_of)


BUSINESS_SYSTEM: Final[Workflow[BusinessSystem]] = Workflow(
    "business_system", N_("业务系统接入"), case="parties.BusinessSystem", start="registered", visible=sees_access,
    signed=_signed("connect", "operate", "retire"),
    states={"registered": N_("已登记"), "testing": N_("联调中"), "connected": N_("已接入"), "in_operation": N_("已投入运行"),
            "retired": N_("已退役")},
    moves=[
        # verb       from                                       to              who                clocks  button
        ("register", "-",                                       "registered",   KEY_HOLDERS,       "",     N_("登记业务系统")),
        ("test",     "registered testing",                      "testing",      SYSTEM_REGISTRARS, "",     N_("记录联调情况")),
        ("connect",  "registered testing",                      "connected",    REGISTRARS,        "",     N_("确认接入")),
        ("operate",  "registered testing connected",            "in_operation", SYSTEM_REGISTRARS, "",     N_("投入运行")),
        ("retire",   "registered testing connected in_operation", "retired",    SYSTEM_REGISTRARS, "",     N_("退役")),
    ],
)  # fmt: skip

LEGACY_EXCHANGE: Final[Workflow[LegacyExchange]] = Workflow(
    "legacy_exchange", N_("既有交换系统迁移"), case="parties.LegacyExchange", start="planned", visible=sees_access,
    signed=_signed("finish"),
    states={"planned": N_("待迁移"), "migrating": N_("迁移中"), "migrated": N_("已迁移")},
    moves=[
        ("list",   "-",                 "planned",   SYSTEM_REGISTRARS, "", N_("登记既有交换系统")),
        ("plan",   "planned migrating", "=",         SYSTEM_REGISTRARS, "", N_("增加里程碑")),
        ("reach",  "planned migrating", "=",         SYSTEM_REGISTRARS, "", N_("里程碑完成")),
        ("start",  "planned",           "migrating", SYSTEM_REGISTRARS, "", N_("开始迁移")),
        ("finish", "migrating",         "migrated",  REGISTRARS,        "", N_("确认迁移完成")),
    ],
)  # fmt: skip

DEDICATED_NETWORK: Final[Workflow[DedicatedNetwork]] = Workflow(
    "dedicated_network", N_("业务专网"), case="parties.DedicatedNetwork", start="listed", visible=sees_access,
    signed=_signed("except", "finish"),
    states={"listed": N_("已登记"), "connecting": N_("接入中"), "connected": N_("已接入政务外网")},
    moves=[
        ("list",   "-",                 "listed",     SYSTEM_REGISTRARS, "", N_("登记业务专网")),
        ("except", "listed connecting", "=",          AUTHORITIES,       "", N_("登记例外依据")),
        ("plan",   "listed connecting", "=",          SYSTEM_REGISTRARS, "", N_("增加接入计划")),
        ("reach",  "listed connecting", "=",          SYSTEM_REGISTRARS, "", N_("计划完成")),
        ("start",  "listed",            "connecting", SYSTEM_REGISTRARS, "", N_("开始接入")),
        ("finish", "connecting",        "connected",  REGISTRARS,        "", N_("确认接入完成")),
    ],
)  # fmt: skip

SUPPORT_REQUEST: Final[Workflow[SupportRequest]] = Workflow(
    "support_request", N_("技术支持"), case="parties.SupportRequest", start="asked", visible=sees_access,
    signed=_signed("answer", "close"),
    states={"asked": N_("待答复"), "answered": N_("已答复"), "closed": N_("已关闭")},
    moves=[
        ("ask",    "-",        "asked",    ASKERS,    "", N_("提出支持请求")),
        ("answer", "asked",    "answered", OPERATORS, "", N_("答复")),
        ("reask",  "answered", "asked",    ASKERS,    "", N_("继续追问")),
        ("close",  "answered", "closed",   ASKERS,    "", N_("关闭")),
    ],
)  # fmt: skip

DIRECT_EXCHANGE: Final[Workflow[DirectExchange]] = Workflow(
    "direct_exchange", N_("点对点交换线索"), case="parties.DirectExchange", start="reported", visible=sees_access,
    signed=_signed("confirm", "dismiss"),
    states={"reported": N_("待核实"), "confirmed": N_("已认定"), "dismissed": N_("不予认定")},
    moves=[
        ("report",  "-",        "reported",  WITNESSES,   "", N_("报告点对点交换")),
        ("confirm", "reported", "confirmed", AUTHORITIES, "", N_("认定违规")),
        ("dismiss", "reported", "dismissed", AUTHORITIES, "", N_("不予认定")),
    ],
)  # fmt: skip

SECURITY_INCIDENT: Final[Workflow[SecurityIncident]] = Workflow(
    "security_incident", N_("安全事件"), case="parties.SecurityIncident", start="opened", visible=sees_access,
    signed=_signed("classify", "close"),
    states={"opened": N_("待定责"), "classified": N_("处置中"), "closed": N_("已关闭")},
    moves=[
        ("open",     "-",                 "opened",     GUARDIANS, "", N_("登记安全事件")),
        ("classify", "opened classified", "classified", GUARDIANS, "", N_("认定责任方")),
        ("plan",     "opened classified", "=",          GUARDIANS, "", N_("增加安全任务")),
        ("reach",    "opened classified", "=",          GUARDIANS, "", N_("任务完成")),
        ("close",    "classified",        "closed",     GUARDIANS, "", N_("关闭")),
    ],
)  # fmt: skip

REGISTERS: Final[dict[str, Workflow[Any]]] = {
    "legacy": LEGACY_EXCHANGE,
    "networks": DEDICATED_NETWORK,
    "support": SUPPORT_REQUEST,
    "direct": DIRECT_EXCHANGE,
    "incidents": SECURITY_INCIDENT,
}
"""The registers of access by the name in their addresses."""

__all__ = [
    "ACTIVATORS", "ANYONE", "ASKERS", "AUTHORITIES", "BUSINESS_SYSTEM", "CONFIRMERS", "DEDICATED_NETWORK", "DIRECT_EXCHANGE", "GUARDIANS",
    "KEEPERS", "KEY_HOLDERS", "LEADERS", "LEGACY_EXCHANGE", "MANAGER", "OPERATORS", "OWN_KEEPERS", "PEOPLE_READERS", "REGISTERS",
    "REGISTRARS", "REPORTERS", "SECURITY_ADMINS", "SECURITY_INCIDENT", "SUPPORT_REQUEST", "SYSTEM_ADMINS", "SYSTEM_KEEPERS",
    "SYSTEM_ONLY", "SYSTEM_REGISTRARS", "WITNESSES", "sees", "sees_access",
]  # fmt: skip
