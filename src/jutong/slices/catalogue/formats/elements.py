"""Reading single cells: cleaned, coded, dated; every change a repair a person can see, every doubt a finding."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final

from jutong.kernel.faces.downloads import neutral
from jutong.kernel.terms import N_, Purpose
from jutong.slices.catalogue.rules import values as words
from jutong.slices.catalogue.rules.codes import PATTERN
from jutong.slices.catalogue.rules.days import day
from jutong.slices.catalogue.rules.findings import Finding
from jutong.slices.catalogue.rules.obligations import LABELS
from jutong.slices.catalogue.rules.repairs import REPAIRS, Repair, kinds_of, refused, without_suffix
from jutong.slices.catalogue.rules.shape import CODES, ITEM_LABELS
from jutong.slices.catalogue.rules.text import clean, clean_title, is_blank
from jutong.wire.specification import Specification

_CODED: Final[Mapping[str, Mapping[str, str]]] = {
    "resource_class": words.CLASS_WORDS,
    "share_type": words.SHARE_WORDS,
    "open_type": words.OPEN_WORDS,
    "update_cycle": words.CYCLE_WORDS,
    "security_level": words.LEVEL_WORDS,
    "format_class": words.FORMAT_WORDS,
    "basis_rank": words.BASIS_WORDS,
    "share_limit": {label: code for code, label in CODES["share_limit"].items()} | {c: c for c in CODES["share_limit"]},
}
_ITEM_CODED: Final[Mapping[str, Mapping[str, str]]] = {
    "type": words.TYPE_WORDS,
    "share_type": words.SHARE_WORDS,
    "open_type": words.OPEN_WORDS,
    "security_level": words.LEVEL_WORDS,
    "source": words.SOURCE_WORDS,
}
_SHORT: Final = 80
_PURPOSES: Final = {word: code for code, name in Purpose.choices() for word in (name, code)}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a file is to be understood.

    guide: digits are codes of the national guide (only in its own template). strict: a template made for people, so
    that what reviewers typically send back is noticed. own: the provider where the file names none. specification: the
    one in force, which may add elements and codes. peer: {element: {value: code}} of the system a file comes from; a
    value it does not map is refused. allowed: kinds of repair a person agreed to, None for all. inner: for the platform
    in the inner network, which holds what is classified and nothing else. purposes: {name or code: code} of every purpose
    of use there ever was.
    """

    guide: bool = False
    strict: bool = False
    own: str = ""
    specification: Specification | None = None
    peer: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    allowed: frozenset[str] | None = None
    inner: bool = False
    purposes: Mapping[str, str] = field(default_factory=lambda: _PURPOSES)


PLAIN: Final = Manner()


