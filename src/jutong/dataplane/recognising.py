"""What the values of a column are, told from a sample of them: numbers with check characters, telephones, names, places.

Pure, and the values stay where they are: whoever asks gets the verdict and what `shape` leaves of a value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from jutong.wire.grants import Kind, Masking
from jutong.wire.probe import Meaning

SURE: Final = 80
"""Percent of the sampled values that must look alike for a verdict."""
DOUBTFUL: Final = 10
"""Percent that look like personal data from which on no value of the column is shown, verdict or not."""
FEW: Final = 20
OFTEN: Final = 5
"""A column of at most so many different values, each met so often, holds codes: they are shown as they are."""
SHOWN: Final = 3
LONGEST: Final = 40

_IDENTITY: Final = re.compile(r"[1-9][0-9]{5}([12][0-9]{3})([01][0-9])([0-3][0-9])[0-9]{3}[0-9Xx]")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CREDIT_SIGNS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT: Final = re.compile(rf"[{_CREDIT_SIGNS}]{{2}}[0-9]{{6}}[{_CREDIT_SIGNS}]{{10}}")
_PHONE: Final = re.compile(r"(\+?86-?)?1[3-9][0-9]{9}|0[0-9]{2,3}[- ]?[0-9]{7,8}")
_CARD: Final = re.compile(r"[3-6][0-9]{15,18}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_ORGANISATION: Final = re.compile(
    r".*(公司|厂|店|局|厅|委员会|中心|医院|学校|大学|学院|研究院|研究所|合作社|事务所|协会|银行|支行|经营部|商行|超市|工作室|村委会|居委会)(（.*）|\(.*\))?"
)
_PLACES: Final = re.compile(r"[省市区县旗镇乡村街路道巷号栋室]")
_DIVISION: Final = re.compile(r"(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])[0-9]{4}([0-9]{3}){0,2}")
_DATE: Final = re.compile(r"([12][0-9]{3})[-/.年]?([01]?[0-9])[-/.月]?([0-3]?[0-9])日?(?:[ T].*)?")
_AMOUNT: Final = re.compile(r"-?[0-9]+\.[0-9]{1,2}")
_SURNAMES: Final = frozenset(
    "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文"
)
_HAN: Final = re.compile(r"[\u3400-\u9fff·]{2,4}")
_PLACES_NEEDED: Final = 2
_ADDRESS_LEAST: Final = 6


def identity(text: str) -> bool:
    """Tell a resident identity number by its date and its check character (GB 11643, ISO 7064 MOD 11-2)."""
    found = _IDENTITY.fullmatch(text)
    if not found or not _is_day(*found.groups()):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == text[17].upper()


def credit_code(text: str) -> bool:
    """Tell a unified social credit code by its signs and its check character (GB 32100)."""
    if not _CREDIT.fullmatch(text):
        return False
    total = sum(_CREDIT_SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(text[:17]))
    return _CREDIT_SIGNS[-total % 31] == text[17]


def bank_card(text: str) -> bool:
    """Tell the number of a bank card by its check digit (ISO/IEC 7812, Luhn)."""
    if not _CARD.fullmatch(text):
        return False
    doubled = (int(d) * (1 + place % 2) for place, d in enumerate(reversed(text)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0  # noqa: PLR2004 - two digits


def _is_day(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _dated(text: str) -> bool:
    found = _DATE.fullmatch(text)
    return bool(found) and _is_day(*found.groups())  # type: ignore[union-attr]


def _named(text: str) -> bool:
    return bool(_HAN.fullmatch(text)) and text[0] in _SURNAMES


def _addressed(text: str) -> bool:
    return len(text) >= _ADDRESS_LEAST and len(set(_PLACES.findall(text))) >= _PLACES_NEEDED


_TESTS: Final[dict[Meaning, Callable[[str], object]]] = {
    Meaning.IDENTITY: identity,
    Meaning.CREDIT_CODE: credit_code,
    Meaning.PHONE: _PHONE.fullmatch,
    Meaning.BANK_CARD: bank_card,
    Meaning.EMAIL: _EMAIL.fullmatch,
    Meaning.DATE: _dated,
    Meaning.DIVISION: _DIVISION.fullmatch,
    Meaning.ORGANISATION: _ORGANISATION.fullmatch,
    Meaning.ADDRESS: _addressed,
    Meaning.NAME: _named,
}
"""What is asked of a text, the surest first."""
MASKINGS: Final = {
    Meaning.IDENTITY: Masking.IDENTITY,
    Meaning.PHONE: Masking.PHONE,
    Meaning.BANK_CARD: Masking.BANK_CARD,
    Meaning.EMAIL: Masking.EMAIL,
    Meaning.ADDRESS: Masking.ADDRESS,
    Meaning.NAME: Masking.NAME,
}
"""How the values of what identifies a person are shown."""


def recognised(texts: Sequence[str], kind: Kind) -> tuple[Meaning | None, int, bool]:
    """Return what the values are with the percent of them that are so, and whether any number of them may be personal.

    Of numbers, telephones and cards are recognised by their digits, amounts by their two decimals.
    """
    if not texts or kind in (Kind.DATE, Kind.TIMESTAMP, Kind.BOOLEAN, Kind.BINARY):
        return None, 0, False
    shares = {meaning: 100 * sum(bool(test(text)) for text in texts) // len(texts) for meaning, test in _TESTS.items()}
    if kind is not Kind.TEXT:
        shares[Meaning.DATE] = shares[Meaning.DIVISION] = 0
        shares[Meaning.AMOUNT] = 100 * sum(bool(_AMOUNT.fullmatch(text)) for text in texts) // len(texts)
    meaning = next((one for one, share in shares.items() if share >= SURE), None)
    doubtful = any(shares[one] >= DOUBTFUL for one in MASKINGS)
    return meaning, shares[meaning] if meaning else 0, doubtful


def codes(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the values of a column that holds codes, the commonest first; nothing for any other column."""
    counts = Counter(texts)
    if not counts or len(counts) > FEW or min(counts.values()) < OFTEN or max(map(len, counts)) > LONGEST:
        return ()
    return tuple(text for text, _times in counts.most_common(SHOWN + 2))


def shape(text: str) -> str:
    """Return the form of a value: 9 for a digit, A or a for a letter, 字 for any other character, signs as they are."""
    signs = []
    for sign in text[:LONGEST]:
        if sign.isascii():
            signs.append("9" if sign.isdigit() else "A" if sign.isupper() else "a" if sign.islower() else sign)
        else:
            signs.append("字" if sign.isalnum() else sign)
    return "".join(signs) + ("…" if len(text) > LONGEST else "")
