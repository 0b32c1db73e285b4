"""Questions and remarks about entries and about cataloguing: what they must state; pure."""

from __future__ import annotations

from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_

KINDS: Final = {"question": N_("提问"), "comment": N_("评议")}
ADDRESSEES: Final = {"provider": N_("提供部门"), "authority": N_("主管部门")}
TOPICS: Final = {
    "compiling": N_("目录编制"),
    "classification": N_("分类与代码"),
    "sharing": N_("共享类型与依据"),
    "grading": N_("数据分类分级"),
    "items": N_("信息项与数据类型"),
    "updating": N_("目录更新与撤销"),
    "importing": N_("导入与接口"),
    "resources": N_("资源挂接与数据质量"),
    "other": N_("其他"),
}
"""What departments ask the authority about when no single entry is meant."""
LONGEST: Final = 2000


def check_question(kind: str, addressee: str, topic: str, text: str, *, about_entry: bool) -> None:
    """Refuse a question without an entry or a topic, for nobody, or without words (R-CAT-049)."""
    if kind not in KINDS:
        raise RuleBroken(N_("请选择提问或评议。"), field="kind")
    if topic and topic not in TOPICS:
        raise RuleBroken(N_("主题不在可选范围内，请从列表中选择。"), field="topic")
    if not about_entry and not topic:
        raise RuleBroken(N_("请指明所问的目录条目，或选择一个主题。"), field="topic")
    if addressee not in ADDRESSEES:
        raise RuleBroken(N_("请选择由提供部门还是主管部门答复。"), field="addressee")
    if not about_entry and (addressee == "provider" or kind == "comment"):
        raise RuleBroken(N_("没有指明目录条目的，只能向主管部门提问。"), field="addressee")
    check_words(text)


def check_words(text: str, field: str = "text") -> None:
    """Refuse an empty or over-long text."""
    if not text.strip():
        raise RuleBroken(N_("请填写内容。"), field=field)
    if len(text) > LONGEST:
        raise RuleBroken(N_("内容不能超过 %(most)d 字，请精简。"), field=field, most=LONGEST)
