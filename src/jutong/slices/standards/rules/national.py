"""The national compilation specification as shipped, in each of its versions (R-CAT-050)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec

from jutong.kernel.terms import (
    ITEM_STANDS,
    N_,
    SHARE_LIMITS,
    SHARE_MODE_CLASSES,
    SHARE_MODE_LABELS,
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
from jutong.slices.standards.rules.purposes import SHIPPED
from jutong.wire.specification import Element, Specification, Value


def _term(terms: type[Term]) -> tuple[Value, ...]:
    return tuple(Value(code, label) for code, label in terms.choices())


def _named(names: Mapping[str, str]) -> tuple[Value, ...]:
    return tuple(Value(code, label) for code, label in names.items())


VALUES: Final[Mapping[tuple[str, str], tuple[Value, ...]]] = {
    ("entry", "resource_class"): _term(CatalogueClass),
    ("entry", "format_class"): _term(FormatClass),
    ("entry", "share_type"): _term(ShareType),
    ("entry", "share_limit"): _named(SHARE_LIMITS),
    ("entry", "use_purposes"): _named(SHIPPED),
    ("entry", "basis_rank"): _term(BasisRank),
    ("entry", "share_mode_class"): _named(SHARE_MODE_CLASSES),
    ("entry", "share_mode"): _named(SHARE_MODE_LABELS),
    ("entry", "open_type"): _term(OpenType),
    ("entry", "update_cycle"): _term(UpdateCycle),
    ("entry", "security_level"): _term(SecurityLevel),
    ("entry", "carrier"): _named(
        {"document": N_("文件"), "material": N_("资料"), "chart": N_("图表"), "data": N_("数据")}
    ),
    ("entry", "acquisition_mode"): _named(
        {
            "direct": N_("直接采集"),
            "third_party": N_("通过第三方采集"),
            "authorised": N_("依法授权管理"),
            "system": N_("依托政务信息系统形成"),
        }
    ),
    ("entry", "info_kind"): _named(
        {
            "base_information": N_("基础信息"),
            "business_information": N_("业务信息"),
            "trace_information": N_("痕迹信息"),
            "state_information": N_("状态信息"),
            "norm_information": N_("政策和工作规范信息"),
        }
    ),
    ("entry", "document_kind"): _named({"document": N_("文书类"), "licence": N_("证照类"), "contract": N_("合同类")}),
    ("entry", "share_method"): _named({"query": N_("查询"), "exchange": N_("交换"), "publish": N_("发布")}),
    ("item", "type"): _term(DataType),
    ("item", "share_type"): _term(ShareType),
    ("item", "open_type"): _term(OpenType),
    ("item", "security_level"): _term(SecurityLevel),
    ("item", "source"): _named(ITEM_STANDS),
}
"""Value lists of the national specification by element (standards-facts section 2).

Carriers and ways of acquiring are those of the local texts (R-CAT-004), kinds of information and methods those of
national-project-opinion#3 (R-CAT-045); kinds of electronic documents those of neijiang-2020#28 (R-SHR-033).
"""

KEPT_BY_NAME: Final[Mapping[str, str]] = {
    "carrier": N_("资源载体"),
    "acquisition_mode": N_("取得方式"),
    "acquired_through": N_("第三方名称"),
    "info_kind": N_("国家项目信息类别"),
    "share_method": N_("国家项目共享方式"),
    "data_owner": N_("数据所有者"),
    "business_secret": N_("含商业秘密"),
    "handling_rule": N_("处理规则"),
    "document_kind": N_("电子凭证类别"),
    "co_builders": N_("共建部门"),
}
"""What elements are called that entries keep by their name, as those that a local specification adds."""


@cache
def shipped() -> tuple[Specification, ...]:
    """Return the shipped national versions, the oldest first."""
    data = tomllib.loads(files(__package__).joinpath("national.toml").read_text(encoding="utf-8"))
    elements = [_element(row) for row in data["elements"]]
    return tuple(_version(row, elements) for row in data["versions"])


def _element(row: dict[str, object]) -> Element:
    found = msgspec.convert({"label": KEPT_BY_NAME.get(str(row["name"]), "")} | row, Element)
    return msgspec.structs.replace(found, values=VALUES.get((found.of, found.name), ()))


def _version(row: dict[str, Any], elements: list[Element]) -> Specification:
    mandatory = frozenset(row.get("mandatory", ()))
    own = tuple(
        msgspec.structs.replace(one, obligation="M", when="") if one.of == "entry" and one.name in mandatory else one
        for one in elements
    )
    return Specification(
        reference=row["reference"],
        title=row["title"],
        basis=row["basis"],
        effective_from=row["effective_from"],
        elements=own,
    )
