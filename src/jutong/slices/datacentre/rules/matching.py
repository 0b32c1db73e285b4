"""How items of an entry are matched with columns of a table, and what a mapping must keep to; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Protocol

from django.utils.translation import gettext as _

from jutong.kernel.actors import Role, Who
from jutong.kernel.errors import RuleBroken
from jutong.kernel.personal import masking_for
from jutong.kernel.terms import MASKING_LABELS, N_, DataType, Masking
from jutong.wire.grants import Column, Kind, Mode
from jutong.wire.probe import FoundColumn

MOUNTERS: Final = Who(
    "mounter", N_("提供部门数据专员或系统工程师"), (Role.DATA_OFFICER, Role.SYSTEM_ENGINEER), of="provider_id"
)
OFFICERS: Final = Who("resource_officer", N_("提供部门数据专员或系统工程师"), (Role.DATA_OFFICER, Role.SYSTEM_ENGINEER))

MOST_ITEMS: Final = 500
NAME_BYTES: Final = 63
SURE: Final = 100
ALIKE: Final = 60
"""Least likeness, in hundredths, at which a column is proposed."""

_ANY: Final = frozenset(Kind)
_TEXTS: Final = _ANY - {Kind.BINARY}
_NUMBERS: Final = frozenset({Kind.INTEGER, Kind.NUMBER})
_TIMES: Final = frozenset({Kind.DATE, Kind.TIMESTAMP})
FITTING: Final[Mapping[str, frozenset[Kind]]] = {
    DataType.CHARACTER: _TEXTS,
    DataType.MEMO: _TEXTS,
    DataType.GENERAL: _ANY,
    DataType.NUMERIC: _NUMBERS,
    DataType.MONEY: _NUMBERS,
    DataType.DOUBLE: _NUMBERS,
    DataType.FLOAT: _NUMBERS,
    DataType.INTEGER: frozenset({Kind.INTEGER}),
    DataType.DATE: _TIMES,
    DataType.TIMESTAMP: _TIMES,
    DataType.LOGICAL: frozenset({Kind.BOOLEAN, Kind.INTEGER}),
}
"""Kinds of columns that can carry a national data type (standards-facts 2.4); an item without type takes any."""

_TRUTHS: Final = ("tinyint(1)", "bit(1)")

_FOR_TIMES: Final = frozenset({Masking.NONE, Masking.YEAR, Masking.SUPPRESS, Masking.KEYED_HASH})


class ItemFacts(Protocol):
    """What matching needs to know of an information item; the catalogue's own rows have it."""

    @property
    def name(self) -> str:
        """Chinese name of the item."""

    @property
    def column(self) -> str:
        """Technical name the catalogue states, may be empty."""

    @property
    def type(self) -> str:
        """Letter of `DataType`, may be empty."""

    @property
    def key(self) -> bool:
        """Whether the item identifies a record."""

    @property
    def sensitive(self) -> bool:
        """Whether the item is sensitive."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """One line of a mapping: the item's column, or an empty one where the table has none. key: identifies a record.

    masking: how previews and new grants show the item unless somebody decides otherwise.
    """

    item: str
    column: str = ""
    key: bool = False
    masking: str = Masking.NONE


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed line with its likeness in hundredths (0: nothing fits) and why."""

    item: str
    column: str
    key: bool
    masking: str
    likeness: int
    why: str


def suggested_masking(name: str, *, kind: Kind, sensitive: bool) -> Masking:
    """Return how an item is shown by default, by its name; a sensitive item whose name says nothing is not shown.

    Of a sensitive day the year is shown. sensitive: marked so, or of a grade that is masked by default.
    """
    if kind is Kind.TEXT and (masking := masking_for(name)) is not Masking.NONE:
        return masking
    if not sensitive:
        return Masking.NONE
    return Masking.YEAR if kind in _TIMES else Masking.SUPPRESS


