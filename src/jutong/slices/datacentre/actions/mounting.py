"""Writes of this slice: mounting entries on tables, unmounting them, and looking at a few masked rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel import guards, inbox, outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role
from jutong.kernel.errors import NotAllowed, RuleBroken, WrongState
from jutong.kernel.terms import N_, Masking
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.datacentre import events
from jutong.slices.datacentre.models import Mount, SourceTable
from jutong.slices.datacentre.queries import MountRow, mount_of
from jutong.slices.datacentre.queries.tables import columns_of
from jutong.slices.datacentre.rules import (
    MOUNTERS,
    OFFICERS,
    Mapped,
    changed_items,
    check_mapping,
    check_online,
    check_place,
    compiled_mapping,
    preview_columns,
)
from jutong.slices.sources import queries as sources
from jutong.wire.grants import Column, Kind, Operator
from jutong.wire.probe import Filter

SAMPLED: Final = 3
"""Rows shown of a mapping that is being designed."""
PREVIEWED: Final = 10
"""Rows shown of a mounted resource."""


@action("datacentre.mount", label=N_("挂接资源"), allow=OFFICERS)
def mount(
    *,
    by: Actor,
    at: datetime,
    resource_id: int,
    source_id: int,
    schema: str,
    table: str,
    mapping: Sequence[Mapped],
) -> Mount:
    """Mount a published entry on a table of its department, or change the mount it has (national-2025#16).

    The table's columns are read through the data plane and every line is checked against them. WrongState for an entry
    that is not published (R-CAT-059) and where a running grant would lose items (W15 comes first), RuleBroken with a sentence per item, Conflict for an item that its source department
    provides (R-CEN-026; keys, by which records are found, are nobody's service), Unavailable when the data plane is away.
    """
    place = (source_id, schema, table)
    entry, lines = _fits(by, at, resource_id, place, mapping)
    row = Mount.objects.select_for_update().filter(entry_id=resource_id).first()
    if row is None:
        row = Mount(entry_id=resource_id, provider_id=entry.provider_id, version=0, mounted_at=at)
    _check_served(row, {str(line["item"]) for line in lines if line["column"]}, at)
    row.title, row.code, row.entry_version = entry.title, entry.code, entry.version
    row.source_id, row.schema, row.table = place
    row.mapping = lines
    _changed(row, by, at, active=True)
    return row


def _fits(
    by: Actor, at: datetime, resource_id: int, place: tuple[int, str, str], mapping: Sequence[Mapped]
) -> tuple[catalogue.PublishedEntry, list[dict[str, object]]]:
    """Return the entry and the lines of a mapping on a place (source, schema, table), or refuse what does not fit."""
    source_id, schema, table = place
    entry = catalogue.require_published(resource_id)
    if MOUNTERS.permits(by, entry) is None:
        raise NotAllowed(N_("只有提供部门的数据专员或系统工程师可以挂接资源。"))
    source = sources.source(source_id, by)
    if source.department_id != entry.provider_id or not (source.provides and source.active):
        raise RuleBroken(N_("请选择本部门在用的、作为提供方来源的数据源。"), field="source_id")
    check_online(entry.modes, online=sources.answers_online(source_id))
    check_place(schema, table)
    found = sources.schema(source_id, by, schema=schema, table=table)
    lines = check_mapping(entry.items, mapping, found.columns)
    catalogue.check_service(resource_id, [line.item for line, _kind in lines if line.column and not line.key], at=at)
    return entry, [_line(line, kind) for line, kind in lines]


def _provided(mapping: Sequence[Mapping[str, Any]]) -> set[str]:
    return {line["item"] for line in mapping if line["column"]}


def _check_served(row: Mount, provided: set[str], at: datetime) -> None:
    """Refuse to take away what somebody is served with now: slices above know who is (national-2025#27)."""
    if row.active and (dropped := _provided(row.mapping) - provided):
        guards.ask("datacentre.drop_items", resource_id=row.entry_id, items=frozenset(dropped), at=at)


@action("datacentre.prepare_mount", label=N_("准备变更后的挂接"), allow=OFFICERS)
def prepare_mount(
    *,
    by: Actor,
    at: datetime,
    resource_id: int,
    source_id: int,
    schema: str,
    table: str,
    mapping: Sequence[Mapped],
) -> Mount:
    """Keep the form in which a mounted resource will be served once a change of its service (W15) comes into force.

    What is served now stays as it is. Refusals as for `mount`; WrongState for a resource that is not mounted, and while a
    filed change waits for its day.
    """
    _entry, lines = _fits(by, at, resource_id, (source_id, schema, table), mapping)
    row = Mount.objects.select_for_update().filter(entry_id=resource_id, active=True).first()
    if row is None:
        raise WrongState(N_("该资源尚未挂接，请直接挂接。"))
    guards.ask("datacentre.prepare_mount", resource_id=resource_id)
    row.prepared = {
        "source_id": source_id, "schema": schema, "table": table, "mapping": lines, "at": at, "by": by.name[:100],
    }  # fmt: skip
    row.save(update_fields=["prepared"])
    return row


@action("datacentre.switch_mount", label=N_("启用变更后的挂接"), allow=SYSTEM_ONLY)
def switch_mount(*, by: Actor, at: datetime, resource_id: int) -> int:
    """Serve a resource in its prepared form from now on; returns its id. WrongState where none was prepared."""
    row = Mount.objects.select_for_update().filter(entry_id=resource_id).first()
    if row is None or not row.prepared:
        raise WrongState(N_("没有准备好的变更后的挂接，请提供部门先在资源挂接页面准备。"))
    form, row.prepared = row.prepared, {}
    row.source_id, row.schema, row.table = form["source_id"], form["schema"], form["table"]
    row.mapping = form["mapping"]
    _changed(row, by, at, active=True)
    return resource_id


def _line(line: Mapped, kind: Kind) -> dict[str, object]:
    return {
        "item": line.item,
        "column": line.column,
        "kind": str(kind),
        "key": line.key,
        "masking": str(line.masking),
    }


@action("datacentre.mount_compiled", label=N_("按编目时的表自动挂接"), allow=SYSTEM_ONLY)
def mount_compiled(*, by: Actor, at: datetime, resource_id: int) -> int:
    """Mount an entry that was just published on the table it was compiled from, unless it is mounted already.

    Items find their columns by the technical name they kept. Where that no longer fits, the department is told to mount
    it itself; nothing is published or refused by it. Returns the entry's id.
    """
    table = SourceTable.objects.select_related("source").filter(entry_id=resource_id).first()
    entry = catalogue.published(resource_id)
    if table is None or entry is None or Mount.objects.filter(entry_id=resource_id).exists():
        return resource_id
    try:
        lines = _fitting(table, entry, at)
    except RuleBroken as refusal:
        inbox.tell(
            department_id=entry.provider_id,
            role=Role.DATA_OFFICER,
            title=_("目录已发布，请挂接资源：%s") % entry.title,
            text=refusal.sentence,
            link=f"/datacentre/entries/{resource_id}/mount/",
            at=at,
        )
        return resource_id
    row = Mount(entry_id=resource_id, provider_id=entry.provider_id, version=0, mounted_at=at)
    row.title, row.code, row.entry_version = entry.title, entry.code, entry.version
    row.source_id, row.schema, row.table = table.source.pk, table.schema, table.table
    row.mapping = [_line(line, kind) for line, kind in lines]
    _changed(row, by, at, active=True)
    return resource_id


def _fitting(table: SourceTable, entry: catalogue.PublishedEntry, at: datetime) -> list[tuple[Mapped, Kind]]:
    """Return the lines of a mount on the table an entry was compiled from; RuleBroken where it cannot be mounted so."""
    if not (table.source.provides and table.source.active):
        raise RuleBroken(N_("请选择本部门在用的、作为提供方来源的数据源。"), field="source_id")
    check_online(entry.modes, online=sources.answers_online(table.source.pk))
    columns = columns_of(table.columns)
    handling = catalogue.handling(entry.id, at=at)
    graded = handling.masked if handling else frozenset()
    return check_mapping(entry.items, compiled_mapping(entry.items, columns, graded), columns)


@action("datacentre.unmount", label=N_("解除挂接"), allow=OFFICERS)
def unmount(*, by: Actor, at: datetime, resource_id: int, note: str) -> Mount:
    """Take a resource off its table: every delivery under it stops within two seconds.

    RuleBroken without a reason; WrongState while a running grant is served from it (W15 comes first, national-2025#27).
    """
    row = Mount.objects.select_for_update().filter(entry_id=resource_id).first()
    if row is None or not row.active:
        raise WrongState(N_("该资源没有挂接，无需取消。"))
    if MOUNTERS.permits(by, row) is None:
        raise NotAllowed(N_("只有提供部门的数据专员或系统工程师可以取消挂接。"))
    if not note.strip():
        raise RuleBroken(N_("请说明取消挂接的理由。"), field="note")
    _check_served(row, set(), at)
    _changed(row, by, at, active=False)
    return row


def _changed(row: Mount, by: Actor, at: datetime, *, active: bool) -> None:
    row.active, row.remark = active, ""
    row.version += 1
    row.changed_at, row.changed_by = at, by.name[:100]
    row.save()
    payload = {
        "resource_id": row.entry_id,
        "provider_id": row.provider_id,
        "version": row.version,
        "active": active,
    }
    outbox.publish(events.MOUNT_CHANGED, f"mount:{row.entry_id}", payload, at=at, by=by)


@action("datacentre.preview", label=N_("预览挂接数据"), allow=OFFICERS)
def preview(
    resource_id: int, *, by: Actor, at: datetime, empty: str = ""
) -> tuple[MountRow, tuple[tuple[str, ...], ...]]:
    """Return the first ten rows of a mounted resource to its own department's people, masked; the look is audited.

    empty: an item that is mounted; only rows without a value there are shown then.
    """
    row = mount_of(resource_id)
    if row is None:
        raise WrongState(N_("该资源尚未挂接，没有可预览的数据。"))
    if MOUNTERS.permits(by, row) is None:
        raise NotAllowed(N_("只有提供部门的数据专员或系统工程师可以预览数据。"))
    place: dict[str, Any] = {"schema": row.schema, "table": row.table, "columns": preview_columns(row.columns)}
    if not empty:
        return row, sources.preview(row.source_id, **place)
    column = next((line for line in row.columns if line.item == empty), None)
    if column is None:
        raise WrongState(N_("该信息项没有挂接，无法核对。"))
    tests = (Filter(column, Operator.IS_NULL), Filter(column, Operator.EQ, ("",)))
    found = [sources.preview(row.source_id, filters=(test,), **place) for test in tests]
    return row, tuple(line for rows in found for line in rows)[:PREVIEWED]


@action("datacentre.sample", label=N_("取样核对字段对应"), allow=OFFICERS)
def sample(
    *, by: Actor, at: datetime, resource_id: int, source_id: int, schema: str, table: str, mapping: Sequence[Mapped]
) -> dict[str, tuple[str, ...]]:
    """Return a few values of each item under a mapping that is being designed, masked as chosen; the look is audited.

    A sensitive item for which no masking is chosen shows nothing. Refusals as for `mount`.
    """
    entry = catalogue.require_published(resource_id)
    if MOUNTERS.permits(by, entry) is None:
        raise NotAllowed(N_("只有提供部门的数据专员或系统工程师可以预览数据。"))
    source = sources.source(source_id, by)
    if source.department_id != entry.provider_id:
        raise RuleBroken(N_("请选择本部门在用的、作为提供方来源的数据源。"), field="source_id")
    check_place(schema, table)
    found = sources.schema(source_id, by, schema=schema, table=table)
    hidden = {item.name for item in entry.items if item.sensitive}
    lines = [
        Column(line.item, line.column, kind, _sampled(line, hidden))
        for line, kind in check_mapping(entry.items, mapping, found.columns)
        if line.column
    ]
    rows = sources.preview(source_id, schema=schema, table=table, columns=preview_columns(lines), limit=SAMPLED)
    return {column.item: tuple(row[place] for row in rows) for place, column in enumerate(lines)}


def _sampled(line: Mapped, hidden: set[str]) -> Masking:
    masking = Masking(line.masking)
    return Masking.SUPPRESS if masking is Masking.NONE and line.item in hidden else masking


@action("datacentre.compare", label=N_("比对挂接与目录版本"), allow=SYSTEM_ONLY)
def compare(*, by: Actor, at: datetime, resource_id: int) -> int:
    """Note at a mount that a newly published version has other items, and tell its department (R-CAT-059)."""
    row = Mount.objects.select_for_update().filter(entry_id=resource_id, active=True).first()
    entry = catalogue.published(resource_id)
    if row is None or entry is None or row.entry_version == entry.version:
        return resource_id
    row.title, row.code = entry.title, entry.code
    row.remark = changed_items([line["item"] for line in row.mapping], [item.name for item in entry.items])[:500]
    if not row.remark:
        row.entry_version = entry.version
    row.save(update_fields=["title", "code", "remark", "entry_version"])
    if row.remark:
        inbox.tell(
            department_id=row.provider_id,
            role=Role.DATA_OFFICER,
            title=_("请核对资源挂接：%s") % row.title,
            text=row.remark,
            link=f"/datacentre/entries/{resource_id}/mount/",
            at=at,
        )
    return resource_id
