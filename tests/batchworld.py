"""An entry whose data are handed in as batches, its items bound to code lists and types, and rows that keep to it."""

from __future__ import annotations

from typing import Any

from jutong.slices.catalogue.actions import ItemContent
from published import published
from world import World

ITEMS = (
    ItemContent(name="编号", column="code", type="C", length=6, key=True),
    ItemContent(
        name="性别", column="sex", type="C", length=1, code_table="GB/T 2261.1", value_range="1 男；2 女；9 未说明"
    ),
    ItemContent(name="出生日期", column="born", type="D"),
    ItemContent(name="收入", column="income", type="N", sensitive=True),
)
GOOD = "编号,性别,出生日期,收入\n000001,1,1990-01-01,100.5\n000002,2,1991-02-03,\n"


def declared(world: World, **changes: Any) -> int:
    given = {
        "share_type": "unconditional", "format_class": "spreadsheet", "format_types": ("csv",), "items": ITEMS,
        "share_mode": "file", "update_cycle": "daily", "title": "残疾人补贴信息", "personal": False,
    }  # fmt: skip
    return published(world, "civil", **(given | changes))
