"""What a dispute may be about and come to; pure (national-2025#28; jiangxi-2017#16, inner-mongolia-2018#19, neijiang-2020#25)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

import msgspec

from jutong.kernel.errors import RuleBroken, WrongState
from jutong.kernel.terms import N_, ShareType
from jutong.slices.sharing.rules.requests import LONGEST_TEXT, SHORTEST_TEXT, Reply

LOCAL_KIND: Final = "withheld_or_refused"
KINDS: Final = {
    LOCAL_KIND: N_("不予共享或者被拒绝（地方规定）"),
    "refusal": N_("不同意共享或者不予受理"),
    "sharing_type": N_("共享属性"),
    "condition": N_("共享条件"),
    "delivery": N_("数据提供"),
    "quality": N_("数据质量"),
    "service_change": N_("服务变更或者停止"),
    "suspension": N_("暂停共享"),
    "disposal": N_("数据处置"),
    "backflow": N_("数据回流"),
}
"""Kinds of disputes: the first under the local texts alone, the others since the decree (W07)."""

RESULTS: Final = {
    "share": N_("共享"),
    "share_with_conditions": N_("附条件共享"),
    "not_share": N_("不共享"),
    "change_type": N_("更改共享属性"),
    "restore": N_("恢复共享"),
    "end": N_("终止共享"),
    "other": N_("按处理意见执行"),
}
"""What a dispute can come to; share and share with conditions produce the grant (R-SHR-014)."""

SHARING: Final = frozenset({"share", "share_with_conditions"})
OF_GRANT: Final = frozenset({"restore", "end"})
NO_OUTCOME: Final = N_("请选择处理结果：共享、附条件共享、不共享，或者与争议种类相应的其他结果。")

NOTES: Final = {
    "statement": N_("意见陈述"),
    "absence": N_("未陈述意见"),
    "minutes": N_("协调记录"),
    "expert": N_("专家意见"),
    "department": N_("相关部门意见"),
}
"""What is written down in a dispute."""

BODIES: Final = {"government": N_("本级人民政府"), "leading_group": N_("领导小组")}
"""Bodies above the authority that decide in disputes."""

SIDES: Final = {"consumer": N_("使用方"), "provider": N_("提供方")}


UNHEARD: Final = {
    "consumer": N_("尚无使用方的意见陈述：请先取得意见，或者登记其未陈述意见的情况。"),
    "provider": N_("尚无提供方的意见陈述：请先取得意见，或者登记其未陈述意见的情况。"),
}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What is settled or decided: its result, the reasons in words, the conditions in words, and the terms of the grant.

    terms: what is granted, where sharing is the result and no request says it.
    """

    result: str
    text: str = ""
    conditions: str = ""
    terms: Reply | None = None


def check_opening(
    kind: str, duty: str, statement: str, *, decreed: bool, share_type: str, request_state: str, grant_state: str
) -> None:
    """Refuse a dispute without kind, duty or statement, or about what is not disputed yet.

    decreed: the case starts under the decree. request_state, grant_state: empty where there is none.
    """
    if kind not in KINDS or (kind == LOCAL_KIND) is decreed:
        raise RuleBroken(N_("请选择争议种类。"), field="kind")
    for field, text, label in (("duty", duty, N_("需要该数据的职责")), ("statement", statement, N_("争议事项和意见"))):
        if not SHORTEST_TEXT <= len(text.strip()) <= LONGEST_TEXT:
            raise RuleBroken(N_("请填写“%(label)s”（4 至 2000 个字）。"), field=field, label=label)
    refused = request_state in {"refused", "not_accepted"}
    if kind == LOCAL_KIND and not (refused or (share_type == ShareType.WITHHELD and not request_state)):
        raise WrongState(N_("只有不予共享的资源，或者被拒绝的有条件共享申请，才能提出协商。"))
    if kind == "refusal" and not refused:
        raise WrongState(N_("该申请尚未被拒绝，不能就不同意共享提出争议；请等待答复或查看申请状态。"))
    if kind == "suspension" and grant_state != "suspended":
        raise WrongState(N_("该授权没有被暂停，不能就暂停共享提出争议。"))


def check_outcome(outcome: Outcome, *, withheld: bool, held: bool, asked: bool, kind: str) -> None:
    """Refuse an outcome that is none, lacks its conditions, or cannot be carried out.

    withheld: the resource is withheld now and the decree binds the case (R-SHR-011). held: there is a grant. asked: a
    request says what would be granted.
    """
    if outcome.result not in RESULTS or ((outcome.result == "change_type") and kind != "sharing_type"):
        raise RuleBroken(NO_OUTCOME, field="result")
    if len(outcome.text.strip()) < SHORTEST_TEXT:
        raise RuleBroken(N_("请写明处理意见（不少于 4 个字）。"), field="text")
    limited = outcome.conditions.strip() or (outcome.terms and (outcome.terms.conditions or outcome.terms.terms))
    if outcome.result == "share_with_conditions" and not limited:
        raise RuleBroken(N_("附条件共享须写明条件。"), field="conditions")
    if outcome.result in SHARING and withheld:
        raise WrongState(
            N_(
                "该资源仍为不予共享，不能作出共享的处理：须先由提供方变更共享属性并更新目录（条例第十四条、第二十八条）。"
            )
        )
    if outcome.result in SHARING and not (asked or held or outcome.terms):
        raise RuleBroken(N_("请写明共享的信息项、共享方式、用途和期限。"), field="items")
    if outcome.result in OF_GRANT and not held:
        raise RuleBroken(N_("该争议没有涉及授权，不能恢复或者终止共享，请另选处理结果。"), field="result")


def check_heard(heard: Collection[str], *, last: str = "") -> None:
    """Refuse to go on before both sides were heard or their absence is recorded (W07).

    heard: sides with a statement or a recorded absence. last: words that record the absence of the side not heard.
    """
    missing = next((side for side in SIDES if side not in heard), "")
    if missing and not last.strip():
        raise WrongState(UNHEARD[missing])


def check_note(sort: str, side: str, source: str, text: str) -> None:
    """Refuse a record without its kind, words or source."""
    if sort not in NOTES or sort == "statement":
        raise RuleBroken(N_("请选择记录种类。"), field="sort")
    if not text.strip():
        raise RuleBroken(N_("请填写记录内容。"), field="text")
    if sort == "absence" and side not in SIDES:
        raise RuleBroken(N_("请选择未陈述意见的一方。"), field="side")
    if sort in {"expert", "department"} and not source.strip():
        raise RuleBroken(N_("请写明专家姓名或者部门名称。"), field="source")


def check_submission(sorts: Collection[str]) -> None:
    """Refuse to submit to the government without a coordination record (R-SHR-053)."""
    if "minutes" not in sorts:
        raise WrongState(N_("尚无协调记录，不能报本级人民政府决定：请先登记协调记录。"))


def check_decision(number: str, decided_on: date, today: date) -> None:
    """Refuse a government decision without number, or from the future."""
    if not number.strip():
        raise RuleBroken(N_("请填写政府决定的文号。"), field="number")
    if decided_on > today:
        raise RuleBroken(N_("决定日期不得晚于今天，请修改。"), field="decided_on")
