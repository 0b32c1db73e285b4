"""A key gives way to another: everything signed before stays believed, nothing that should not is."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from django.db import DatabaseError, transaction
from test_audit import note

from covers import covers
from jutong.crypto import sm2
from jutong.dataplane import identity
from jutong.kernel import handovers, keys, nodes
from jutong.kernel.actors import system_actor
from jutong.kernel.audit import export, sealing, succession, verify
from jutong.kernel.errors import RuleBroken
from jutong.kernel.models import AuditEntry, KeyHandover
from jutong.kernel.settings import settings
from jutong.site import internal
from jutong.wire.handover import Handover

NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
BY = system_actor("test")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test keys of its own: a rotation would change everybody's."""
    monkeypatch.setattr(settings(), "home", tmp_path)
    keys._at_rest.cache_clear()
    yield
    keys._at_rest.cache_clear()


def sealed(at: datetime = NOW) -> None:
    note(3, at)
    sealing.seal(at)


def public() -> str:
    return keys.instance().public.hex()


def both(anchor: str) -> tuple[bool, bool]:
    """Verify online and offline from one known key."""
    lines = io.BytesIO(b"".join(export.lines(NOW)))
    return verify.online(anchor, {}).ok, verify.offline(lines, anchor, {}).ok


@covers(partly=["R-SEC-007"])
def test_the_trail_verifies_across_two_rotations_from_the_first_key_the_second_and_the_last() -> None:
    known = [public()]
    sealed()
    concealed = keys.conceal(b"password of a source")
    for hour in (1, 2):
        handovers.rotate_instance(by=BY, at=NOW + timedelta(hours=hour), reason="年度轮换")
        known.append(public())
        sealed(NOW + timedelta(hours=hour))
    assert len(set(known)) == 3
    assert [both(anchor) for anchor in known] == [(True, True)] * 3
    assert both(sm2.generate().public.hex()) == (False, False)
    keys._at_rest.cache_clear()
    assert keys.reveal(concealed) == b"password of a source"
    assert AuditEntry.objects.filter(verb="keys.rotate_instance", outcome="success").count() == 2


def test_a_seal_by_the_old_key_after_its_end_is_a_fault() -> None:
    sealed()
    old = keys.instance()
    handovers.rotate_instance(by=BY, at=NOW, reason="疑似泄露")
    (one,) = handovers.stored("instance")
    believed = succession.reigns(public(), [one])
    assert succession.key_for(1, believed, public()) == old.public.hex()
    assert succession.key_for(2, believed, public()) == public()


def test_a_handover_that_the_old_key_did_not_sign_is_worth_nothing() -> None:
    sealed()
    first = public()
    handovers.rotate_instance(by=BY, at=NOW, reason="轮换")
    (one,) = handovers.stored("instance")
    for change in (
        {"old_signature": one.new_signature},
        {"new_public": sm2.generate().public.hex()},
        {"upto": one.upto + 1},
        {"kind": "lost"},
    ):
        assert [reign.public for reign in succession.reigns(first, [replace(one, **change)])] == [first], change
    with pytest.raises(DatabaseError), transaction.atomic():
        KeyHandover.objects.update(reason="别的")
    with pytest.raises(RuleBroken):
        handovers.rotate_instance(by=BY, at=NOW, reason="  ")


def test_a_lost_key_is_followed_for_those_who_know_the_new_one() -> None:
    sealed()
    first = public()
    concealed = keys.conceal(b"gone")
    handovers.replace_lost(by=BY, at=NOW, reason="磁盘损坏")
    sealed(NOW + timedelta(hours=1))
    assert both(public()) == (True, True)
    assert both(first) == (False, False)
    keys._at_rest.cache_clear()
    with pytest.raises(ValueError, match="SM4"):
        keys.reveal(concealed)


def test_a_rotation_cut_off_before_the_database_knew_is_finished() -> None:
    sealed()
    with transaction.atomic():
        handovers.rotate_instance(by=BY, at=NOW, reason="轮换")
        keys.note(_lost_words())  # as it stands there while the transaction is open
        transaction.set_rollback(True)
    assert not KeyHandover.objects.exists()
    handovers.finish()
    assert KeyHandover.objects.count() == 1
    sealed(NOW + timedelta(hours=1))
    assert both(public()) == (True, True)
    assert keys.noted() == ""


def _lost_words() -> str:
    row = KeyHandover.objects.get()
    names = ("owner", "kind", "old_public", "new_public", "upto", "reason", "statement")
    signatures = {name: bytes(getattr(row, name)).hex() for name in ("old_signature", "new_signature")}
    return json.dumps({**{name: getattr(row, name) for name in names}, **signatures, "at": row.at.isoformat()})


def test_a_node_believes_the_key_that_its_known_one_has_signed_in_and_no_other() -> None:
    folder = settings().home / "nodes" / "bureau"
    identity.establish(folder, at=NOW)
    (folder / "control.pub").write_text(public())
    me = identity.load(folder)
    for _time in range(2):
        handovers.rotate_instance(by=BY, at=NOW, reason="轮换")
    told = [
        Handover(h.old_public, h.new_public, h.statement, h.old_signature, h.new_signature)
        for h in handovers.stored("instance")
    ]
    stranger = msgspec.structs.replace(told[0], old_signature=told[1].old_signature)
    me.learn([stranger, told[1]])
    assert len(me.control) == 1
    me.learn(told)
    assert keys.instance().key_id in me.control
    assert keys.instance().key_id in identity.load(folder).control
    assert "internal_handovers" in {pattern.name for pattern in internal.urlpatterns}


def test_a_nodes_old_key_opens_what_was_sealed_to_it_and_its_chain_stays_believed() -> None:
    folder = settings().home / "nodes" / "local"
    before = identity.establish(folder, at=NOW)
    (folder / "control.pub").write_text(public())
    sealed_before = nodes.seal(b"key of a file")
    handovers.rotate_node(by=BY, at=NOW, node="local", reason="轮换")
    me = identity.load(folder)
    assert me.signer.public != before.signer.public
    assert me.signer.unseal(sealed_before) == b"key of a file"
    assert me.signer.unseal(nodes.seal(b"new")) == b"new"
    assert handovers.publics_of("local") == [me.signer.public, before.signer.public]
    trust = verify.Trust(public(), export.stored_handovers())
    assert trust.of_node("local-2", me.signer.public.hex()) == [before.signer.public.hex(), me.signer.public.hex()]
    assert (folder / "retired" / f"{before.signer.key_id}.json").stat().st_mode & 0o777 == 0o600
