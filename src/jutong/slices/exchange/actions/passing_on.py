"""Returned data that the lower department offers on: its entry is registered with the source it came from (R-CAS-017)."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actors import Actor, Role, system_actor
from jutong.kernel.errors import Conflict, RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.catalogue import actions as catalogue
from jutong.slices.catalogue import queries as entries
from jutong.slices.datacentre import queries as datacentre
from jutong.slices.datacentre.queries import MountRow
from jutong.slices.exchange.models import Backflow
from jutong.slices.exchange.rules.backflow import PURPOSES, RUNNING, numbered
from jutong.slices.exchange.workflow import BACKFLOW
from jutong.slices.sources import queries as sources


@BACKFLOW.action("register_source")
def register_source(case: Backflow, *, by: Actor, at: datetime, entry_id: int) -> None:
    """Register an entry of the lower department as obtained by this back-flow, before anybody else can use it.

    The entry then names the upper department as source. RuleBroken where its security level is below the source's, or for
    another department's entry; use for anything but the duty is forbidden from now on.
    """
    if entries.entry(entry_id, actor=by, at=at).row.provider_id != case.consumer_id:
        raise RuleBroken(N_("请选择本部门的目录。"), field="entry_id")
    _register(case, entry_id, by, at)


def _register(case: Backflow, entry_id: int, by: Actor, at: datetime) -> None:
    catalogue.register_returned(
        entry_id,
        by=by,
        at=at,
        source_id=case.resource_id,
        reference=numbered(case.pk),
        duty=case.duty,
        purposes=[str(purpose) for purpose in PURPOSES],
    )


def register_mounted(resource_id: int, *, at: datetime) -> bool:
    """Register an entry that was mounted on the table a back-flow fills, though nobody said so; returns whether it was one."""
    mount = datacentre.mount_of(resource_id)
    case = _filling(mount) if mount and mount.active else None
    if mount is None or case is None:
        return False
    with suppress(Conflict):
        _register(case, resource_id, system_actor("exchange"), at)
    inbox.tell(
        department_id=case.consumer_id,
        role=Role.DATA_OFFICER,
        title=_("目录挂接的是回流数据，已登记来源：%s") % mount.title,
        text=_("请核对目录的分级不低于来源目录；该数据只能用于登记的职责。"),
        link=f"/catalogue/{resource_id}/",
        at=at,
    )
    return True


def _filling(mount: MountRow) -> Backflow | None:
    """Return the back-flow that fills the mounted table, under whatever name its database is registered."""
    flows = Backflow.objects.filter(state__in=RUNNING, consumer_id=mount.provider_id, task__table=mount.table)
    for case in flows.filter(task__schema__in={mount.schema, ""}).select_related("task").order_by("pk"):
        target = case.task.target_id if case.task else None
        if target and _place(target) == _place(mount.source_id):
            return case
    return None


def _place(source_id: int) -> tuple[object, ...]:
    found = sources.source_of(source_id)
    return (found.engine, found.host, found.port, found.database) if found else (source_id,)
