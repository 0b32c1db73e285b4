"""Parcels that orders between two nodes pack and await: what the runner asks of a node's post (`transfer.halves.Post`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from jutong.crypto import sm2
from jutong.dataplane.envelopes import opened
from jutong.dataplane.errors import NotAllowed, Refusal, RuleBroken, Unavailable
from jutong.dataplane.identity import Identity
from jutong.dataplane.node import packing
from jutong.dataplane.node.boxes import ORDER, Boxes, write
from jutong.dataplane.node.parcels import Parcels
from jutong.dataplane.snapshots import Snapshot
from jutong.wire.envelope import Envelope
from jutong.wire.nodes import FileNote, NodePass, Slip
from jutong.wire.transfers import Half, Order, Receipt

LOOK_BYTES: Final = 16 << 20
"""Bytes packed between two looks at the room that is left."""


class Departing:
    """A parcel that an order's sending half packs; it exists for the post once it was handed over."""

    def __init__(self, parcels: Parcels, me: Identity, order: Order, to: NodePass, name: str) -> None:
        self._parcels = parcels
        self._me = me
        self._order = order
        self._to = to
        self._name = name
        self._body = parcels.boxes.body("out", name)
        self._packer = packing.Packer(self._body)
        self._next_look = 0

    def begin(self, name: str) -> None:
        """Begin its one file, so called."""
        self._packer.begin(name)

    def write(self, piece: bytes) -> None:
        """Add bytes; `Unavailable` while there is no room for them."""
        if self._packer.size >= self._next_look:
            self._parcels.check_room()
            self._next_look = self._packer.size + LOOK_BYTES
        self._packer.write(piece)

    def end(self) -> tuple[str, int]:
        """End file and body, durable; return SM3 (hex) and bytes of the body."""
        self._packer.end()
        self._packer.close()
        return packing.digest_of(self._body), self._body.stat().st_size

    def hand_over(self, receipt: bytes, digest: str) -> None:
        """Sign the slip and put the parcel into the queue. receipt: of the sending half; digest: of the body."""
        boxes = self._parcels.boxes
        contents = msgspec.structs.replace(self._packer.contents(), receipt=receipt)
        slip = packing.slip(
            self._me,
            self._to,
            self._order.grant_id,
            self._name,
            boxes.next_number(self._to.name),
            self._body,
            contents,
            at=datetime.now(UTC),
            digest=digest,
            order_id=self._order.id,
        )
        write(boxes.slip("out", self._name), slip)

    def drop(self) -> None:
        """Give up what was packed."""
        self._packer.drop()
        self._body.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A parcel that has come for an order. receipt: of the sending half, sealed: as it came; pieces: of its one file."""

    name: str
    sealed: bytes
    receipt: Receipt
    pieces: Iterator[bytes]


class Consignments:
    """The post as the runner of one node knows it; nothing of it waits, and every deed is durable when it returns."""

    def __init__(self, parcels: Parcels, me: Identity, snapshot: Callable[[], Snapshot]) -> None:
        self._parcels = parcels
        self._boxes: Boxes = parcels.boxes
        self._me = me
        self._snapshot = snapshot

    # -- sending -------------------------------------------------------------------------------------------------

    def handed(self, order_id: str) -> bool:
        """Tell whether an order's parcel is in the queue, or has arrived already."""
        path = self._boxes.order(order_id, "parcel")
        if not path.exists():
            return False
        parcel = path.read_text(encoding="ascii")
        return self._boxes.slip("out", parcel).exists() or self._boxes.receipt(parcel) is not None

    @contextmanager
    def departing(self, order: Order) -> Iterator[Departing]:
        """Pack an order's parcel; `Unavailable` while there is nobody to send it to, and no trace of it is left then."""
        if not ORDER.fullmatch(order.id):
            raise RuleBroken("任务编号不合规范，不能封装为包裹，请平台管理员核查。")
        to = self._peer(order)
        path = self._boxes.order(order.id, "parcel")
        if not path.exists():
            write(path, packing.new_id().encode("ascii"))
        leaving = Departing(self._parcels, self._me, order, to, path.read_text(encoding="ascii"))
        try:
            yield leaving
        except BaseException:
            leaving.drop()
            raise

    def _peer(self, order: Order) -> NodePass:
        """Return the node with the other half, as this node's own bundle knows it."""
        snapshot = self._snapshot()
        own, peer = snapshot.nodes.get(self._me.name), snapshot.nodes.get(order.peer)
        grant = snapshot.grants.get(order.grant_id)
        if own is None or peer is None or grant is None or not peer.active:
            raise Unavailable("对端前置机未签收、已停用或不在授权包中，恢复后自动继续。")
        department = grant.consumer_id if order.half is Half.SENDER else grant.provider_id
        if peer.zone != own.zone:
            raise NotAllowed("对端前置机属于另一网络区域，内外网之间不设通路，没有数据放行。")
        if peer.department_id != department:
            raise NotAllowed("对端前置机不属于授权的部门，没有数据放行，请核对数据源的登记。")
        return peer

    # -- receiving -----------------------------------------------------------------------------------------------

    def arrived(self, order_id: str) -> bool:
        """Tell whether an order's parcel has come."""
        return self._boxes.order(order_id, "slip").exists() and self._boxes.order(order_id, "body").exists()

    @contextmanager
    def opened(self, order: Order) -> Iterator[Arrived]:
        """Open the parcel that has come for an order; refused where it is another's, or of another request."""
        envelope = msgspec.json.decode(self._boxes.order(order.id, "slip").read_bytes(), type=Envelope)
        slip = msgspec.json.decode(envelope.payload, type=Slip)
        peer = self._peer(order)
        if (slip.sender, slip.grant_id, slip.order_id) != (peer.name, order.grant_id, order.id):
            raise RuleBroken("到达的包裹不属于本次任务，已拒收，请重新执行。")
        contents = packing.contents_of(self._me, slip)
        receipt = self._receipt(contents.receipt, bytes.fromhex(peer.public))
        told = (receipt.side, receipt.order_id, receipt.grant_id, receipt.request_digest, receipt.artefact_digest)
        if told != ("sender", order.id, order.grant_id, order.digest, slip.digest) or len(contents.files) != 1:
            raise RuleBroken("发送端的回执与本次任务或包裹不符，已拒收，请重新执行。")
        with self._boxes.order(order.id, "body").open("rb") as file:
            unpacking = packing.Unpacking(slip, contents, file)
            yield Arrived(contents.files[0].name, contents.receipt, receipt, _whole(unpacking, contents.files[0]))

    @staticmethod
    def _receipt(sealed: bytes, public: bytes) -> Receipt:
        try:
            envelope = msgspec.json.decode(sealed, type=Envelope)
            return msgspec.json.decode(opened(envelope, "receipt", {sm2.key_id(public): public}), type=Receipt)
        except (Refusal, ValueError, RecursionError) as error:
            raise RuleBroken("包裹中没有发送端的有效回执，已拒收，请重新执行。") from error

    # -- afterwards ----------------------------------------------------------------------------------------------

    def held(self) -> list[str]:
        """Return the orders of which a body lies here that nobody will need once they have ended."""
        return self._boxes.orders()

    def forget(self, order_id: str) -> None:
        """Let the body of an ended order go; what was handed over is on its way and stays in the queue."""
        self._boxes.order(order_id, "body").unlink(missing_ok=True)
        path = self._boxes.order(order_id, "parcel")
        if path.exists() and not self.handed(order_id):
            self._boxes.body("out", path.read_text(encoding="ascii")).unlink(missing_ok=True)


def _whole(unpacking: packing.Unpacking, note: FileNote) -> Iterator[bytes]:
    yield from unpacking.pieces(note)
    unpacking.end()
