"""How peers write our codes: what a table of theirs may say (standards-facts 2.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken
from jutong.wire.specification import Specification

MAPPED: Final = ("share_type", "update_cycle", "format_class", "open_type", "resource_class", "security_level")
"""Elements whose codes differ between systems."""
DIRECTIONS: Final = ("in", "out")
MOST_ROWS: Final = 2000
LONGEST_VALUE: Final = 60
Row = tuple[str, str, str, str]


def checked_rows(rows: Iterable[Row], specification: Specification) -> list[Row]:
    """Return rows with elements and our codes as codes; RuleBroken names the line of each that cannot be.

    An element or a code of ours may be written as its label. One value means one thing only.
    """
    kept: dict[tuple[str, str, str], str] = {}
    for number, (direction, element, given, becomes) in enumerate(rows, 1):
        name = _element(element, specification)
        if direction not in DIRECTIONS or name is None:
            words = {"n": number, "elements": "、".join(_labels(specification))}
            raise RuleBroken(_("第 %(n)d 条的方向应为“接收”或“发送”，要素应为：%(elements)s。") % words, field="rows")
        ours = _ours(name, becomes if direction == "in" else given, specification)
        theirs = given if direction == "in" else becomes
        if ours is None or not theirs or len(theirs) > LONGEST_VALUE:
            raise RuleBroken(
                _("第 %d 条：我方取值须是现行规范列出的值，对方取值须填写且不超过 60 字，请改正。") % number,
                field="rows",
            )
        key, value = (direction, name, theirs if direction == "in" else ours), (ours if direction == "in" else theirs)
        if kept.setdefault(key, value) != value or len(kept) > MOST_ROWS:
            raise RuleBroken(
                _("第 %d 条与前面的对照冲突，或对照超过 2000 条：一个值只能有一个含义，请删去其一。") % number,
                field="rows",
            )
    return [(*key, value) for key, value in kept.items()]


def _labels(specification: Specification) -> list[str]:
    return [found.label for name in MAPPED if (found := specification.element(name))]


def _element(text: str, specification: Specification) -> str | None:
    return next((n for n in MAPPED if text == n or ((e := specification.element(n)) and text == e.label)), None)


def _ours(element: str, text: str, specification: Specification) -> str | None:
    found = specification.element(element)
    return next((v.code for v in found.values if text in (v.code, v.label)), None) if found else None
