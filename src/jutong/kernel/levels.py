"""Levels of data (GB/T 43697-2024) as codes: core, important, general, and general-1 to general-4 where general is divided.

The three classes are the State's; a region's catalogue of grades (`standards.queries.grades_for`) says which divisions of
general data it uses. A bare general ranks below all its divisions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.terms import N_, SecurityLevel

LEVELS: Final[Mapping[str, str]] = {
    "general": N_("一般数据"),
    "general-1": N_("一般数据1级"),
    "general-2": N_("一般数据2级"),
    "general-3": N_("一般数据3级"),
    "general-4": N_("一般数据4级"),
    "important": N_("重要数据"),
    "core": N_("核心数据"),
}
"""Every level with what it is called, the lowest first."""
LISTED: Final = frozenset({SecurityLevel.IMPORTANT.value, SecurityLevel.CORE.value})
"""Classes whose data stand in the catalogue of important data (网络数据安全管理条例 article 29)."""
_RANKS: Final = {code: place for place, code in enumerate(("", *LEVELS))}


def rank(code: str) -> int:
    """Return where a level stands among all; none, and what is no level, is the lowest.

    >>> sorted(["core", "general-2", "", "important", "general", "general-1"], key=rank)
    ['', 'general', 'general-1', 'general-2', 'important', 'core']
    """
    return _RANKS.get(code, 0)


def label_of(code: str) -> str:
    """Return what a level is called, translated; nothing for none."""
    return _(LEVELS[code]) if code in LEVELS else code
