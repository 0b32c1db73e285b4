"""What an agreement has to say, who may conclude it, and what its parties sign; pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec
from django.utils.translation import gettext as _

from jutong.crypto import sm3
from jutong.kernel.errors import Conflict, RuleBroken
from jutong.kernel.terms import N_, Term
from jutong.wire.grants import Condition, Masking

LONGEST_TEXT: Final = 2000
MOST_PARTIES: Final = 20
LEAST_PARTIES: Final = 2
MOST_LINES: Final = 50


class Kind(Term):
    """What is agreed: sharing (national-project-opinion#8) or secrecy before classified sharing (jiangxi-2017#19)."""

    SHARING = "sharing", N_("信息共享协议")
    CONFIDENTIALITY = "confidentiality", N_("安全保密协议")


class Side(msgspec.Struct, frozen=True):
    """A party: its department, the person responsible there, and the terms of secrecy it takes on (R-SHR-031)."""

    department_id: int
    name: str = ""
    responsible: str = ""
    confidentiality: str = ""


class Given(msgspec.Struct, frozen=True):
    """An information item that may be used, with its masking."""

    item: str
    masking: Masking = Masking.NONE


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What one party may have of one catalogue entry of another; conditions: of which rows, all of them where there are none.

    Under the local texts it becomes a grant when the agreement is in force; under the decree requests keep to it.
    """

    resource_id: int
    consumer_id: int
    code: str = ""
    title: str = ""
    provider_id: int = 0
    provider: str = ""
    consumer: str = ""
    items: tuple[Given, ...] = ()
    key_items: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()

    @property
    def key(self) -> str:
        """The line's name within its agreement: the same entry for the same party is the same line in every version."""
        return f"{self.resource_id}-{self.consumer_id}"


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """The ten elements of an agreement (national-project-opinion#8); the term runs from `since` to `until`, both Beijing days."""

    name: str = ""
    content: str = ""
    quality: str = ""
    quantity: str = ""
    frequency: str = ""
    scope: str = ""
    manner: str = ""
    since: date | None = None
    until: date | None = None
    basis: str = ""
    schedule: str = ""


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a version of an agreement says; what is signed is the digest of it.

    grants: ids of grants that were opened otherwise and that the agreement is concluded beside. joint_number,
    joint_digest: number and SM3 of a document issued jointly, where there is one.
    """

    stated: Stated
    sides: tuple[Side, ...]
    lines: tuple[Line, ...] = ()
    grants: tuple[int, ...] = ()
    joint_number: str = ""
    joint_digest: str = ""


ELEMENTS: Final = {
    "name": N_("名称"),
    "content": N_("内容"),
    "quality": N_("质量"),
    "quantity": N_("数量"),
    "frequency": N_("更新频度"),
    "scope": N_("授权使用范围"),
    "manner": N_("使用方式"),
    "until": N_("共享期限"),
    "basis": N_("共享依据"),
    "schedule": N_("实现进度"),
}
"""The ten elements in the order of the text; the term counts as one."""
NEEDED: Final = {
    Kind.SHARING: tuple(ELEMENTS),
    Kind.CONFIDENTIALITY: ("name", "content", "scope", "manner", "until", "basis"),
}
LONGEST_TERM: Final = timedelta(days=5 * 366)
"""As long as a grant may run at most."""


def digest(number: str, version: int, kind: str, content: Content) -> str:
    """Return what is signed: SM3 (hex) of number, version, kind and content as JSON with sorted keys.

    A line for all rows says nothing of rows, as lines did before any could be named.
    """
    plain = msgspec.to_builtins(content)
    for line in plain["lines"]:
        if not line["conditions"]:
            del line["conditions"]
    said = {"agreement": number, "content": plain, "kind": kind, "version": version}
    return sm3.hexdigest(msgspec.json.encode(said, order="sorted"))


def statement(number: str, version: int, digest: str, department: str, name: str, post: str, at: datetime) -> str:
    """Return what the instance signs for a party: which text, which department, who in which post, when."""
    said = ("jutong-agreement", number, str(version), digest, department, name, post, at.isoformat())
    return "|".join(part.replace("|", "｜") for part in said)


def check_parties(departments: Sequence[int], kind: str) -> None:
    """Refuse one party alone, the same party twice, too many, and more than provider and consumer to a secrecy agreement."""
    if len(set(departments)) < len(departments):
        raise RuleBroken(N_("当事方重复：同一部门只能列一次，请删去重复的当事方。"), field="sides")
    if len(departments) < LEAST_PARTIES:
        raise RuleBroken(N_("协议至少须有两个当事方，请增加当事方。"), field="sides")
    if len(departments) > MOST_PARTIES:
        raise RuleBroken(N_("协议最多 %(most)d 个当事方，请分别签订。"), field="sides", most=MOST_PARTIES)
    if kind == Kind.CONFIDENTIALITY and len(departments) != LEAST_PARTIES:
        raise RuleBroken(N_("安全保密协议由提供部门和使用部门双方签订，请只列两个当事方。"), field="sides")


def check_whole(kind: str, content: Content, *, today: date) -> None:
    """Refuse to have an agreement signed that lacks an element, a responsible person or terms of secrecy; names each."""
    remarks = {
        name: _("协议缺少“%(element)s”，请补充后再签署。") % {"element": _(ELEMENTS[name])}
        for name in NEEDED[Kind(kind)]
        if not (getattr(content.stated, name) or "")
    }
    if remarks:
        raise RuleBroken(
            N_("协议要素不全，缺少：%(missing)s。请补充后再签署。"),
            missing="、".join(_(ELEMENTS[name]) for name in remarks),
            field=next(iter(remarks)),
            remarks=remarks,
        )
    check_parties([side.department_id for side in content.sides], kind)
    for side in content.sides:
        if not side.responsible.strip():
            raise RuleBroken(N_("当事方“%(name)s”没有填写责任人，请补充。"), field="sides", name=side.name)
        if not side.confidentiality.strip():
            raise RuleBroken(N_("当事方“%(name)s”没有填写安全保密条款，请补充。"), field="sides", name=side.name)
    check_term(content.stated, today=today)


def check_term(stated: Stated, *, today: date) -> None:
    """Refuse a term that is upside down, over, or longer than five years."""
    if stated.since is None or stated.until is None:
        raise RuleBroken(N_("请填写共享期限的起止日期。"), field="until")
    if stated.until < stated.since or stated.until < today:
        raise RuleBroken(N_("共享期限的截止日期须不早于起始日期和今天，请修改。"), field="until")
    if stated.until - stated.since > LONGEST_TERM:
        raise RuleBroken(N_("共享期限最长五年，期满前可以续签，请缩短。"), field="until")


def check_lines(lines: Sequence[Line], kind: str, departments: Sequence[int]) -> None:
    """Refuse lines outside the parties, doubled ones, and any in a secrecy agreement, which opens nothing itself."""
    if kind == Kind.CONFIDENTIALITY and lines:
        raise RuleBroken(N_("安全保密协议本身不授权数据，请在共享协议或共享申请中约定数据范围。"), field="lines")
    if len(lines) > MOST_LINES:
        raise RuleBroken(N_("协议最多列 %(most)d 项授权资源，请分别签订。"), field="lines", most=MOST_LINES)
    seen: set[str] = set()
    for line in lines:
        if line.key in seen:
            raise RuleBroken(N_("资源“%(title)s”对同一使用方重复列出，请合并。"), field="lines", title=line.title)
        seen.add(line.key)
        if line.provider_id not in departments or line.consumer_id not in departments:
            raise RuleBroken(
                N_("资源“%(title)s”的提供方和使用方须都是本协议的当事方，请核对。"), field="lines", title=line.title
            )
        if line.provider_id == line.consumer_id:
            raise RuleBroken(N_("资源“%(title)s”由使用方自己提供，无需授权，请删去。"), field="lines", title=line.title)


def check_parties_kept(old: Sequence[int], new: Sequence[int]) -> None:
    """Refuse an amendment that changes the parties: those conclude another agreement."""
    if set(old) != set(new):
        raise RuleBroken(N_("修订不能更换当事方，当事方变化的请另行签订协议。"), field="sides")


def check_changed(old: Content, new: Content) -> None:
    """Refuse to sign an amendment that changes nothing."""
    if old == new:
        raise RuleBroken(N_("修订内容与现行版本相同，请先修改内容再签署。"), field="stated")


def check_reason(reason: str) -> str:
    """Return the reason of a move; RuleBroken for none."""
    if not reason.strip():
        raise RuleBroken(N_("请说明理由，各当事方将看到这段文字。"), field="reason")
    return reason.strip()


def check_same(seen: str, present: str) -> None:
    """Refuse to sign a text other than the present one: the person has read an older version."""
    if seen != present:
        raise Conflict(N_("协议内容已经更新，您阅读的不是待签署的版本；请刷新页面，阅读最新版本后签署。"))


_WIDE: Final = N_("“%(what)s”超出了协议 %(number)s 列明的范围，请在协议范围内填写；需要更多的，请先修订协议。")


def check_framed(line: Line, number: str, asked: Framed) -> None:
    """Refuse what goes beyond an agreement's line: items, ways, purposes, rows, weaker masking (national-project-opinion#8).

    RuleBroken naming the field, what is too much, and the remedy.
    """
    given = {one.item: one.masking for one in line.items}
    lists: dict[str, tuple[Sequence[str], Collection[str], str]] = {
        "items": (tuple(asked.items), given, N_("信息项")),
        "key_items": (asked.key_items, line.key_items or given, N_("查询条件项")),
        "modes": (asked.modes, line.modes, N_("共享方式")),
        "purposes": (asked.purposes, line.purposes, N_("使用用途")),
    }
    for field, (wanted, listed, label) in lists.items():
        if beyond := [one for one in wanted if one not in listed]:
            what = beyond[0] if field.endswith("items") else label
            raise RuleBroken(_WIDE, field=field, what=what, number=number)
    for name, masking in asked.items.items():
        if masking is not None and masking not in masked_within(given[name]):
            raise RuleBroken(
                N_("信息项“%(item)s”的脱敏方式比协议 %(number)s 约定的宽，请选协议约定的方式。"),
                field="items", item=name, number=number,
            )  # fmt: skip
    if any(one not in asked.conditions for one in line.conditions):
        raise RuleBroken(
            N_("协议 %(number)s 只共享符合约定条件的行，请保留协议列明的行条件。"), field="conditions", number=number
        )


class Framed(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for or given under an agreement; items: with their masking, None where none is settled yet."""

    items: dict[str, Masking | None]
    key_items: tuple[str, ...]
    modes: tuple[str, ...]
    purposes: tuple[str, ...]
    conditions: tuple[Condition, ...]


def masked_within(agreed: Masking) -> tuple[Masking, ...]:
    """Return the maskings that keep to an agreed one: itself and hiding all; any where none was agreed."""
    return tuple(Masking) if agreed is Masking.NONE else (agreed, Masking.SUPPRESS)
