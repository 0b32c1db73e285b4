"""What a request must say and what a reply may do; pure (national-2025#15, #20 to #22; workflows W06)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec

from jutong.crypto import sm3
from jutong.kernel.errors import Conflict, RuleBroken, WrongState
from jutong.kernel.terms import CLASS_OF, N_, DeliveryMode, ShareType
from jutong.wire.grants import Condition, Masking, Quota

LONGEST_TEXT: Final = 2000
SHORTEST_TEXT: Final = 4
LONGEST_YEARS: Final = 5

ELEMENTS: Final = {
    "use_basis": N_("请填写使用依据（不少于 4 个字），例如所依据的法律法规条款或职责文件。"),
    "use_scene": N_("请填写使用场景（不少于 4 个字），例如办理哪一事项。"),
    "use_scope": N_("请填写使用范围（不少于 4 个字），例如由哪些处室、系统使用。"),
    "duty": N_("请填写所履行的职责（不少于 4 个字）。"),
}
"""The elements of a request that are told in words (national-2025#20; duty: R-SHR-002), and what is said without them."""

TOO_LONG: Final = N_("不得超过 2000 个字，请精简，详细材料可作为附件上传。")

DECREED: Final = ("use_basis", "use_scene", "use_scope", "share_mode", "use_period")
"""The elements of national-2025#20."""

COMMERCIAL: Final = N_("共享数据不得用于社会有偿服务或其他商业用途（%(source)s），请取消该声明或改为履职用途。")

INCOMPLETE: Final = ("材料不全", "材料不齐", "材料不完整", "资料不全", "缺少材料", "补充材料", "incomplete")
"""Words of a reason that is no reason: papers are asked for by the one notice (national-2025#21)."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a consumer asks for; its SM3 is the request's digest.

    agreement: number of the agreement that it is made under and keeps to, if any.
    """

    resource_id: int
    items: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    key_items: tuple[str, ...] = ()
    modes: tuple[str, ...]
    purposes: tuple[str, ...]
    use_basis: str
    use_scene: str
    use_scope: str
    duty: str
    use_from: date
    use_until: date
    personal_basis: str = ""
    declared: bool = False
    commercial: bool = False
    attachments: tuple[int, ...] = ()
    agreement: str = ""


class GrantedItem(msgspec.Struct, frozen=True):
    """An item of a reply with the masking it will be given under."""

    item: str
    masking: Masking = Masking.NONE


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's drafted reply: agree with terms, or refuse with a reason on the substance."""

    agree: bool
    items: tuple[GrantedItem, ...] = ()
    conditions: tuple[Condition, ...] = ()
    key_items: tuple[str, ...] = ()
    confirm_items: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    use_until: date | None = None
    scope: str = ""
    remarks: str = ""
    quota: Quota = Quota()
    reason: str = ""
    basis: str = ""
    terms: tuple[str, ...] = ()
    fee: str = ""
    fee_basis: str = ""


class Demands(msgspec.Struct, frozen=True, kw_only=True):
    """What profile and entry ask of a reply.

    refusal: what a refusal must carry (reason, basis). papers: incomplete papers may be the reason. fee: one may be
    asked where a law says so. terms: conditions in words that may be made, None for any. withheld: items that are.
    """

    refusal: tuple[str, ...] = ("reason",)
    papers: bool = False
    fee: bool = False
    terms: tuple[str, ...] | None = None
    withheld: frozenset[str] = frozenset()


def conditions_of(text: str) -> tuple[str, ...]:
    """Return the conditions that an entry declares, one by one: a reply can make no others (national-2025#15)."""
    parts = (part.strip(" 。\t") for part in re.split(r"[\n；;]", text))
    return tuple(dict.fromkeys(part for part in parts if part))


def reply_digest(digest: str, reply: Mapping[str, Any]) -> str:
    """Return the SM3 (hex) of a drafted reply with the request it answers: what the deciding head signs."""
    return sm3.hexdigest(digest.encode() + msgspec.json.encode(reply, order="sorted"))


def meant_modes(named: Sequence[str], offered: Collection[str]) -> tuple[str, ...]:
    """Return the delivery modes that a request or a reply names, each once.

    A class of national-2025#22 stands for those of its local modes that the entry offers (R-EXC-024). A word that is
    neither stays as it is, to be refused with all other faults.
    """
    meant = list[str]()
    for name in named:
        of_class = [str(mode) for mode in DeliveryMode if CLASS_OF[mode] == name and mode in (offered or DeliveryMode)]
        meant += of_class or [name]
    return tuple(dict.fromkeys(meant))


def check_asked(
    asked: Asked,
    *,
    items: Mapping[str, str],
    modes: Collection[str],
    personal: bool,
    today: date,
    own: bool,
    elements: Collection[str] = DECREED,
    commercial: str = "",
    purposes: Mapping[str, str],
) -> None:
    """Refuse a request that lacks an element or asks for what the entry does not offer; all faults in one answer.

    items: share type of each item by name. modes: modes the entry offers, empty for all. own: consumer is provider.
    elements: what the profile asks for (before the decree: demand and purpose). commercial: the source that forbids
    commercial use, empty where none does. purposes: code and name of those on the list.
    """
    remarks = {
        **_missing_words(asked, elements),
        **_wrong_choice(asked, items, modes, purposes),
        **_wrong_term(asked, today),
    }
    if personal and not asked.personal_basis.strip():
        remarks["personal_basis"] = N_("该资源含个人信息，请填写处理个人信息的合法性基础。")
    if "use_basis" in elements and not asked.declared:
        remarks["declared"] = N_("请勾选承诺：申请真实、合法、必要（条例第二十条）。")
    if asked.commercial and commercial:
        remarks["commercial"] = COMMERCIAL
    if own:
        remarks["resource_id"] = N_("这是本部门自己的资源，无需申请。")
    if remarks:
        raise RuleBroken(
            next(iter(remarks.values())), remarks=remarks, source=commercial, purposes="、".join(purposes.values())
        )


def _missing_words(asked: Asked, elements: Collection[str]) -> dict[str, str]:
    lengths = {name: len(getattr(asked, name).strip()) for name in ELEMENTS}
    wanted = {"duty", *elements}
    short = {name: ELEMENTS[name] for name, length in lengths.items() if name in wanted and length < SHORTEST_TEXT}
    long = {name: TOO_LONG for name, length in lengths.items() if length > LONGEST_TEXT}
    return {**short, **long}


def _wrong_choice(
    asked: Asked, items: Mapping[str, str], modes: Collection[str], purposes: Collection[str]
) -> dict[str, str]:
    remarks: dict[str, str] = {}
    types = [items.get(name) for name in asked.items]
    if not types or None in types:
        remarks["items"] = N_("请从目录所列信息项中至少选择一项。")
    elif ShareType.WITHHELD in types:
        remarks["items"] = N_("所选信息项中有不予共享的，不能申请，请取消勾选；如对共享属性有争议，请按争议程序提出。")
    if not set(asked.key_items) <= set(items):
        remarks["key_items"] = N_("查询条件项须为目录所列信息项，请重新选择。")
    elif any(items[name] == ShareType.WITHHELD for name in asked.key_items):
        remarks["key_items"] = N_("查询条件项不得为不予共享的信息项，请重新选择。")
    if any(items.get(condition.item) == ShareType.WITHHELD for condition in asked.conditions):
        remarks["conditions"] = N_("行条件不得使用不予共享的信息项，请重新选择。")
    if not asked.modes or not set(asked.modes) <= set(modes or DeliveryMode):
        remarks["modes"] = N_("请从目录提供的共享方式中选择。")
    if not asked.purposes:
        remarks["purposes"] = N_("请从使用用途清单中至少选择一项。")
    elif not set(asked.purposes) <= set(purposes):
        remarks["purposes"] = N_("所选用途不在使用用途清单中，请从清单中选择：%(purposes)s。")
    return remarks


def _wrong_term(asked: Asked, today: date) -> dict[str, str]:
    upside_down = asked.use_until < max(today, asked.use_from)
    too_long = asked.use_until.year - asked.use_from.year > LONGEST_YEARS
    return (
        {"use_until": N_("使用时限的截止日期须不早于今天和起始日期，且不超过五年。")} if upside_down or too_long else {}
    )


def check_askable(share_type: str) -> None:
    """Refuse to ask for withheld data: only its type can be disputed (W06)."""
    if share_type == ShareType.WITHHELD:
        raise WrongState(N_("该资源为不予共享，不能提出共享申请；如对共享属性有争议，请按争议程序提出。"))


def check_consent(digest: str, consented: str) -> None:
    """Refuse to file a version to which the head has not consented (national-2025#20)."""
    if not consented or digest != consented:
        raise Conflict(N_("申请内容在负责人同意之后有改动，原同意失效，请重新取得本方共享工作机构负责人同意。"))


def check_supplement(papers: Sequence[str], notice: Mapping[str, Any]) -> None:
    """Refuse a second notice, or one that names nothing (national-2025#21: once and completely)."""
    if notice:
        raise WrongState(N_("补正须一次性告知：本申请已经告知过一次，不得再次要求补正。"))
    if not [paper for paper in papers if paper.strip()]:
        raise RuleBroken(N_("请逐项列出需要补正的全部材料。"), field="papers")


def check_reply(
    reply: Reply,
    *,
    share_type: str,
    asked_items: Collection[str],
    offered: Collection[str],
    demands: Demands = Demands(),  # noqa: B008 - a frozen struct
) -> None:
    """Refuse a reply that law does not allow: refusing unconditional data, a reason of papers, more than was asked."""
    check_fee(reply.fee, reply.fee_basis, allowed=demands.fee)
    if not reply.agree:
        if share_type == ShareType.UNCONDITIONAL:
            raise RuleBroken(N_("无条件共享的数据不得拒绝（条例第十四条、第二十一条），请改为同意。"), field="agree")
        check_refusal(reply.reason, reply.basis, demands)
        return
    beyond = [granted.item for granted in reply.items if granted.item not in set(asked_items)]
    if not reply.items or beyond:
        raise RuleBroken(N_("答复的信息项须在申请范围之内，且至少一项，请重新勾选。"), field="items")
    check_kept_back(named_in(reply), demands.withheld)
    if not reply.modes or (offered and not set(reply.modes) <= set(offered)):
        raise RuleBroken(N_("共享方式须为目录提供的方式，请重新选择。"), field="modes")
    if not reply.purposes:
        raise RuleBroken(N_("请写明准许的使用用途。"), field="purposes")
    check_terms(reply.terms, demands.terms)


def named_in(reply: Reply) -> set[str]:
    """Return every item that a reply lets be seen, asked by or confirmed; the provider's own row conditions only narrow."""
    return {*(granted.item for granted in reply.items), *reply.key_items, *reply.confirm_items}


def check_kept_back(named: Collection[str], withheld: Collection[str]) -> None:
    """Refuse items that are withheld, in whatever part of a grant they are named: each tells something of them (#14)."""
    if kept := sorted(set(named) & set(withheld)):
        raise RuleBroken(
            N_("信息项“%(items)s”不予共享，不能提供，也不能用于查询或核对，请去掉。"),
            field="items",
            items="、".join(kept),
        )


def check_declared(scope: str, when: Collection[str]) -> None:
    """Refuse an agreement without scope where the local text has it declared at approval (neijiang-2020#26, R-CAT-044)."""
    if "approval" in when and not scope.strip():
        raise RuleBroken(N_("当地规定同意共享时须明确共享范围和使用用途，请填写准许的使用范围。"), field="scope")


def check_terms(terms: Collection[str], declared: Collection[str] | None) -> None:
    """Refuse conditions that the published entry does not declare (national-2025#15: none may be added)."""
    if declared is not None and (own := [term for term in terms if term not in declared]):
        raise RuleBroken(
            N_("“%(term)s”不是目录列明的共享条件，不得擅自增设（条例第十五条），请从目录所列条件中选择。"),
            field="terms",
            term=own[0][:60],
        )


def check_fee(fee: str, basis: str, *, allowed: bool) -> None:
    """Refuse a fee: sharing is free, but where the profile admits one that a law, regulation or rule names (R-SHR-003)."""
    if fee.strip() and not allowed:
        raise RuleBroken(N_("数据共享无偿提供，现行规则没有收费一项，请删除收费内容。"), field="fee")
    if fee.strip() and not CITED.search(basis):
        raise RuleBroken(N_("收费须有法律、法规、规章依据，请用书名号写明名称和条款。"), field="fee_basis")


CITED: Final = re.compile("《.+?》")
"""An instrument named as Chinese texts name it."""


def check_refusal(reason: str, basis: str, demands: Demands) -> None:
    """Refuse a refusal without what the profile asks: a reason on the substance, in Neijiang also its basis (R-SHR-007)."""
    if "reason" in demands.refusal:
        check_refusal_reason(reason, papers=demands.papers)
    if "basis" in demands.refusal and len(basis.strip()) < SHORTEST_TEXT:
        raise RuleBroken(N_("现行规则要求不同意共享须有正当理由和依据，请填写依据。"), field="basis")


def check_refusal_reason(reason: str, *, papers: bool = False) -> None:
    """Refuse a refusal or non-acceptance without a reason on the substance (national-2025#21).

    papers: incomplete papers may be the reason, as before the decree.
    """
    text = reason.strip()
    if len(text) < SHORTEST_TEXT:
        raise RuleBroken(N_("不同意共享须说明实质理由，请填写。"), field="reason")
    if not papers and any(word in text for word in INCOMPLETE):
        raise RuleBroken(
            N_("申请材料不全不是拒绝的理由（条例第二十一条）：请改用“一次性告知补正”，或写明实质理由。"), field="reason"
        )
