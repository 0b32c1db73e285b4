"""Orders whose two ends sit behind two front-end nodes: one half reads and packs, the other lands what has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from jutong.dataplane.book import FINAL, Book, Run
from jutong.dataplane.errors import Refusal, RuleBroken, Unavailable
from jutong.dataplane.partitions import differing
from jutong.wire.envelope import Envelope
from jutong.wire.transfers import Check, Half, Order, Progress, Read, Receipt, RunState


class Leaving(Protocol):
    """A parcel while a sending half packs it; blocks, and is called from one thread at a time."""

    def begin(self, name: str) -> None:
        """Begin its one file, so called."""

    def write(self, piece: bytes) -> None:
        """Add bytes; `Unavailable` while there is no room for them."""

    def end(self) -> tuple[str, int]:
        """End file and body, durable; return SM3 (hex) and bytes of the body."""

    def hand_over(self, receipt: bytes, digest: str) -> None:
        """Put it into the queue: from now on it travels, whatever becomes of this process."""


class Came(Protocol):
    """A parcel that has come. name: of its file; receipt: of the sending half, `sealed` as it came; pieces: of the file."""

    @property
    def name(self) -> str:
        """See above."""

    @property
    def sealed(self) -> bytes:
        """See above."""

    @property
    def receipt(self) -> Receipt:
        """See above."""

    @property
    def pieces(self) -> Iterator[bytes]:
        """See above."""


class Post(Protocol):
    """What a runner asks of the parcels of its node (`node.consignments`)."""

    def handed(self, order_id: str) -> bool:
        """Tell whether an order's parcel is on its way."""

    def departing(self, order: Order) -> AbstractContextManager[Leaving]:
        """Pack an order's parcel; nothing is left of it when the block is left before it was handed over."""

    def arrived(self, order_id: str) -> bool:
        """Tell whether an order's parcel has come."""

    def opened(self, order: Order) -> AbstractContextManager[Came]:
        """Open the parcel that has come for an order."""

    def held(self) -> list[str]:
        """Return the orders of which something lies here that nobody needs once they have ended."""

    def forget(self, order_id: str) -> None:
        """Let go of what lies here of an ended order."""


HANDED_OVER = "已读取并封装，等待送达接收端。"
_ENDED_BEFORE = "本端此前已结束本次执行，请重新执行。"


def awaits(post: Post, guarded: Callable[[Order], object], order: Order) -> bool:
    """Tell whether a receiving half has nothing to do yet: its parcel has not come, and nothing speaks against waiting.

    guarded: refuses an order that may not go on, which is then attempted, and so ends.
    """
    if order.half is not Half.RECEIVER or order.cancelled or post.arrived(order.id):
        return False
    try:
        guarded(order)
    except Refusal as refusal:
        return isinstance(refusal, Unavailable)
    return True


async def let_go(post: Post, book: Book) -> None:
    """Let go of what lies here of orders that have ended, such as a parcel that came after its order was cancelled."""
    for order_id in post.held():
        run = await book.run(order_id)
        if run is not None and run.state in FINAL:
            post.forget(order_id)


def told_again(order: Order, run: Run, receipts: Mapping[str, bytes]) -> Iterator[Progress]:
    """Return how a half ended here once more, since the centre does not know it: the report was lost with its process."""
    at, state = datetime.now(UTC), RunState(run.state)
    report = Progress(order.id, run.attempt, state, at, message=_ENDED_BEFORE)
    if order.half is Half.SENDER:
        if state is RunState.RELEASED:
            report = msgspec.structs.replace(report, message=HANDED_OVER, receipt=receipts.get("sender", b""))
        yield report
        return
    if state is not RunState.REJECTED and "sender" in receipts:
        yield msgspec.structs.replace(report, state=RunState.RECEIVED, receipt=receipts["sender"])
    if state is RunState.RELEASED:
        report = msgspec.structs.replace(report, message="数据已放行，两端核对一致。")
    yield msgspec.structs.replace(report, receipt=receipts.get("receiver", b""), differing=_differing(receipts))


def _differing(receipts: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the partitions that the receiver's own receipt says do not agree."""
    if "receiver" not in receipts:
        return ()
    envelope = msgspec.json.decode(receipts["receiver"], type=Envelope)
    return differing(msgspec.json.decode(envelope.payload, type=Receipt).parts)


def check_carried(order: Order) -> None:
    """Refuse what no parcel carries."""
    if order.read in (Read.CHANGES, Read.COMPARE):
        raise RuleBroken("变更捕获和逐行比对不能在两台前置机之间进行，请改用全量读取或按增长字段增量读取。")
    if order.check is Check.STREAM:
        raise RuleBroken("两台前置机之间只能按内容核对，请把核对方式改为逐行内容校验和。")
    if order.most_dirty or order.corrected:
        raise RuleBroken("两台前置机之间不隔离问题行，请把“允许的问题行数”设为 0，由提供部门在来源更正。")
