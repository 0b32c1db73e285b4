"""PostgreSQL's binary COPY stream, read just far enough to tell where its rows begin."""

from __future__ import annotations

from struct import unpack_from

HEADER = 19
"""Signature, flags and the length of an extension that no server sends."""


class BinaryRows:
    """Counts rows as chunks of a stream pass, wherever the chunks are cut."""

    def __init__(self) -> None:
        self._rest = b""
        self._skip = HEADER
        self._fields = 0

    def count(self, chunk: bytes) -> int:
        """Return how many rows begin in this chunk (or in what was left of the last)."""
        data, at, rows = self._rest + chunk, self._skip, 0
        while True:
            if self._fields:
                if at + 4 > len(data):
                    break
                (size,) = unpack_from(">i", data, at)
                at += 4 + max(size, 0)
                self._fields -= 1
            else:
                if at + 2 > len(data):
                    break
                (fields,) = unpack_from(">h", data, at)
                at += 2
                self._fields = max(fields, 0)
                rows += fields >= 0
        self._rest, self._skip = (data[at:], 0) if at < len(data) else (b"", at - len(data))
        return rows
