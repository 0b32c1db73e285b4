"""Writing entries: rows of the 26-column sheet, the two-sheet workbook, and the wire's machine form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import IO

from jutong.kernel.levels import LEVELS
from jutong.kernel.terms import (
    SHARE_MODE_CLASSES,
    SHARE_MODES,
    CatalogueClass,
    DataType,
    FormatClass,
    OpenType,
    ShareType,
    Term,
    UpdateCycle,
)
from jutong.slices.catalogue.formats.templates import (
    ENTRY_SHEET,
    FLAG_WORDS,
    GUIDE_SHEET,
    ITEM_SHEET,
    TWO_SHEETS,
    behind,
    columns,
    write_book,
)
from jutong.slices.catalogue.rules.codes import BASE_CATEGORIES, THEMES
from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.slices.catalogue.rules.overlay import stated_conditions
from jutong.slices.catalogue.rules.specified import is_own, value_of
from jutong.wire import catalogue as wire
from jutong.wire.specification import Element, Specification


@dataclass(frozen=True, slots=True)
class ExportEntry:
    """An entry ready to be written: code, provider's name and credit code, content."""

    code: str
    provider: str
    provider_uscc: str
    content: Content

    def wire(self, version: int) -> wire.Entry:
        """Return the machine form (standards-facts section 1) in this version number."""
        content = self.content
        return wire.Entry(
            code=self.code,
            version=version,
            title=content.title,
            abstract=content.abstract,
            provider=self.provider,
            provider_uscc=self.provider_uscc,
            catalogue_class=content.resource_class,
            format_class=content.format_class,
            format_type=",".join(content.format_types),
            share_type=content.share_type,
            share_conditions=stated_conditions(content),
            share_mode=content.share_mode,
            open_type=content.open_type,
            open_conditions=content.open_conditions,
            update_cycle=content.update_cycle,
            published_on=content.released_on,
            data_category=content.data_category,
            security_level=content.security_level,
            items=tuple(_wire_item(item, content) for item in content.items),
            related_codes=content.related_codes,
            specification=content.specification,
            level=content.catalogue_level,
            own=content.extra,
        )


def _wire_item(item: ItemContent, content: Content) -> wire.Item:
    return wire.Item(
        name=item.name,
        column=item.column,
        type=item.type,
        length=item.length or 0,
        share_type=item.share_type or content.share_type,
        key=item.key,
        sensitive=item.sensitive,
        description=item.description,
    )


def guide_rows(entries: Iterable[ExportEntry], own: Own) -> Iterator[list[object]]:
    """Yield the lines of the 26-column sheet: one per item, the resource's columns repeated downwards."""
    for number, entry in enumerate(entries, 1):
        content = entry.content
        before: list[object] = [
            number, _label(CatalogueClass, content.resource_class), _category(content.category), "", "", "", content.matter,
            content.title, entry.code, content.provider_unit, content.abstract, _label(FormatClass, content.format_class),
            "、".join(content.format_types), content.format_note,
        ]  # fmt: skip
        mode = SHARE_MODES.get(content.share_mode_class, {}).get(content.share_mode, "")
        after: list[object] = [
            stated_conditions(content), SHARE_MODE_CLASSES.get(content.share_mode_class, ""), mode,
            _label(OpenType, content.open_type), content.open_conditions, _label(UpdateCycle, content.update_cycle),
            content.released_on, content.domain, entry.provider, entry.provider_uscc, content.data_category,
            LEVELS.get(content.security_level, ""), *_own(own[0], content.extra),
        ]  # fmt: skip
        share = _label(ShareType, content.share_type) if content.share_confirmed else ""
        for item in content.items or (ItemContent(name=""),):
            of_item = [item.name, _label(DataType, item.type), item.length, share]
            yield [*before, *of_item, *after, *(_item_cell(element, item) for element in own[1])]


Own = tuple[Sequence[Element], Sequence[Element]]
"""What stands behind a field template's own columns, of entries and of items."""


def own_of(specification: Specification) -> Own:
    """Return what a specification puts behind a field template's own columns."""
    return behind(specification), behind(specification, "item")


def _own(elements: Sequence[Element], extra: Mapping[str, str]) -> list[object]:
    return [_worded(element, extra.get(element.name, "")) for element in elements]


def write_guide(file: IO[bytes], entries: Iterable[ExportEntry], specification: Specification) -> int:
    """Write the 26-column sheet with local elements behind it; returns the number of lines."""
    return write_book(file, "guide", specification, {GUIDE_SHEET: guide_rows(entries, own_of(specification))})