def propose(
    items: Sequence[ItemFacts], columns: Sequence[FoundColumn], graded: Collection[str] = frozenset()
) -> list[Proposal]:
    """Match items with columns: by comment, by technical name, then by likeness; each column is used once.

    graded: items that their grade masks by default. Returns one line per item, in the order of `items`.
    """
    likenesses = sorted(
        ((score, -n, -m, why) for n, item in enumerate(items) for m, found in enumerate(columns)
         for score, why in [_likeness(item, found)] if score >= ALIKE),
        reverse=True,
    )  # fmt: skip
    chosen: dict[int, tuple[int, int, str]] = {}
    used: set[int] = set()
    for score, n, m, why in likenesses:
        if -n not in chosen and -m not in used:
            chosen[-n] = (-m, score, why)
            used.add(-m)
    return [_proposal(item, columns, chosen.get(n), graded) for n, item in enumerate(items)]


def _proposal(
    item: ItemFacts, columns: Sequence[FoundColumn], match: tuple[int, int, str] | None, graded: Collection[str]
) -> Proposal:
    if match is None:
        return Proposal(item.name, "", key=False, masking=Masking.NONE, likeness=0, why="")
    found = columns[match[0]]
    masking = suggested_masking(item.name, kind=found.kind, sensitive=item.sensitive or item.name in graded)
    return Proposal(item.name, found.name, item.key or found.primary_key, masking, match[1], match[2])


def _likeness(item: ItemFacts, found: FoundColumn) -> tuple[int, str]:
    comment = re.split(r"[（(：:，,；;]", found.comment.strip(), maxsplit=1)[0].strip()
    if item.name in {found.comment.strip(), comment, found.name}:
        return SURE, N_("列注释或列名与信息项名称一致")
    if item.column and item.column.casefold() == found.name.casefold():
        return SURE - 2, N_("列名与目录中的技术名称一致")
    alike = max(_ratio(item.name, comment), _ratio(item.column.casefold(), found.name.casefold()))
    return int(alike * 90), N_("名称相近，请核对")


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() if one and other else 0.0


def compiled_mapping(
    items: Sequence[ItemFacts], columns: Sequence[FoundColumn], graded: Collection[str] = frozenset()
) -> list[Mapped]:
    """Return the mapping of an entry that was compiled from a table: each item to the column whose name it carries."""
    known = {found.name: found for found in columns}
    lines = []
    for item in items:
        found = known.get(item.column)
        hidden = item.sensitive or item.name in graded
        masking = suggested_masking(item.name, kind=found.kind, sensitive=hidden) if found else Masking.NONE
        lines.append(Mapped(item.name, found.name if found else "", key=bool(found) and item.key, masking=masking))
    return lines


def check_mapping(
    items: Sequence[ItemFacts], mapping: Sequence[Mapped], columns: Sequence[FoundColumn]
) -> list[tuple[Mapped, Kind]]:
    """Return the lines with the kind of their columns; RuleBroken with a sentence per item (R-EXC-010, R-EXC-017).

    Every item is mapped or left out on purpose, every column is there, of a fitting kind and used once.
    """
    known = {found.name: found for found in columns}
    facts = {item.name: item for item in items}
    lines = {line.item: line for line in mapping}
    remarks: dict[str, str] = {}
    for line in mapping:
        if line.item not in facts:
            remarks[line.item] = _("信息项“%(item)s”不在已发布的目录中，请删去或先修订目录。") % {"item": line.item}
    for item in items:
        remark = _remark(item, lines.get(item.name), known)
        if remark:
            remarks[item.name] = remark
    if len(lines) != len(mapping) or _doubled(mapping):
        remarks["mapping"] = _("同一信息项或同一列不能对应两次，请检查对应关系。")
    if not remarks and not any(line.column for line in mapping):
        remarks["mapping"] = _("至少应有一个信息项对应到列，请选择。")
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)
    ordered = [(item, lines[item.name]) for item in items]
    return [(line, _kind(item, known[line.column]) if line.column else Kind.TEXT) for item, line in ordered]


