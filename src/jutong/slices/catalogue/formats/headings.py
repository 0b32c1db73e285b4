"""Which heading of which template holds which element: the field's templates and our own, local elements included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jutong.slices.catalogue.rules.specified import own_elements
from jutong.slices.catalogue.rules.text import clean
from jutong.wire.specification import Specification

GUIDE: Final[Mapping[str, str]] = {
    "序号": "sequence", "部门类信息资源分类": "class_kind", "信息资源分类": "class_kind", "项分类": "class_group",
    "目分类": "class_branch", "细目分类1": "class_leaf", "细目分类1.1": "class_leaf_2", "关联业务事项": "matter",
    "信息资源名称": "title", "信息资源代码": "code", "下设机构": "provider_unit", "信息资源提供方": "provider",
    "信息资源提供方代码": "provider_code", "信息资源摘要": "abstract", "信息资源格式分类": "format_class",
    "信息资源格式类型": "format_types", "其他类型资源格式描述": "format_note", "信息项名称": "item.name",
    "数据类型": "item.type", "数据长度": "item.length", "共享类型": "share_type",
    "共享条件/不予共享依据": "share_conditions", "共享方式分类": "share_mode_class", "共享方式类型": "share_mode",
    "是否向社会开放": "open_type", "开放条件": "open_conditions", "更新周期": "update_cycle", "发布日期": "released_on",
    "开放主题分类": "domain", "所属系统": "system", "在线资源链接地址": "link", "涉密属性": "secret",
    "数据分级": "security_level", "数据分类": "data_category", "关联资源代码": "related_codes",
    "数源属性": "item.source", "引用的目录代码": "item.refers",
}  # fmt: skip
"""The common template's 26 columns, those of its second variant (standards-facts section 4), and whence an item comes."""
TWO_SHEET_ENTRY: Final[Mapping[str, str]] = {
    "挂接资源名称": "mounted", "数据资源目录名称": "title", "数据资源来源部门": "source_department", "目录提供方": "provider",
    "所属信息系统": "system", "所属业务对象": "subject", "应用场景分类": "scene", "数据所属事项": "matter",
    "空间范围": "space", "数据时间范围": "period", "更新周期": "update_cycle", "数据分级": "security_level",
    "数据资源目录描述": "abstract", "资源属性分类一": "class_1", "资源属性分类二": "class_2", "资源属性分类三": "class_3",
    "共享属性": "share_type", "共享条件/不予共享依据": "share_conditions", "共享方式": "share_mode_class",
    "开放属性": "open_type", "开放条件": "open_conditions", "数据同步机制": "sync", "同步频率": "sync_cycle",
    "数据是否存在物理删除": "deletes", "是否上线到超市": "online", "数据分类": "data_category",
    "信息资源目录名称": "title", "信息资源来源部门": "source_department", "所属部门": "provider", "所属处室": "provider_unit",
    "所属主干业务": "matter", "资源标签": "keywords", "信息资源目录描述": "abstract", "关联信息系统": "system",
    "数据范围": "space", "处室业务职责": "duty", "资源属性分类": "class_1", "关联数据资源目录": "related_titles",
    "来源业务场景": "scene_of_origin", "关联业务场景": "scene", "关联信息类": "information_kind", "关联信息项": "related_items",
}  # fmt: skip
"""The two-sheet templates of running platforms: the sheet of entries."""
TWO_SHEET_ITEM: Final[Mapping[str, str]] = {
    "数据资源目录名称": "title", "信息项业务名称": "name", "信息项技术名称": "column", "关联数据标准": "standard",
    "关联码表": "code_table", "数据类型": "type", "数据长度": "length", "数据值域": "value_range", "共享属性": "share_type",
    "开放属性": "open_type", "敏感属性": "sensitive", "涉密属性": "classified", "是否时间戳": "timestamp", "是否主键": "key",
    "信息资源目录名称": "title", "信息项名称": "name", "映射字段": "column", "关联数据元": "standard", "关联代码集": "code_table",
}  # fmt: skip
OWN_ENTRY: Final[Mapping[str, str]] = {"信息资源名称": "title", "信息资源提供方": "provider"}
"""What joins an item to its entry on our own template's second sheet."""
Names = Mapping[str, str]


def header_name(cell: object) -> str:
    """Return a header cell without stars, colons and spaces."""
    return clean(cell).replace(" ", "").strip("*＊：:")


def guide_names(specification: Specification | None) -> Names:
    """Return {heading: element} of the one-sheet template, local elements under their labels."""
    return _own(specification, "entry", "") | _own(specification, "item", "item.") | dict(GUIDE)


def entry_names(specification: Specification | None) -> Names:
    """Return {heading: element} of the sheet of entries: the field's two-sheet templates and our own."""
    every = specification.elements if specification else ()
    ours = {header_name(one.label): one.name for one in every if one.of == "entry" and one.kind != "items"}
    return {**ours, **TWO_SHEET_ENTRY}


def item_names(specification: Specification | None) -> Names:
    """Return {heading: element} of the sheet of items."""
    every = specification.elements if specification else ()
    ours = {header_name(one.label): one.name for one in every if one.of == "item"}
    return {**ours, **OWN_ENTRY, **TWO_SHEET_ITEM}


def _own(specification: Specification | None, of: str, before: str) -> dict[str, str]:
    return {header_name(one.label): before + one.name for one in own_elements(specification, of)}
