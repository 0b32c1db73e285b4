"""Grades of entries and items: what a grade in force allows, and which grade an item calls for, with the reason; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jutong.kernel.levels import LEVELS, rank
from jutong.kernel.terms import N_
from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.slices.catalogue.rules.findings import Finding
from jutong.slices.catalogue.rules.marking import NOTHING, Seen, personal_trait
from jutong.wire.grants import Mode
from jutong.wire.levels import Grade, Scheme

MANY_PERSONS: Final = 10_000_000
"""Persons from whom on the duties for important data hold as well (网络数据安全管理条例 article 28)."""
IMPORTANT: Final = re.compile(
    r"基因|人类遗传|病原|毒株|涉军|军事|国防|测绘成果|精确坐标|高精度|重力|地下管线|关键信息基础设施|应急储备|战略储备|稀土|"
    r"核设施|危险化学品(存|储)|水文(地质)?密|重要目标"
)
"""Words in an item's name that call for a look into the catalogue of important data (GB/T 43697-2024, annex G)."""
_MODES: Final[Mapping[str, tuple[Mode, ...]]] = {
    "database": (Mode.FRONT_END_NODE, Mode.ONLINE_QUERY, Mode.SYSTEM_DOCKING),
    "interface": (Mode.ONLINE_QUERY, Mode.SYSTEM_DOCKING),
    "file": (Mode.BATCH_DOWNLOAD, Mode.FRONT_END_NODE),
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A grade that is proposed for an item, and why (to be translated with `params`)."""

    level: str
    why: str
    params: Mapping[str, object]


def allowed_modes(grade: Grade | None) -> tuple[Mode, ...]:
    """Return the delivery modes that a grade allows; all where it names none."""
    return tuple(mode for mode in Mode if grade is None or grade.allows("modes", mode))


def graded(content: Content, scheme: Scheme) -> Iterator[Finding]:
    """Yield what a content states against the catalogue of grades in force: unknown grades, and what its grade forbids."""
    known = {one.code for one in scheme.grades}
    accepted = "、".join(LEVELS[one.code] for one in scheme.grades)
    if content.security_level and content.security_level not in known:
        yield Finding("security_level", _UNKNOWN, {"accepted": accepted})
    for item in content.items:
        if item.security_level and item.security_level not in known:
            yield Finding("security_level", _UNKNOWN_ITEM, {"item": item.name, "accepted": accepted})
    if grade := scheme.grade(content.security_level):
        yield from _forbidden(content, grade)


def _forbidden(content: Content, grade: Grade) -> Iterator[Finding]:
    level = {"level": LEVELS[grade.code]}
    for field, name, value in (
        ("share_type", "share_types", content.share_type),
        ("open_type", "open_types", content.open_type),
        ("share_mode_class", "mode_classes", content.share_mode_class),
    ):
        if not grade.allows(name, value):
            yield Finding(field, _FORBIDDEN[field], level)
    usual = _MODES.get(content.share_mode, ())
    if usual and not any(grade.allows("modes", mode) for mode in usual):
        yield Finding("share_mode", _FORBIDDEN["share_mode"], level)


_UNKNOWN: Final = N_("数据分级不在现行分级目录内，请改为：%(accepted)s")
_UNKNOWN_ITEM: Final = N_("信息项“%(item)s”的分级不在现行分级目录内，请改为：%(accepted)s")
_FORBIDDEN: Final = {
    "share_type": N_("“%(level)s”不允许所选的共享类型，请按分级目录改选"),
    "open_type": N_("“%(level)s”不允许所选的开放属性，请按分级目录改选"),
    "share_mode_class": N_("“%(level)s”不允许所选的共享方式分类，请按分级目录改选"),
    "share_mode": N_("“%(level)s”不允许所选的共享方式，请按分级目录改选"),
}


def suggested(item: ItemContent, scheme: Scheme, seen: Seen = NOTHING) -> Suggestion | None:
    """Return the grade an item calls for by its name, technical name and recognised values; None where nothing speaks."""
    if (found := IMPORTANT.search(item.name)) and scheme.grade("important"):
        return Suggestion("important", _LOOK, {"word": found[0]})
    trait, by_values = personal_trait(item, seen)
    if trait is None or item.not_personal:
        return None
    level = general_level(trait.weight, scheme)
    why = _BY_VALUES if by_values else _BY_NAME
    return Suggestion(level, why, {"label": trait.label}) if level else None


def general_level(weight: int, scheme: Scheme) -> str:
    """Return the general grade of a weight from 1 to 4: the highest of the region's divisions that is not above it."""
    general = [one.code for one in scheme.grades if one.code.startswith("general")]
    divisions = [code for code in general if code != "general"]
    fitting = [code for code in divisions if int(code.rpartition("-")[2]) <= weight]
    return (fitting or general or [""])[-1]


def suggested_for(content: Content, suggestions: Sequence[Suggestion | None], scheme: Scheme) -> Suggestion | None:
    """Return the grade an entry calls for: of very many persons, else its highest item's."""
    if content.personal and (content.records or 0) >= MANY_PERSONS and scheme.grade("important"):
        return Suggestion("important", _MANY, {})
    levels = [one.level for one in suggestions if one] + [i.security_level for i in content.items if i.security_level]
    highest = max(levels, key=rank, default="")
    return Suggestion(highest, _HIGHEST, {}) if highest and rank(highest) > rank(content.security_level) else None


_LOOK: Final = N_("名称含“%(word)s”，可能属于重要数据，请对照重要数据目录核对")
_BY_NAME: Final = N_("名称表明是%(label)s")
_BY_VALUES: Final = N_("样本值表明是%(label)s")
_MANY: Final = N_("涉及一千万人以上的个人信息，按重要数据的要求管理（网络数据安全管理条例第二十八条）")
_HIGHEST: Final = N_("不得低于最高的信息项")


@dataclass(frozen=True, slots=True)
class Regraded:
    """One change of a grade; item empty for the entry itself."""

    item: str
    old: str
    new: str

    @property
    def lower(self) -> bool:
        """Tell whether less protection is asked than before."""
        return rank(self.new) < rank(self.old)


def regraded(old: Content, new: Content) -> tuple[Regraded, ...]:
    """Return every change of a grade between two contents; items that only follow their entry are not named."""
    before = {item.name: item.security_level for item in old.items}
    found = [Regraded("", old.security_level, new.security_level)]
    found += [
        Regraded(item.name, before[item.name] or old.security_level, item.security_level or new.security_level)
        for item in new.items
        if item.name in before and before[item.name] != item.security_level
    ]
    return tuple(one for one in found if one.old != one.new)
