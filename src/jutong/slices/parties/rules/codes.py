"""Codes: unified social credit code (GB 32100-2015) and division code (GB/T 2260, GB/T 10114)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import Level

SIGNS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 signs of GB 32100-2015: no I, O, Z, S, V."""
WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_SHAPE: Final = re.compile(rf"[{SIGNS}]{{2}}[0-9]{{6}}[{SIGNS}]{{10}}")
_REGION: Final = re.compile(r"[1-9][0-9]{5}(?:[0-9]{3})?(?:[0-9]{3})?")
PROVINCE_SIGNS: Final = 2
CITY_SIGNS: Final = 4
COUNTY_SIGNS: Final = 6


def check_digit(first17: str) -> str:
    """Return the 18th sign that belongs to the first 17 of a credit code."""
    total = sum(SIGNS.index(sign) * weight for sign, weight in zip(first17, WEIGHTS, strict=True))
    return SIGNS[-total % 31]


def clean(text: str) -> str:
    """Return a code as it should have been typed: half-width, upper case, without blanks."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def check_uscc(text: str) -> str:
    """Return a credit code cleaned; RuleBroken where its signs, length or check digit are wrong."""
    code = clean(text)
    if not _SHAPE.fullmatch(code):
        raise RuleBroken(
            _("统一社会信用代码“%s”应为 18 位数字和大写字母（不含 I、O、Z、S、V），请核对后重新填写。") % text[:40],
            field="uscc",
        )
    if check_digit(code[:17]) != code[17]:
        raise RuleBroken(_("统一社会信用代码“%s”的校验位不正确，请对照登记证书重新填写。") % code, field="uscc")
    return code


def check_region_code(text: str) -> str:
    """Return a division code of 6 (county and above), 9 (town) or 12 digits; RuleBroken otherwise."""
    code = clean(text)
    if not _REGION.fullmatch(code):
        raise RuleBroken(
            _("行政区划代码“%s”应为 6 位（县级及以上）、9 位（乡镇、街道）或 12 位数字，请按 GB/T 2260 填写。")
            % text[:40],
            field="code",
        )
    return code


def level_of(code: str) -> Level:
    """Return the level that a checked division code belongs to."""
    if len(code) > COUNTY_SIGNS:
        return Level.TOWN
    if code.endswith("0000"):
        return Level.PROVINCE
    return Level.CITY if code.endswith("00") else Level.COUNTY


def above(code: str) -> tuple[str, ...]:
    """Return the codes of the divisions above, nearest first: 511002 gives 511000, 510000."""
    codes = [code[:9]] if len(code) > 9 else []  # noqa: PLR2004 - a village lies in a town
    if len(code) > COUNTY_SIGNS:
        codes.append(code[:COUNTY_SIGNS])
    codes += [code[:signs] + "0" * (COUNTY_SIGNS - signs) for signs in (CITY_SIGNS, PROVINCE_SIGNS)]
    return tuple(c for c in dict.fromkeys(codes) if c != code)
