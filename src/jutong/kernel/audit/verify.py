"""The verifier: goes through the whole trail, online or from an export, and names whatever was touched."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec
import orjson
from django.utils.translation import gettext as _

from jutong.crypto import sm2, sm3
from jutong.kernel.audit import export
from jutong.kernel.audit.chain import GENESIS, Fault, Purge, Seal, check_purge, check_seal
from jutong.kernel.audit.succession import INSTANCE, Handover, key_for, reigns
from jutong.kernel.models import AuditSeal, AuditSegment
from jutong.wire.envelope import Envelope
from jutong.wire.usage import Segment


@dataclass(slots=True)
class Report:
    """What a verification covered and found; `ok` only where nothing was found."""

    entries: int = 0
    seals: int = 0
    segments: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Tell whether the trail is whole."""
        return not self.faults


class Trust:
    """Which keys of this instance and of its nodes are believed for what, from one known key and the handovers."""

    def __init__(self, public: str, handovers: Sequence[Handover]) -> None:
        self._public = public
        self._handovers = list(handovers)
        self._reigns = reigns(public, [one for one in handovers if one.owner == INSTANCE])

    def and_this(self, values: dict[str, Any]) -> Trust:
        """Return the trust with one more handover, as an export carries it."""
        return Trust(self._public, [*self._handovers, Handover(**values)])

    @property
    def publics(self) -> list[str]:
        """Every key this instance had, as far as it is believed."""
        return [one.public for one in self._reigns]

    def key_for(self, seal: int) -> str:
        """Return the one key that may have signed a seal."""
        return key_for(seal, self._reigns, self._public)

    def of_node(self, writer: str, public: str) -> list[str]:
        """Return every key that a chain's writer may have signed with."""
        own = [one for one in self._handovers if one.owner in {writer, writer.rpartition("-")[0]}]
        return [one.public for one in reigns(public, own)]


class NodeKeys(Protocol):
    """Public keys (hex) of gateways and nodes, by writer name."""

    def get(self, writer: str, /) -> str | None:
        """Return a writer's key."""


EVERY: Final = 50
"""Seals and chain files between two words about how far the verification is."""

Told = Callable[[int, int], None]


def _quiet(_done: int, _total: int) -> None:
    """Tell nobody."""


def online(public: str, nodes: NodeKeys, told: Told = _quiet) -> Report:
    """Verify the trail in the database against the instance's public key (hex); told: hears how many pieces are done."""
    report = Report()
    total = AuditSeal.objects.count() + AuditSegment.objects.count()
    trust = Trust(public, export.stored_handovers())
    purged = max((_take_purge(report, purge, trust) for purge in export.stored_purges()), default=0)
    before: Seal | None = None
    for seal in export.stored_seals():
        entries = export.stored_entries(list(seal.entry_ids))
        _take_seal(report, seal, before, entries, trust, purged=seal.number <= purged)
        before = seal
        if not report.seals % EVERY:
            told(report.seals, total)
    for entry_id in export.unsealed_strays():
        name = _("审计条目 %d") % entry_id
        report.faults.append(Fault("inserted", name, _("%(entry)s 不在任何封存之中：绕过平台写入。") % {"entry": name}))
    rows = AuditSegment.objects.order_by("writer", "number").iterator(chunk_size=20)
    shipped = ((r.writer, r.number, bytes(r.envelope), bytes(r.lines)) for r in rows)
    told(report.seals, total)
    _take_segments(report, shipped, nodes, trust)
    told(total, total)
    return report


def offline(lines: Iterable[bytes], public: str, nodes: NodeKeys) -> Report:
    """Verify an export (JSON lines) with nothing but public keys."""
    report = Report()
    trust = Trust(public, [])
    entries: dict[int, dict[str, Any]] = {}
    before: Seal | None = None
    purges: list[Purge] = []
    purged = 0
    shipped: list[tuple[str, int, bytes, bytes]] = []
    for number, line in enumerate(lines, start=1):
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            words = {"number": number}
            sentence = _("导出文件第 %(number)d 行不是有效的 JSON，文件被改动或截断。") % words
            report.faults.append(Fault("seal", _("第 %(number)d 行") % words, sentence))
            continue
        if "purge" in row:
            purges.append(export.purge_from_json(row["purge"]))
        elif "handover" in row:
            trust = trust.and_this(row["handover"])
        elif "entry" in row:
            entries[row["entry"]["id"]] = row["entry"]
        elif "seal" in row:
            seal = export.seal_from_json(row["seal"])
            purged = purged if before else max((_take_purge(report, one, trust) for one in purges), default=0)
            _take_seal(report, seal, before, entries, trust, purged=seal.number <= purged)
            _note_strays(report, seal, entries)
            entries, before = {}, seal
        elif "segment" in row:
            s = row["segment"]
            shipped.append((s["writer"], s["number"], bytes.fromhex(s["envelope"]), bytes.fromhex(s["lines"])))
    _take_segments(report, shipped, nodes, trust)
    return report


