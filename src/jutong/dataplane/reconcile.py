"""Proof that what arrived is what was sent: a row count and a content checksum that does not depend on order.

Between two servers of one kind each sums its own 64-bit hash of exactly the run's rows (see the engine's `methods`).
Everywhere else the portable method (`sha256-56-sum`): the numbers of characters of the row's canonical texts joined by
colons (a minus where missing), a semicolon, the texts themselves; of this the first 56 bits of its SHA-256, summed.
Nothing is called success before both ends agree (R-EXC-019).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from zlib import crc32

from jutong.wire.transfers import Tally

PORTABLE = "sha256-56-sum"

STREAM = "stream-crc32"
"""Not of the content but of the bytes handed over: CRC-32 and size, as they leave the source and as they enter the target.

It costs a fiftieth of the copy. A stronger digest would add nothing: nobody keeps the stream, so there is nothing to forge,
and what is to be noticed is an accident between the two connections.
"""


class Unreconciled(Exception):  # noqa: N818 - a finding about data, handled as quarantine
    """What arrived is not what was sent; the message is the sentence for people, `differing` the partitions concerned."""

    def __init__(self, sentence: str, differing: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.differing = tuple(differing)


def canonical_row(row: Sequence[str | None]) -> str:
    """Return the row as one unmistakable text: no two different rows give the same."""
    try:
        return ":".join(map(str, map(len, row))) + ";" + "".join(row)  # type: ignore[arg-type]
    except TypeError:
        sizes = ("-" if text is None else str(len(text)) for text in row)
        return ":".join(sizes) + ";" + "".join(text or "" for text in row)


def row_digest(row: Sequence[str | None]) -> int:
    """Return the 56-bit number of one row of canonical texts."""
    return int.from_bytes(sha256(canonical_row(row).encode()).digest()[:7])


class RunningTally:
    """The portable method over rows as they pass, together and by partition."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0
        self._parts: dict[str, tuple[int, int]] = {}

    def add(self, digests: Sequence[int], names: Sequence[str] = ()) -> None:
        """Take in rows by their `row_digest`. names: the partition of each, where there are any."""
        self.rows += len(digests)
        self._sum += sum(digests)
        for name, digest in zip(names, digests, strict=bool(names)):
            rows, total = self._parts.get(name, (0, 0))
            self._parts[name] = rows + 1, total + digest

    def tally(self) -> Tally:
        """Return count and checksum of the rows so far."""
        return Tally(rows=self.rows, checksum=str(self._sum), method=PORTABLE)

    def parts(self) -> dict[str, Tally]:
        """Return the same for each partition."""
        return {name: Tally(rows, str(total), PORTABLE) for name, (rows, total) in self._parts.items()}


class Meter:
    """Measures a byte stream at one point."""

    def __init__(self) -> None:
        self.size = 0
        self._crc = 0

    def take(self, chunk: bytes) -> None:
        """Take in what passes."""
        self.size += len(chunk)
        self._crc = crc32(chunk, self._crc)

    def tally(self, rows: int) -> Tally:
        """Return the measure, with the rows that the end itself counted."""
        return Tally(rows, f"{self.size}-{self._crc:08x}", STREAM)


def difference(source: Tally, target: Tally) -> str:
    """Return the sentence saying how two ends differ, or an empty text when they agree."""
    if source.method != target.method:
        return f"两端校验方法不同（{source.method}、{target.method}），无法核对，本次数据已隔离，原有数据保持不变。"
    if source.rows != target.rows:
        return f"两端行数不一致（发送 {source.rows} 行，接收 {target.rows} 行），本次数据已隔离，原有数据保持不变。"
    if source.checksum != target.checksum:
        return f"两端行数一致（{source.rows} 行）但内容校验和不一致，本次数据已隔离，原有数据保持不变。"
    return ""


def unmatched(pairs: Sequence[tuple[Tally, Tally]]) -> str:
    """Return the sentence of the first pair that differs, or an empty text when every leg agrees."""
    return next((found for found in (difference(*pair) for pair in pairs) if found), "")
