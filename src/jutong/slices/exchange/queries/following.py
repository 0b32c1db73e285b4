"""Tasks by name: those of a department that another task could follow."""

from __future__ import annotations

from jutong.kernel.actors import Actor
from jutong.slices.exchange.models import TransferTask
from jutong.slices.exchange.rules import table_name
from jutong.wire.transfers import OrderKind


def followable(actor: Actor, *, but: int | None = None) -> list[tuple[int, str]]:
    """Return the tasks of the actor's department that another could follow, with their names."""
    rows = TransferTask.objects.filter(deleted_at=None, grant__consumer_id=actor.department_id).exclude(pk=but or 0)
    return [(row.pk, named(row)) for row in rows.select_related("grant").order_by("-id")[:200]]


def named(task: TransferTask) -> str:
    """Return a task's number, resource and target."""
    places = {OrderKind.TABLE: table_name(task.schema, task.table), OrderKind.FILES: task.schema or "/"}
    where = places.get(OrderKind(task.kind), task.format)
    return f"J-{task.pk:06d} {task.grant.resource_title} → {where}"
