"""Looking at what a consumer would receive under a drafted reply: a few masked rows, through the data plane."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role, Who
from jutong.kernel.errors import RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.datacentre import queries as datacentre
from jutong.slices.sharing.models import SharingRequest
from jutong.slices.sharing.rules import Reply
from jutong.slices.sharing.workflow import HEADS, may_know
from jutong.slices.sources import queries as sources
from jutong.wire.grants import Column
from jutong.wire.probe import Filter

LOOKERS: Final = Who(
    "provider_officers", N_("提供方数据专员或共享工作机构负责人"), (Role.DATA_OFFICER, *HEADS), of="provider_id"
)


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of a resource as the consumer would see them: item names, and values as text."""

    items: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def lines(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """The rows with the item's name at each value, as narrow screens show them."""
        return tuple(tuple(zip(self.items, row, strict=True)) for row in self.rows)


@action("sharing.preview_reply", label=N_("预览答复数据"), allow=LOOKERS, on=SharingRequest, visible=may_know)
def preview_reply(case: SharingRequest, *, by: Actor, at: datetime, reply: Reply) -> Sample:
    """Return five of the rows that the reply gives, with its items and masking; the look is audited.

    WrongState where the resource has no table yet, RuleBroken for items without a column, Unavailable when the data
    plane is away.
    """
    mount = datacentre.mount_of(case.resource_id)
    if mount is None:
        raise WrongState(_("该资源尚未挂接数据表，暂时不能预览；答复不受影响。"))
    known = {column.item: column for column in mount.columns}
    asked = [given.item for given in reply.items] + [condition.item for condition in reply.conditions]
    lost = [item for item in asked if item not in known]
    if lost:
        raise RuleBroken(_("信息项“%s”没有挂接到数据列，请先补充挂接。") % lost[0], field="items")
    columns = tuple(
        Column(given.item, known[given.item].column, known[given.item].kind, given.masking) for given in reply.items
    )
    filters = tuple(
        Filter(Column(one.item, known[one.item].column, known[one.item].kind), one.operator, tuple(one.values))
        for one in reply.conditions
    )
    rows = sources.preview(
        mount.source_id, schema=mount.schema, table=mount.table, columns=columns, limit=5, filters=filters
    )
    return Sample(tuple(column.item for column in columns), rows)
