"""Numbers of identity: whether one can exist, and how it is shown to those who need not know it."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.correction.rules.terms import ApplicantKind

_CITIZEN: Final = re.compile(r"[1-9]\d{5}(\d{8})\d{3}[\dX]")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
_CREDIT: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_PHONE: Final = re.compile(r"\+?\d[\d-]{5,18}\d")
LONGEST_NAME: Final = 100


def check_identity(kind: str, name: str, number: str) -> tuple[ApplicantKind, str, str]:
    """Return kind, name and number of an applicant, cleaned; RuleBroken for what cannot be one."""
    if kind not in set(ApplicantKind):
        raise RuleBroken(N_("请选择申请人类型：公民、法人或其他组织。"), field="kind")
    name, number = name.strip(), number.strip().upper()
    if not 2 <= len(name) <= LONGEST_NAME:  # noqa: PLR2004
        raise RuleBroken(N_("请填写申请人姓名或名称（2 至 100 个字）。"), field="name")
    if kind == ApplicantKind.CITIZEN and not _citizen(number):
        raise RuleBroken(N_("公民身份号码不正确：应为 18 位且校验位相符，请核对。"), field="number")
    if kind != ApplicantKind.CITIZEN and not _organisation(number):
        raise RuleBroken(N_("统一社会信用代码不正确：应为 18 位且校验位相符，请核对。"), field="number")
    return ApplicantKind(kind), name, number


def check_phone(phone: str) -> str:
    """Return a telephone number or nothing; RuleBroken for what is not one."""
    phone = phone.strip()
    if phone and not _PHONE.fullmatch(phone):
        raise RuleBroken(N_("联系电话只能由 7 至 20 位数字和连字符组成，请修改或留空。"), field="phone")
    return phone


def _citizen(number: str) -> bool:
    """Tell whether a number is a citizen's (GB 11643): a day that exists, and the check digit."""
    found = _CITIZEN.fullmatch(number)
    if found is None:
        return False
    try:
        date(int(found[1][:4]), int(found[1][4:6]), int(found[1][6:]))
    except ValueError:
        return False
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False)) % 11] == number[17]


def _organisation(number: str) -> bool:
    """Tell whether a number is a unified social credit code (GB 32100)."""
    if len(number) != 18 or any(sign not in _CREDIT for sign in number):  # noqa: PLR2004
        return False
    total = sum(_CREDIT.index(sign) * weight for sign, weight in zip(number, _CREDIT_WEIGHTS, strict=False))
    return _CREDIT[(31 - total % 31) % 31] == number[17]


def masked_name(name: str) -> str:
    """Return a name of which the first sign is left."""
    return name[:1] + "*" * min(len(name) - 1, 8)


def masked_number(number: str) -> str:
    """Return a number of which a third at most is left, at both ends."""
    kept = min(4, len(number) // 6)
    return number[:kept] + "*" * (len(number) - 2 * kept) + (number[-kept:] if kept else "")
