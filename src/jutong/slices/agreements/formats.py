"""An agreement as a paper to print: parties, the ten elements, authorised data, signatures, and how to check them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel import papers
from jutong.kernel.clock import BEIJING
from jutong.kernel.faces.conditions import conditions_in_words
from jutong.kernel.terms import MASKING_LABELS, MODE_LABELS, DeliveryMode
from jutong.slices.agreements.rules import ELEMENTS, NEEDED, Content, Kind, Line
from jutong.wire.grants import Masking

PERIOD: Final = "%(since)s — %(until)s"


@dataclass(frozen=True, slots=True)
class Signed:
    """What stands in a party's box: its name, and who signed for it when (nothing as long as nobody has)."""

    party: str
    name: str = ""
    post: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Printed:
    """What is printed beside the text: number, version, how it stands, digest, and what else is shown of it.

    address: where its signatures are checked. purposes: how purposes are called.
    """

    number: str
    version: int
    kind: str
    standing: str
    digest: str
    address: str
    at: datetime
    purposes: Callable[[Iterable[str]], str]
    attested_by: str = ""


def paper(said: Content, about: Printed, signed: Sequence[Signed]) -> papers.Paper:
    """Return an agreement in one version as a paper."""
    return papers.Paper(
        title=said.stated.name or _(Kind(about.kind).label),
        number=_("%(kind)s %(number)s　第 %(version)d 版（%(standing)s）")
        % {"kind": _(Kind(about.kind).label), "number": about.number, "version": about.version, "standing": about.standing},
        foot=_("%(number)s 第 %(version)d 版\n内容摘要（SM3）%(digest)s")
        % {"number": about.number, "version": about.version, "digest": about.digest},
        made_at=int(about.at.timestamp()),
        blocks=(*_parties(said), *_elements(said, about.kind), *_lines(said, about), *_signatures(said, about, signed)),
    )  # fmt: skip


def _parties(said: Content) -> tuple[papers.Block, ...]:
    rows = tuple((side.name, side.responsible, side.confidentiality) for side in said.sides)
    head = (_("当事方"), _("责任人"), _("安全保密条款"))
    return papers.Heading(_("一、协议各方")), papers.Table(head, rows, (3, 2, 5))


def _elements(said: Content, kind: str) -> tuple[papers.Block, ...]:
    rows = tuple((_(label), element(said, name)) for name, label in ELEMENTS.items() if shown(said, kind, name))
    return papers.Heading(_("二、协议内容")), papers.Facts(rows)


def shown(said: Content, kind: str, name: str) -> bool:
    """Tell whether an element belongs to an agreement: it is needed, or it was stated."""
    return name in NEEDED[Kind(kind)] or bool(getattr(said.stated, name))


def element(said: Content, name: str) -> str:
    """Return an element in words; the term with both its days."""
    stated = said.stated
    if name == "until":
        return PERIOD % {"since": stated.since or "—", "until": stated.until or "—"}
    return str(getattr(stated, name) or "—")


def _lines(said: Content, about: Printed) -> tuple[papers.Block, ...]:
    if not said.lines:
        return ()
    head = (_("资源"), _("提供方"), _("使用方"), _("信息项"), _("共享方式与用途"))
    rows = tuple(
        (
            f"{line.title}\n{line.code}",
            line.provider,
            line.consumer,
            f"{items_in_words(line)}\n{rows_in_words(line)}".strip(),
            ways_in_words(line, about.purposes),
        )
        for line in said.lines
    )
    return papers.Heading(_("三、授权使用的数据")), papers.Table(head, rows, (3, 2, 2, 4, 3))


def items_in_words(line: Line) -> str:
    """Return the items of a line, each with its masking."""
    return _("、").join(
        given.item if given.masking is Masking.NONE else f"{given.item}（{_(MASKING_LABELS[given.masking])}）"
        for given in line.items
    )


def rows_in_words(line: Line) -> str:
    """Return which rows a line is of, one condition a line; nothing for all rows."""
    return conditions_in_words(line.conditions)


def ways_in_words(line: Line, named: Callable[[Iterable[str]], str]) -> str:
    """Return the modes and purposes of a line; named: how purposes are called."""
    modes = _("、").join(_(MODE_LABELS[DeliveryMode(mode)]) for mode in line.modes)
    return f"{modes}\n{named(line.purposes)}".strip()


def _signatures(said: Content, about: Printed, signed: Sequence[Signed]) -> tuple[papers.Block, ...]:
    check = papers.Code(about.address, _("核验签署：打开本地址查看各方签名是否有效。\n%s") % about.address)
    if said.joint_number:
        who = about.attested_by or _("待主管部门确认")
        joint = _("本协议以联合发文订立：%(number)s，主管部门确认人：%(who)s。") % {
            "number": said.joint_number,
            "who": who,
        }
        return papers.Heading(_("四、签署")), papers.Text(joint), check
    return papers.Heading(_("四、签署")), papers.Signatures(tuple((one.party, _box(one)) for one in signed)), check


def _box(one: Signed) -> str:
    if one.at is None:
        return _("（待签署）\n\n签署人：\n日期：")
    return _("已电子签署\n签署人：%(name)s（%(post)s）\n时间：%(at)s") % {
        "name": one.name,
        "post": one.post,
        "at": f"{one.at.astimezone(BEIJING):%Y-%m-%d %H:%M}",
    }
