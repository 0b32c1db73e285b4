"""The police officer's catalogue as she keeps it: the 26-column sheet, with two rows that will come back."""

from __future__ import annotations

import io
from typing import Any, Final

from jutong.cli.demo.resources import contents

HEADERS: Final = (
    "序号", "部门类信息资源分类", "项分类", "目分类", "细目分类1", "细目分类1.1", "关联业务事项", "信息资源名称", "信息资源代码",
    "下设机构", "信息资源摘要", "信息资源格式分类", "信息资源格式类型", "其他类型资源格式描述", "信息项名称", "数据类型", "数据长度",
    "共享类型", "共享条件/不予共享依据", "共享方式分类", "共享方式类型", "是否向社会开放", "开放条件", "更新周期", "发布日期",
    "开放主题分类", "信息资源提供方", "信息资源提供方代码", "数据分类", "数据分级",
)  # fmt: skip
_TYPES: Final = {"C": "字符型", "N": "数值型", "D": "日期型", "T": "日期时间型"}
_SHARE: Final = {"conditional": "有条件共享", "unconditional": "无条件共享"}
_CYCLES: Final = {"daily": "每日", "weekly": "每周", "monthly": "每月", "quarterly": "每季度", "yearly": "每年"}
_LEVELS: Final = {"general": "一般数据", "important": "重要数据"}
BAD: Final = {"户籍迁移信息": ("共享类型", "部分共享"), "保安员证": ("更新周期", "看情况")}
"""Two entries with a cell that no list knows."""


def workbook(*, corrected: bool) -> bytes:
    """Return the officer's Excel file; uncorrected, two of its entries carry a bad cell."""
    import xlsxwriter

    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        page = book.add_worksheet("目录")
        page.write_row(0, 0, HEADERS)
        row = 1
        for number, content in enumerate(contents("police"), start=1):
            if corrected and content.title not in BAD:
                continue
            for item in content.items:
                cells = _cells(number, content, item, corrected=corrected)
                page.write_row(row, 0, [cells.get(header, "") for header in HEADERS])
                row += 1
    return file.getvalue()


def _cells(number: int, content: Any, item: Any, *, corrected: bool) -> dict[str, object]:
    cells: dict[str, object] = {
        "序号": number,
        "信息资源名称": content.title,
        "信息资源摘要": content.abstract,
        "信息资源格式分类": "数据库",
        "信息资源格式类型": "PostgreSQL",
        "信息项名称": item.name,
        "数据类型": _TYPES[item.type],
        "数据长度": item.length or "",
        "共享类型": _SHARE[content.share_type],
        "共享条件/不予共享依据": content.share_conditions,
        "共享方式分类": "共享平台方式",
        "共享方式类型": "数据库",
        "是否向社会开放": "否",
        "更新周期": _CYCLES[content.update_cycle],
        "信息资源提供方": "江州市公安局",
        "数据分类": content.data_category,
        "数据分级": _LEVELS[content.security_level],
    }
    if not corrected and content.title in BAD:
        header, value = BAD[content.title]
        cells[header] = value
    return cells