class Cells:
    """Reads the cells of one entry in one manner, gathering findings, repairs and which elements were stated."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.findings: list[Finding] = []
        self.repairs: list[Repair] = []
        self.stated: set[str] = set()

    def note(self, field: str, message: str, *, grave: bool, item: int = -1, **params: object) -> None:
        """Keep a finding."""
        self.findings.append(Finding(field, message, params, grave=grave, item=item))

    def text(self, field: str, raw: object, *, lines: bool = False, title: bool = False, item: int = -1) -> str:
        """Return a cell's text, cleaned; "" for a blank one or a placeholder.

        The apostrophe that our exports put before what a spreadsheet could take for a formula goes.
        """
        if isinstance(raw, str) and raw.startswith("'") and neutral(raw[1:]) == raw:
            raw = raw[1:]
        text = clean_title(raw) if title else clean(raw, lines=lines)
        if isinstance(raw, str) and text != raw:
            self.mended(field, kinds_of(raw, text), raw, text, item)
        if is_blank(text):
            return ""
        self.stated.add(field)
        return text

    def mended(self, field: str, kinds: Collection[str], before: str, after: str, item: int = -1) -> None:
        """Keep a repair of each kind; one that nobody agreed to is a finding instead."""
        for kind in kinds:
            self.repairs.append(Repair(field, kind, before[:_SHORT], after[:_SHORT], item))
        for kind in refused(kinds, self.manner.allowed):
            places: dict[str, Any] = {"value": before[:_SHORT], "after": after[:_SHORT], "repair": REPAIRS[kind]}
            self.note(field, _UNREPAIRED, grave=True, item=item, **places)

    def code(self, name: str, raw: object, *, item: int = -1, of: str = "") -> str:
        """Return the code of a cell; an unknown word is a grave finding, since no value is ever given a default."""
        field = f"item.{name}" if item >= 0 else name
        text = self.text(field, raw, item=item)
        if not text:
            return ""
        if (peer := self.manner.peer.get(name)) is not None:
            if (theirs := peer.get(text)) is None:
                self.note(field, _UNMAPPED, grave=True, item=item, label=self._label(name, item), value=text[:50])
            return theirs or ""
        table = _words(self.manner.specification, name, item >= 0, self.manner.guide)
        code = words.coded(text, table)
        if code is None and (stem := without_suffix(text)) != text and (code := words.coded(stem, table)):
            self.mended(field, ("drag_fill",), text, stem, item)
        if code is None or (code == words.UNDECIDED and item >= 0):
            self._unknown(field, name, text, item, of)
        elif code == words.UNDECIDED:
            accepted = _accepted(self.manner.specification, name)
            self.note(name, _UNDECIDED, grave=False, label=LABELS[name], value=text[:50], accepted=accepted)
        return code if code and code != words.UNDECIDED else ""

    def _unknown(self, field: str, name: str, text: str, item: int, of: str) -> None:
        params: dict[str, Any] = {"label": self._label(name, item), "value": text[:50]}
        if item >= 0:
            self.note(field, UNKNOWN_ITEM, grave=True, item=item, of=of[:50], **params)
        else:
            accepted = _accepted(self.manner.specification, name)
            self.note(name, _UNKNOWN, grave=True, accepted=accepted, **params)

    @staticmethod
    def _label(name: str, item: int) -> str:
        return ITEM_LABELS[name] if item >= 0 else LABELS[name]

    def day(self, name: str, raw: object, *, label: str, needed: bool) -> date | None:
        """Return the day a cell names; a written form other than 2025-08-01 is a repair."""
        text = clean(raw)
        if is_blank(text):
            return None
        found = day(raw)
        if found is None:
            self.note(name, _NO_DAY, grave=needed, label=label, value=text[:50])
            return None
        self.stated.add(name)
        if not isinstance(raw, date) and text != found.isoformat():
            self.mended(name, ("dates",), text, found.isoformat())
        return found

    def number(self, name: str, raw: object, *, item: int = -1) -> int | None:
        """Return a whole number; None for a blank cell and for what is none, which the caller notes."""
        text = clean(raw)
        if is_blank(text):
            return None
        found = words.whole(text)
        if found is not None:
            self.stated.add(name)
            if isinstance(raw, str) and self.manner.strict:
                self.mended(name, ("numbers", *kinds_of(raw, text)), raw, str(found), item)
        return found


@lru_cache(maxsize=256)
def added_words(specification: Specification | None, name: str) -> Mapping[str, str]:
    """Return {label or code: code} of the list that the specification gives an element."""
    element = specification.element(name) if specification else None
    return {word: value.code for value in element.values for word in (value.label, value.code)} if element else {}


@lru_cache(maxsize=1024)
def _words(specification: Specification | None, name: str, of_item: bool, guide: bool) -> Mapping[str, str]:
    table = (_ITEM_CODED if of_item else _CODED)[name]
    dialect = words.GUIDE_DIALECT.get(name, {}) if guide else {}
    return {**added_words(specification, name), **table, **dialect}


@lru_cache(maxsize=256)
def code_pattern(specification: Specification | None) -> str:
    """Return the pattern of resource codes: the specification's, else the guide's."""
    element = specification.element("code") if specification else None
    return element.pattern if element and element.pattern else PATTERN


def _accepted(specification: Specification | None, name: str) -> str:
    element = specification.element(name) if specification else None
    labels = [value.label for value in element.values] if element and element.values else list(CODES[name].values())
    return "、".join(labels)


_UNKNOWN: Final = N_("%(label)s“%(value)s”不在可选范围内，请改为：%(accepted)s")
_UNDECIDED: Final = N_("%(label)s“%(value)s”没有对应的选项，已留空，提交前请选择：%(accepted)s")
UNKNOWN_ITEM: Final = N_("信息项“%(of)s”的%(label)s“%(value)s”不在可选范围内，请按填表说明改正")
_UNMAPPED: Final = N_("%(label)s“%(value)s”在对方系统的代码对照表中没有对应，请先补充对照，不作默认处理")
_NO_DAY: Final = N_("%(label)s“%(value)s”不是有效日期，请写成 2025-08-01 的形式")
_UNREPAIRED: Final = N_("“%(value)s”需要改为“%(after)s”（%(repair)s），您没有选择该项修复，请在文件中改正")