def _kind(item: ItemFacts, found: FoundColumn) -> Kind:
    """Return the kind of a column; MySQL's one-digit numbers are truth values where the catalogue says so."""
    told = item.type == DataType.LOGICAL and found.native.lower().startswith(_TRUTHS)
    return Kind.BOOLEAN if told else found.kind


def _doubled(mapping: Sequence[Mapped]) -> bool:
    used = [line.column for line in mapping if line.column]
    return len(set(used)) != len(used)


def _remark(item: ItemFacts, line: Mapped | None, known: Mapping[str, FoundColumn]) -> str:
    words = {"item": item.name}
    if line is None:
        return _("信息项“%(item)s”还没有对应的列，请选择列，或明确选择“不提供”。") % words
    if not line.column:
        return _("信息项“%(item)s”不提供，不能作为主键，请取消勾选。") % words if line.key else ""
    found = known.get(line.column)
    if found is None:
        return _("信息项“%(item)s”对应的列“%(column)s”不在所选的表中，请重新选择。") % (words | {"column": line.column})
    if item.type and found.kind not in FITTING.get(item.type, _ANY):
        return _("信息项“%(item)s”为%(type)s，列“%(column)s”为 %(native)s，类型不符，请改选其他列或修订目录。") % (
            words | {"type": _(DataType(item.type).label), "column": found.name, "native": found.native}
        )
    return _masking_remark(line, found)


def _masking_remark(line: Mapped, found: FoundColumn) -> str:
    words = {"item": line.item}
    if line.masking not in set(Masking):
        return _("信息项“%(item)s”的脱敏方式不在可选范围内，请从列表中选择。") % words
    timed = found.kind in _TIMES
    if (timed and line.masking not in _FOR_TIMES) or (line.masking == Masking.YEAR and not timed):
        label = _(MASKING_LABELS[Masking(line.masking)])
        return _("信息项“%(item)s”的类型不适用“%(label)s”，请另选脱敏方式。") % (words | {"label": label})
    return ""


def check_place(schema: str, table: str) -> None:
    """Refuse names of schema and table that no database has; some know no schemas (SQLite)."""
    for name, text in (("schema", schema), ("table", table)):
        missing = not text and name == "table"
        if missing or len(text.encode("utf-8", "replace")) > NAME_BYTES or not (text or "-").isprintable():
            raise RuleBroken(N_("请选择模式和表；名称应为 1 至 63 个字节，不含控制字符。"), field=name)


def check_online(modes: Collection[str], *, online: bool) -> None:
    """Refuse to mount an entry that is offered online only on a source behind a front-end node that keeps no tunnel."""
    if not online and set(modes) <= {Mode.ONLINE_QUERY, Mode.SYSTEM_DOCKING}:
        raise RuleBroken(
            N_(
                "该目录只以接口方式提供，数据源却位于没有联机通道的前置机之后，不能联机查询；请改选数据源或开通联机通道。"
            ),
            field="source_id",
        )


def preview_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns a preview shows; what a keyed hash would hide is not shown, since no key is lent for a look."""
    return tuple(
        Column(c.item, c.column, c.kind, Masking.SUPPRESS if c.masking is Masking.KEYED_HASH else c.masking)
        for c in columns
    )


def changed_items(mapped: Collection[str], published: Collection[str]) -> str:
    """Return the sentence saying how a new version's items differ from those mapped, or an empty text."""
    new, gone = [i for i in published if i not in mapped], [i for i in mapped if i not in published]
    if not new and not gone:
        return ""
    parts = [_("新增：%s") % "、".join(new[:10])] * bool(new) + [_("取消：%s") % "、".join(gone[:10])] * bool(gone)
    return _("目录已发布新版本，信息项有变化（%s），请核对挂接。") % "；".join(parts)
