"""When several grants of one department give together what has to be reviewed again; pure (R-SEC-031).

neijiang-2020#48(5) forbids to gather obtained data into what may be a state secret or important and sensitive;
national-2025#25 asks for measures against leaks by aggregation and linking. Neither names a number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.terms import N_
from jutong.wire.grants import Mode
from jutong.wire.probe import Meaning

SHORTEST_TEXT: Final = 4
JOINING: Final[Mapping[str, tuple[str, ...]]] = {
    "person": ("身份号码", "身份证号", "证件号码", "社会保障号", "社会保障卡号"),
    "telephone": ("手机号", "联系电话", "移动电话"),
    "organisation": ("统一社会信用代码", "组织机构代码", "注册号"),
    "address": ("户籍地址", "居住地址", "住址", "不动产单元号"),
    "vehicle": ("车牌", "号牌号码", "车辆识别"),
}
"""By what records of different resources are joined: the meaning of an item, and words its name, or its standard's, holds."""

STANDARDS: Final[Mapping[str, str]] = {
    "GB11643": "person",
    "GB32100": "organisation",
    "GB11714": "organisation",
    "GB16735": "vehicle",
    "GA36": "vehicle",
}
"""National standards of identifiers, and what an item that follows one is joined by."""

RECOGNISED: Final[Mapping[str, str]] = {
    Meaning.IDENTITY: "person",
    Meaning.PHONE: "telephone",
    Meaning.CREDIT_CODE: "organisation",
    Meaning.ADDRESS: "address",
}
"""What the values of a column were recognised as, and what it is joined by; any other meaning joins nothing."""

MEANINGS: Final[Mapping[str, str]] = {
    "person": N_("自然人标识"),
    "telephone": N_("联系电话"),
    "organisation": N_("单位标识"),
    "address": N_("地址"),
    "vehicle": N_("车辆标识"),
}


@dataclass(frozen=True, slots=True)
class Named:
    """A granted item: its name, the data element or standard it follows, and what its values were recognised as, if known."""

    name: str
    standard: str = ""
    recognised: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What one grant contributes: a resource with its granted items; personal: it describes persons.

    level: grade of the data; rank: its place among the grades, higher is graver; grave: important, core, or among the upper
    grades of general data.
    """

    grant_id: int
    resource_id: int
    items: tuple[Named, ...]
    personal: bool
    level: str = ""
    rank: int = 0
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Combination:
    """A sensitive combination: its parts (the newest first), what joins them, the gravest grade."""

    parts: tuple[Part, ...]
    meanings: tuple[str, ...]
    level: str
    grave: bool


def meaning_of(item: Named) -> str:
    """Return what an item can be joined by, or nothing: by its values, else by its standard, else by its name.

    What the values are is known for sure, whatever the item is called; a name is all there is where nobody has looked.
    """
    if item.recognised:
        return RECOGNISED.get(item.recognised, "")
    plain = item.standard.upper().replace(" ", "").replace("/T", "")
    if found := next((meaning for code, meaning in STANDARDS.items() if code in plain), ""):
        return found
    text = f"{item.standard} {item.name}"
    return next((meaning for meaning, words in JOINING.items() if any(word in text for word in words)), "")


@lru_cache(maxsize=4096)
def meanings_of(items: tuple[Named, ...]) -> frozenset[str]:
    """Return what the items of a resource can be joined by."""
    return frozenset(filter(None, map(meaning_of, items)))


def holds_back(found: Combination, modes: Collection[str]) -> bool:
    """Tell whether the delivery that completes a combination waits for the secrecy review (neijiang-2020#48(5)).

    Where a part is grave, so that what is joined may be important and sensitive, and where the data would be stored: single
    answers of an interface gather nothing. A grant that was widened waits as a whole: it has one set of terms, the wider.
    """
    return found.grave and bool(set(modes) - {Mode.ONLINE_QUERY, Mode.SYSTEM_DOCKING})


def combination(newest: Part, held: Sequence[Part], *, least: int) -> Combination | None:
    """Return the combination that a new grant completes with what its consumer holds, None where it completes none.

    Sensitive are at least `least` different personal resources with one meaning in common; two suffice where one of them is
    grave, because it lends its weight to what it is joined with.
    """
    if not newest.personal:
        return None
    by_meaning: dict[str, dict[int, Part]] = defaultdict(dict)
    for part in (newest, *(one for one in held if one.personal and one.resource_id != newest.resource_id)):
        for meaning in meanings_of(part.items):
            by_meaning[meaning].setdefault(part.resource_id, part)
    found: dict[int, Part] = {}
    meanings = []
    for meaning in JOINING:
        parts = by_meaning.get(meaning, {})
        grave = any(part.grave for part in parts.values())
        if newest.resource_id in parts and len(parts) >= (min(least, 2) if grave else least):
            meanings.append(meaning)
            found |= parts
    if not found:
        return None
    level = max(found.values(), key=lambda part: part.rank).level
    return Combination(tuple(found.values()), tuple(meanings), level, any(part.grave for part in found.values()))


def check_product(product: str, use: str, safeguards: str) -> None:
    """Refuse a product without a name, what it is for, or what protects it."""
    told = (
        ("product", product, N_("请填写汇聚产品的名称（不少于 4 个字）。")),
        ("use", use, N_("请写明汇聚产品的内容和用途（不少于 4 个字）。")),
        ("safeguards", safeguards, N_("请写明存储位置和防护措施（不少于 4 个字）。")),
    )
    remarks = {field: sentence for field, text, sentence in told if len(text.strip()) < SHORTEST_TEXT}
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)


def check_release(verdict: str) -> None:
    """Refuse to store or release a product whose secrecy review did not pass (R-SEC-031): NotAllowed."""
    if verdict != "passed":
        raise NotAllowed(N_("汇聚产品未通过保密审查，仍在锁定中，不得存储或者发布；请等待审查通过。"))
