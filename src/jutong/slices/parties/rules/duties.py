"""Which posts one person may hold together: the three administrators are separated from each other and from business."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import ADMINISTRATORS, Role
from jutong.kernel.errors import RuleBroken

SINGLE: Final = frozenset({Role.PRINCIPAL, Role.SHARING_UNIT_HEAD})
"""Posts that one department has once at a time (W23)."""

NOT_DELEGATED: Final = ADMINISTRATORS | {Role.AUDITOR, Role.PLATFORM_OPERATOR}
"""Posts whose work nobody else may do in their holder's absence."""

AUTHORITY_ROLES: Final = frozenset({Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD, Role.PLATFORM_OPERATOR})
"""Posts that only a competent authority's department has."""

READ_ONLY: Final = frozenset({Role.AUDITOR})


def check_together(held: Iterable[Role], wanted: Role) -> None:
    """Refuse a post that may not be held together with those held already (RuleBroken).

    System, security and audit administrator are three persons, and none of them does business; an auditor does
    neither (GB/T 22239-2019, 三员分立).
    """
    others = set(held) - {wanted}
    for role in (wanted, *sorted(others)):
        rest = (others | {wanted}) - {role}
        if role in ADMINISTRATORS and rest:
            raise RuleBroken(
                _(
                    "%(admin)s不得兼任%(other)s：系统管理员、安全管理员、审计管理员三员分立，且不得办理业务，请由其他人员担任。"
                )
                % {"admin": _(role.label), "other": "、".join(_(r.label) for r in sorted(rest))},
                field="role",
            )
        if role in READ_ONLY and rest:
            raise RuleBroken(
                _("审计人员只能查阅，不得兼任%s，请由其他人员担任。") % "、".join(_(r.label) for r in sorted(rest)),
                field="role",
            )


REPRESENTED: Final = frozenset({Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY})
"""Posts whose consent the decree demands by name (national-2025#20): a setting says whether others may give it for them."""


def delegable(role: Role, *, heads: bool) -> bool:
    """Tell whether others may act in a post; heads: whether this platform lets heads of sharing units be represented."""
    return role not in NOT_DELEGATED and (heads or role not in REPRESENTED)


def check_delegable(role: Role, *, heads: bool) -> None:
    """Refuse delegating a post that nobody may act in for another (RuleBroken)."""
    if not delegable(role, heads=heads):
        raise RuleBroken(_("%s的职责不得委托他人代办。") % _(role.label), field="post")


def may_act(held: Iterable[Role]) -> bool:
    """Tell whether somebody who holds these posts may act for another at all: no administrator and no auditor may."""
    return not ADMINISTRATORS & set(held) and not READ_ONLY & set(held)


def check_duties(chosen: Iterable[str], offered: AbstractSet[str]) -> list[str]:
    """Return the workflows a delegation is limited to; RuleBroken for one in which the post has nothing to do."""
    duties = list(dict.fromkeys(chosen))
    if strange := [duty for duty in duties if duty not in offered]:
        raise RuleBroken(_("“%s”不属于该岗位办理的事项，请从列表中选择。") % "、".join(strange)[:60], field="duties")
    return sorted(duties)
