"""What a change of use and an external provision may be; pure (national-2025#25; jiangxi-2017#17 and the local bans)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

import msgspec

from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.sharing.rules.requests import COMMERCIAL, LONGEST_TEXT, SHORTEST_TEXT

KINDS: Final = {
    "scope": N_("扩大使用范围"),
    "purpose": N_("用于其他目的"),
    "third_party": N_("提供给第三方（对外提供或发布）"),
}
"""What a consumer may ask beside its grant (national-2025#25)."""

BANNED: Final = {
    "scope": N_("现行规则禁止扩大使用范围（%(source)s）。"),
    "purpose": N_("现行规则禁止将共享数据用于其他目的（%(source)s）。"),
    "third_party": N_("现行规则禁止将共享数据提供给第三方（%(source)s）。"),
}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: kind, items and purposes beside the grant's, words of scope; recipient and content of a provision.

    until: last Beijing day on which data may be provided to the third party.
    """

    kind: str
    why: str
    items: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    scope: str = ""
    recipient: str = ""
    content: str = ""
    until: date | None = None
    commercial: bool = False


def check_admitted(kind: str, *, admitted: bool, source: str) -> None:
    """Refuse at once what the profile forbids (R-SHR-018, R-SHR-045)."""
    if kind not in KINDS:
        raise RuleBroken(N_("请选择变更种类：扩大使用范围、用于其他目的，或者提供给第三方。"), field="kind")
    if not admitted:
        raise NotAllowed(BANNED[kind], source=source)


def check_wanted(
    wanted: Wanted,
    *,
    held: Collection[str],
    offered: Collection[str],
    today: date,
    written: bool,
    papers: int,
    commercial: str,
) -> None:
    """Refuse an application that lacks what its kind must name; all faults in one answer.

    held: items of the grant. offered: items of the entry that are not withheld. written: the profile asks for an
    application in writing, so papers must come with it. commercial: the source that forbids commercial use, or empty.
    """
    remarks: dict[str, str] = {}
    if not SHORTEST_TEXT <= len(wanted.why.strip()) <= LONGEST_TEXT:
        remarks["why"] = N_("请说明理由（4 至 2000 个字）。")
    if wanted.commercial and commercial:
        remarks["commercial"] = COMMERCIAL
    remarks |= _THINGS[wanted.kind](wanted, held, offered, today)
    if written and wanted.kind == "third_party" and not papers:
        remarks["uploads"] = N_("对外提供须提出书面申请，请上传书面申请材料。")
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks, source=commercial)


def _scope(wanted: Wanted, held: Collection[str], offered: Collection[str], _today: date) -> dict[str, str]:
    if not set(wanted.items) <= set(offered):
        return {"items": N_("请从目录所列、可以共享的信息项中选择。")}
    if not set(wanted.items) - set(held) and not wanted.scope.strip():
        return {"scope": N_("请写明要扩大的范围，或者选择要增加的信息项。")}
    return {}


def _purpose(wanted: Wanted, _held: Collection[str], _offered: Collection[str], _today: date) -> dict[str, str]:
    return {} if wanted.purposes else {"purposes": N_("请从使用用途清单中至少选择一项。")}


def _third_party(wanted: Wanted, held: Collection[str], _offered: Collection[str], today: date) -> dict[str, str]:
    remarks: dict[str, str] = {}
    if len(wanted.recipient.strip()) < 2:  # noqa: PLR2004 - no name of a body is shorter
        remarks["recipient"] = N_("请写明接收方。")
    if len(wanted.content.strip()) < SHORTEST_TEXT:
        remarks["content"] = N_("请写明提供的内容（不少于 4 个字）。")
    if not wanted.purposes and not wanted.scope.strip():
        remarks["scope"] = N_("请写明对外提供的目的。")
    if not wanted.items or not set(wanted.items) <= set(held):
        remarks["items"] = N_("对外提供的信息项须在授权之内，且至少一项。")
    if wanted.until is None or wanted.until < today:
        remarks["until"] = N_("请填写对外提供的截止日期，不得早于今天。")
    return remarks


_THINGS: Final = {"scope": _scope, "purpose": _purpose, "third_party": _third_party}


def fault_of(
    recipient: str,
    items: Collection[str],
    on: date,
    *,
    permitted: tuple[str, Collection[str], date | None, date] | None,
) -> str:
    """Return why a release lies outside every permit, or nothing.

    permitted: recipient, items, last day and day of the consent of the permit it is logged against; None without one.
    """
    if permitted is None:
        return N_("没有提供方同意对外提供的许可，不得提供给第三方（条例第二十五条）。")
    allowed, within, until, since = permitted
    if recipient.strip() != allowed.strip():
        return N_("接收方不是许可所列的接收方，不得提供。")
    if not items or not set(items) <= set(within):
        return N_("提供的信息项超出许可范围，不得提供。")
    if on < since or (until is not None and on > until):
        return N_("提供日期不在许可期限之内，不得提供。")
    return ""
