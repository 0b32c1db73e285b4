"""Who acts: roles, posts in departments, actors, and the `who` of a permission."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from jutong.kernel.terms import N_


class Role(StrEnum):
    """Posts a person can hold in a department (glossary, Parties)."""

    PRINCIPAL = "principal"
    DEPARTMENT_LEADER = "department_leader"
    SHARING_UNIT_HEAD = "sharing_unit_head"
    SHARING_UNIT_DEPUTY = "sharing_unit_deputy"
    LIAISON = "liaison"
    DATA_OFFICER = "data_officer"
    CLERK = "clerk"
    SYSTEM_ENGINEER = "system_engineer"
    SECRECY_OFFICER = "secrecy_officer"
    AUTHORITY_REVIEWER = "authority_reviewer"
    AUTHORITY_HEAD = "authority_head"
    PLATFORM_OPERATOR = "platform_operator"
    SECTOR_LEAD = "sector_lead"
    AUDITOR = "auditor"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"

    @property
    def label(self) -> str:
        """The Chinese name of the post (translate with gettext)."""
        return _ROLE_LABELS[self]


_ROLE_LABELS: Final = {
    Role.PRINCIPAL: N_("主要负责人"),
    Role.DEPARTMENT_LEADER: N_("部门负责人"),
    Role.SHARING_UNIT_HEAD: N_("共享工作机构负责人"),
    Role.SHARING_UNIT_DEPUTY: N_("共享工作机构副职"),
    Role.LIAISON: N_("联络员"),
    Role.DATA_OFFICER: N_("数据专员"),
    Role.CLERK: N_("经办人"),
    Role.SYSTEM_ENGINEER: N_("系统工程师"),
    Role.SECRECY_OFFICER: N_("保密审查员"),
    Role.AUTHORITY_REVIEWER: N_("主管部门审核员"),
    Role.AUTHORITY_HEAD: N_("主管部门负责人"),
    Role.PLATFORM_OPERATOR: N_("平台管理员"),
    Role.SECTOR_LEAD: N_("行业主管"),
    Role.AUDITOR: N_("审计人员"),
    Role.SYSTEM_ADMIN: N_("系统管理员"),
    Role.SECURITY_ADMIN: N_("安全管理员"),
    Role.AUDIT_ADMIN: N_("审计管理员"),
}

ADMINISTRATORS: Final = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
"""The three separated administrators (GB/T 22239-2019): none can do another's work, none can do business."""


DECIDING: Final = frozenset(
    {
        Role.PRINCIPAL,
        Role.DEPARTMENT_LEADER,
        Role.SHARING_UNIT_HEAD,
        Role.SHARING_UNIT_DEPUTY,
        Role.AUTHORITY_HEAD,
    }
)
"""Posts whose consent gives another's work its effect (national-2025#20): a deputy in one never consents to his own work."""


class Channel(StrEnum):
    """By which door an act came in."""

    PAGE = "page"
    API = "api"
    CLI = "cli"
    SYSTEM = "system"
    NODE = "node"


