"""What names and values say about natural persons: the patterns that cataloguing, grading and mounting share.

`shown` is wide: a name that it finds is masked by default, whoever it is about. `person` is narrow: a name that it finds
is taken for personal information (national-2025#37; 个人信息保护法 articles 4 and 28).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from jutong.kernel.terms import N_, Masking
from jutong.wire.probe import Meaning

_NOTHING: Final = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Trait:
    """A kind of personal information. label: Chinese; weight: 1 to 4, the general level its disclosure calls for.

    sure: names and checked values hardly ever mean anything else, so that an unmarked item holds a submission back.
    columns: whole technical names, lower case. meaning: what values are recognised as.
    """

    code: str
    label: str
    weight: int
    person: re.Pattern[str]
    shown: re.Pattern[str] = _NOTHING
    masking: Masking = Masking.NONE
    meaning: Meaning | None = None
    columns: frozenset[str] = frozenset()
    sure: bool = False


def _columns(words: str) -> frozenset[str]:
    return frozenset(words.split())


TRAITS: Final = (
    Trait(
        "identity", N_("公民身份号码"), 4, re.compile(r"身份"), re.compile(r"身份证|公民身份|证件号"), Masking.IDENTITY,
        Meaning.IDENTITY,
        _columns("sfzh sfzhm sfz gmsfhm gmsfzh gmsfzhm idcard id_card id_card_no idcardno identity_no identity_number identity_card"),
        sure=True,
    ),
    Trait(
        "phone", N_("电话号码"), 3, re.compile(r"手机|联系电话"), re.compile(r"电话|手机|联系方式"), Masking.PHONE,
        Meaning.PHONE, _columns("sjh sjhm shouji mobile mobile_no mobile_phone cellphone phone_number"),
    ),
    Trait(
        "email", N_("电子邮箱地址"), 3, re.compile(r"电子邮箱"), re.compile(r"邮箱|电子邮件"), Masking.EMAIL,
        Meaning.EMAIL, _columns("email e_mail dzyx"),
    ),
    Trait(
        "bank_card", N_("银行卡号"), 4, re.compile(r"银行(账|卡)号"), re.compile(r"银行.*(卡|账)号|卡号"), Masking.BANK_CARD,
        Meaning.BANK_CARD, _columns("yhzh yhkh bank_account bank_card bank_card_no"),
    ),
    Trait(
        "address", N_("地址"), 3, re.compile(r"(户籍|居住|家庭)地址|住址"), re.compile(r"地址|住址|住所"), Masking.ADDRESS,
        Meaning.ADDRESS, _columns("hjdz jzdz xjzdz home_address live_address residence_address household_address"),
    ),
    Trait(
        "name", N_("人名"), 3, re.compile(r"姓名|曾用名"), re.compile(r"姓名|联系人$|法定代表人$"), Masking.NAME,
        Meaning.NAME, _columns("xm xingming full_name person_name real_name realname"),
    ),
    Trait("health", N_("健康和医疗信息"), 4, re.compile(r"病|诊断|残疾")),
    Trait("insurance", N_("社会保障卡号"), 4, re.compile(r"社保卡")),
    Trait("belief", N_("民族、婚姻和政治面貌"), 3, re.compile(r"民族|婚姻|政治面貌")),
    Trait("birth", N_("出生日期"), 3, re.compile(r"出生日期")),
    Trait("vehicle", N_("车牌号码"), 3, re.compile(r"车牌")),
)  # fmt: skip
"""In the order in which a name is asked; the first that fits counts."""
_OF_MEANING: Final = {trait.meaning: trait for trait in TRAITS if trait.meaning}
_OF_COLUMN: Final = {column: trait for trait in TRAITS for column in trait.columns}


def masking_for(name: str) -> Masking:
    """Return how an item of this name is masked by default, NONE for one that says nothing."""
    return next((trait.masking for trait in TRAITS if trait.shown.search(name)), Masking.NONE)


def trait_of(meaning: str) -> Trait | None:
    """Return the kind of personal information that values of this meaning are."""
    return _OF_MEANING.get(Meaning(meaning)) if meaning in set(Meaning) else None


def named(name: str, column: str = "") -> Trait | None:
    """Return the kind of personal information that an item's name or its technical name tells of."""
    found = next((trait for trait in TRAITS if trait.person.search(name)), None)
    return found or _OF_COLUMN.get(column.strip().casefold().replace("-", "_"))
