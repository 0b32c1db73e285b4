"""Tables of departments' data sources as people see them: what was found, what to catalogue of it, what changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel import jobs
from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.terms import N_, DataType
from jutong.slices.datacentre.models import SourceTable
from jutong.slices.datacentre.rules import CHANGES, Moved, ProposedTable, moves, proposed
from jutong.slices.datacentre.rules.drafting import MEANINGS, WHYS
from jutong.slices.sources import queries as sources
from jutong.wire.probe import FoundColumn, FoundTable, Profile

STANDINGS: Final = {
    "new": N_("待读取"),
    "read": N_("可生成目录"),
    "compiled": N_("已编目"),
    "changed": N_("来源有变化"),
    "gone": N_("表已不在"),
    "left_out": N_("不编目"),
    "trouble": N_("读取未成功"),
}
"""How far a table is, in the order in which it is told."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A table in a list. standing: a code of `STANDINGS`; moved: how many changes the entry does not know yet."""

    id: int
    source_id: int
    source_title: str
    department_id: int
    place: str
    comment: str
    rows: int
    columns: int
    standing: str
    standing_label: str
    trouble: str
    left_out: str
    read_at: datetime | None
    found_at: datetime
    entry_id: int | None
    entry_title: str
    moved: int
    progress_id: int | None


@dataclass(frozen=True, slots=True)
class LineRow:
    """One column with what is proposed for it, in words."""

    column: str
    native: str
    comment: str
    nullable: bool
    name: str
    why: str
    doubtful: bool
    type: str
    type_label: str
    length: int | None
    key: bool
    sensitive: bool
    meaning: str
    description: str
    timestamp: bool
    left_out: bool
    filled: str
    distinct: str
    range: str
    examples: tuple[str, ...]
    shapes: bool


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of a column, in words."""

    kind: str
    label: str
    column: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class TableDetail:
    """A table wholly: the proposal line by line, the changes that its entry does not know, how many rows were looked at."""

    row: TableRow
    draft: ProposedTable
    why: str
    lines: tuple[LineRow, ...]
    changes: tuple[ChangeRow, ...]
    seen: int
    exact: bool
    compiled_at: datetime | None
    compiled_by: str


def columns_of(stored: Sequence[Any]) -> tuple[FoundColumn, ...]:
    """Return columns as they were read."""
    return msgspec.convert(stored, tuple[FoundColumn, ...])


def profile_of(table: SourceTable) -> Profile | None:
    """Return a table's profile, None before it was read."""
    return msgspec.convert(table.profile, Profile) if table.profile else None


def proposal_of(table: SourceTable) -> ProposedTable:
    """Return what to catalogue of a table."""
    found = FoundTable(table.schema, table.table, table.comment, table.rows, columns_of(table.columns))
    return proposed(found, profile_of(table))


def may_compile(actor: Actor) -> bool:
    """Tell whether the actor compiles entries from tables at all."""
    return actor.holds(Role.DATA_OFFICER)


def compilable(actor: Actor) -> list[tuple[int, str]]:
    """Return (id, title) of the sources from which the actor's departments compile entries."""
    return [
        (row.id, row.title) for department in sorted(actor.serves) for row in sources.choices(department, provides=True)
    ]


def reading(actor: Actor, rows: Sequence[TableRow], *, at: datetime) -> jobs.ProgressRow | None:
    """Return how far the last reading of any of these tables is, while it runs; None when the actor did not ask for it."""
    asked = max((row.progress_id for row in rows if row.progress_id), default=None)
    found = next((work for work in jobs.own_work(actor, at) if work.id == asked), None) if asked else None
    return found if found and found.state not in {"done", "failed"} else None


def stocked(
    actor: Actor, *, source_id: int = 0, standing: str = "", text: str = "", number: int = 1, size: int = 50
) -> tuple[list[TableRow], Page]:
    """Return the tables found in the sources of the actor's departments, by source and name."""
    rows = _mine(actor).order_by("source__title", "schema", "table", "pk")
    if source_id:
        rows = rows.filter(source_id=source_id)
    if text := text.replace("\x00", "").strip():
        rows = rows.filter(Q(table__icontains=text) | Q(comment__icontains=text) | Q(entry__title__icontains=text))
    if (wanted := _standing(standing)) is not None:
        rows = rows.filter(wanted)
    found, meta = page(rows, number, size)
    return [_row(row) for row in found], meta


def _standing(standing: str) -> Q | None:
    """Return the rows of a standing as the database tells it."""
    compiled = Q(entry__isnull=False)
    here = Q(gone_at=None, entry=None, left_out="")
    return {
        "new": here & Q(read_at=None, trouble=""),
        "read": here & Q(read_at__isnull=False, trouble=""),
        "trouble": here & ~Q(trouble=""),
        "compiled": compiled & Q(known=F("columns"), gone_at=None),
        "changed": compiled & ~Q(known=F("columns")),
        "gone": Q(gone_at__isnull=False),
        "left_out": Q(entry=None, gone_at=None) & ~Q(left_out=""),
    }.get(standing)


