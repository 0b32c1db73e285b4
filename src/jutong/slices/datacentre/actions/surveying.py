"""Compiling entries from tables (反编目): taking stock of a source, reading its tables, drafting entries, following changes.

Tables are read through the data plane only. Taking stock and reading again change nothing by themselves: they show what
became different since the entry was compiled, and a person accepts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel import jobs
from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who, system_actor
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, Refusal, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Moved, each
from jutong.slices.catalogue import actions as catalogue
from jutong.slices.catalogue import queries as entries
from jutong.slices.catalogue.actions import Content, ItemContent
from jutong.slices.datacentre.models import Mount, SourceTable
from jutong.slices.datacentre.queries.tables import columns_of, proposal_of
from jutong.slices.datacentre.rules import MOUNTERS, OFFICERS, ProposedItem, check_title, moves
from jutong.slices.sources import queries as sources
from jutong.wire.probe import FoundTable, Profile

COMPILER: Final = Who("compiler", N_("本部门数据专员"), (Role.DATA_OFFICER,), of="department_id")
COMPILERS: Final = Who("compilers", N_("数据专员"), (Role.DATA_OFFICER,))
TASK: Final = "datacentre.read_tables"
MOST_AT_ONCE: Final = 50
_FORMATS: Final = {
    "postgresql": "postgresql", "mysql": "mysql", "oceanbase": "oceanbase", "tidb": "tidb", "dameng": "dm",
    "kingbase": "kingbasees", "opengauss": "opengauss", "oracle": "oracle", "sqlserver": "sql server",
}  # fmt: skip
"""Format types of the catalogue by engine; others are left to the person."""


def knows(actor: Actor, table: SourceTable) -> bool:
    """Tell whether an actor may know that a table was found: its department's people."""
    return actor.account_id is None or table.department_id in actor.serves


@action("datacentre.take_stock", label=N_("盘点数据源的表"), allow=COMPILERS)
def take_stock(*, by: Actor, at: datetime, source_id: int) -> int:
    """Find the tables of a department's source, mark those that are gone; returns how many are there.

    NotAllowed for other departments' sources, RuleBroken for one that provides nothing, Unavailable without data plane.
    """
    source = sources.source(source_id, by)
    if not by.holds(Role.DATA_OFFICER, department_id=source.department_id):
        raise NotAllowed(N_("只有本部门的数据专员可以盘点数据源。"))
    if not source.provides:
        raise RuleBroken(N_("该数据源不作为提供方来源，不能从中编目，请另选数据源。"), field="source_id")
    found = sources.tables(source_id, by)
    known = {
        (row.schema, row.table): row for row in SourceTable.objects.select_for_update().filter(source_id=source_id)
    }
    fresh = []
    for table in found:
        row = known.pop((table.schema, table.name), None) or SourceTable(
            source_id=source_id, department_id=source.department_id, schema=table.schema, table=table.name
        )
        row.comment, row.rows, row.found_at, row.gone_at = table.comment[:500], table.rows, at, None
        fresh.append(row)
    SourceTable.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["source", "schema", "table"],
        update_fields=["comment", "rows", "found_at", "gone_at"],
        batch_size=500,
    )
    SourceTable.objects.filter(pk__in=[row.pk for row in known.values()], gone_at=None).update(gone_at=at)
    return len(found)


@action("datacentre.read_tables", label=N_("读取表结构和样本概况"), allow=COMPILERS)
def read_tables(*, by: Actor, at: datetime, ids: Sequence[int]) -> int:
    """Read columns and profiles of tables in the background; returns the id of the progress.

    RuleBroken for none or more than fifty at once, NotAllowed for other departments' tables.
    """
    rows = list(SourceTable.objects.filter(pk__in=ids).order_by("pk"))
    if not rows or len(rows) > MOST_AT_ONCE:
        raise RuleBroken(_("请勾选 1 至 %d 张表。") % MOST_AT_ONCE, field="ids")
    if any(COMPILER.permits(by, row) is None for row in rows):
        raise NotAllowed(N_("只有本部门的数据专员可以读取这些表。"))
    keys = [row.pk for row in rows]
    started = jobs.start(TASK, _("读取 %d 张表") % len(keys), by=by, at=at, ids=keys, moment=at.isoformat())
    SourceTable.objects.filter(pk__in=keys).update(progress_id=started)
    return started