def _note_strays(report: Report, seal: Seal, entries: dict[int, dict[str, Any]]) -> None:
    for entry_id in sorted(entries.keys() - set(seal.entry_ids)):
        name = _("审计条目 %d") % entry_id
        report.faults.append(Fault("inserted", name, _("%(entry)s 不在任何封存之中：事后插入。") % {"entry": name}))


def _take_purge(report: Report, purge: Purge, trust: Trust) -> int:
    """Return up to which seal a genuine purge allows the entries to be gone; 0 where the statement is not genuine."""
    faults = min((list(check_purge(purge, public)) for public in trust.publics), key=len)
    report.faults.extend(faults)
    return 0 if faults else purge.upto_seal


def _take_seal(
    report: Report,
    seal: Seal,
    before: Seal | None,
    entries: dict[int, dict[str, Any]],
    trust: Trust,
    *,
    purged: bool,
) -> None:
    report.seals += 1
    report.entries += len(entries) if purged else len(seal.entry_ids)
    if before is None and (seal.number != 1 or seal.prev != GENESIS):
        report.faults.append(Fault("seal", _("封存 %d") % 1, _("审计链的起始封存缺失。")))
    report.faults.extend(check_seal(seal, before, entries, trust.key_for(seal.number), purged=purged))


def _take_segments(
    report: Report, shipped: Iterable[tuple[str, int, bytes, bytes]], nodes: NodeKeys, trust: Trust
) -> None:
    for writer, rows in itertools.groupby(sorted(shipped, key=lambda r: (r[0], r[1])), key=lambda r: r[0]):
        public = nodes.get(writer)
        believed = trust.of_node(writer, public) if public else []
        report.faults.extend(_check_writer(report, writer, list(rows), believed))


def _check_writer(
    report: Report, writer: str, rows: list[tuple[str, int, bytes, bytes]], publics: list[str]
) -> Iterator[Fault]:
    if not publics:
        yield Fault("segment", writer, _("%(writer)s 没有登记公钥，无法核验其日志。") % {"writer": writer})
        return
    before: Segment | None = None
    for _writer, number, packed, lines in rows:
        report.segments += 1
        where = _segment(writer, number)
        envelope = msgspec.json.decode(packed, type=Envelope)
        signed = envelope.kind.encode() + b"\n" + envelope.payload
        if not any(sm2.verify(bytes.fromhex(public), signed, envelope.signature) for public in publics):
            yield Fault("signature", where, _("%(where)s 的签名无效。") % {"where": where})
            continue
        segment = msgspec.json.decode(envelope.payload, type=Segment)
        expected = before.number + 1 if before else 1
        if segment.number != expected:
            lost = _segment(writer, expected)
            yield Fault("segment", lost, _("%(where)s 缺失。") % {"where": lost})
        elif segment.prev != (before.head if before else GENESIS) or segment.first != (
            before.last + 1 if before else 1
        ):
            yield Fault("segment", where, _("%(where)s 与前一段不相接。") % {"where": where})
        yield from _check_lines(segment, lines, where)
        before = segment


def _segment(writer: str, number: int) -> str:
    return _("%(writer)s 日志段 %(number)d") % {"writer": writer, "number": number}


def _follows(line: bytes, prev: str, number: int) -> bool:
    """Tell whether a line of a chain file is whole and follows the one before it."""
    try:
        record = orjson.loads(line)
        return bool(record["prev"] == prev and record["n"] == number)
    except (ValueError, KeyError, TypeError):
        return False


def _check_lines(segment: Segment, lines: bytes, where: str) -> Iterator[Fault]:
    if sm3.hexdigest(lines) != segment.digest:
        yield Fault("changed", where, _("%(where)s 的内容与签名时不符。") % {"where": where})
    prev, number = segment.prev, segment.first
    for line in lines.removesuffix(b"\n").split(b"\n"):
        if not _follows(line, prev, number):
            line_name = _("%(where)s 第 %(number)d 条") % {"where": where, "number": number}
            yield Fault("changed", line_name, _("%(where)s被改动、删除、插入或调换次序。") % {"where": line_name})
            return
        prev, number = sm3.hexdigest(line), number + 1
    if (prev, number - 1) != (segment.head, segment.last):
        yield Fault("missing", where, _("%(where)s 末尾的条目缺失或被改动。") % {"where": where})