def table(table_id: int, actor: Actor) -> TableDetail:
    """Return one table with its proposal. NotThere where the actor may not know of it."""
    found = _mine(actor).filter(pk=table_id).first()
    if found is None:
        raise NotThere(N_("没有找到该表，或您无权知悉。"))
    draft, looked = proposal_of(found), profile_of(found)
    changes = moves(columns_of(found.known), columns_of(found.columns)) if found.entry_id else ()
    return TableDetail(
        row=_row(found),
        draft=draft,
        why=_(WHYS[draft.why]),
        lines=tuple(_lines(found, draft, looked)),
        changes=tuple(_change(move) for move in changes),
        seen=looked.seen if looked else 0,
        exact=bool(looked and looked.exact),
        compiled_at=found.compiled_at,
        compiled_by=found.compiled_by,
    )


def _mine(actor: Actor) -> QuerySet[SourceTable]:
    rows = SourceTable.objects.select_related("source", "entry")
    return rows if actor.account_id is None else rows.filter(department_id__in=actor.serves)


def _row(found: SourceTable) -> TableRow:
    moved = len(moves(columns_of(found.known), columns_of(found.columns))) if found.entry_id else 0
    standing = _told(found, moved)
    return TableRow(
        id=found.pk,
        source_id=found.source_id,
        source_title=found.source.title,
        department_id=found.department_id,
        place=found.place,
        comment=found.comment,
        rows=found.rows,
        columns=len(found.columns),
        standing=standing,
        standing_label=_(STANDINGS[standing]),
        trouble=found.trouble,
        left_out=found.left_out,
        read_at=found.read_at,
        found_at=found.found_at,
        entry_id=found.entry_id,
        entry_title=found.entry.title if found.entry else "",
        moved=moved,
        progress_id=found.progress_id,
    )


def _told(found: SourceTable, moved: int) -> str:
    if found.gone_at is not None:
        return "gone"
    if found.entry_id is not None:
        return "changed" if moved else "compiled"
    if found.left_out:
        return "left_out"
    if found.trouble:
        return "trouble"
    return "read" if found.read_at else "new"


def _change(move: Moved) -> ChangeRow:
    yes_no = {"True": _("是"), "False": _("否")} if move.kind == "key" else {}
    old, new = (yes_no.get(text, text) for text in (move.old, move.new))
    return ChangeRow(move.kind, _(CHANGES[move.kind]), move.column, old, new)


def _lines(found: SourceTable, draft: ProposedTable, looked: Profile | None) -> list[LineRow]:
    columns = {column.name: column for column in columns_of(found.columns)}
    profiles = {column.name: column for column in looked.columns} if looked else {}
    lines = []
    for item in draft.items:
        column, seen = columns[item.column], profiles.get(item.column)
        meaning = f"{_(MEANINGS[item.meaning])} {item.share}%" if item.meaning else ""
        lines.append(
            LineRow(
                column=item.column,
                native=column.native,
                comment=column.comment,
                nullable=column.nullable,
                name=item.name,
                why=_(WHYS[item.why]),
                doubtful=item.why in {"parts", "values", "unknown"},
                type=item.type,
                type_label=_(DataType(item.type).label),
                length=item.length,
                key=item.key,
                sensitive=item.sensitive,
                meaning=meaning,
                description=item.description,
                timestamp=item.timestamp,
                left_out=item.left_out,
                filled=share_filled(seen.filled, looked.seen) if seen and looked else "",
                distinct=f"{seen.distinct:,}" if seen and seen.distinct is not None else "",
                range=ranged(seen.least, seen.greatest, seen.shortest, seen.longest) if seen else "",
                examples=seen.examples if seen else (),
                shapes=bool(seen and seen.shapes),
            )
        )
    return lines


def share_filled(filled: int, seen: int) -> str:
    """Return how many of the rows seen have a value, in percent; only all rows are 100%."""
    if not seen:
        return ""
    percent = 100 * filled / seen
    return f"{min(percent, 99.9) if filled < seen else 100:.4g}%"


def ranged(least: str, greatest: str, shortest: int, longest: int) -> str:
    """Return the range of a column's values, or of their lengths."""
    if least or greatest:
        return least if least == greatest else _("%(least)s 至 %(greatest)s") % {"least": least, "greatest": greatest}
    if not longest:
        return ""
    if shortest == longest:
        return _("%d 字") % longest
    return _("%(shortest)d 至 %(longest)d 字") % {"shortest": shortest, "longest": longest}
