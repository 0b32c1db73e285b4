"""Frames of a consignment, written and read in pieces of any size (see `wire.consignments`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from jutong.dataplane.errors import RuleBroken
from jutong.wire.consignments import FRAME, LONGEST_FRAME

Message = TypeVar("Message")


def framed(content: bytes) -> bytes:
    """Return content with its length before it; an empty frame ends what came before."""
    return len(content).to_bytes(FRAME, "big") + content


def message(said: msgspec.Struct) -> bytes:
    """Return a word of the wire as a frame."""
    return framed(msgspec.json.encode(said))


class FrameWriter:
    """Gathers frames into pieces worth compressing and encrypting."""

    PIECE = 512 << 10

    def __init__(self, out: Callable[[bytes], None]) -> None:
        self._out = out
        self._waiting = bytearray()

    def put(self, frame: bytes) -> None:
        """Add one frame."""
        self._waiting += frame
        if len(self._waiting) >= self.PIECE:
            self.flush()

    def flush(self) -> None:
        """Hand over what waits."""
        if self._waiting:
            self._out(bytes(self._waiting))
            self._waiting.clear()


class Frames:
    """Reads frames out of pieces; `RuleBroken` for anything that is no consignment."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = bytearray()

    def _take(self, size: int) -> bytes:
        while len(self._rest) < size:
            piece = next(self._pieces, b"")
            if not piece:
                raise RuleBroken("包裹中的数据不完整，已拒收，请重新执行。")
            self._rest += piece
        taken = bytes(self._rest[:size])
        del self._rest[:size]
        return taken

    def frame(self) -> bytes:
        """Return the next frame."""
        size = int.from_bytes(self._take(FRAME), "big")
        if size > LONGEST_FRAME:
            raise RuleBroken("包裹中的数据不合约定，已拒收，请检查两端前置机的版本。")
        return self._take(size)

    def message(self, kind: type[Message]) -> Message:
        """Return the next frame as a word of the wire."""
        return self.decoded(self.frame(), kind)

    @staticmethod
    def decoded(frame: bytes, kind: type[Message]) -> Message:
        """Return a frame as a word of the wire."""
        try:
            return msgspec.json.decode(frame, type=kind)
        except (ValueError, RecursionError) as error:
            raise RuleBroken("包裹中的数据不合约定，已拒收，请检查两端前置机的版本。") from error

    def until_empty(self) -> Iterator[bytes]:
        """Yield the frames before the next empty one."""
        while frame := self.frame():
            yield frame

    def end(self) -> None:
        """Read to the end, so that everything is verified; nothing may be left."""
        if self._rest or next(self._pieces, b""):
            raise RuleBroken("包裹中的数据多于约定，已拒收，请重新执行。")
