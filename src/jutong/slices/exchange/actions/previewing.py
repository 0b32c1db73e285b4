"""A look at the first rows a task would deliver, masked as granted; audited like every look at data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotAllowed, Unavailable
from jutong.kernel.terms import MASKING_LABELS, N_, Masking
from jutong.slices.exchange.actions.ordering import allowed
from jutong.slices.exchange.rules import CONSUMER, ORDERERS
from jutong.slices.exchange.rules.submissions import KIND_WORDS
from jutong.slices.grants.queries import GrantRow
from jutong.slices.sources import queries as sources
from jutong.wire.grants import Column
from jutong.wire.transfers import OrderKind


@dataclass(frozen=True, slots=True)
class MappedItem:
    """One granted item: its name, its column at the source and alike at the target, type and masking in words, masked values."""

    item: str
    column: str
    kind: str
    masking: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """What a task would deliver; `why` says why no values are shown, where none are."""

    title: str
    items: tuple[MappedItem, ...]
    why: str


@action("exchange.preview", label=N_("预览授权数据"), allow=ORDERERS)
def preview(*, by: Actor, at: datetime, grant_id: int, kind: OrderKind) -> Sample:
    """Return the items of a grant with a few masked values, for the consumer's people about to set up a task.

    A grant with row conditions shows no values: the look would pass by its conditions. Refusals as for an order; a data
    plane that does not answer is no refusal, only no values.
    """
    grant, mount = allowed(grant_id, kind, by, at)
    if CONSUMER.permits(by, grant) is None:
        raise NotAllowed(N_("只有使用部门的人员可以预览授权的数据。"))
    columns = msgspec.convert(grant.items, tuple[Column, ...])
    if grant.conditions:
        return _sample(grant, columns, (), _("该授权带有行条件，此处不显示样例；执行时只传输符合条件的行。"))
    if kind is OrderKind.FILES:
        return _sample(grant, columns, (), _("文件按原样交换，此处不显示内容；每个文件的 SM3 摘要列在随附的清单中。"))
    shown = tuple(
        msgspec.structs.replace(c, masking=Masking.SUPPRESS) if c.masking is Masking.KEYED_HASH else c for c in columns
    )
    try:
        rows = sources.preview(mount.source_id, schema=mount.schema, table=mount.table, columns=shown)
    except Unavailable as refusal:
        return _sample(grant, columns, (), refusal.sentence)
    return _sample(grant, columns, rows[:3], "" if rows else _("来源表目前没有数据。"))


def _sample(grant: GrantRow, columns: tuple[Column, ...], rows: tuple[tuple[str, ...], ...], why: str) -> Sample:
    items = tuple(
        MappedItem(c.item, c.column, _(KIND_WORDS[c.kind]), _(MASKING_LABELS[c.masking]), tuple(row[n] for row in rows))
        for n, c in enumerate(columns)
    )
    return Sample(grant.resource_title, items, why)
