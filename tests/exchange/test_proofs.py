"""The proof file of a delivery: checked offline with public keys alone; whatever is touched in it is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from click.testing import CliRunner

from covers import covers
from jutong.cli.audit import audit
from jutong.client import proofs
from jutong.crypto import sm2, sm3
from jutong.dataplane import envelopes, identity
from jutong.kernel import keys
from jutong.slices.exchange import actions, queries
from jutong.wire.envelope import Envelope
from jutong.wire.transfers import Part, Tally
from reports import TALLY, order_of, receipt, report, take
from sourceworld import granted, mounted, register
from world import World

FIRST, SECOND = Tally(10, "11", "sha256-56-sum"), Tally(15, "22", "sha256-56-sum")
PARTS = (Part("511002", FIRST, FIRST), Part("511011", SECOND, SECOND))


@pytest.fixture
def proof(world: World, probe: Any, civil_db: str, hr_db: str, node: identity.Identity) -> bytes:
    grant = granted(world, mounted(world, register(world, "civil", civil_db)))
    run = actions.order_batch(by=world.actor("hr.clerk"), at=world.at, grant_id=grant.pk)
    order = order_of(run)
    both = {side: receipt(order, node, side, parts=PARTS) for side in ("sender", "receiver")}
    take(
        report(order, "received", receipt=both["sender"]),
        report(order, "released", receipt=both["receiver"], artefact_id=order.id, seconds=1),
    )
    return queries.proof(run.pk, world.actor("hr.clerk"))


def checked(content: bytes, node: identity.Identity) -> proofs.Verdict:
    return proofs.verify(content, keys.instance().public, {"local": node.signer.public})


def resealed(packed: str, node: identity.Identity, **changes: Any) -> str:
    """Return a receipt with other content, signed again by the node itself."""
    payload = orjson.loads(msgspec.json.decode(packed, type=Envelope).payload) | changes
    return msgspec.json.encode(envelopes.seal("receipt", orjson.dumps(payload), node.signer)).decode()


@covers(partly=["R-EXC-019"])
def test_a_proof_is_verified_offline_by_the_command(proof: bytes, node: identity.Identity, tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    file.write_bytes(proof)
    wanted = ["verify", "--proof", str(file), "--public", keys.instance().public.hex()]
    good = CliRunner().invoke(audit, [*wanted, "--node", f"local={node.signer.public.hex()}"])
    assert good.exit_code == 0, good.output
    assert "25 行，2 个分区" in good.output
    assert CliRunner().invoke(audit, wanted).exit_code == 1
    assert CliRunner().invoke(audit, wanted[:3]).exit_code == 2
    file.write_bytes(proof.replace(b"batch", b"table"))
    assert CliRunner().invoke(audit, [*wanted, "--node", f"local={node.signer.public.hex()}"]).exit_code == 1


def test_whatever_is_touched_is_named(proof: bytes, node: identity.Identity) -> None:
    assert checked(proof, node).ok
    found = orjson.loads(proof)

    def fault(**changes: Any) -> str:
        return "；".join(checked(orjson.dumps(found | changes), node).faults)

    assert "请求被改动过" in fault(request=found["request"].replace("batch", "table"))
    other = found["request"].replace("batch", "table")
    assert "另一个请求" in fault(request=other, request_digest=sm3.hexdigest(other.encode()))
    sides = found["receipts"]
    assert "缺少接收方回执" in fault(receipts={"centre": sides["centre"]})
    assert "不是完整的交付证明" in fault(receipts={"sender": sides["sender"]})
    lied = resealed(sides["receiver"], node, dirty=1)
    assert "不是同一组" in fault(receipts=sides | {"receiver": lied})
    other = msgspec.to_builtins(Tally(24, "9", TALLY.method))
    apart = resealed(sides["sender"], node, source=other, target=other)
    assert "送出的与接收方收到的不一致" in fault(receipts=sides | {"sender": apart})
    less = [msgspec.to_builtins(PARTS[0])]
    assert "各分区行数之和" in fault(receipts=sides | {"receiver": resealed(sides["receiver"], node, parts=less)})
    red = [msgspec.to_builtins(Part("511002", FIRST, SECOND)), msgspec.to_builtins(PARTS[1])]
    assert "分区“511002”两端不一致" in fault(
        receipts=sides | {"receiver": resealed(sides["receiver"], node, parts=red)}
    )
    assert "格式" in fault(format="jutong-proof-9")
    assert not proofs.verify(b"\xff", keys.instance().public, {}).ok


def test_keys_within_the_file_are_not_trusted(proof: bytes, node: identity.Identity) -> None:
    stranger = sm2.generate()
    assert "平台会签的签名无效" in "；".join(
        proofs.verify(proof, stranger.public, {"local": node.signer.public}).faults
    )
    faults = proofs.verify(proof, keys.instance().public, {"local": stranger.public}).faults
    assert [fault for fault in faults if "签名无效" in fault and "receiver" in fault]
    assert TALLY.rows == 25
