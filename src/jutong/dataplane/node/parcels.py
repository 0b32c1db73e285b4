"""What a node does with parcels on its own disk: take and pack what was dropped, land what arrived exactly once."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from jutong.crypto import sm2
from jutong.dataplane.envelopes import opened, seal
from jutong.dataplane.errors import NotAllowed, Refusal, RuleBroken, Unavailable
from jutong.dataplane.identity import Identity
from jutong.dataplane.node import packing
from jutong.dataplane.node.boxes import ID, ORDER, Boxes, put, slip_of, write
from jutong.dataplane.snapshots import Snapshot, inactive_reason
from jutong.wire.envelope import Envelope
from jutong.wire.grants import Grant, Mode
from jutong.wire.nodes import FileNote, NodeConfig, NodePass, ParcelManifest, ParcelReceipt, Slip

log = logging.getLogger(__name__)

SMALL_BYTES: Final = 32 << 20
MOST_FILES: Final = 500
RESERVE_BYTES: Final = 256 << 20
"""Disk that is left alone, so that chain, bundle and book can still be written."""


class Parcels:
    """Sender and receiver of one node; it believes grants, neighbours and their keys from its own bundle alone."""

    def __init__(
        self,
        boxes: Boxes,
        me: Identity,
        department: str,
        snapshot: Callable[[], Snapshot],
        config: Callable[[], NodeConfig],
    ) -> None:
        self.boxes = boxes
        self._me = me
        self._department = department
        self._snapshot = snapshot
        self._config = config
        self.trouble = ""

    # -- sending -------------------------------------------------------------------------------------------------

    def pack_what_was_dropped(self) -> int:
        """Pack the files that lie complete in the outboxes, oldest first; returns how many parcels were made."""
        self.trouble = ""
        made = 0
        for parcel, grant_id, files in self.boxes.taken():
            made += self._packed(parcel, grant_id, files)
        for grant in self._sendable():
            room = self._config().queue_bytes - self.boxes.weight()
            while batch := self._batch(self.boxes.dropped(grant.id), room):
                if not self._room(sum(path.stat().st_size for path in batch)):
                    return made
                folder = self.boxes.take(grant.id, batch, parcel := packing.new_id())
                made += self._packed(parcel, grant.id, folder / "files")
                room = self._config().queue_bytes - self.boxes.weight()
        return made

    def _sendable(self) -> list[Grant]:
        """Return the grants under which this department may send files now; their folders are made."""
        now = datetime.now(UTC)
        found = []
        try:
            snapshot = self._snapshot()
            snapshot.check_fresh(now)
        except Unavailable as refusal:
            self.trouble = refusal.sentence
            return []
        for grant in snapshot.grants.values():
            if Mode.FRONT_END_NODE not in grant.modes or inactive_reason(grant, now):
                continue
            if grant.consumer_id == self._department:
                self.boxes.inbox(grant.id)
            if grant.provider_id == self._department:
                self.boxes.outbox(grant.id)
                found.append(grant)
        return found

    @staticmethod
    def _batch(files: list[Path], room: int) -> list[Path]:
        """Return what goes into one parcel: one large file alone, or small ones up to a size and a number."""
        most = min(SMALL_BYTES, room)
        batch: list[Path] = []
        total = 0
        for path in files:
            size = path.stat().st_size
            if batch and (total + size > most or len(batch) >= MOST_FILES):
                break
            batch.append(path)
            total += size
        return batch

    def _room(self, size: int) -> bool:
        if self.boxes.weight() + size > self._config().queue_bytes:
            self.trouble = "待发队列已满，新的文件留在发件箱，队列送出后自动继续。"
        elif shutil.disk_usage(self.boxes.root).free - size < RESERVE_BYTES:
            self.trouble = "磁盘空间不足，新的文件留在发件箱，请清理磁盘后自动继续。"
        return not self.trouble

    def check_room(self) -> None:
        """Refuse (`Unavailable`) to pack more while the queue or the disk is full."""
        if self.boxes.weight() > self._config().queue_bytes:
            raise Unavailable("待发队列已满，队列送出后自动重新读取。")
        if shutil.disk_usage(self.boxes.root).free < RESERVE_BYTES:
            raise Unavailable("前置机磁盘空间不足，请清理磁盘后自动重新读取。")

    def _packed(self, parcel: str, grant_id: str, files: Path) -> int:
        """Pack one parcel; 0 while there is nobody to send it to. What was packed before a crash is not packed again."""
        slip = self.boxes.slip("out", parcel)
        if not slip.exists() and self.boxes.receipt(parcel) is None:
            try:
                snapshot = self._snapshot()
                to = self._receiver(snapshot, snapshot.grants[grant_id])
            except (KeyError, Refusal) as refusal:
                self.trouble = str(refusal) if isinstance(refusal, Refusal) else "文件所属的授权已不在授权包中。"
                return 0
            number = self.boxes.next_number(to.name)
            body = self.boxes.body("out", parcel)
            packed = packing.pack(self._me, to, grant_id, parcel, number, files, body, at=datetime.now(UTC))
            write(slip, packed)
        self.boxes.packed(parcel)
        return 1

    def _receiver(self, snapshot: Snapshot, grant: Grant) -> NodePass:
        """Return the node in which the consuming department is handed its files."""
        own = snapshot.nodes.get(self._me.name)
        for node in snapshot.nodes.values():
            reached = own is not None and node.zone == own.zone and node.name != self._me.name
            if reached and node.active and node.department_id == grant.consumer_id:
                return node
        raise Unavailable("使用部门还没有在用的同一网络区域的前置机，文件留在队列中，待其签收后自动发送。")

    def queued_slip(self, parcel: str) -> tuple[Envelope, Slip]:
        """Return a waiting parcel's slip."""
        envelope = msgspec.json.decode(self.boxes.slip("out", parcel).read_bytes(), type=Envelope)
        return envelope, msgspec.json.decode(envelope.payload, type=Slip)

    def take_receipt(self, parcel: str, raw: bytes) -> bool:
        """Let a parcel go when its receiver proves that the very same files landed; False for any other paper."""
        if not self.boxes.slip("out", parcel).exists():
            return self.boxes.receipt(parcel) is not None
        _envelope, slip = self.queued_slip(parcel)
        try:
            public = self._key(slip.receiver)
            envelope = msgspec.json.decode(raw, type=Envelope)
            said = msgspec.json.decode(opened(envelope, "parcel_receipt", public), type=ParcelReceipt)
        except (Refusal, ValueError) as refusal:
            log.warning("包裹 %s 的回执无效：%s", parcel, refusal)
            return False
        if (said.id, said.digest, said.receiver) != (slip.id, slip.digest, slip.receiver):
            log.warning("包裹 %s 的回执与清单不符", parcel)
            return False
        self.boxes.settle(parcel, raw)
        return True

    # -- receiving -----------------------------------------------------------------------------------------------

    def checked(self, envelope: Envelope) -> Slip:
        """Return a slip that was meant for us, signed by the node that our bundle knows as the provider's.

        NotAllowed for a grant that does not let it through, Unauthenticated for a wrong signature, RuleBroken for a slip
        that cannot be read or whose parcel has no proper name: on a disc nobody has looked at it before.
        """
        try:
            named = msgspec.json.decode(envelope.payload, type=Slip)
        except (ValueError, RecursionError) as error:
            raise RuleBroken("包裹的清单无法解读，已拒收，请发送部门重新打包。") from error
        if not ID.fullmatch(named.id) or (named.order_id and not ORDER.fullmatch(named.order_id)):
            raise RuleBroken("包裹的编号不合规范，已拒收，请发送部门重新打包。")
        known = self._snapshot().nodes.get(named.sender)
        if known is None or not known.active:
            raise NotAllowed("包裹的发送前置机未登记、已停用或属于另一网络区域，已拒收。")
        own = self._snapshot().nodes.get(self._me.name)
        if own is None or {known.zone, named.zone} != {own.zone}:
            raise NotAllowed("包裹来自另一网络区域，内外网之间不设通路，已拒收。")
        slip = slip_of(envelope, bytes.fromhex(known.public), sm2.key_id(bytes.fromhex(known.public)))
        grant = self._snapshot().grants.get(slip.grant_id)
        if slip.receiver != self._me.name or grant is None or grant.consumer_id != self._department:
            raise NotAllowed("包裹不是发给本前置机的，或没有对应的授权，已拒收。")
        if grant.provider_id != known.department_id or Mode.FRONT_END_NODE not in grant.modes:
            raise NotAllowed("包裹的发送部门不是该授权的提供部门，或授权不含前置机共享，已拒收。")
        return slip

    def landed(self, slip: Slip) -> bool:
        """Tell whether a parcel has landed before."""
        return self.boxes.manifest(slip.grant_id, slip.id).exists()

    def land(self, envelope: Envelope, slip: Slip, body: Path) -> bytes:
        """Put a parcel's files into the grant's inbox, each exactly once, and return the signed receipt.

        A parcel that landed before changes nothing. A file whose name is taken by other content gets the parcel's name
        added to its own, so that nothing is overwritten. An order's parcel is put aside, sealed, for its receiving half.
        """
        if (reason := inactive_reason(self._snapshot().grants[slip.grant_id], datetime.now(UTC))) and not self.landed(
            slip
        ):
            raise NotAllowed(reason)
        manifest = self.boxes.manifest(slip.grant_id, slip.id)
        if not manifest.exists():
            names = self._set_aside(envelope, slip, body) if slip.order_id else self._unpacked(slip, body)
            said = ParcelReceipt(
                slip.id, slip.grant_id, slip.sender, slip.receiver, slip.digest, slip.size, datetime.now(UTC)
            )
            receipt = seal("parcel_receipt", msgspec.json.encode(said), self._me.signer)
            write(
                manifest,
                msgspec.json.format(msgspec.json.encode(ParcelManifest(slip.number, names, envelope, receipt))),
            )
        kept = msgspec.json.decode(manifest.read_bytes(), type=ParcelManifest)
        return msgspec.json.encode(kept.receipt)

    def _set_aside(self, envelope: Envelope, slip: Slip, body: Path) -> tuple[FileNote, ...]:
        """Keep an order's parcel for its receiving half; what is in it is opened only when it lands in the target."""
        packing.check_body(slip, body)
        found = packing.contents_of(self._me, slip).files
        put(self.boxes.order(slip.order_id, "body"), body)
        write(self.boxes.order(slip.order_id, "slip"), msgspec.json.encode(envelope))
        return found

    def _unpacked(self, slip: Slip, body: Path) -> tuple[FileNote, ...]:
        """Put the files into the grant's inbox and return them as they are called there."""
        staging = self.boxes.body("in", slip.id).with_suffix(".files")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        notes = packing.unpack(self._me, slip, body, staging)
        names = tuple(self._placed(staging, note, slip) for note in notes)
        shutil.rmtree(staging, ignore_errors=True)
        return names

    def _placed(self, staging: Path, note: FileNote, slip: Slip) -> FileNote:
        inbox = self.boxes.inbox(slip.grant_id)
        place = inbox / note.name
        if place.exists() and packing.digest_of(place) != note.digest:
            place = place.with_name(f"{place.stem}.{slip.id[-8:]}{place.suffix}")
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            (staging / note.name).rename(place)
        return FileNote(place.relative_to(inbox).as_posix(), note.size, note.digest)

    def missing(self, sender: str, *, until: int) -> list[int]:
        """Return the numbers of a sender's parcels, up to `until`, that have not landed under any grant."""
        there = set()
        for path in (self.boxes.root / "inbox").glob("*/.manifests/*.json"):
            kept = msgspec.json.decode(path.read_bytes(), type=ParcelManifest)
            if msgspec.json.decode(kept.slip.payload, type=Slip).sender == sender:
                there.add(kept.number)
        return [number for number in range(1, until + 1) if number not in there]

    def _key(self, node: str) -> dict[str, bytes]:
        known = self._snapshot().nodes.get(node)
        if known is None:
            raise NotAllowed("回执的签发前置机未登记，不予采信。")
        public = bytes.fromhex(known.public)
        return {sm2.key_id(public): public}
