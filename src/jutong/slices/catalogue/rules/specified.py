"""What the compilation specification in force demands of an entry: elements, lengths, value lists, patterns (R-CAT-027)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

from jutong.kernel.terms import N_
from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.slices.catalogue.rules.findings import Finding
from jutong.slices.catalogue.rules.lengths import LENGTHS
from jutong.wire.specification import Element, Specification

KNOWN: Final = frozenset(Content.__struct_fields__) - {"extra", "specification", "catalogue_level"}
"""Elements that have a place of their own in a content; every other one is kept in `extra` by its name."""
KNOWN_ITEM: Final = frozenset(ItemContent.__struct_fields__) - {"extra"}
ELSEWHERE: Final = frozenset({"provider", "provider_code", "code", "use_conditions"})
"""Elements that are no part of the content: the entry's own columns, and what several elements say together."""
LEVELS: Final = frozenset({"department", "region", "national"})
_LIST_LIKE: Final = frozenset({"code", "codes"})


def is_own(element: Element) -> bool:
    """Tell whether an element is a local one, without a place of its own in a content."""
    return element.name not in (KNOWN | ELSEWHERE if element.of == "entry" else KNOWN_ITEM)


@lru_cache(maxsize=256)
def own_elements(specification: Specification | None, of: str = "entry") -> tuple[Element, ...]:
    """Return the elements that a local specification added."""
    if specification is None:
        return ()
    return tuple(one for one in specification.elements if one.of == of and is_own(one))


@lru_cache(maxsize=256)
def added_codes(specification: Specification | None) -> Mapping[str, frozenset[str]]:
    """Return {element: codes} of every national list as it is here, additions included; lists left open are absent."""
    if specification is None:
        return {}
    listed = (one for one in specification.elements if one.of == "entry" and one.values and one.name in KNOWN)
    return {one.name: frozenset(value.code for value in one.values) for one in listed}


def value_of(content: Content, name: str) -> Any:
    """Return what a content states for an element; "" where it states nothing."""
    return getattr(content, name) if name in KNOWN else content.extra.get(name, "")


def applies(element: Element, content: Content) -> bool:
    """Tell whether an element must be filled in for this content by the specification alone."""
    if element.obligation == "M":
        return True
    found = _condition(element.when) if element.obligation == "C" else None
    return found is not None and str(value_of(content, found[0])) in found[1]


@lru_cache(maxsize=1024)
def _condition(when: str) -> tuple[str, tuple[str, ...]] | None:
    name, sign, codes = when.partition("=")
    return (name, tuple(codes.split("|"))) if sign else None


def named_version(content: Content) -> Iterator[Finding]:
    """Yield what is wrong when an entry names no specification version or no catalogue level (R-CAT-050)."""
    if not content.specification:
        yield Finding("specification", N_("未注明所循编制规范的版本，请重新保存目录"))
    if content.catalogue_level not in LEVELS:
        yield Finding("catalogue_level", N_("目录层级应为部门目录、地区目录或国家目录，请改正"))


def demanded(content: Content, specification: Specification) -> frozenset[str]:
    """Return the names of the entry's elements that the specification makes mandatory for this content."""
    return frozenset(one.name for one in specification.elements if one.of == "entry" and applies(one, content))


def fitting(content: Content, specification: Specification) -> Iterator[Finding]:
    """Yield every value that is too long, not in its list or not of its pattern, of the entry and of its items."""
    for one in _checked(specification, "entry"):
        yield from _fits(one, one.name, value_of(content, one.name), "")
    checked = _checked(specification, "item")
    for item in content.items if checked else ():
        for one in checked:
            value = item.extra.get(one.name, "") if is_own(one) else getattr(item, one.name)
            yield from _fits(one, "items", value, item.name)


def lacking_of_items(content: Content, specification: Specification) -> Iterator[Finding]:
    """Yield what the items lack that the specification makes mandatory for each."""
    wanted = [
        one for one in specification.elements if one.of == "item" and one.obligation == "M" and one.name != "name"
    ]
    for item in content.items if wanted else ():
        for one in wanted:
            if not (item.extra.get(one.name) if is_own(one) else getattr(item, one.name)):
                yield Finding("items", N_("信息项“%(item)s”缺少%(label)s"), {"item": item.name, "label": one.label})


@lru_cache(maxsize=256)
def _checked(specification: Specification, of: str) -> tuple[Element, ...]:
    """Return the elements of which more is asked than of every draft (`rules.shape`): local ones, and stricter ones."""
    found = []
    for one in specification.elements:
        if one.of == of and one.name not in ELSEWHERE and one.kind != "items":
            usual = LENGTHS.get(one.name if of == "entry" else f"item.{one.name}")
            stricter = one.length is not None and (usual is None or one.length < usual) and one.kind not in _LIST_LIKE
            if is_own(one) or one.pattern or stricter:
                found.append(one)
    return tuple(found)


def _fits(one: Element, field: str, value: object, item: str) -> Iterator[Finding]:
    if value in ("", None, (), False):
        return
    texts = [str(part) for part in value] if isinstance(value, tuple) else [_text(value)]
    words = {"label": one.label, "item": item}
    if one.length is not None and any(len(text) > one.length for text in texts) and one.kind != "items":
        yield _finding(field, _LONG, words | {"most": one.length})
    codes = {part.code for part in one.values} if one.kind in _LIST_LIKE else set()
    if codes and not set(texts) <= codes:
        accepted = "、".join(part.label for part in one.values[:30])
        yield _finding(field, _LISTED, words | {"accepted": accepted})
    if one.pattern and not all(re.fullmatch(one.pattern, text, re.ASCII) for text in texts):
        yield _finding(field, _SHAPED, words | {"rule": one.rule or one.example or one.pattern})
    if is_own(one) and not all(_of_kind(one.kind, text) for text in texts):
        yield _finding(field, _KINDLY, words | {"example": one.example or _EXAMPLES[one.kind]})


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _of_kind(kind: str, text: str) -> bool:
    if kind == "number":
        return re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", text, re.ASCII) is not None
    if kind == "date":
        try:
            return len(text) == len("2025-08-01") and bool(date.fromisoformat(text))
        except ValueError:
            return False
    return kind != "flag" or text in {"是", "否"}


_EXAMPLES: Final = {"number": "12", "date": "2025-08-01", "flag": "是"}
_Pair = tuple[str, str]
_LONG: Final[_Pair] = (
    N_("%(label)s不能超过 %(most)d 字，请精简"),
    N_("信息项“%(item)s”的%(label)s不能超过 %(most)d 字，请精简"),
)
_LISTED: Final[_Pair] = (
    N_("%(label)s应为下列之一：%(accepted)s"),
    N_("信息项“%(item)s”的%(label)s应为下列之一：%(accepted)s"),
)
_SHAPED: Final[_Pair] = (
    N_("%(label)s的写法不符合规范：%(rule)s"),
    N_("信息项“%(item)s”的%(label)s的写法不符合规范：%(rule)s"),
)
_KINDLY: Final[_Pair] = (
    N_("%(label)s的写法不对，请按“%(example)s”的样式填写"),
    N_("信息项“%(item)s”的%(label)s的写法不对，请按“%(example)s”的样式填写"),
)


def _finding(field: str, pair: _Pair, words: Mapping[str, object]) -> Finding:
    of_item = bool(words["item"])
    return Finding(field, pair[of_item], {name: value for name, value in words.items() if value or name != "item"})
