"""What happened to an order, in the words of OpenLineage."""

from __future__ import annotations

from datetime import datetime

import msgspec

from jutong.kernel import keys
from jutong.kernel.settings import settings
from jutong.slices.datacentre import queries as datacentre
from jutong.slices.exchange.formats import lineage, receipt_in
from jutong.slices.exchange.models import Run
from jutong.slices.sources import queries as sources
from jutong.wire.grants import Column


def happened(run_id: int, order_id: str, state: str, *, at: datetime) -> lineage.Happened | None:
    """Return the event of an order that reached a state; None for states that OpenLineage does not know, or no run."""
    kind = lineage.EVENT_TYPES.get(state)
    run = Run.objects.select_related("task__target", "grant", "provider", "consumer").filter(pk=run_id).first()
    if kind is None or run is None:
        return None
    receipts = run.receipts.filter(order_id=order_id, side="receiver").first()
    receipt = receipt_in(bytes(receipts.envelope))[1] if receipts else None
    return lineage.Happened(
        kind=kind,
        at=at,
        instance=keys.instance().key_id,
        producer=settings().web_origin,
        order_id=order_id,
        job=f"exchange.J-{run.task_id:06d}",
        title=run.title,
        started_at=run.ordered_at,
        inputs=_inputs(run),
        outputs=_outputs(run),
        rows=receipt.target.rows if receipt else 0,
        bytes=receipt.bytes if receipt else 0,
        sentence=run.message if kind == "FAIL" else "",
        tags={"grant": f"G-{run.grant_id:06d}", "provider": run.provider.name, "consumer": run.consumer.name},
    )


def _fields(run: Run) -> tuple[tuple[str, str, str], ...]:
    columns = msgspec.convert(run.grant.items, tuple[Column, ...])
    return tuple((column.column, str(column.kind), column.item) for column in columns)


def _inputs(run: Run) -> list[lineage.Dataset]:
    mount = datacentre.mount_of(run.grant.resource_id)
    source = sources.source_of(run.source_id) if run.source_id else None
    if mount is None or source is None:
        return []
    found = lineage.table(source.engine, source.host, source.port, source.database, mount.schema, mount.table)
    return [lineage.Dataset(found.namespace, found.name, _fields(run))]


def _outputs(run: Run) -> list[lineage.Dataset]:
    task = run.task
    if task.target is None:
        return [
            lineage.Dataset(f"jutong:{keys.instance().key_id}", f"batch.{run.order_id}.{task.format}", _fields(run))
        ]
    there = task.target
    found = lineage.table(there.engine, there.host, there.port, there.database, task.schema, task.table)
    return [lineage.Dataset(found.namespace, found.name, _fields(run))]