@jobs.task(TASK)
def read_in_background(running: jobs.Running, *, ids: list[int], moment: str) -> None:
    """Read one table after the other; one that fails keeps its reason and stops none of the others."""
    at, by, failed = datetime.fromisoformat(moment), system_actor("datacentre"), 0
    for place, pk in enumerate(ids, 1):
        row = SourceTable.objects.get(pk=pk)
        try:
            found, looked = sources.profile(row.source_id, schema=row.schema, table=row.table)
        except Refusal as refusal:
            failed += 1
            take_in(pk, by=by, at=at, found=None, looked=None, trouble=refusal.sentence)
        else:
            take_in(pk, by=by, at=at, found=found, looked=looked)
        running.step(place, len(ids))
    message = _("已读取 %(done)d 张表，未成功 %(failed)d 张。") % {"done": len(ids) - failed, "failed": failed}
    running.result(link="/datacentre/tables/", message=message)


@action("datacentre.take_in", label=N_("记录表结构和样本概况"), allow=SYSTEM_ONLY, on=SourceTable)
def take_in(
    row: SourceTable, *, by: Actor, at: datetime, found: FoundTable | None, looked: Profile | None, trouble: str = ""
) -> None:
    """Keep what a reading found, or why it failed; what was read before stays then."""
    _keep(row, found, looked, trouble, at)


def _keep(row: SourceTable, found: FoundTable | None, looked: Profile | None, trouble: str, at: datetime) -> None:
    row.trouble = trouble[:500]
    if found is not None and looked is not None:
        row.columns = msgspec.to_builtins(found.columns)
        row.profile = msgspec.to_builtins(looked)
        row.comment, row.rows, row.read_at, row.gone_at = found.comment[:500], looked.rows, at, None
    row.save()
    if row.entry_id is not None:
        _tell_meanings(row, row.entry_id, at)


def _tell_meanings(row: SourceTable, entry_id: int, at: datetime) -> None:
    """Tell the catalogue what the values behind an entry were recognised as, so that none stays unmarked (R-SEC-011)."""
    looked = msgspec.convert(row.profile, Profile) if row.profile else None
    known = {one.name: (str(one.meaning), one.share) for one in looked.columns if one.meaning} if looked else {}
    mounted = Mount.objects.filter(entry_id=entry_id, active=True).first()
    for line in mounted.mapping if mounted else ():
        if line["column"] in known:
            known[line["item"]] = known[line["column"]]
    catalogue.note_recognised(entry_id, known, at=at)


@action("datacentre.compile_table", label=N_("由表生成目录草稿"), allow=COMPILER, on=SourceTable, visible=knows)
def compile_table(
    table: SourceTable, *, by: Actor, at: datetime, title: str, abstract: str, personal: bool,
    items: Sequence[ItemContent],
) -> SourceTable:  # fmt: skip
    """Draft an entry from a table as a person confirmed it (national-2025#12); it is mounted when it is published.

    WrongState for a table that was not read, Conflict for one that has its entry; the catalogue's own refusals besides.
    """
    if not table.columns:
        raise WrongState(N_("该表还没有读取结构，请先读取。"))
    if table.entry_id is not None:
        raise Conflict(N_("该表已有对应的目录，请打开目录修订。"))
    check_title(title, [item.name for item in items])
    _compile(table, by, at, title=title, abstract=abstract, personal=personal, items=items)
    return table


def _compile(table: SourceTable, by: Actor, at: datetime, **stated: Any) -> None:
    items: Sequence[ItemContent] = stated["items"]
    source = sources.source(table.source_id, by)
    format_type = _FORMATS.get(source.engine, "")
    content = Content(
        title=stated["title"],
        abstract=stated["abstract"],
        format_class="database",
        format_types=(format_type,) if format_type else (),
        share_mode_class="platform",
        share_mode="database",
        personal=stated["personal"],
        system=source.title,
        records=int(table.profile.get("rows", table.rows)),
        items=tuple(items),
    )
    note = _("由数据源“%(source)s”的表 %(table)s 编目") % {"source": source.title, "table": table.place}
    entry = catalogue.compile_entry(by=by, at=at, provider_id=table.department_id, content=content, note=note)
    table.entry_id, table.known, table.left_out = entry.pk, table.columns, ""
    table.compiled_at, table.compiled_by = at, by.name[:100]
    table.save()
    _tell_meanings(table, entry.pk, at)


def compile_tables(ids: Sequence[int], *, by: Actor, at: datetime) -> Moved:
    """Draft entries from several tables as they are proposed, each by its own act."""
    rows = SourceTable.objects.in_bulk(list(ids)[:MOST_AT_ONCE])

    def compiled(pk: int) -> None:
        if pk not in rows:
            raise NotThere(N_("没有找到该表，或您无权知悉。"))
        draft = proposal_of(rows[pk])
        items = [item_content(item) for item in draft.items if not item.left_out]
        compile_table(
            pk, by=by, at=at, title=draft.title, abstract=draft.abstract, personal=draft.personal, items=items
        )

    return each(list(ids)[:MOST_AT_ONCE], compiled)


