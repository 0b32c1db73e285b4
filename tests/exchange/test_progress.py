"""Following the runners: a run is released only with a reconciled receipt that the node has signed for this order."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson
import pytest

from covers import covers
from jutong.crypto import sm2, sm3
from jutong.dataplane import identity
from jutong.kernel import keys
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry, InboxItem, OutboxEvent
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.models import Run, RunReceipt
from jutong.wire.envelope import Envelope
from jutong.wire.transfers import Tally
from reports import MOMENT, TALLY, delivered, order_of, receipt, report, take
from sourceworld import granted, mounted, register
from world import World

OTHER = Tally(24, "99", "sha256-56-sum")


@pytest.fixture
def run(world: World, probe: Any, civil_db: str, hr_db: str) -> Run:
    grant = granted(world, mounted(world, register(world, "civil", civil_db)))
    target = register(world, "hr", hr_db, title="人社库", provides=False, receives=True)
    return actions.order_table_transfer(
        by=world.actor("hr.clerk"), at=world.at, grant_id=grant.pk, source_id=target.pk, schema="public", table="dibao"
    )


@pytest.fixture
def batch(world: World, probe: Any, civil_db: str) -> Run:
    grant = granted(world, mounted(world, register(world, "civil", civil_db)))
    return actions.order_batch(by=world.actor("hr.clerk"), at=world.at, grant_id=grant.pk)


def state(run: Run) -> str:
    run.refresh_from_db()
    return run.state


@covers("R-EXC-019")
def test_a_delivery_passes_every_state_and_ends_with_a_proof_of_three_signatures(
    world: World, run: Run, node: identity.Identity
) -> None:
    delivered(run, node)
    assert (run.state, run.rows_done, run.message) == ("released", 25, "已放行 25 行，两端核对一致。")
    verbs = AuditEntry.objects.filter(subject_kind="exchange_task", subject_id=str(run.pk)).order_by("id")
    assert [entry.verb.rpartition(".")[2] for entry in verbs] == ["order", "send", "receive", "validate", "release"]
    event = OutboxEvent.objects.get(name="exchange.run_released")
    assert event.payload | {"by": 0} == {
        "run_id": run.pk, "grant_id": run.grant_id, "kind": "table", "rows": 25, "by": 0,
    }  # fmt: skip
    found = orjson.loads(queries.proof(run.pk, world.actor("hr.clerk")))
    assert sm3.hexdigest(found["request"].encode()) == found["request_digest"] == run.digest
    for side, packed in found["receipts"].items():
        envelope = msgspec.json.decode(packed, type=Envelope)
        public = bytes.fromhex(found["public_keys"]["centre" if side == "centre" else "node"])
        assert sm2.verify(public, envelope.kind.encode() + b"\n" + envelope.payload, envelope.signature)
    said = orjson.loads(msgspec.json.decode(found["receipts"]["centre"], type=Envelope).payload)
    assert said["receipts"] == {s: sm3.hexdigest(found["receipts"][s].encode()) for s in ("sender", "receiver")}
    assert (said["rows"], said["checksum"]) == (25, TALLY.checksum)
    assert found["public_keys"]["centre"] == keys.instance().public.hex()


def test_the_same_report_twice_is_the_same_as_once(run: Run, node: identity.Identity) -> None:
    order = order_of(run)
    sent = report(order, "sent", rows_done=10, rows_total=25)
    assert take(sent, sent) == 2
    released = report(order, "released", receipt=receipt(order, node))
    assert take(released) == 1
    assert take(released, sent) == 0
    assert state(run) == "released"
    assert RunReceipt.objects.filter(run=run).count() == 2
    assert OutboxEvent.objects.filter(name="exchange.run_released").count() == 1


def test_a_runner_that_died_may_report_the_release_at_once(run: Run, node: identity.Identity) -> None:
    order = order_of(run)
    take(
        report(order, "sent"),
        report(order, "sent", attempt=2),
        report(order, "released", attempt=2, receipt=receipt(order, node)),
    )
    assert state(run) == "released"


def test_figures_follow_the_newest_report_only(run: Run) -> None:
    order = order_of(run)
    take(report(order, "sent", rows_done=20, rows_total=25, seconds=5))
    take(report(order, "sent", rows_done=10, rows_total=25, seconds=1))
    run.refresh_from_db()
    assert (run.rows_done, run.rows_total, run.state) == (20, 25, "sent")


@covers("R-EXC-019")
@pytest.mark.parametrize(
    "changes",
    [
        {"target": OTHER},
        {"target": Tally(25, "1", "sha256-56-sum")},
        {"target": Tally(25, TALLY.checksum, "other")},
        {"reconciled": False},
        {"order_id": "R1-1x"},
        {"grant_id": "999"},
        {"request_digest": "0" * 64},
        {"side": "witness"},
        {"side": "sender"},
    ],
)
def test_a_release_without_a_fitting_receipt_is_quarantined(
    world: World, run: Run, node: identity.Identity, changes: dict[str, Any]
) -> None:
    order = order_of(run)
    take(report(order, "sent"), report(order, "released", receipt=receipt(order, node, **changes), seconds=1))
    assert state(run) == "quarantined"
    assert "隔离" in run.message
    assert not OutboxEvent.objects.filter(name="exchange.run_released").exists()
    with pytest.raises(WrongState):
        queries.proof(run.pk, world.actor("hr.clerk"))
    world.drain(MOMENT)
    told = InboxItem.objects.filter(title__contains="已隔离")
    assert {item.account_id for item in told} == {world.account("hr.clerk"), None}


def test_a_release_without_any_receipt_is_quarantined(run: Run) -> None:
    take(report(order_of(run), "released"))
    assert state(run) == "quarantined"


@pytest.mark.parametrize("spoil", ["signature", "payload", "kind", "another key", "garbage"])
def test_a_receipt_that_the_node_did_not_sign_is_not_believed(run: Run, node: identity.Identity, spoil: str) -> None:
    order = order_of(run)
    good = msgspec.json.decode(receipt(order, node), type=Envelope)
    if spoil == "signature":
        bad = msgspec.structs.replace(good, signature=good.signature[:-1] + bytes([good.signature[-1] ^ 1]))
    elif spoil == "payload":
        bad = msgspec.structs.replace(good, payload=good.payload.replace(b'"rows":25', b'"rows":26'))
    elif spoil == "kind":
        bad = msgspec.structs.replace(good, kind="bundle")
    else:
        pair = sm2.generate()
        bad = msgspec.structs.replace(
            good, signature=sm2.sign(pair.private, b"receipt\n" + good.payload, public=pair.public)
        )
    packed = b"\xff{" if spoil == "garbage" else msgspec.json.encode(bad)
    take(report(order, "released", receipt=packed))
    assert state(run) == "quarantined"
    assert "签名" in run.message
    assert not RunReceipt.objects.filter(run=run).exists()


def test_a_quarantine_keeps_the_receipt_that_shows_both_ends(world: World, run: Run, node: identity.Identity) -> None:
    order = order_of(run)
    receipts = receipt(order, node, target=OTHER, reconciled=False)
    take(report(order, "sent"), report(order, "quarantined", receipt=receipts, message="两端行数不一致", seconds=1))
    assert state(run) == "quarantined"
    detail = queries.run(run.pk, world.actor("hr.clerk"))
    (kept,) = detail.receipts
    assert (kept.reconciled, kept.source, kept.target) == (False, TALLY, OTHER)
    assert [button.verb for button in detail.buttons] == ["retry"]


def test_reports_of_unknown_or_earlier_orders_change_nothing(world: World, run: Run, node: identity.Identity) -> None:
    first = order_of(run)
    take(report(first, "rejected", message="目标库没有应答"))
    actions.retry(run.pk, by=world.actor("hr.clerk"), at=world.at)
    strange = [
        msgspec.structs.replace(report(first, "sent"), order_id=name) for name in ("R0-1", "X", "R99999-1", "R1-1;", "")
    ]
    assert take(*strange, report(first, "released", receipt=receipt(first, node))) == 0
    assert state(run) == "queued"


def test_a_report_with_hostile_text_is_kept_harmless(run: Run) -> None:
    take(report(order_of(run), "rejected", message="坏\x00" + "长" * 3000, artefact_id="x" * 200))
    assert state(run) == "rejected"
    assert run.message == "坏" + "长" * 498
    assert run.artefact_id == ""


@covers("R-EXC-007")
def test_a_batch_has_a_manifest_and_a_ticket_for_its_own_department_only(
    world: World, batch: Run, node: identity.Identity
) -> None:
    clerk = world.actor("hr.clerk")
    with pytest.raises(WrongState):
        actions.issue_ticket(batch.pk, by=clerk, at=world.at, purpose="data_verification")
    with pytest.raises(WrongState):
        queries.manifest(batch.pk, clerk)
    delivered(batch, node, artefact_digest="ab" * 32, bytes=1234)
    found = queries.manifest(batch.pk, clerk)
    assert (found.rows, found.bytes, found.sm3, found.format) == (25, 1234, "ab" * 32, "csv")
    assert found.artefact_id == batch.order_id
    assert found.expires_at == batch.expires_at
    text = actions.issue_ticket(batch.pk, by=clerk, at=world.at, purpose="data_verification")
    ticket = _believed(text, world)
    assert (ticket.artefact, ticket.department) == (batch.order_id, str(world.department("hr")))
    assert text not in str(list(AuditEntry.objects.filter(verb="exchange.download").values()))
    with pytest.raises(NotAllowed):
        actions.issue_ticket(batch.pk, by=world.actor("civil.officer"), at=world.at, purpose="data_verification")
    with pytest.raises(NotThere):
        actions.issue_ticket(batch.pk, by=world.actor("police.clerk"), at=world.at, purpose="data_verification")
    with pytest.raises(RuleBroken):
        actions.issue_ticket(batch.pk, by=clerk, at=world.at, purpose="curiosity")
    with pytest.raises(WrongState):
        actions.issue_ticket(batch.pk, by=clerk, at=found.expires_at, purpose="data_verification")


def _believed(text: str, world: World) -> Any:
    """Read a ticket as the gateway does, with the control plane's key."""
    from jutong.dataplane.gateway.files import read_ticket

    public = keys.instance().public
    return read_ticket(f"ticket={text}".encode(), {sm2.key_id(public): public}, at=world.at)


def test_no_ticket_once_the_grant_has_ended(world: World, batch: Run, node: identity.Identity) -> None:
    from jutong.slices.grants import actions as grants

    delivered(batch, node)
    grants.revoke_grant(batch.grant_id, by=world.actor("civil.head"), at=world.at, reason="依据废止")
    with pytest.raises(WrongState):
        actions.issue_ticket(batch.pk, by=world.actor("hr.clerk"), at=world.at, purpose="data_verification")


def test_a_table_run_has_neither_file_nor_ticket(world: World, run: Run, node: identity.Identity) -> None:
    delivered(run, node)
    with pytest.raises(WrongState):
        queries.manifest(run.pk, world.actor("hr.clerk"))
    with pytest.raises(WrongState):
        actions.issue_ticket(run.pk, by=world.actor("hr.clerk"), at=world.at, purpose="data_verification")
