"""Reads of this slice: mounted resources for people, for the slices above and for the data plane."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotAllowed, NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.terms import MASKING_LABELS, N_, Masking
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.datacentre.models import Mount
from jutong.slices.datacentre.rules import MOUNTERS, Proposal, propose
from jutong.slices.sources import queries as sources
from jutong.slices.sources.queries import SourceRow
from jutong.wire import bundle as wire
from jutong.wire.grants import Column, Kind
from jutong.wire.probe import FoundTable

OVERSEERS = (Role.PLATFORM_OPERATOR, Role.AUDITOR, Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER)


@dataclass(frozen=True, slots=True)
class MountedItem:
    """One item of a mounted resource; column is empty where the table does not provide it."""

    item: str
    column: str
    kind: Kind
    key: bool
    masking: Masking

    @property
    def masking_label(self) -> str:
        """Chinese name of the masking, a msgid."""
        return MASKING_LABELS[self.masking]


def place_of(table: FoundTable) -> str:
    """Return a table's name with its schema, where its database has schemas."""
    return ".".join(filter(None, (table.schema, table.name)))


@dataclass(frozen=True, slots=True)
class MountRow:
    """A mounted resource. remark: what a person should look at; zone: of its data source; may_change: by this actor.

    prepared: table, day and person of the form that a change of the service will bring into force; prepared_items: what it
    will provide.
    """

    resource_id: int
    title: str
    code: str
    provider_id: int
    provider_name: str
    source_id: int
    source_title: str
    source_active: bool
    zone: str
    schema: str
    table: str
    items: tuple[MountedItem, ...]
    entry_version: int
    version: int
    active: bool
    remark: str
    mounted_at: datetime
    changed_at: datetime
    changed_by: str
    may_change: bool = False
    prepared: str = ""
    prepared_items: frozenset[str] = frozenset()

    @property
    def place(self) -> str:
        """Schema and table, joined by a dot."""
        return ".".join(filter(None, (self.schema, self.table)))

    @property
    def key_items(self) -> tuple[str, ...]:
        """Items that identify a record."""
        return tuple(line.item for line in self.items if line.key)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The provided items in the words of the wire."""
        return tuple(Column(i.item, i.column, i.kind, i.masking) for i in self.items if i.column)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the mounting page works with: the entry, the department's sources, the chosen table and the proposed lines.

    kinds: the type that the catalogue declares, by item.
    """

    resource_id: int
    title: str
    code: str
    version: int
    mounted: MountRow | None
    sources: list[SourceRow]
    source_id: int
    place: str
    tables: tuple[FoundTable, ...]
    found: FoundTable | None
    lines: list[Proposal]
    kinds: dict[str, str]

    @property
    def places(self) -> list[tuple[str, str]]:
        """The tables to choose from, each with its comment."""
        return [(place_of(table), table.comment) for table in self.tables]


def mount_of(resource_id: int) -> MountRow | None:
    """Return the mount of a resource, or None when it is not mounted; the slices above check their own permissions."""
    found = _all().filter(entry_id=resource_id, active=True).first()
    return _row(found) if found else None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a resource is, or was, mounted."""

    source_id: int
    active: bool
    changed_at: datetime


def standing(resource_ids: Collection[int]) -> dict[int, Standing]:
    """Return the mounts of many resources, those that were taken off too, by the resource's id."""
    rows = Mount.objects.filter(entry_id__in=resource_ids).values_list("entry_id", "source_id", "active", "changed_at")
    return {entry: Standing(source, active, at) for entry, source, active, at in rows}


def mounted_among(resource_ids: Collection[int]) -> set[int]:
    """Return which of these resources are mounted now."""
    return set(Mount.objects.filter(entry_id__in=resource_ids, active=True).values_list("entry_id", flat=True))


def mount(resource_id: int, actor: Actor) -> MountRow:
    """Return the mount of a resource. NotThere where there is none or the actor may not know of it."""
    found = _all().filter(_mine(actor), entry_id=resource_id).first()
    if found is None:
        raise NotThere(N_("该资源尚未挂接，或您无权知悉。"))
    return _row(found, actor)


def mounts(actor: Actor, *, text: str = "", number: int = 1, size: int = 20) -> tuple[list[MountRow], Page]:
    """Return the mounts an actor may know of, last changed first; `text` matches title, code and table."""
    rows = _all().filter(_mine(actor)).order_by("-changed_at", "-id")
    if text := text.replace("\x00", "").strip():
        rows = rows.filter(Q(title__icontains=text) | Q(code=text) | Q(table__icontains=text))
    found, meta = page(rows, number, size)
    return [_row(each, actor) for each in found], meta


