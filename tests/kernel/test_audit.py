"""The trail: nobody changes it unseen, and the verifier names what was touched."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import orjson
import pytest
from django.db import DatabaseError, connection, transaction

from covers import covers
from jutong.crypto import sm2, sm3
from jutong.kernel import keys
from jutong.kernel.actors import Actor, Channel, Post, Role
from jutong.kernel.audit import Act, export, purge, record, sealing, verify
from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.models import AuditEntry, AuditPending, AuditSeal, AuditSegment
from jutong.wire.envelope import Envelope
from jutong.wire.usage import Segment

NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
WHO = Actor(7, "李四", 3, "市数据局", "360100", frozenset({Post(Role.AUDIT_ADMIN, 3)}), Channel.PAGE, "10.1.1.1")
NODE = sm2.generate()
NODES = {"gateway-1": NODE.public.hex()}


def note(count: int, at: datetime = NOW) -> None:
    record([Act(f"test.deed{n}", WHO, at, "thing", str(n), detail={"第": n}) for n in range(count)])


def public() -> str:
    return keys.instance().public.hex()


def sealed(count: int = 6) -> None:
    for part in range(2):
        note(count // 2, NOW + timedelta(seconds=part))
        sealing.seal(NOW + timedelta(seconds=part))


def meddle(statement: str, *values: object) -> None:
    """Change the trail as only a superuser with the triggers off can."""
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("set local session_replication_role = default")


def offline() -> verify.Report:
    return verify.offline(io.BytesIO(b"".join(export.lines(NOW))), public(), NODES)


@pytest.mark.django_db
@covers("R-SEC-007")
def test_a_sealed_trail_verifies_online_and_offline() -> None:
    sealed()
    assert not AuditPending.objects.exists()
    for report in (verify.online(public(), NODES), offline()):
        assert (report.ok, report.entries, report.seals) == (True, 6, 2)
    assert not verify.online(sm2.generate().public.hex(), NODES).ok


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "update kernel_auditentry set reason = 'x'",
        "delete from kernel_auditentry",
        "truncate kernel_auditentry",
        "update kernel_auditseal set head = prev",
        "delete from kernel_auditseal",
    ],
)
def test_the_database_itself_refuses_to_change_the_trail(statement: str) -> None:
    sealed()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def change(ids: list[int]) -> None:
    meddle("update kernel_auditentry set reason = 'q' where id = %s", ids[2])


def remove(ids: list[int]) -> None:
    meddle("delete from kernel_auditentry where id = %s", ids[4])


def swap(ids: list[int]) -> None:
    meddle("update kernel_auditseal set entry_ids = array[%s,%s,%s]::bigint[] where number = 1", ids[1], ids[0], ids[2])


def insert(ids: list[int]) -> None:
    meddle(
        "insert into kernel_auditentry (at, actor_name, channel, address, trace, verb, subject_kind, subject_id, outcome,"
        " code, reason, before, after, detail) select at, actor_name, channel, address, trace, verb, subject_kind,"
        " subject_id, outcome, code, reason, before, after, detail from kernel_auditentry where id = %s",
        ids[0],
    )


def drop_seal(_ids: list[int]) -> None:
    meddle("delete from kernel_auditseal where number = 1")


def forge_seal(_ids: list[int]) -> None:
    meddle("update kernel_auditseal set sealed_at = sealed_at + interval '1 day' where number = 2")


@pytest.mark.django_db
@covers("R-SEC-002", "R-SEC-007")
@pytest.mark.parametrize(
    ("meddling", "kind", "named"),
    [
        (change, "changed", 2),
        (remove, "missing", 4),
        (swap, "changed", 1),
        (insert, "inserted", None),
        (drop_seal, "seal", None),
        (forge_seal, "signature", None),
    ],
)
def test_whatever_was_touched_is_found_and_named(
    meddling: Callable[[list[int]], None], kind: str, named: int | None
) -> None:
    sealed()
    ids = list(AuditEntry.objects.order_by("id").values_list("id", flat=True))
    meddling(ids)
    report = verify.online(public(), NODES)
    found = [fault for fault in report.faults if fault.kind == kind]
    assert found
    if named is not None:
        assert str(ids[named]) in found[0].where
    if meddling is not insert:
        assert not offline().ok


@pytest.mark.django_db
def test_an_export_with_a_line_taken_out_or_put_in_does_not_verify() -> None:
    sealed()
    lines = list(export.lines(NOW))
    for broken in (lines[:2] + lines[3:], lines[:4] + lines[5:]):
        assert not verify.offline(broken, public(), NODES).ok
    stray = orjson.loads(lines[1])
    stray["entry"]["id"] += 1000
    report = verify.offline([lines[0], orjson.dumps(stray) + b"\n", *lines[1:]], public(), NODES)
    assert [fault.kind for fault in report.faults] == ["inserted"]


def segment(number: int, first: int, prev: str, count: int = 3) -> tuple[AuditSegment, str]:
    lines, value = [], prev
    for n in range(first, first + count):
        lines.append(orjson.dumps({"n": n, "prev": value, "act": "query"}))
        value = sm3.hexdigest(lines[-1])
    body = b"\n".join(lines) + b"\n"
    words = Segment("gateway-1", number, first, first + count - 1, prev, value, sm3.hexdigest(body), NOW)
    payload = msgspec.json.encode(words)
    signature = sm2.sign(NODE.private, b"segment\n" + payload, public=NODE.public)
    packed = msgspec.json.encode(Envelope("segment", payload, signature, sm2.key_id(NODE.public)))
    row = AuditSegment(
        writer="gateway-1", number=number, first=first, last=words.last, prev=prev, head=value, digest=words.digest,
        closed_at=NOW, received_at=NOW, envelope=packed, lines=body,
    )  # fmt: skip
    return row, value


def ship(*numbers: int) -> None:
    head, first = "0" * 64, 1
    for number in range(1, 4):
        row, head = segment(number, first, head)
        first += 3
        if number in numbers:
            row.save()


@pytest.mark.django_db
def test_a_gateways_segments_verify_in_the_same_run() -> None:
    ship(1, 2, 3)
    assert (verify.online(public(), NODES).ok, verify.online(public(), NODES).segments) == (True, 3)
    assert not verify.online(public(), {}).ok
    assert offline().ok


@pytest.mark.django_db
def test_a_missing_segment_is_an_error_and_named() -> None:
    ship(1, 3)
    faults = verify.online(public(), NODES).faults
    assert [(f.kind, f.where) for f in faults] == [("segment", "gateway-1 日志段 2")]


@pytest.mark.django_db
def test_a_changed_line_of_a_segment_is_found() -> None:
    ship(1, 2)
    meddle("update kernel_auditsegment set lines = overlay(lines placing 'X'::bytea from 40) where number = 2")
    assert {f.kind for f in verify.online(public(), NODES).faults} >= {"changed"}


@pytest.mark.django_db
@covers(partly=["R-SEC-008"])
def test_a_purge_needs_the_audit_administrator_an_export_and_three_years(tmp_path: Path) -> None:
    old = datetime(2023, 1, 5, tzinfo=UTC)
    note(3, old)
    sealing.seal(old)
    note(3)
    sealing.seal(NOW)
    nobody = Actor(8, "王五", 3, "市数据局", "360100", frozenset({Post(Role.SYSTEM_ADMIN, 3)}))
    with pytest.raises(NotAllowed):
        purge.purge(by=nobody, at=NOW, older_than=datetime(2023, 6, 1, tzinfo=UTC), export_digest="0" * 64)
    digest = purge.export_trail(by=WHO, at=NOW, path=tmp_path / "trail.jsonl")
    with pytest.raises(RuleBroken, match="至少 3 年"):
        purge.purge(by=WHO, at=NOW, older_than=datetime(2024, 1, 1, tzinfo=UTC), export_digest=digest)
    assert purge.purge(by=WHO, at=NOW, older_than=datetime(2023, 6, 1, tzinfo=UTC), export_digest=digest) == 3
    sealing.seal(NOW)
    assert verify.online(public(), NODES).ok
    with (tmp_path / "trail.jsonl").open("rb") as lines:
        assert verify.offline(lines, public(), NODES).ok


def purged(digest: str = "0" * 64) -> None:
    old = datetime(2023, 1, 5, tzinfo=UTC)
    note(3, old)
    sealing.seal(old)
    note(3)
    sealing.seal(NOW)
    purge.purge(by=WHO, at=NOW, older_than=datetime(2023, 6, 1, tzinfo=UTC), export_digest=digest)
    sealing.seal(NOW)


@pytest.mark.django_db
@covers("R-SEC-008")
def test_an_export_after_a_purge_carries_the_signed_statement_and_verifies() -> None:
    purged()
    report = offline()
    assert (report.faults, report.seals) == ([], 3)
    assert report.entries == AuditEntry.objects.count()
    without = [line for line in export.lines(NOW) if not line.startswith(b'{"purge"')]
    assert {fault.kind for fault in verify.offline(without, public(), NODES).faults} == {"missing"}


@pytest.mark.django_db
@pytest.mark.parametrize(("old", "new"), [(b"purge|1|", b"purge|2|"), (b'"upto_seal":1', b'"upto_seal":2')])
def test_a_purge_statement_that_was_changed_allows_no_gap(old: bytes, new: bytes) -> None:
    purged()
    forged = [line.replace(old, new, 1) for line in export.lines(NOW)]
    faults = verify.offline(forged, public(), NODES).faults
    assert [fault.kind for fault in faults] == ["signature", "missing", "missing", "missing"]
    meddle("update kernel_auditpurge set statement = replace(statement, '0000', '1111')")
    assert {fault.kind for fault in verify.online(public(), NODES).faults} == {"signature", "missing"}


@pytest.mark.django_db
def test_a_purge_excuses_no_seal_and_no_entry_that_was_changed() -> None:
    purged()
    meddle("update kernel_auditseal set sealed_at = sealed_at + interval '1 day' where number = 1")
    assert [fault.kind for fault in verify.online(public(), NODES).faults] == ["signature"]
    last = AuditEntry.objects.latest("pk").pk
    meddle("update kernel_auditentry set reason = 'q' where id = %s", last)
    assert {fault.kind for fault in offline().faults} == {"signature", "changed"}


@pytest.mark.django_db
def test_the_sealing_lag_is_the_age_of_the_oldest_unsealed_entry() -> None:
    assert sealing.lag(NOW) == 0.0
    note(1)
    assert sealing.lag(NOW + timedelta(seconds=40)) == pytest.approx(40)
    sealing.seal(NOW)
    assert AuditSeal.objects.count() == 1
    assert sealing.lag(NOW + timedelta(seconds=40)) == 0.0


@pytest.mark.django_db
def test_the_audit_administrators_are_alarmed_when_sealing_lags() -> None:
    from jutong.kernel import inbox, timers

    assert timers.watch_sealing(NOW) == 0
    note(1)
    assert timers.watch_sealing(NOW + timedelta(minutes=2)) == 1
    assert [n.title for n in inbox.notices(WHO)] == ["审计封存滞后 120 秒，请检查后台任务进程"]