@dataclass(frozen=True, slots=True)
class Post:
    """A role in a department; `acting_for` is the absent person's account when the post is delegated (代办).

    duties: the workflows a delegation is limited to; none for a post of one's own, and where everything was delegated.
    """

    role: Role
    department_id: int | None
    acting_for: int | None = None
    acting_for_name: str = ""
    duties: tuple[str, ...] = ()

    def covers(self, duty: str) -> bool:
        """Tell whether the post counts in a workflow."""
        return not self.duties or duty in self.duties


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts now, from which department, by which door and from which address.

    signature: the person's own SM2 signature (DER) under this one act, where one was given (R-SEC-002).
    """

    account_id: int | None
    name: str
    department_id: int | None
    department_name: str
    region: str
    posts: frozenset[Post] = field(default_factory=frozenset)
    channel: Channel = Channel.PAGE
    address: str = ""
    trace: str = ""
    signature: bytes = field(default=b"", repr=False)

    def signing(self, signature: bytes) -> Actor:
        """Return the same actor with a signature under the act to come."""
        return replace(self, signature=signature)

    @property
    def held(self) -> tuple[Post, ...]:
        """Posts that hold for everything: one's own, and those delegated as a whole."""
        return tuple(post for post in self.posts if not post.duties)

    @property
    def roles(self) -> frozenset[Role]:
        """Every role held anywhere, wholly delegated ones included."""
        return frozenset(post.role for post in self.held)

    @property
    def serves(self) -> frozenset[int]:
        """Departments whose business the actor does: an administrator's post opens none (GB/T 22239-2019)."""
        return frozenset(
            post.department_id
            for post in self.held
            if post.department_id is not None and post.role not in ADMINISTRATORS
        )

    def within(self, duty: str) -> Actor:
        """Return the actor as they may act in one workflow: a post delegated for some duties counts where it names it.

        Everywhere else such a post opens nothing.
        """
        if not any(post.duties for post in self.posts):
            return self
        whole = {replace(p, duties=()) for p in self.posts if p.covers(duty)}
        return replace(self, posts=frozenset(whole))

    def post(self, role: Role, department_id: int | None = None) -> Post | None:
        """Return the post that lets this actor act as `role` (in that department), own posts before delegated ones."""
        held = [p for p in self.held if p.role == role and department_id in (None, p.department_id)]
        return min(held, key=lambda p: (p.acting_for is not None, p.acting_for or 0), default=None)

    def holds(self, *roles: Role, department_id: int | None = None) -> bool:
        """Tell whether any of the roles is held (in that department)."""
        return any(post.role in roles and department_id in (None, post.department_id) for post in self.held)


def system_actor(name: str) -> Actor:
    """Return the platform itself as actor: timers, pumps and reactions."""
    return Actor(None, name, None, "", "", channel=Channel.SYSTEM)


@dataclass(frozen=True, slots=True)
class Who:
    """The `who` of a move or action: one of `roles`, held in the department (or one of those) that the case's `of` names.

    An empty `of` accepts the post in any department; an empty `roles` accepts anyone signed in; `system` the platform.
    """

    name: str
    label: str
    roles: tuple[Role, ...] = ()
    of: str = ""
    system: bool = False
    others: tuple[Who, ...] = ()

    def permits(self, actor: Actor, case: object) -> Post | None:
        """Return the post by which the actor may act on the case, or None."""
        for who in (self, *self.others):
            if post := who.permits_alone(actor, case):
                return post
        return None

    def permits_alone(self, actor: Actor, case: object) -> Post | None:
        """Return the post for this alternative alone."""
        if actor.channel is Channel.SYSTEM:
            return Post(Role.PLATFORM_OPERATOR, None) if self.system else None
        if self.system or actor.account_id is None:
            return None
        if not self.roles:
            return Post(Role.CLERK, actor.department_id)
        if not self.of:
            return next((post for role in self.roles if (post := actor.post(role))), None)
        named = getattr(case, self.of, None)
        departments = named if isinstance(named, list | tuple) else [named] if named is not None else []
        held = (actor.post(role, department_id) for department_id in departments for role in self.roles)
        return next((post for post in held if post), None)

    def __or__(self, other: Who) -> Who:
        """Either of two."""
        return Who(
            name=f"{self.name}|{other.name}",
            label=f"{self.label}/{other.label}",
            roles=self.roles,
            of=self.of,
            system=self.system,
            others=(*self.others, other, *other.others),
        )

    def each(self) -> tuple[Who, ...]:
        """Return the alternatives one by one, for queries over many cases."""
        return (self, *self.others)


ANYONE: Final = Who("anyone", N_("任何登录人员"))
SYSTEM_ONLY: Final = Who("system", N_("系统"), system=True)
