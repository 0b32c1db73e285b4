"""Rows as they pass through the data plane: canonical COPY text lines, read, masked where only we may, tallied."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from jutong.dataplane.masking import mask
from jutong.dataplane.policy import Plan
from jutong.dataplane.reconcile import RunningTally, row_digest

Row = list[str | None]

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_WRITTEN = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SIGNS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def parsed(line: str) -> Row:
    """Return the values of one COPY text line without its newline; a lone backslash-N is a missing value."""
    if "\\" not in line:
        return line.split("\t")  # type: ignore[return-value]
    return [
        None if cell == "\\N" else _ESCAPED.sub(lambda found: _SIGNS.get(found[1], found[1]), cell)
        for cell in line.split("\t")
    ]


def written(row: Sequence[str | None]) -> str:
    """Return values as one COPY text line with its newline."""
    return "\t".join("\\N" if text is None else text.translate(_WRITTEN) for text in row) + "\n"


class Lines:
    """Cuts a byte stream into COPY text lines."""

    def __init__(self) -> None:
        self._rest = b""

    def cut(self, chunk: bytes) -> Iterator[str]:
        """Return the lines completed by this chunk."""
        whole, _, self._rest = (self._rest + chunk).rpartition(b"\n")
        return iter(whole.decode().split("\n")) if whole else iter(())


class Hasher:
    """Applies the keyed hashes of a plan to COPY text lines on their way into a table.

    read: the tally of the rows as they came, to be compared with the source's own. sent: of the rows as they leave.
    """

    def __init__(self, plan: Plan) -> None:
        self.read = RunningTally()
        self.sent = RunningTally()
        self._plan = plan
        self._hashed = plan.hashed
        self._lines = Lines()

    def feed(self, chunk: bytes) -> bytes:
        """Return the lines completed by this chunk, hashed, as canonical lines still."""
        done, read, sent, names, cut = [], list[int](), list[int](), list[str](), self._plan.cut
        for line in self._lines.cut(chunk):
            values, cells = parsed(line), line.split("\t")
            read.append(row_digest(values))
            for n in self._hashed:
                values[n] = mask(self._plan.fields[n].masking, values[n], self._plan.hash_key)
                cells[n] = values[n] or "\\N"
            sent.append(row_digest(values))
            done.append("\t".join(cells) + "\n")
            if cut:
                names.append(cut.name(values[cut.place]))
        self.read.add(read, names)
        self.sent.add(sent, names)
        return "".join(done).encode()
