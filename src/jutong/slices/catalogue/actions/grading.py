"""Grading entries and items, one entry or a sheet of many, and keeping every change of a grade with its reason (R-SEC-040)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO, Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel import files
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotAllowed, Refusal, RuleBroken
from jutong.kernel.levels import LEVELS
from jutong.kernel.terms import N_
from jutong.slices.catalogue.actions.drafting import edit_entry
from jutong.slices.catalogue.actions.revising import revise
from jutong.slices.catalogue.formats import grading as sheets
from jutong.slices.catalogue.formats.grading import Line
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.queries.contents import content_of, contents_of
from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.slices.catalogue.workflow import ENTRY, PROVIDER

LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Graded:
    """What became of a sheet: entries changed and left alike, and the lines that came back with the file that holds them."""

    changed: tuple[int, ...]
    unchanged: int
    refused: tuple[tuple[int, str], ...]
    file_id: int | None


@dataclass(frozen=True, slots=True)
class ItemGrade:
    """How one item is graded: its level (empty: its entry's), whether it is sensitive, why it is no personal information."""

    level: str = ""
    sensitive: bool = False
    not_personal: str = ""


@action("catalogue.grade_entry", label=N_("数据定级"), allow=PROVIDER, on=Entry, visible=ENTRY.visible)
def grade_entry(
    entry: Entry, *, by: Actor, at: datetime, reason: str, level: str = "", category: str = "", personal: bool | None = None,
    items: Mapping[str, ItemGrade] | None = None, expected_version: int | None = None,
) -> Entry:  # fmt: skip
    """Grade an entry and its items, as an edit of the present version with the reason (GB/T 43697-2024).

    level, category: empty leaves what is stated; items: by name, those not named stay. A published entry is taken into
    revision. RuleBroken without a reason, for an unknown grade or item, and for an entry below its highest item.
    """
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise RuleBroken(N_("请说明定级的理由，不超过 500 字。"), field="reason")
    present = content_of(entry.working_id or 0)
    content = _with_grades(present, level, category, personal, items or {})
    if content == present:
        return entry
    if entry.state == "published":
        revise(entry.pk, by=by, at=at, note=reason)
    return edit_entry(entry.pk, by=by, at=at, content=content, expected_version=expected_version, note=reason)


def _with_grades(
    present: Content, level: str, category: str, personal: bool | None, items: Mapping[str, ItemGrade]
) -> Content:
    known = {item.name for item in present.items}
    if unknown := [name for name in items if name not in known]:
        raise RuleBroken(N_("目录中没有信息项“%(item)s”，请核对名称。"), field="items", item="、".join(unknown)[:100])
    return msgspec.structs.replace(
        present,
        security_level=level or present.security_level,
        data_category=category.strip() or present.data_category,
        personal=present.personal if personal is None else personal,
        items=tuple(_item(item, items.get(item.name)) for item in present.items),
    )


def _item(item: ItemContent, given: ItemGrade | None) -> ItemContent:
    if given is None:
        return item
    return msgspec.structs.replace(
        item, security_level=given.level, sensitive=given.sensitive, not_personal=given.not_personal.strip()
    )


def grade_from_sheet(source: IO[bytes], *, by: Actor, at: datetime) -> Graded:
    """Grade the entries of a workbook as `formats.grading.write` makes it; good entries change, bad lines come back.

    A line with an unknown entry, item or grade comes back alone; where the entry itself refuses, all its lines do.
    NotAllowed for who is no data officer anywhere.
    """
    if not by.holds(Role.DATA_OFFICER):
        raise NotAllowed(_("只有数据专员可以批量定级，请交本部门数据专员办理。"))
    by_entry: dict[int, list[Line]] = defaultdict(list)
    refused: list[tuple[Line, str]] = []
    mine = Entry.objects.filter(provider__in=by.serves)
    lines = sheets.read(source)
    known = set(mine.filter(pk__in={line.entry_id for line in lines}).values_list("pk", flat=True))
    for line in lines:
        if why := _flaw(line, known):
            refused.append((line, why))
        elif line.stated:
            by_entry[line.entry_id].append(line)
    changed, unchanged = [], 0
    entries = mine.in_bulk(list(by_entry))
    contents = contents_of(entry.working_id for entry in entries.values())
    for pk, own in by_entry.items():
        entry = entries[pk]
        names = {item.name: item for item in contents[entry.working_id or 0].items}
        good = [line for line in own if not line.item or line.item in names]
        refused += [(line, _("目录中没有信息项“%s”，请核对名称。") % line.item) for line in own if line not in good]
        try:
            after = _grade_lines(entry, good, names, by=by, at=at)
        except Refusal as refusal:
            refused += [(line, refusal.sentence) for line in good]
            continue
        if after.version != entry.version:
            changed.append(pk)
        else:
            unchanged += 1
    refused.sort(key=lambda pair: pair[0].number)
    with_file = _kept(refused, by=by, at=at) if refused else None
    told = tuple((line.number, why) for line, why in refused)
    return Graded(tuple(changed), unchanged, told, with_file)


def _flaw(line: Line, known: Iterable[int]) -> str:
    if line.entry_id not in known:
        return _("没有编号为 %s 的本部门目录，请用下载的表格填写。") % line.entry_id
    if line.level and line.level not in LEVELS:
        return _("数据分级“%s”不在可选范围内，请从下拉列表中选择。") % line.level[:20]
    if line.fault:
        return _(line.fault)
    return ""


def _grade_lines(
    entry: Entry, lines: Sequence[Line], names: Mapping[str, ItemContent], *, by: Actor, at: datetime
) -> Entry:
    if not lines:
        return entry
    own = next((line for line in lines if not line.item), None)
    items = {line.item: _stated(line, names[line.item]) for line in lines if line.item}
    reasons = "；".join(dict.fromkeys(line.reason for line in lines if line.reason)) or _("按分级表格定级")
    return grade_entry(
        entry.pk, by=by, at=at, reason=reasons[:LONGEST_REASON], level=own.level if own else "",
        personal=own.sensitive if own else None, items=items,
    )  # fmt: skip


def _stated(line: Line, item: ItemContent) -> ItemGrade:
    return ItemGrade(
        line.level or item.security_level,
        item.sensitive if line.sensitive is None else line.sensitive,
        line.not_personal or item.not_personal,
    )


def _kept(refused: Sequence[tuple[Line, str]], *, by: Actor, at: datetime) -> int:
    lines = [replace(line, remark=why) for line, why in refused]
    with sheets.written(lines) as file:
        return files.store(file, _("分级表格-退回行.xlsx"), by=by, at=at).id