def item_content(item: ProposedItem) -> ItemContent:
    """Return a proposed item as the catalogue takes it."""
    return ItemContent(
        name=item.name,
        column=item.column,
        type=item.type,
        length=item.length,
        key=item.key,
        sensitive=item.sensitive,
        timestamp=item.timestamp,
        description=item.description,
    )


@action("datacentre.accept_changes", label=N_("按来源变化更新目录"), allow=COMPILER, on=SourceTable, visible=knows)
def accept_changes(table: SourceTable, *, by: Actor, at: datetime) -> SourceTable:
    """Bring an entry up to its table: items of columns that are gone go, new columns come as proposed, types follow.

    What the person wrote stays. WrongState where nothing changed, or where the entry cannot be edited now: a published
    one must be taken into revision first.
    """
    changed = moves(columns_of(table.known), columns_of(table.columns))
    if table.entry_id is None or not changed:
        raise WrongState(N_("来源没有未处理的变化。"))
    seen = entries.entry(table.entry_id, actor=by, at=at)
    if seen.row.state == "published":
        raise WrongState(N_("目录已发布，请先发起修订，再按来源变化更新。"))
    items = _followed(table, seen.content, {move.column for move in changed if move.kind == "type"})
    content = msgspec.structs.replace(seen.content, items=items)
    catalogue.edit_entry(table.entry_id, by=by, at=at, content=content, note=_("按来源变化更新"))
    table.known = table.columns
    table.save(update_fields=["known"])
    return table


def _followed(table: SourceTable, content: Content, retyped: set[str]) -> tuple[ItemContent, ...]:
    proposals = {item.column: item for item in proposal_of(table).items}
    before = {column.name for column in columns_of(table.known)}
    kept = []
    for item in content.items:
        proposal = proposals.get(item.column)
        if proposal is None and item.column in before:
            continue
        if proposal and item.column in retyped:
            item = msgspec.structs.replace(item, type=proposal.type, length=proposal.length)  # noqa: PLW2901
        kept.append(item)
    names = {item.name for item in kept}
    fresh = [
        item_content(item)
        for column, item in proposals.items()
        if column not in before and not item.left_out and item.name not in names
    ]
    return (*kept, *fresh)


@action("datacentre.leave_out", label=N_("标明表不编目"), allow=COMPILER, on=SourceTable, visible=knows)
def leave_out(table: SourceTable, *, by: Actor, at: datetime, note: str) -> None:
    """Say why a table is not to be catalogued, so that it no longer counts as a resource without entry (R-CAT-059)."""
    if table.entry_id is not None:
        raise WrongState(N_("该表已有对应的目录，不能标为不编目。"))
    if not note.strip():
        raise RuleBroken(N_("请说明不编目的理由，例如临时表、系统表。"), field="note")
    table.left_out = note.strip()[:200]
    table.save(update_fields=["left_out"])


@action("datacentre.look", label=N_("更新资源的样本概况"), allow=OFFICERS)
def look(*, by: Actor, at: datetime, resource_id: int) -> int:
    """Read anew the profile of the table behind an entry; returns the entry's id. WrongState for one without table."""
    row = _table_of(resource_id, at)
    if row is None:
        raise WrongState(N_("该目录还没有对应的表，没有样本概况可以更新。"))
    if MOUNTERS.permits(by, _Provided(row.department_id)) is None:
        raise NotAllowed(N_("只有提供部门的数据专员或系统工程师可以更新样本概况。"))
    found, looked = sources.profile(row.source_id, schema=row.schema, table=row.table)
    _keep(row, found, looked, "", at)
    _tell_meanings(row, resource_id, at)
    return resource_id


class _Provided:
    """Whose a table is, as `MOUNTERS` asks."""

    def __init__(self, provider_id: int) -> None:
        self.provider_id = provider_id


def _table_of(resource_id: int, at: datetime) -> SourceTable | None:
    """Return the locked table behind an entry: the one it is mounted on, else the one it was compiled from."""
    mount = Mount.objects.filter(entry_id=resource_id, active=True).first()
    if mount is None:
        return SourceTable.objects.select_for_update().filter(entry_id=resource_id).first()
    place = {"source_id": mount.source_id, "schema": mount.schema, "table": mount.table}
    SourceTable.objects.get_or_create(**place, defaults={"department_id": mount.provider_id, "found_at": at})
    return SourceTable.objects.select_for_update().get(**place)
