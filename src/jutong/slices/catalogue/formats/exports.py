"""Writing entries: rows of the 26-column sheet, the two-sheet workbook, and the wire's machine form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

import xlsxwriter
from django.utils.translation import gettext as _

from jutong.kernel.faces.downloads import neutral, write_xlsx
from jutong.kernel.terms import (
    BasisRank,
    CatalogueClass,
    DataType,
    FormatClass,
    OpenType,
    SecurityLevel,
    ShareType,
    Term,
    UpdateCycle,
)
from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.slices.catalogue.rules.obligations import SHARE_MODE_CLASSES, SHARE_MODES
from jutong.wire import catalogue as wire

GUIDE_HEADERS: Final = (
    "序号", "部门类信息资源分类", "项分类", "目分类", "细目分类1", "细目分类1.1", "关联业务事项", "信息资源名称", "信息资源代码",
    "下设机构", "信息资源摘要", "信息资源格式分类", "信息资源格式类型", "其他类型资源格式描述", "信息项名称", "数据类型", "数据长度",
    "共享类型", "共享条件/不予共享依据", "共享方式分类", "共享方式类型", "是否向社会开放", "开放条件", "更新周期", "发布日期",
    "开放主题分类",
)  # fmt: skip
GUIDE_EXTRA: Final = ("信息资源提供方", "信息资源提供方代码", "数据分类", "数据分级")
"""Our own columns behind the 26, which our import reads back."""
ENTRY_HEADERS: Final = (
    "*数据资源目录名称", "*目录提供方", "所属信息系统", "*数据所属事项", "*更新周期", "*数据分级", "数据分类", "*数据资源目录描述",
    "*共享属性", "共享条件/不予共享依据", "共享方式", "*开放属性", "开放条件",
)  # fmt: skip
ITEM_HEADERS: Final = (
    "*数据资源目录名称", "*信息项业务名称", "*信息项技术名称", "关联数据标准", "关联码表", "*数据类型", "数据长度", "数据值域",
    "*共享属性", "*开放属性", "*敏感属性", "*涉密属性", "是否时间戳", "是否主键",
)  # fmt: skip


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
            share_conditions=conditions(content),
            share_mode=content.share_mode,
            open_type=content.open_type,
            open_conditions=content.open_conditions,
            update_cycle=content.update_cycle,
            published_on=content.released_on,
            data_category=content.data_category,
            security_level=content.security_level,
            items=tuple(_wire_item(item, content) for item in content.items),
            related_codes=content.related_codes,
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


def conditions(content: Content) -> str:
    """Return what 共享条件/不予共享依据 holds: conditions, or the withheld entry's basis with its article."""
    if content.share_type == "withheld":
        rank = _label(BasisRank, content.basis_rank)
        return "".join(
            part for part in (rank and f"〔{rank}〕", content.basis_instrument, content.basis_article) if part
        )
    scope = _("共享范围：%s") % content.share_scope if content.share_scope else ""
    return "；".join(part for part in (scope, content.share_conditions) if part)


def _label(terms: type[Term], code: str) -> str:
    return _(terms(code).label) if code else ""


def guide_rows(entries: Iterable[ExportEntry]) -> Iterator[list[object]]:
    """Yield the lines of the 26-column sheet: one per item, the resource's columns repeated downwards."""
    for number, entry in enumerate(entries, 1):
        content = entry.content
        before: list[object] = [
            number, _label(CatalogueClass, content.resource_class), content.category, "", "", "", content.matter,
            content.title, entry.code, content.provider_unit, content.abstract, _label(FormatClass, content.format_class),
            "、".join(content.format_types), content.format_note,
        ]  # fmt: skip
        mode = SHARE_MODES.get(content.share_mode_class, {}).get(content.share_mode, "")
        after: list[object] = [
            conditions(content), SHARE_MODE_CLASSES.get(content.share_mode_class, ""), mode,
            _label(OpenType, content.open_type), content.open_conditions, _label(UpdateCycle, content.update_cycle),
            content.released_on, content.domain, entry.provider, entry.provider_uscc, content.data_category,
            _label(SecurityLevel, content.security_level),
        ]  # fmt: skip
        share = _label(ShareType, content.share_type) if content.share_confirmed else ""
        for item in content.items or (ItemContent(name=""),):
            yield [*before, item.name, _label(DataType, item.type), item.length, share, *after]


def write_guide(file: IO[bytes], entries: Iterable[ExportEntry]) -> int:
    """Write the 26-column sheet, streaming; returns the number of lines."""
    return write_xlsx(file, (*GUIDE_HEADERS, *GUIDE_EXTRA), guide_rows(entries), sheet=_("政务信息资源目录"))


def write_two_sheet(file: IO[bytes], entries: Iterable[ExportEntry]) -> int:
    """Write the two-sheet template (目录 and 信息项), streaming; returns the number of entries."""
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    count = row = 0
    with xlsxwriter.Workbook(file, options) as book:
        pages = [book.add_worksheet("数据资源目录导入"), book.add_worksheet("信息项导入")]
        for page, headers in zip(pages, (ENTRY_HEADERS, ITEM_HEADERS), strict=True):
            page.freeze_panes(1, 0)
            _line(page, 0, headers)
        for count, entry in enumerate(entries, 1):
            _line(pages[0], count, _entry_line(entry))
            for item in entry.content.items:
                row += 1
                _line(pages[1], row, _item_line(item, entry.content))
    return count


def _entry_line(entry: ExportEntry) -> list[object]:
    content = entry.content
    return [
        content.title, entry.provider, content.system, content.matter, _label(UpdateCycle, content.update_cycle),
        _label(SecurityLevel, content.security_level), content.data_category, content.abstract,
        _label(ShareType, content.share_type) if content.share_confirmed else "", conditions(content),
        SHARE_MODE_CLASSES.get(content.share_mode_class, ""), _label(OpenType, content.open_type), content.open_conditions,
    ]  # fmt: skip


def _item_line(item: ItemContent, content: Content) -> list[object]:
    return [
        content.title, item.name, item.column, item.standard, item.code_table, _label(DataType, item.type), item.length,
        item.value_range, _label(ShareType, item.share_type or content.share_type),
        _label(OpenType, item.open_type or content.open_type), "敏感" if item.sensitive else "非敏感",
        "涉密" if item.classified else "非涉密", "是" if item.timestamp else "否", "是" if item.key else "否",
    ]  # fmt: skip


def _line(page: Any, row: int, cells: Sequence[object]) -> None:
    for column, cell in enumerate(cells):
        if isinstance(cell, int):
            page.write_number(row, column, cell)
        elif cell not in (None, ""):
            page.write_string(row, column, str(neutral(str(cell))))
