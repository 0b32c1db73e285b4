"""What comes with a delivery: the manifest of a batch file, and the proof that both ends and this instance signed."""

from __future__ import annotations

from jutong.kernel import handovers
from jutong.kernel.actors import Actor
from jutong.kernel.errors import WrongState
from jutong.kernel.terms import N_
from jutong.slices.exchange import formats
from jutong.slices.exchange.models import Run
from jutong.slices.exchange.queries.runs import visible
from jutong.wire.transfers import Manifest, OrderKind


def _released(run_id: int, actor: Actor) -> tuple[Run, dict[str, bytes]]:
    run = visible(run_id, actor)
    if run.state != "released":
        raise WrongState(N_("该任务尚未放行，还没有交付证明。"))
    rows = run.receipts.filter(order_id=run.order_id)
    return run, {row.side: bytes(row.envelope) for row in rows}


def manifest(run_id: int, actor: Actor) -> Manifest:
    """Return the manifest of a released batch file: rows, bytes, SM3, columns, term (R-EXC-007)."""
    run, receipts = _released(run_id, actor)
    if run.task.kind != OrderKind.BATCH or run.expires_at is None:
        raise WrongState(N_("该任务没有批量文件，因此没有文件清单。"))
    _envelope, receipt = formats.receipt_in(receipts["receiver"])
    return Manifest(
        artefact_id=run.artefact_id,
        order_id=run.order_id,
        grant_id=str(run.grant_id),
        resource_title=run.title,
        entry_code=run.entry_code,
        consumer_id=str(run.consumer_id),
        rows=receipt.target.rows,
        bytes=receipt.bytes,
        sm3=receipt.artefact_digest,
        checksum=receipt.target.checksum,
        method=receipt.target.method,
        format=run.task.format,
        encoding=run.task.encoding,
        columns=receipt.columns,
        purpose="、".join(run.grant.purposes),
        made_at=receipt.finished_at,
        expires_at=run.expires_at,
        receipt=receipts["receiver"],
    )


def proof(run_id: int, actor: Actor) -> bytes:
    """Return the proof file of a released delivery (JSON, see `formats.proof`). WrongState before it is released."""
    run, receipts = _released(run_id, actor)
    signers = {
        "centre": formats.signing_key(receipts.get(formats.CENTRE), handovers.instance_publics()),
        "node": formats.signing_key(receipts.get("receiver"), handovers.publics_of(run.receiver or run.node)),
    }
    if run.sender:
        signers["sender"] = formats.signing_key(receipts.get("sender"), handovers.publics_of(run.sender))
    return formats.proof(run.statement, run.digest, receipts, signers)
