"""Which posts one person may hold together: the three administrators are separated from each other and from business."""

from __future__ import annotations

from collections.abc import Iterable
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


def check_delegable(role: Role) -> None:
    """Refuse delegating a post that nobody may act in for another (RuleBroken)."""
    if role in NOT_DELEGATED:
        raise RuleBroken(_("%s的职责不得委托他人代办。") % _(role.label), field="post")
