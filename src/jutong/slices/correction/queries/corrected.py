"""Corrections as their receivers read them: values only as far as their grants give them in the clear."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.slices.correction.models import CorrectedItem, CorrectedVersion, Receiver
from jutong.slices.correction.queries.sealing import opened
from jutong.slices.correction.rules.receiving import Granted, granted
from jutong.slices.grants import queries as grants


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """A correction of data that a department had obtained."""

    id: int
    resource_id: int
    title: str
    version: int
    record: str
    note: str
    consumer: str
    told_at: datetime
    fetched_at: datetime | None
    fetched_by: str
    calls: int
    runs: int


@dataclass(frozen=True, slots=True)
class ItemChange:
    """A corrected item. shown: values are given; otherwise `why` says how to come by them."""

    item: str
    old: str
    new: str
    shown: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """A correction with its values, once it was fetched."""

    line: CorrectionLine
    changes: tuple[ItemChange, ...]
    may_fetch: bool


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A corrected version as the case's parties see it: how many receivers were told, how many fetched it."""

    number: int
    note: str
    record: str
    at: datetime
    published_at: datetime | None
    items: tuple[tuple[str, str, str], ...]
    told: int
    fetched: int


def corrections(
    actor: Actor, *, waiting: bool = False, after: int = 0, number: int = 1, size: int = 20
) -> tuple[list[CorrectionLine], Page]:
    """Return the corrections told to the actor's departments, newest first; after: only those with a greater id."""
    rows = Receiver.objects.filter(consumer_id__in=actor.serves, pk__gt=after).select_related(
        "version__resource", "consumer"
    )
    if waiting:
        rows = rows.filter(fetched_at=None)
    found, meta = page(rows.order_by("-id"), number, size)
    return [_line(row) for row in found], meta


def correction(receiver_id: int, actor: Actor) -> CorrectionRow:
    """Return one correction. NotThere for other departments'; its values stand there once it was fetched."""
    row = Receiver.objects.select_related("version__resource", "consumer").filter(pk=receiver_id).first()
    if row is None or row.consumer_id not in actor.serves:
        raise NotThere(_("没有找到该更正通知，或您无权知悉。"))
    held = grants.held_of(row.version.resource_id, row.consumer_id)
    given = granted((one.items, one.key_items) for one in held)
    line = _line(row, opened(row.version.record) if given.keyed and row.fetched_at else "")
    changes = () if row.fetched_at is None else tuple(_change(item, given) for item in row.version.items.order_by("pk"))
    return CorrectionRow(line, changes, row.fetched_at is None)


def _change(row: CorrectedItem, given: Granted) -> ItemChange:
    name = row.item
    if name in given.clear:
        return ItemChange(name, opened(row.old), opened(row.new), shown=True)
    if name in given.masked:
        return ItemChange(name, "", "", shown=False, why=_("按授权脱敏提供，请重新获取该记录。"))
    return ItemChange(name, "", "", shown=False, why=_("不在本部门的授权范围内。"))


def _line(row: Receiver, record: str = "") -> CorrectionLine:
    version = row.version
    return CorrectionLine(
        row.pk, version.resource_id, version.resource.title, version.number, record or version.record_shown, version.note,
        row.consumer.name, row.told_at, row.fetched_at, row.fetched_by, row.calls, row.runs,
    )  # fmt: skip


def version_of(case: str, *, values: bool) -> VersionRow | None:
    """Return the corrected version of a case ("verification:12"); values: for the provider and the authority."""
    row = CorrectedVersion.objects.filter(case=case).first()
    if row is None:
        return None
    items = tuple(
        (i.item, opened(i.old), opened(i.new)) if values else (i.item, "", "") for i in row.items.order_by("pk")
    )
    told = Receiver.objects.filter(version=row)
    return VersionRow(
        row.number, row.note, row.record_shown, row.at, row.published_at, items, told.count(),
        told.exclude(fetched_at=None).count(),
    )  # fmt: skip
