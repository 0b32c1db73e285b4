"""What stands behind an entry, as its page shows it: the sample profile, how its resource stands, where the data comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import BigIntegerField, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.panels import Light, Linked, Said
from jutong.kernel.prepared import Hole, prepared
from jutong.slices.catalogue.queries import EntryDetail
from jutong.slices.datacentre.models import Mount, SourceTable
from jutong.slices.datacentre.queries.mounts import OVERSEERS
from jutong.slices.datacentre.queries.tables import profile_of, ranged, share_filled
from jutong.slices.datacentre.rules import MOUNTERS
from jutong.wire.probe import ColumnProfile, Profile

OLD_DAYS: Final = 90
_YEAR: Final = re.compile(r"^(\d{4,6})-\d\d-\d\d.*")


@dataclass(frozen=True, slots=True)
class ProfiledItem:
    """An item with what was counted over its column. empty: percent of rows without a value; shown: its values may be seen."""

    item: str
    empty: str
    distinct: str
    range: str
    examples: tuple[str, ...]
    shapes: bool
    shown: bool


@dataclass(frozen=True, slots=True)
class EntryProfile:
    """A look over the data of an entry, masked at the source, withheld items without values. place: for its own department only; mounted: otherwise it is the table it will lie on."""

    entry_id: int
    rows: int
    seen: int
    exact: bool
    read_at: datetime | None
    mounted: bool
    source_title: str
    place: str
    table_id: int
    items: tuple[ProfiledItem, ...]
    may_look: bool


def behind_entry(actor: Actor, at: datetime, *, entry: EntryDetail) -> Said:
    """Return what an entry's page shows of its data: the profile once somebody looked, the lights, where it comes from."""
    table, mount = _behind(entry.row.id)
    looked = profile_of(table) if table and table.read_at else None
    return Said(
        card=_profile(actor, entry, table, mount, looked) if table and looked else None,
        lights=tuple(_lights(at, entry, table, mount, looked)),
        ways=tuple(_ways(actor, entry.row.id, table, mount)),
    )


def _behind(entry_id: int) -> tuple[SourceTable | None, Mount | None]:
    """Return the table behind an entry, and its mount: the table it is mounted on, else the one it was compiled from."""
    mount = _mounted().first(entry=entry_id)
    if mount is None:
        return _compiled_from().first(entry=entry_id), None
    rows = SourceTable.objects.select_related("source__node")
    return rows.filter(source_id=mount.source_id, schema=mount.schema, table=mount.table).first(), mount


@prepared
def _mounted() -> QuerySet[Mount]:
    return Mount.objects.select_related("source__node").filter(entry_id=Hole("entry", BigIntegerField()), active=True)


@prepared
def _compiled_from() -> QuerySet[SourceTable]:
    rows = SourceTable.objects.select_related("source__node")
    return rows.filter(entry_id=Hole("entry", BigIntegerField())).order_by("pk")[:1]


def _profile(
    actor: Actor, entry: EntryDetail, table: SourceTable, mount: Mount | None, looked: Profile
) -> EntryProfile:
    mapped = {line["item"]: line["column"] for line in mount.mapping} if mount else {}
    columns = {column.name: column for column in looked.columns}
    own = table.department_id in actor.serves
    pairs = [(item, columns.get(mapped.get(item.name, item.column))) for item in entry.items]
    return EntryProfile(
        entry_id=entry.row.id,
        rows=looked.rows,
        seen=looked.seen,
        exact=looked.exact,
        read_at=table.read_at,
        mounted=mount is not None,
        source_title=table.source.title if own else "",
        place=table.place if own else "",
        table_id=table.pk if own else 0,
        items=tuple(
            _item(item.name, column, looked.seen, shown=own or item.share_type != "withheld", sensitive=item.sensitive)
            for item, column in pairs
            if column is not None
        ),
        may_look=mount is not None and MOUNTERS.permits(actor, mount) is not None,
    )


def _item(name: str, column: ColumnProfile, seen: int, *, shown: bool, sensitive: bool) -> ProfiledItem:
    """Return an item as its reader may see it: a day that may be somebody's birthday shows its year only."""
    least, greatest = (_YEAR.sub(r"\1", text) if sensitive else text for text in (column.least, column.greatest))
    return ProfiledItem(
        item=name,
        empty=share_filled(seen - column.filled, seen) or "0%",
        distinct="" if column.distinct is None else f"{column.distinct:,}",
        range=ranged(least, greatest, column.shortest, column.longest) if shown else "",
        examples=column.examples if shown else (),
        shapes=column.shapes,
        shown=shown,
    )


def _lights(
    at: datetime, entry: EntryDetail, table: SourceTable | None, mount: Mount | None, looked: Profile | None
) -> Iterator[Light]:
    """Yield the lights on an entry's resource: is there one, are its keys whole, how full is it, how old is the look."""
    if mount is None and table is not None and entry.in_force is None:
        yield Light(_("资源挂接"), "neutral", _("发布后自动挂接"))
    elif mount is not None and mount.remark:
        yield Light(_("资源挂接"), "wait", mount.remark)
    else:
        yield Light(_("资源挂接"), "good" if mount else "bad", _("已挂接") if mount else _("尚未挂接数据资源"))
    if looked is None or not looked.seen:
        return
    lines = mount.mapping if mount else []
    columns = {column.name: column for column in looked.columns}
    if keys := [columns[line["column"]] for line in lines if line["key"] and line["column"] in columns]:
        whole = all(key.filled == looked.seen for key in keys)
        single = len(keys) > 1 or keys[0].distinct == looked.seen
        sentence = _("主键项没有空值和重复") if whole and single else _("主键项有空值或重复，请提供部门核对")
        yield Light(_("主键"), "good" if whole and single else "bad", sentence)
    used = {line["column"] for line in lines if line["column"]} or set(columns)
    gaps = [column for name, column in columns.items() if name in used and 2 * column.filled < looked.seen]
    told = _("%d 个信息项半数以上为空") % len(gaps) if gaps else _("没有半数以上为空的信息项")
    yield Light(_("完整程度"), "wait" if gaps else "good", told)
    if table and table.read_at and (days := (at - table.read_at).days) > OLD_DAYS:
        yield Light(_("样本概况"), "wait", _("%d 天前的概况，可能已不反映现状") % days)


def _ways(actor: Actor, entry_id: int, table: SourceTable | None, mount: Mount | None) -> Iterator[Linked]:
    """Yield where an entry's data comes from: the table to those who work with it, to others only that there is one."""
    since: datetime | None
    if mount is not None:
        source, department_id, since = mount.source, mount.provider_id, mount.mounted_at
        place = ".".join(filter(None, (mount.schema, mount.table)))
        how = _("挂接第 %d 版") % mount.version
    elif table is not None:
        source, department_id, since = table.source, table.department_id, table.compiled_at
        place, how = table.place, _("发布后自动挂接")
    else:
        return
    if department_id not in actor.serves and not actor.holds(*OVERSEERS):
        yield Linked("from", _("提供部门的数据源"), how=how, since=since)
        return
    url = (
        f"/datacentre/entries/{entry_id}/" if mount is not None else f"/datacentre/tables/{table.pk}/" if table else ""
    )
    node = source.node.title if source.node else ""
    detail = place if not node else _("%(place)s，经前置机“%(node)s”") % {"place": place, "node": node}
    yield Linked("from", source.title, detail=detail, how=how, since=since, url=url)
