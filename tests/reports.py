"""Reports as a runner sends them, signed with the node's own key, for tests of the exchange."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from jutong.dataplane import envelopes
from jutong.slices.exchange import actions
from jutong.slices.exchange.models import Run
from jutong.slices.exchange.queries import orders_since
from jutong.wire.transfers import Order, Progress, Receipt, RunState, Tally

if TYPE_CHECKING:
    from jutong.dataplane.identity import Identity

TALLY = Tally(25, "123456789", "sha256-56-sum")
MOMENT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def order_of(run: Run) -> Order:
    """Return the order that the runners see for a run."""
    run.refresh_from_db()
    return next(order for order in orders_since(0)[1] if order.id == run.order_id)


def receipt(order: Order, node: Identity, side: str = "receiver", **changes: Any) -> bytes:
    """Return a signed receipt of an order; `changes` are fields of `wire.Receipt`."""
    said: Mapping[str, Any] = {
        "order_id": order.id, "grant_id": order.grant_id, "grant_version": order.grant_version,
        "request_digest": order.digest, "side": side, "source": TALLY, "target": TALLY, "reconciled": True,
        "started_at": MOMENT, "finished_at": MOMENT, "columns": (), "node": node.name,
    }  # fmt: skip
    return msgspec.json.encode(
        envelopes.seal("receipt", msgspec.json.encode(Receipt(**{**said, **changes})), node.signer)
    )


def report(order: Order, state: str, *, seconds: int = 0, attempt: int = 1, **more: Any) -> Progress:
    """Return one report about an order."""
    return Progress(order.id, attempt, RunState(state), MOMENT + timedelta(seconds=seconds), **more)


def take(*reports: Progress, node: str = "local") -> int:
    """Let the control plane take reports."""
    return actions.take_progress(reports, node=node, at=MOMENT)


def delivered(run: Run, node: Identity, **more: Any) -> None:
    """Report a run from beginning to release, as a runner does when all goes well."""
    order = order_of(run)
    take(
        report(order, "sent", rows_done=10, rows_total=25),
        report(order, "received", rows_done=25, rows_total=25, receipt=receipt(order, node, "sender"), seconds=1),
        report(order, "validated", rows_done=25, rows_total=25, seconds=2),
        report(order, "released", rows_done=25, rows_total=25, receipt=receipt(order, node, **more), seconds=3,
               message="已放行 25 行，两端核对一致。", artefact_id=order.id if order.kind == "batch" else ""),
    )  # fmt: skip
    run.refresh_from_db()