def wire_mount(resource_id: int) -> wire.Mount | None:
    """Return the mount as the data plane works with it, or None when the resource is not mounted."""
    row = mount_of(resource_id)
    if row is None:
        return None
    return wire.Mount(
        resource_id=str(row.resource_id),
        source_id=str(row.source_id),
        schema=row.schema,
        table=row.table,
        columns=row.columns,
        key_columns=tuple(line.column for line in row.items if line.key and line.column),
        version=row.version,
    )


def draft(resource_id: int, actor: Actor, *, at: datetime, source_id: int = 0, place: str = "") -> Draft:
    """Return what the mounting page needs: sources, tables of the chosen source, and the proposed mapping of the table.

    place: "schema.table"; without source and place, those of the present mount. WrongState for an entry that is not published (R-CAT-059); NotAllowed for other departments' people.
    """
    entry = catalogue.require_published(resource_id)
    if MOUNTERS.permits(actor, entry) is None:
        raise NotAllowed(N_("只有提供部门的数据专员或系统工程师可以挂接资源。"))
    row = Mount.objects.select_related("provider", "source").filter(entry_id=resource_id).first()
    mounted = _row(row, actor) if row else None
    if mounted and not source_id:
        source_id, place = mounted.source_id, mounted.place
    offered = sources.choices(entry.provider_id, provides=True)
    chosen = source_id if any(each.id == source_id for each in offered) else 0
    tables = sources.tables(chosen, actor) if chosen else ()
    there = next((each for each in tables if place_of(each) == place.lstrip(".")), None)
    found = sources.schema(chosen, actor, schema=there.schema, table=there.name) if there else None
    handling = catalogue.handling(resource_id, at=at) if found else None
    graded = handling.masked if handling else frozenset()
    return Draft(
        resource_id=resource_id,
        title=entry.title,
        code=entry.code,
        version=entry.version,
        mounted=mounted,
        sources=offered,
        source_id=chosen,
        place=place if found else "",
        tables=tables,
        found=found,
        lines=_lines(entry, found, mounted, graded) if found else [],
        kinds={item.name: _declared(item) for item in entry.items},
    )


def _declared(item: catalogue.PublishedItem) -> str:
    """Return the type that the catalogue declares, with its length."""
    return f"{item.type_label}（{item.length}）" if item.type_label and item.length else item.type_label


def _lines(
    entry: catalogue.PublishedEntry, found: FoundTable, mounted: MountRow | None, graded: Collection[str]
) -> list[Proposal]:
    """Return the proposed lines; where the same table is mounted already, its mapping stands as it is."""
    proposed = propose(entry.items, found.columns, graded)
    if mounted is None or (mounted.schema, mounted.table) != (found.schema, found.name):
        return proposed
    kept = {line.item: line for line in mounted.items}
    columns = {column.name for column in found.columns}
    return [
        Proposal(old.item, old.column, old.key, old.masking, 100, N_("沿用现有挂接"))
        if (old := kept.get(line.item)) and (not old.column or old.column in columns)
        else line
        for line in proposed
    ]


def _all() -> QuerySet[Mount]:
    return Mount.objects.select_related("provider", "source")


def _mine(actor: Actor) -> Q:
    if actor.account_id is None or actor.holds(*OVERSEERS):
        return Q()
    return Q(provider_id__in=actor.serves)


def _row(mount: Mount, actor: Actor | None = None) -> MountRow:
    return MountRow(
        resource_id=mount.entry_id,
        title=mount.title,
        code=mount.code,
        provider_id=mount.provider_id,
        provider_name=mount.provider.name,
        source_id=mount.source_id,
        source_title=mount.source.title,
        source_active=mount.source.active,
        zone=mount.source.zone,
        schema=mount.schema,
        table=mount.table,
        items=tuple(_item(line) for line in mount.mapping),
        entry_version=mount.entry_version,
        version=mount.version,
        active=mount.active,
        remark=mount.remark,
        mounted_at=mount.mounted_at,
        changed_at=mount.changed_at,
        changed_by=mount.changed_by,
        may_change=bool(actor and MOUNTERS.permits(actor, mount)),
        prepared=_prepared(mount),
        prepared_items=frozenset(line["item"] for line in mount.prepared.get("mapping", ()) if line["column"]),
    )


def _prepared(mount: Mount) -> str:
    if not (form := mount.prepared):
        return ""
    place, day = ".".join(filter(None, (form["schema"], form["table"]))), form["at"][:10]
    return f"{place}（{day} {form['by']}）"


def _item(line: dict[str, Any]) -> MountedItem:
    return MountedItem(line["item"], line["column"], Kind(line["kind"]), line["key"], Masking(line["masking"]))
