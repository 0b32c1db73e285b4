"""What a password must be like, and when it has run out (GB/T 22239-2019)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken

LONGEST: Final = 128
CLASSES: Final = 3
NAME_SIGNS: Final = 3


def classes_of(password: str) -> int:
    """Return how many of the four classes occur: lower case, upper case, digits, other signs."""
    return sum(
        [
            any(sign.islower() for sign in password),
            any(sign.isupper() for sign in password),
            any(sign.isdigit() for sign in password),
            any(not sign.isalnum() for sign in password),
        ]
    )


def check_password(password: str, *, names: Iterable[str], least: int) -> None:
    """Refuse a password that is too short, too plain, too long, or that holds the user's name (RuleBroken).

    names: sign-in name, person's name, phone. least: shortest length in signs.
    """
    if not least <= len(password) <= LONGEST:
        raise RuleBroken(
            _("口令长度应为 %(least)d 至 %(most)d 位，请重新设置。") % {"least": least, "most": LONGEST},
            field="new_password",
        )
    if any(unicodedata.category(sign).startswith("C") for sign in password):
        raise RuleBroken(_("口令不能含有控制字符，请重新设置。"), field="new_password")
    if classes_of(password) < CLASSES:
        raise RuleBroken(_("口令应至少包含大写字母、小写字母、数字、符号中的三类，请重新设置。"), field="new_password")
    lower = password.lower()
    if any(len(name) >= NAME_SIGNS and name.lower() in lower for name in names):
        raise RuleBroken(_("口令不能包含用户名、姓名或电话号码，请重新设置。"), field="new_password")


def expired(changed_at: datetime | None, at: datetime, *, days: int) -> bool:
    """Tell whether a password set at `changed_at` has run out after `days` days; one never set has."""
    return changed_at is None or at >= changed_at + timedelta(days=days)
