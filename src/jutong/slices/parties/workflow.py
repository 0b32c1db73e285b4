"""Who may change organisations and people, and the moves of an information manager (W23)."""

from __future__ import annotations

from jutong.kernel.actors import ANYONE, SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.parties.models import Person
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

__all__ = [
    "ACTIVATORS", "ANYONE", "AUTHORITIES", "CONFIRMERS", "KEEPERS", "KEY_HOLDERS", "LEADERS", "MANAGER", "OPERATORS", "OWN_KEEPERS",
    "PEOPLE_READERS", "REGISTRARS", "REPORTERS", "SECURITY_ADMINS", "SYSTEM_ADMINS", "SYSTEM_KEEPERS", "SYSTEM_ONLY", "sees",
]  # fmt: skip
