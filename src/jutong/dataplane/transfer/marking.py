"""Marks of a batch file: an order of rows by which a leaked copy is traced to its consumer, and a visible notice.

No row is invented and no value touched: false persons in official data would do more harm than a leak. The order of two
neighbouring rows says one bit, which only who knows the canary can predict. Any extract of some hundreds of rows in
their order can be traced; a copy that was sorted anew cannot, and no mark of this kind could bear that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import BinaryIO

from jutong.crypto import sm3
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.reconcile import row_digest
from jutong.dataplane.transfer.files import Format, Parquet, Xlsx
from jutong.dataplane.transfer.lines import Row

ENOUGH_PAIRS = 200
"""Neighbouring rows that a verdict needs: of unmarked ones half agree, of marked ones three quarters."""
TRACED_SHARE = 0.65
BOM = b"\xef\xbb\xbf"


class Canary:
    """One consumer's secret, as a rule for the order of two rows."""

    def __init__(self, secret: str) -> None:
        self._keyed = sm3.Keyed(secret.encode())

    def _first(self, one: int, other: int) -> int:
        """Return which of two different row digests stands first."""
        low, high = sorted((one, other))
        sign = self._keyed.hexdigest(b"%d:%d" % (low, high))
        return low if int(sign[0], 16) % 2 else high

    def ordered(self, rows: list[Row]) -> list[Row]:
        """Return the same rows, each two neighbours in the order that the secret wants."""
        marked: list[Row] = []
        for n in range(0, len(rows) - 1, 2):
            pair = rows[n : n + 2]
            digests = [row_digest(row) for row in pair]
            if digests[0] != digests[1] and self._first(*digests) != digests[0]:
                pair.reverse()
            marked += pair
        return marked + rows[len(marked) :]

    def agreement(self, digests: Sequence[int]) -> float:
        """Return the share of neighbours that stand as the secret wants."""
        pairs = [(one, other) for one, other in pairwise(digests) if one != other]
        return sum(self._first(*pair) == pair[0] for pair in pairs) / max(1, len(pairs))


def traced(rows: Iterable[Row], canaries: Mapping[str, str]) -> list[str]:
    """Return the names of the canaries whose order the rows show; usually none or one.

    rows: an extract of a file as a reader of its format gives them, in the order found. RuleBroken for too few rows.
    """
    digests = [row_digest(row) for row in rows]
    if len(digests) <= ENOUGH_PAIRS:
        raise RuleBroken(f"可供比对的行太少，至少需要 {ENOUGH_PAIRS + 1} 行，请提供更长的片段。")
    return [name for name, secret in canaries.items() if Canary(secret).agreement(digests) >= TRACED_SHARE]


class Noticed:
    """A text format whose first line is a notice: `# …` before a CSV's header, an object of its own in JSON lines."""

    def __init__(self, inner: Format, line: bytes) -> None:
        self._inner = inner
        self._line = line

    def header(self) -> bytes:
        """See `Format.header`."""
        head = self._inner.header()
        return BOM + self._line + head.removeprefix(BOM) if head.startswith(BOM) else self._line + head

    def body(self, rows: Iterable[Row]) -> bytes:
        """See `Format.body`."""
        return self._inner.body(rows)

    def tail(self) -> Iterator[bytes]:
        """See `Format.tail`."""
        return self._inner.tail()

    def delivered(self, row: Row) -> Row:
        """See `Format.delivered`."""
        return self._inner.delivered(row)

    def fault(self, row: Row) -> tuple[int, str] | None:
        """See `Format.fault`."""
        return self._inner.fault(row)

    def read(self, file: BinaryIO) -> Iterator[Row]:
        """See `Format.read`: what stands behind the notice."""
        file.seek(len(self._line) + (len(BOM) if file.read(len(BOM)) == BOM else 0))
        return self._inner.read(file)


def noticed(inner: Format, notice: str, *, format_name: str, encoding: str) -> Format:
    """Return the format with a visible notice. RuleBroken for a format that has no place for one."""
    text = " ".join(notice.split())
    if isinstance(inner, Xlsx | Parquet):
        inner.notice(text)
        return inner
    if format_name == "csv":
        return Noticed(inner, f"# {text}\r\n".encode(encoding, "replace"))
    if format_name == "jsonl":
        return Noticed(inner, json.dumps({"notice": text}, ensure_ascii=False).encode() + b"\n")
    raise RuleBroken(f"{format_name} 格式没有放置使用须知的位置，请改用 csv、jsonl、xlsx 或 parquet。")
