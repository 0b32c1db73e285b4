"""Assessments before an entry is submitted: what they ask, what they must state, and for which contents they hold; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Final

import msgspec

from jutong.crypto import sm3
from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_, ShareType
from jutong.slices.catalogue.rules.content import Content

SECRECY: Final = "secrecy_risk"
PERSONAL: Final = "personal_information_impact"
KINDS: Final = {SECRECY: N_("保密风险评估"), PERSONAL: N_("个人信息保护影响评估")}
RESULTS: Final = {
    "acceptable": N_("可接受"),
    "with_measures": N_("采取措施后可接受"),
    "not_acceptable": N_("不可接受"),
}
QUESTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    SECRECY: {
        "secrets": N_("是否核对过本部门的国家秘密、工作秘密事项范围，各信息项均不在其内"),
        "joining": N_("与其他数据汇聚、关联后，是否不会产生涉密内容"),
        "audience": N_("共享范围和方式是否不会扩大不宜公开内容的知悉范围"),
    },
    PERSONAL: {
        "purpose": N_("处理目的、处理方式是否合法、正当、必要（个人信息保护法第五十六条第一项）"),
        "rights": N_("对个人权益的影响及安全风险是否可控（第五十六条第二项）"),
        "measures": N_("所采取的保护措施是否合法、有效并与风险程度相适应（第五十六条第三项）"),
        "least": N_("信息项是否限于实现目的的最小范围（第六条）"),
        "sensitive": N_("含敏感个人信息的，是否有特定目的和充分必要性并采取严格保护措施（第二十八条）"),
    },
}
"""What each kind asks; every question is put so that yes is well."""
ANSWERS: Final = {"yes": N_("是"), "no": N_("否"), "none": N_("不涉及")}
USUAL_VALIDITY: Final = timedelta(days=365)
"""How long an assessment holds where nobody says otherwise (default; the texts name no number)."""
_WIDTH: Final = [ShareType.WITHHELD.value, ShareType.CONDITIONAL.value, ShareType.UNCONDITIONAL.value]


def scope_of(content: Content) -> str:
    """Return the digest of what an assessment is about: items, purposes, scope and conditions, mode, marks and level."""
    items = [(i.name, i.column, i.share_type, i.sensitive, i.security_level, i.not_personal) for i in content.items]
    told = (
        items, sorted(content.use_purposes), content.share_scope, content.share_conditions, content.share_mode,
        content.open_type, content.personal, content.security_level,
    )  # fmt: skip
    return sm3.hexdigest(msgspec.json.encode(told))


def wider(share_type: str, assessed: str) -> bool:
    """Tell whether a sharing type shares more than the one that was assessed."""
    return _WIDTH.index(share_type) > _WIDTH.index(assessed)


def due_kinds(asked: Collection[str], *, persons: bool) -> tuple[str, ...]:
    """Return the kinds an entry needs: of those the profile asks, the personal one only where persons are concerned."""
    return tuple(kind for kind in KINDS if kind in asked and (kind != PERSONAL or persons))


def check_assessment(
    kind: str, answers: Mapping[str, str], result: str, conclusion: str, measures: str, *, responsible: str,
    valid_until: date | None, today: date,
) -> None:  # fmt: skip
    """Refuse an assessment that leaves a question open, contradicts itself, or has no result, conclusion or person.

    A secrecy-risk conclusion may stand without the questionnaire.
    """
    remarks: dict[str, str] = {}
    if kind not in KINDS:
        raise RuleBroken(N_("请选择评估种类：保密风险评估或个人信息保护影响评估。"), field="kind")
    questions = QUESTIONS[kind]
    spared = kind == SECRECY and not answers
    if not spared and (any(answers.get(name) not in ANSWERS for name in questions) or set(answers) - questions.keys()):
        remarks["answers"] = N_("请逐项回答评估问卷，每项选“是”“否”或“不涉及”。")
    if result not in RESULTS:
        remarks["result"] = N_("请选择评估结果。")
    elif result == "acceptable" and "no" in answers.values():
        remarks["result"] = N_("问卷中有“否”的，结果不能是“可接受”：请选“采取措施后可接受”并写明措施，或“不可接受”。")
    if result == "with_measures" and not measures.strip():
        remarks["measures"] = N_("请写明采取的措施。")
    if not conclusion.strip():
        remarks["conclusion"] = N_("请填写评估结论。")
    if not responsible.strip():
        remarks["responsible"] = N_("请填写评估责任人。")
    if valid_until is not None and valid_until < today:
        remarks["valid_until"] = N_("有效期不能早于今天，请修改。")
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)