def write_two_sheet(file: IO[bytes], entries: Iterable[ExportEntry], specification: Specification) -> int:
    """Write the two-sheet template (目录 and 信息项); returns the number of entries."""
    own, kept = own_of(specification), list(entries)
    lines = ([*_entry_line(entry), *_own(own[0], entry.content.extra)] for entry in kept)
    items = (
        [*_item_line(i, e.content), *(_item_cell(element, i) for element in own[1])]
        for e in kept
        for i in e.content.items
    )
    return write_book(file, "two-sheet", specification, dict(zip(TWO_SHEETS, (lines, items), strict=True)))


def write_own(
    file: IO[bytes], entries: Iterable[ExportEntry], specification: Specification, *, peer: Codes | None = None
) -> int:
    """Write our own template with every element of the specification; returns the number of entries.

    peer: {element: {our code: theirs}} of the system the file is for; an entry with a code it does not map is left out
    and named on a sheet of its own, never written with a default (standards-facts 2.1).
    """
    every, kept = columns("own", specification), list(entries)
    unmapped = [fault for entry in kept for fault in _unmapped(entry, specification, peer or {})]
    stays = [entry for entry in kept if entry.code + entry.content.title not in {fault[0] for fault in unmapped}]
    lines = ([_cell_of(column.element, entry, peer or {}) for column in every[ENTRY_SHEET]] for entry in stays)
    items = (
        [e.content.title, e.provider, *(_item_cell(column.element, i) for column in every[ITEM_SHEET][2:])]
        for e in stays
        for i in e.content.items
    )
    more = (
        {"未导出": [("信息资源名称", "要素", "没有对照的取值"), *(fault[1:] for fault in unmapped)]} if unmapped else {}
    )
    return write_book(file, "own", specification, {ENTRY_SHEET: lines, ITEM_SHEET: items}, more=more)


Codes = Mapping[str, Mapping[str, str]]


def _unmapped(entry: ExportEntry, specification: Specification, peer: Codes) -> Iterator[tuple[str, str, str, str]]:
    for name, codes in peer.items():
        element, code = specification.element(name), str(value_of(entry.content, name))
        if element is not None and code and code not in codes:
            yield entry.code + entry.content.title, entry.content.title, element.label, str(_worded(element, code))


def _cell_of(element: Element | None, entry: ExportEntry, peer: Codes) -> object:
    if element is None:
        return ""
    apart: dict[str, object] = {"code": entry.code, "provider": entry.provider, "provider_code": entry.provider_uscc}
    if element.name in apart:
        return apart[element.name]
    content = entry.content
    if element.name == "share_type" and not content.share_confirmed:
        return ""
    if element.name in peer:
        return peer[element.name].get(str(value_of(content, element.name)), "")
    if element.name == "category":
        return _category(content.category) or _worded(element, content.category)
    return _worded(element, value_of(content, element.name))


def _item_cell(element: Element | None, item: ItemContent) -> object:
    if element is None:
        return ""
    value = item.extra.get(element.name, "") if is_own(element) else getattr(item, element.name)
    if isinstance(value, bool) and element.name in FLAG_WORDS:
        return FLAG_WORDS[element.name][not value]
    return _worded(element, value)


def _worded(element: Element, value: object) -> object:
    """Return a value as a cell holds it: labels for codes, 是 and 否, lists joined."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if value is None or isinstance(value, (int, date)):
        return value
    labels = {one.code: one.label for one in element.values}
    parts = (
        list(value) if isinstance(value, tuple) else str(value).split("、") if element.kind == "codes" else [str(value)]
    )
    return "、".join(labels.get(part, part) for part in parts)


def _label(terms: type[Term], code: str) -> str:
    return next((label for known, label in terms.choices() if known == code), code)


def _category(code: str) -> str:
    return {**BASE_CATEGORIES, **THEMES}.get(code, "")


def _entry_line(entry: ExportEntry) -> list[object]:
    content = entry.content
    return [
        content.title, entry.provider, content.system, content.matter, _label(UpdateCycle, content.update_cycle),
        LEVELS.get(content.security_level, ""), content.data_category, content.abstract,
        _label(ShareType, content.share_type) if content.share_confirmed else "", stated_conditions(content),
        SHARE_MODE_CLASSES.get(content.share_mode_class, ""), _label(OpenType, content.open_type), content.open_conditions,
    ]  # fmt: skip


def _item_line(item: ItemContent, content: Content) -> list[object]:
    return [
        content.title, item.name, item.column, item.standard, item.code_table, _label(DataType, item.type), item.length,
        item.value_range, _label(ShareType, item.share_type or content.share_type),
        _label(OpenType, item.open_type or content.open_type), "敏感" if item.sensitive else "非敏感",
        "涉密" if item.classified else "非涉密", "是" if item.timestamp else "否", "是" if item.key else "否",
    ]  # fmt: skip
