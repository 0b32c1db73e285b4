"""The nodes' sealed audit segments: kept once, in order, only with the node's seal; the verifier then finds them whole."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jutong.crypto import sm2, sm3
from jutong.dataplane import identity
from jutong.dataplane.envelopes import seal
from jutong.dataplane.segments import Position, seal_segment
from jutong.kernel.errors import Conflict, RuleBroken
from jutong.kernel.models import AuditSegment
from jutong.slices.exchange import actions
from jutong.wire.envelope import Envelope
from jutong.wire.usage import ChainRecord, Segment
from world import AT

pytestmark = pytest.mark.django_db


class Writer:
    """Writes a chain as a gateway does."""

    def __init__(self, node: identity.Identity, name: str = "local") -> None:
        self.node, self.name, self.at = node, name, Position()

    def segment(self, lines: int = 3) -> tuple[Envelope, bytes]:
        n, head, written = self.at.n, self.at.head, b""
        for _ in range(lines):
            n += 1
            line = msgspec.json.encode(ChainRecord(n, head, AT, "system:1", "2", "query", "3", "work_reference", "ok"))
            head, written = sm3.hexdigest(line), written + line + b"\n"
        last = Position(n, head, self.at.segment)
        envelope = seal_segment(self.name, self.at, written, last=last, at=AT, signer=self.node.signer)
        self.at = Position(n, head, self.at.segment + 1)
        return envelope, written


def take(envelope: Envelope, lines: bytes, name: str = "local") -> bool:
    return actions.take_segment(envelope, lines, node=name, at=AT)


def test_segments_are_kept_in_order_and_once(node: identity.Identity) -> None:
    writer = Writer(node)
    first, second = writer.segment(), writer.segment(1)
    assert take(*first)
    assert not take(*first)
    assert take(*second)
    kept = AuditSegment.objects.order_by("number")
    assert [(row.number, row.first, row.last) for row in kept] == [(1, 1, 3), (2, 4, 4)]
    assert bytes(kept[0].lines) == first[1]


def test_a_gap_is_refused_and_names_what_is_missing(node: identity.Identity) -> None:
    writer = Writer(node)
    first, _lost, third = writer.segment(), writer.segment(), writer.segment()
    take(*first)
    with pytest.raises(Conflict) as refused:
        take(*third)
    assert "应送第 2 段" in refused.value.sentence
    assert AuditSegment.objects.count() == 1


def test_a_segment_that_does_not_join_the_last_is_refused(node: identity.Identity) -> None:
    take(*Writer(node).segment())
    other = Writer(node)
    other.segment(2)
    with pytest.raises(Conflict):
        take(*other.segment())


def test_another_segment_of_a_kept_number_is_refused(node: identity.Identity) -> None:
    take(*Writer(node).segment(3))
    with pytest.raises(Conflict):
        take(*Writer(node).segment(2))


@pytest.mark.parametrize("spoil", ["lines", "signature", "kind", "key", "writer", "garbage"])
def test_a_false_seal_is_refused(node: identity.Identity, spoil: str) -> None:
    envelope, lines = Writer(node, "elsewhere" if spoil == "writer" else "local").segment()
    if spoil == "lines":
        lines = lines.replace(b'"ok"', b'"no"')
    elif spoil == "signature":
        envelope = msgspec.structs.replace(envelope, signature=b"\x30\x00")
    elif spoil == "kind":
        envelope = msgspec.structs.replace(envelope, kind="receipt")
    elif spoil == "key":
        pair = sm2.generate()
        signature = sm2.sign(pair.private, b"segment\n" + envelope.payload, public=pair.public)
        envelope = msgspec.structs.replace(envelope, signature=signature)
    elif spoil == "garbage":
        envelope = seal("segment", b"[]", node.signer)
    with pytest.raises(RuleBroken):
        take(envelope, lines)
    assert not AuditSegment.objects.exists()


def test_a_node_cannot_ship_another_nodes_segments(node: identity.Identity, tmp_path: Any) -> None:
    from jutong.kernel import nodes
    from jutong.kernel.settings import settings

    other = identity.establish(settings().home / "nodes" / "other", at=AT)
    nodes._public_key.cache_clear()
    envelope, lines = Writer(other, "other").segment()
    with pytest.raises(RuleBroken):
        take(envelope, lines, "local")
    assert take(envelope, lines, "other")


def test_each_process_of_a_node_has_its_own_chain(node: identity.Identity) -> None:
    take(*Writer(node).segment())
    assert take(*Writer(node, "local-2").segment())
    segments = {row.writer: msgspec.json.decode(msgspec.json.decode(bytes(row.envelope), type=Envelope).payload, type=Segment).number
                for row in AuditSegment.objects.all()}  # fmt: skip
    assert segments == {"local": 1, "local-2": 1}
