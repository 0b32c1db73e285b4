"""What reviewers typically send back (standards-facts section 4), checked before they see it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from jutong.kernel.terms import N_, FormatClass
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.findings import Finding
from jutong.slices.catalogue.rules.text import counted
from jutong.slices.catalogue.rules.values import FORMAT_TYPES

_SYSTEM_NAME = re.compile(r"(系统|平台|网站|门户|APP|小程序|软件)(（[^）]*）|\([^)]*\))?$", re.IGNORECASE)
RUN: Final = 3
"""So many titles counted up by one look like drag-fill."""
_MODES_BY_FORMAT: Final = {
    "database": frozenset({"database", "interface"}),
    "service": frozenset({"interface"}),
    "document": frozenset({"file"}),
    "spreadsheet": frozenset({"file"}),
    "image": frozenset({"file"}),
    "stream": frozenset({"file"}),
}


def typical(content: Content) -> Iterator[Finding]:
    """Yield a system's name as title, a format type outside its class, a mode that does not fit the format."""
    if _SYSTEM_NAME.search(content.title):
        yield Finding("title", N_("名称应反映资源内容，不能用信息系统、平台的名称代替"))
    yield from format_fits(content)
    fitting = _MODES_BY_FORMAT.get(content.format_class)
    if fitting and content.share_mode_class == "platform" and content.share_mode and content.share_mode not in fitting:
        yield Finding("share_mode", N_("共享方式与资源格式不符：文件类资源用文件方式，数据库资源用数据库或接口方式"))


def format_fits(content: Content) -> Iterator[Finding]:
    """Yield format types that do not belong to the class, and 自描述格式 without its description."""
    known = FORMAT_TYPES.get(content.format_class, ())
    if strange := [kind for kind in content.format_types if known and kind not in known]:
        params = {"kinds": "、".join(strange), "family": FormatClass(content.format_class).label}
        yield Finding("format_types", N_("格式类型“%(kinds)s”不属于%(family)s，请改选分类或类型"), params)
    if content.format_class == "self_described" and not content.format_note:
        yield Finding("format_note", N_("自描述格式须填写其他类型资源格式描述"))


def drag_filled(titles: Iterable[tuple[int, str, str]]) -> dict[int, Finding]:
    """Return a warning per row whose title was probably counted up by drag-fill.

    `titles` are (row number, provider, title); a run is `RUN` or more successive numbers after one stem in
    successive rows of one provider.
    """
    runs: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for row, provider, title in titles:
        if parts := counted(title):
            runs[provider, parts[0]].append((row, parts[1]))
    found: dict[int, Finding] = {}
    warning = Finding("title", N_("名称末尾的序号逐行递增，疑似下拉填充造成的重复，请核对"), grave=False)
    for members in runs.values():
        for group in _successive(members):
            if len(group) >= RUN:
                found.update(dict.fromkeys(group, warning))
    return found


def _successive(members: list[tuple[int, int]]) -> Iterator[list[int]]:
    group: list[tuple[int, int]] = []
    for row, number in members:
        if group and not (number == group[-1][1] + 1 and row == group[-1][0] + 1):
            yield [r for r, _ in group]
            group = []
        group.append((row, number))
    yield [r for r, _ in group]
