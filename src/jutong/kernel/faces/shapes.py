"""What an API caller is told about a field of the wrong shape: pydantic's findings as sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_

BY_TYPE: Final[Mapping[str, str]] = {
    "missing": N_("必须填写。"),
    "extra_forbidden": N_("没有这一项，请删去。"),
    "string_too_long": N_("最多 %(max_length)d 个字，请精简。"),
    "string_too_short": N_("至少 %(min_length)d 个字，请补充。"),
    "string_pattern_mismatch": N_("写法不符合规定的格式，请核对。"),
    "too_long": N_("最多 %(max_length)d 项，请分次提交。"),
    "too_short": N_("至少 %(min_length)d 项，请补充。"),
    "greater_than_equal": N_("不能小于 %(ge)s。"),
    "greater_than": N_("应大于 %(gt)s。"),
    "less_than_equal": N_("不能大于 %(le)s。"),
    "less_than": N_("应小于 %(lt)s。"),
    "int_parsing_size": N_("数值过大，请改小。"),
    "enum": N_("取值只能是 %(expected)s。"),
    "literal_error": N_("取值只能是 %(expected)s。"),
    "json_invalid": N_("不是有效的 JSON。"),
}
"""Sentences by pydantic's error type, filled with the finding's context."""

BY_FAMILY: Final[Mapping[str, str]] = {
    "string": N_("应为文本。"),
    "int": N_("应为整数。"),
    "float": N_("应为数字。"),
    "decimal": N_("应为数字。"),
    "bool": N_("应为 true 或 false。"),
    "date": N_("应为日期，如 2026-09-30。"),
    "datetime": N_("应为时间，如 2026-09-30T08:30:00+08:00。"),
    "list": N_("应为列表。"),
    "tuple": N_("应为列表。"),
    "dict": N_("应为键值对象。"),
    "model": N_("应为键值对象。"),
}
"""Sentences by the first word of the error type, where the type has none of its own."""

MOST_NAMED: Final = 10
"""Fields that the one sentence for all of them names; each has its own remark besides."""
OTHER: Final = N_("格式或取值不符合接口要求，请核对接口说明。")


def sentence(finding: Mapping[str, Any]) -> str:
    """Return what is wrong with one field, in the reader's language. finding: an item of pydantic's ``errors()``."""
    kind, context = str(finding["type"]), dict(finding.get("ctx") or {})
    template = BY_TYPE.get(kind) or BY_FAMILY.get(kind.split("_", 1)[0], OTHER)
    return _(template) % context


def misshapen(findings: Iterable[Mapping[str, Any]]) -> RuleBroken:
    """Return the refusal of input of the wrong shape: a sentence for each field, by its path."""
    remarks = {".".join(str(part) for part in one["loc"]): sentence(one) for one in findings}
    told = "；".join(f"{name}：{text.removesuffix('。')}" for name, text in list(remarks.items())[:MOST_NAMED])
    return RuleBroken(_("请求内容不符合接口要求：%s。请改正后重新提交。") % told, remarks=remarks)
