"""Sealed pieces of a chain file: how they are made, named and verified; pure, without clock or disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from jutong.crypto import Signer, sm3
from jutong.dataplane.envelopes import opened, seal
from jutong.dataplane.errors import Refusal
from jutong.wire.envelope import Envelope
from jutong.wire.usage import ChainRecord, Segment

NOTHING = "0" * 64
"""`prev` of the first line a writer ever wrote."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a chain stands: its last line's number and SM3 (hex), and its last sealed segment's number."""

    n: int = 0
    head: str = NOTHING
    segment: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a chain: whose, in which segment, at which line (its n; 0: the segment itself), in a sentence."""

    writer: str
    segment: int
    line: int
    sentence: str


def seal_segment(
    writer: str, before: Position, lines: bytes, *, last: Position, at: datetime, signer: Signer
) -> Envelope:
    """Sign a closed file of lines that goes from after `before` to `last`."""
    segment = Segment(
        writer=writer,
        number=before.segment + 1,
        first=before.n + 1,
        last=last.n,
        prev=before.head,
        head=last.head,
        digest=sm3.hexdigest(lines),
        closed_at=at,
    )
    return seal("segment", msgspec.json.encode(segment), signer)


def walk(lines: bytes, start: Position) -> Iterator[tuple[int, str, str]]:
    """Yield (expected n, fault or "", SM3 of the line) for each line; a line's fault is a Chinese sentence."""
    n, head = start.n, start.head
    for line in lines.removesuffix(b"\n").split(b"\n") if lines else ():
        n += 1
        fault = ""
        try:
            record = msgspec.json.decode(line, type=ChainRecord)
        except (ValueError, RecursionError):  # msgspec's are ValueErrors, and so are bytes that are no UTF-8
            fault = f"第 {n} 条记录无法解读。"
        else:
            if record.n != n:
                fault = f"应为第 {n} 条记录，实为第 {record.n} 条：有记录被删除、插入或调换。"
            elif record.prev != head:
                fault = f"第 {n} 条记录与上一条不衔接：上一条或本条被改动。"
        head = sm3.hexdigest(line)
        yield n, fault, head


def verify_segments(
    segments: Iterable[tuple[Envelope, bytes]],
    keys: Mapping[str, bytes],
    *,
    start: Mapping[str, Position] | None = None,
) -> Iterator[Finding]:
    """Check sealed segments with their lines, each writer's in the order of their numbers, and yield every fault.

    keys: key id to public key (64 bytes) of the writers' nodes. start: where a writer's chain was left off when the
    earlier segments are not given. Finds changed, missing, inserted and reordered lines, and missing segments.
    """
    positions = dict(start or {})
    for envelope, lines in segments:
        try:
            segment = msgspec.json.decode(opened(envelope, "segment", keys), type=Segment)
        except (Refusal, ValueError) as error:
            yield Finding("", 0, 0, f"一个审计段的封签无效：{error}")
            continue
        before = positions.get(segment.writer, Position())
        yield from (Finding(segment.writer, segment.number, n, text) for n, text in _faults(segment, lines, before))
        positions[segment.writer] = Position(segment.last, segment.head, segment.number)


def _faults(segment: Segment, lines: bytes, before: Position) -> Iterator[tuple[int, str]]:
    if segment.number != before.segment + 1:
        yield 0, f"审计段编号应为 {before.segment + 1}，实为 {segment.number}：有审计段缺失、重复或调换。"
    elif (segment.first, segment.prev) != (before.n + 1, before.head):
        yield 0, f"审计段 {segment.number} 与上一段不衔接。"
    if sm3.hexdigest(lines) != segment.digest:
        yield 0, f"审计段 {segment.number} 的文件摘要与封签不符，内容被改动。"
    end, head = segment.first - 1, segment.prev
    for n, fault, digest in walk(lines, Position(end, head)):
        end, head = n, digest
        if fault:
            yield n, fault
    if (end, head) != (segment.last, segment.head):
        yield end, f"审计段 {segment.number} 应止于第 {segment.last} 条，实止于第 {end} 条，或末条被改动。"
