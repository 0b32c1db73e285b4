"""The sample profile of an entry as its page shows it: masked at the source, withheld items without values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.panels import Light, Linked
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.datacentre.models import Mount, SourceTable
from jutong.slices.datacentre.queries.mounts import OVERSEERS
from jutong.slices.datacentre.queries.tables import profile_of, ranged, share_filled
from jutong.slices.datacentre.rules import MOUNTERS
from jutong.wire.probe import ColumnProfile

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
    """A look over the data of an entry. place: for its own department only; mounted: otherwise it is the table it will lie on."""

    entry_id: int
    rows: int
    seen: int
    exact: bool
    read_at: datetime
    mounted: bool
    source_title: str
    place: str
    table_id: int
    items: tuple[ProfiledItem, ...]
    may_look: bool


def _behind(entry_id: int) -> tuple[SourceTable | None, Mount | None]:
    """Return the table behind an entry, and its mount: the table it is mounted on, else the one it was compiled from."""
    mount = Mount.objects.select_related("source__node").filter(entry_id=entry_id, active=True).first()
    rows = SourceTable.objects.select_related("source__node")
    if mount is None:
        return rows.filter(entry_id=entry_id).first(), None
    return rows.filter(source_id=mount.source_id, schema=mount.schema, table=mount.table).first(), mount


def profile_panel(actor: Actor, at: datetime, *, entry_id: int) -> EntryProfile | None:
    """Return what an entry's page shows of its data; None before anybody looked, unless the reader could have it done."""
    table, mount = _behind(entry_id)
    looked = profile_of(table) if table else None
    if table is None or looked is None or table.read_at is None:
        return None
    seen = catalogue.entry(entry_id, actor=actor, at=at)
    mapped = {line["item"]: line["column"] for line in mount.mapping} if mount else {}
    columns = {column.name: column for column in looked.columns}
    own = table.department_id in actor.serves
    pairs = [(item, columns.get(mapped.get(item.name, item.column))) for item in seen.items]
    return EntryProfile(
        entry_id=entry_id,
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


def lights(_actor: Actor, at: datetime, *, entry_id: int) -> tuple[Light, ...] | None:
    """Return the lights on an entry's resource: is there one, are its keys whole, how full is it, how old is the look."""
    table, mount = _behind(entry_id)
    found = [Light(_("资源挂接"), "good" if mount else "bad", _("已挂接") if mount else _("尚未挂接数据资源"))]
    if mount is None and table is not None and catalogue.published(entry_id) is None:
        found = [Light(_("资源挂接"), "neutral", _("发布后自动挂接"))]
    looked = profile_of(table) if table else None
    if mount is not None and mount.remark:
        found = [Light(_("资源挂接"), "wait", mount.remark)]
    if table is None or looked is None or not looked.seen or table.read_at is None:
        return tuple(found)
    days = (at - table.read_at).days
    lines = mount.mapping if mount else []
    columns = {column.name: column for column in looked.columns}
    if keys := [columns[line["column"]] for line in lines if line["key"] and line["column"] in columns]:
        whole = all(key.filled == looked.seen for key in keys)
        single = len(keys) > 1 or keys[0].distinct == looked.seen
        sentence = _("主键项没有空值和重复") if whole and single else _("主键项有空值或重复，请提供部门核对")
        found.append(Light(_("主键"), "good" if whole and single else "bad", sentence))
    used = {line["column"] for line in lines if line["column"]} or set(columns)
    gaps = [column for name, column in columns.items() if name in used and 2 * column.filled < looked.seen]
    told = _("%d 个信息项半数以上为空") % len(gaps) if gaps else _("没有半数以上为空的信息项")
    found.append(Light(_("完整程度"), "wait" if gaps else "good", told))
    if days > OLD_DAYS:
        found.append(Light(_("样本概况"), "wait", _("%d 天前的概况，可能已不反映现状") % days))
    return tuple(found)


def lineage(actor: Actor, _at: datetime, *, entry_id: int) -> tuple[Linked, ...] | None:
    """Return where an entry's data comes from: the table to those who work with it, to others only that there is one."""
    table, mount = _behind(entry_id)
    since: datetime | None
    if mount is not None:
        source, department_id, since = mount.source, mount.provider_id, mount.mounted_at
        place = ".".join(filter(None, (mount.schema, mount.table)))
        how = _("挂接第 %d 版") % mount.version
    elif table is not None:
        source, department_id, since = table.source, table.department_id, table.compiled_at
        place, how = table.place, _("发布后自动挂接")
    else:
        return None
    if department_id not in actor.serves and not actor.holds(*OVERSEERS):
        return (Linked("from", _("提供部门的数据源"), how=how, since=since),)
    url = (
        f"/datacentre/entries/{entry_id}/" if mount is not None else f"/datacentre/tables/{table.pk}/" if table else ""
    )
    node = source.node.title if source.node else ""
    detail = place if not node else _("%(place)s，经前置机“%(node)s”") % {"place": place, "node": node}
    return (Linked("from", source.title, detail=detail, how=how, since=since, url=url),)
