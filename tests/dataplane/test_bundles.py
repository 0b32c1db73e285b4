"""Bundles: believed only when signed and newer, merged by id, kept on disk, and heard of within two seconds."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covers import covers
from gateway_world import COLUMNS, ControlPlane
from jutong.crypto import SoftwareSigner, sm2
from jutong.dataplane import identity
from jutong.dataplane.bundles import BundleCache
from jutong.dataplane.envelopes import seal
from jutong.dataplane.errors import Conflict, Unauthenticated, Unavailable
from jutong.dataplane.link import Link, check_proof, proof_headers
from jutong.dataplane.snapshots import Snapshot, barred, inactive_reason, merged
from jutong.wire.bundle import Bundle, Caller, Mark, Mount
from jutong.wire.grants import Grant, Mode

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def grant(name: str, **changes: Any) -> Grant:
    until = datetime(2099, 1, 1, tzinfo=UTC)
    made = Grant(
        name,
        1,
        "r1",
        "人口",
        "c",
        "p",
        "d",
        ("s1",),
        COLUMNS,
        ("身份证号",),
        (),
        (Mode.ONLINE_QUERY,),
        ("v",),
        "b",
        AT,
        until,
    )
    return msgspec.structs.replace(made, **changes)


def bundle(serial: int, *, full: bool = False, since: int = 0, minutes: int = 0, **entries: Any) -> Bundle:
    at = AT + timedelta(minutes=minutes)
    return Bundle("市级平台", serial, since, at, at + timedelta(minutes=15), full, **entries)


@pytest.fixture
def control(tmp_path: Path) -> ControlPlane:
    return ControlPlane(tmp_path / "gateway")


def test_a_delta_replaces_adds_and_removes_by_id() -> None:
    callers = (Caller("s1", "一", "d", "k1", b"", ""), Caller("s2", "二", "d", "k2", b"", ""))
    marks = (Mark("r1", "objection", "甲", "7"), Mark("r1", "verification", "乙"), Mark("r2", "objection", "丙"))
    first = merged(None, bundle(1, full=True, grants=(grant("a"), grant("b")), callers=callers, marks=marks))
    second = merged(
        first,
        bundle(
            2,
            since=1,
            minutes=1,
            grants=(grant("b", version=2), grant("c")),
            callers=(Caller("s1", "一", "d", "k9", b"", ""),),
            mounts=(Mount("r1", "src", "s", "t", COLUMNS, ("id",)),),
            removed={"grants": ("a",), "marks": ("r1/objection/7", "r2")},
        ),
    )
    assert {name: one.version for name, one in second.grants.items()} == {"b": 2, "c": 1}
    assert second.callers.keys() == {"k9", "k2"}  # the exchanged key k1 died at once
    assert second.marks == {"r1": (marks[1],)}
    assert second.mounts.keys() == {"r1"}
    assert first.grants.keys() == {"a", "b"}
    assert merged(second, bundle(3, since=2, minutes=2, removed={"callers": ("s2",)})).callers.keys() == {"k9"}


def test_older_bundles_and_gaps_are_refused() -> None:
    first = merged(None, bundle(5, full=True, minutes=5))
    with pytest.raises(Conflict, match="早于"):
        merged(first, bundle(4, full=True, minutes=4))
    with pytest.raises(Conflict, match="不衔接"):
        merged(first, bundle(9, since=7, minutes=6))
    with pytest.raises(Conflict, match="不衔接"):
        merged(None, bundle(2, since=1))
    assert merged(first, bundle(3, full=True, minutes=6)).serial == 3  # a control plane restored from its backup


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.dictionaries(st.sampled_from("abcdef"), st.one_of(st.none(), st.integers(1, 9)))),
        max_size=12,
    )
)
def test_any_run_of_bundles_ends_where_the_control_plane_stands(
    steps: list[tuple[bool, dict[str, int | None]]],
) -> None:
    truth: dict[str, int] = {}
    snapshot = merged(None, bundle(0, full=True))
    for n, (full, changes) in enumerate(steps, start=1):
        for name, version in changes.items():
            if version is None:
                truth.pop(name, None)
            else:
                truth[name] = version
        said = truth if full else {name: version for name, version in changes.items() if version is not None}
        grants = tuple(grant(name, version=version) for name, version in said.items())
        gone = tuple(name for name, version in changes.items() if version is None)
        removed = {} if full else {"grants": gone}
        snapshot = merged(snapshot, bundle(n, since=n - 1, full=full, minutes=n, grants=grants, removed=removed))
        assert {name: one.version for name, one in snapshot.grants.items()} == truth


def test_a_bundle_that_nobody_or_somebody_else_signed_is_not_believed(control: ControlPlane, tmp_path: Path) -> None:
    cache = BundleCache(tmp_path / "bundle", control.node)
    with pytest.raises(Unavailable, match="还没有取得授权包"):
        cache.current()
    control.say("grants", "g1", grant("g1"))
    good = control.bundle(0)
    stranger = SoftwareSigner.of(sm2.generate())
    tampered = msgspec.structs.replace(good, payload=good.payload.replace(b"g1", b"g2"))
    for bad, why in (
        (seal("bundle", good.payload, stranger), "未登记"),
        (tampered, "签名无效"),
        (msgspec.structs.replace(good, kind="ticket"), "类型"),
        (msgspec.structs.replace(good, signature=b"none"), "签名无效"),
    ):
        with pytest.raises(Unauthenticated, match=why):
            cache.accept(bad)
    with pytest.raises(Unavailable):
        cache.current()
    assert cache.accept(good).grants.keys() == {"g1"}


def test_the_cache_on_disk_carries_over_a_restart_and_leaves_what_was_tampered_with(
    control: ControlPlane, tmp_path: Path
) -> None:
    folder = tmp_path / "bundle"
    cache = BundleCache(folder, control.node)
    for n in range(5):
        since = control.serial
        control.say("grants", f"g{n}", grant(f"g{n}"))
        cache.accept(control.bundle(since))
    again = BundleCache(folder, control.node)
    again.load()
    assert again.current() == cache.current()
    assert len(list(folder.iterdir())) == 5
    deltas = sorted(folder.glob("delta-*"))
    deltas[1].write_bytes(deltas[1].read_bytes().replace(b"a", b"b"))
    third = BundleCache(folder, control.node)
    third.load()
    assert third.current().grants.keys() == {"g0", "g1"}
    cache.accept(control.bundle(0))
    assert [path.name for path in folder.iterdir()] == ["full.json"]


def test_a_full_disk_does_not_stop_a_revocation(
    control: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = BundleCache(tmp_path / "bundle", control.node)
    control.say("grants", "g1", grant("g1"))
    cache.accept(control.bundle(0))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    control.say("grants", "g1", grant("g1", state="ended", reason="合同到期"))
    assert cache.accept(control.bundle(1)).grants["g1"].state == "ended"


def test_it_serves_until_the_bundle_is_too_old_and_says_since_when() -> None:
    snapshot = merged(None, bundle(1, full=True))
    snapshot.check_fresh(AT + timedelta(minutes=14, seconds=59))
    with pytest.raises(Unavailable, match="2026-11-20 11:15:00 过期"):
        snapshot.check_fresh(AT + timedelta(minutes=15))


def test_a_grant_names_why_it_is_not_in_force() -> None:
    assert inactive_reason(grant("a"), AT) == ""
    assert inactive_reason(grant("a", state="suspended"), AT) == "授权已暂停，请联系数据提供部门。"
    assert inactive_reason(grant("a", state="ended", reason="目的已实现。"), AT) == "授权已终止：目的已实现。"
    assert "尚未生效" in inactive_reason(grant("a", valid_from=AT + timedelta(seconds=1)), AT)
    assert "2026-11-20 11:00 到期" in inactive_reason(grant("a", valid_until=AT), AT)
    snapshot = Snapshot(
        "i", 1, AT, AT, grants={"a": grant("a"), "b": grant("b", state="ended"), "c": grant("c", valid_until=AT)}
    )
    assert snapshot.ended_grants(AT) == ["b", "c"]


def test_what_is_marked_classified_is_barred_wherever_the_zone_is_not_the_inner_one(tmp_path: Path) -> None:
    told = Snapshot("i", 1, AT, AT, grants={"a": grant("a"), "b": grant("b", classified=True)})
    for zone in ("", "outer"):
        seen = barred(told, zone)
        assert inactive_reason(seen.grants["a"], AT) == ""
        assert "涉密标记，只能在政务内网提供" in inactive_reason(seen.grants["b"], AT)
        assert seen.ended_grants(AT) == ["b"], "its batch files are purged"
    assert inactive_reason(barred(told, "inner").grants["b"], AT) == ""


@covers(partly=["R-SHR-012"])
def test_following_hears_of_a_revocation_at_once_also_after_the_control_plane_was_away(
    control: ControlPlane, tmp_path: Path
) -> None:
    async def follow() -> None:
        cache = BundleCache(tmp_path / "bundle", control.node)
        link = Link("http://control", control.node, transport=control.transport())
        control.say("grants", "g1", grant("g1"))
        follower = asyncio.create_task(cache.follow(link, wait=25))

        async def heard(state: str) -> float:
            started = time.monotonic()
            while True:
                try:
                    if cache.current().grants["g1"].state == state:
                        return time.monotonic() - started
                except Unavailable:
                    pass
                assert time.monotonic() - started < 2
                await asyncio.sleep(0.005)

        await heard("active")
        await asyncio.sleep(0.1)
        for state in ("suspended", "active", "ended"):
            control.say("grants", "g1", grant("g1", state=state))
            assert await heard(state) < 2
        control.away = True
        control.say("grants", "g1", grant("g1", state="suspended"))
        await asyncio.sleep(0.2)
        control.away = False
        control.say("grants", "g1", grant("g1", state="active"))
        await heard("active")
        follower.cancel()
        await link.close()

    asyncio.run(follow())


def test_half_way_through_its_life_a_bundle_is_renewed(control: ControlPlane, tmp_path: Path) -> None:
    async def follow() -> None:
        control.life = timedelta(seconds=1.5)
        cache = BundleCache(tmp_path / "bundle", control.node)
        link = Link("http://control", control.node, transport=control.transport())
        control.say("grants", "g1", grant("g1"))
        follower = asyncio.create_task(cache.follow(link, wait=1))
        await asyncio.sleep(0.3)
        for _ in range(25):
            await asyncio.sleep(0.1)
            cache.current().check_fresh(datetime.now(UTC))
        assert control.polls.count(0) >= 3
        follower.cancel()
        await link.close()

    asyncio.run(follow())


def test_an_internal_call_is_proven_by_everything_it_carries(control: ControlPlane) -> None:
    secret = control.node.secret
    made = proof_headers("gateway", secret, method="POST", target="/probe?x=1", at_ms=1_000_000, body=b"{}")
    headers = {name.lower(): value for name, value in made.items()}
    good: dict[str, Any] = {
        "node": "gateway",
        "method": "POST",
        "target": "/probe?x=1",
        "body": b"{}",
        "at_ms": 1_000_000,
    }
    assert check_proof(headers, secret, **good).node == "gateway"
    for changed in (
        {"node": "other"},
        {"method": "GET"},
        {"target": "/probe"},
        {"body": b"[]"},
        {"at_ms": 1_000_000 + 300_001},
    ):
        with pytest.raises(Unauthenticated):
            check_proof(headers, secret, **(good | changed))
    for name in headers:
        with pytest.raises(Unauthenticated):
            check_proof(headers | {name: ""}, secret, **good)


def test_a_node_without_its_files_is_told_which_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="公钥 control"):
        identity.load(tmp_path / "nowhere")
    node = identity.establish(tmp_path / "n1", at=AT)
    assert (tmp_path / "n1" / "secret").stat().st_mode & 0o777 == 0o600
    (tmp_path / "n1" / "control.pub").write_text(sm2.public_hex(node.signer.public))
    assert identity.load(tmp_path / "n1").secret == node.secret == identity.establish(tmp_path / "n1", at=AT).secret
    (tmp_path / "n1" / "secret").chmod(0o644)
    with pytest.raises(Unavailable, match="chmod 600"):
        identity.load(tmp_path / "n1")
    assert node.secret.hex() not in repr(node)
