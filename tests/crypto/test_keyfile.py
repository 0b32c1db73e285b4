"""Sealed key files and the signer in them."""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import os
import stat
from datetime import UTC, datetime

import pytest

from covers import covers
from jutong.crypto import KeyFileRefused, Signer, SoftwareSigner, keyfile, sm2, sm3

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
PASSPHRASE = "正确的口令 correct horse"


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Guessing is cheap in these tests; one test reads a file of the real cost."""
    monkeypatch.setattr(keyfile, "_SCRYPT", {"n": 1 << 10, "r": 8, "p": 1})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys" / "instance.json"


@covers(partly=["R-SEC-006"])
def test_a_key_is_made_once_and_opened_ever_after(path):
    made: Signer = keyfile.load_or_create(path, PASSPHRASE, at=AT)
    again = keyfile.load_or_create(path, PASSPHRASE, at=AT)
    assert (made.key_id, made.public) == (again.key_id, again.public)
    assert made.key_id == sm3.hexdigest(made.public)[:16]
    assert sm2.verify(again.public, b"seal", made.sign(b"seal"))
    assert again.unseal(sm2.seal(made.public, b"source password")) == b"source password"
    assert [entry.name for entry in path.parent.iterdir()] == ["instance.json"]


def test_the_file_is_for_its_owner_only_and_says_what_it_is(path):
    signer = keyfile.load_or_create(path, PASSPHRASE, at=AT)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    stored = json.loads(path.read_text())
    assert (stored["version"], stored["algorithm"], stored["created"]) == (1, "SM2", "2026-11-20T09:30:00+00:00")
    assert (stored["public"], stored["key_id"]) == (signer.public.hex(), signer.key_id)
    assert signer.pair.private.hex() not in path.read_text()
    assert signer.pair.private.hex() not in repr(signer)


def test_the_real_cost_of_a_guess_is_32_mib(path):
    """Tests lower the cost for their whole process; a fresh copy of the module has the product's."""
    spec = importlib.util.find_spec("jutong.crypto.keyfile")
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    fresh.load_or_create(path, PASSPHRASE, at=AT)
    kdf = json.loads(path.read_text())["kdf"]
    assert 128 * kdf["n"] * kdf["r"] >= 32 << 20
    assert keyfile.load(path, PASSPHRASE)


@covers(partly=["R-SEC-006"])
def test_another_passphrase_does_not_open_it(path):
    keyfile.load_or_create(path, PASSPHRASE, at=AT)
    for wrong in (PASSPHRASE + " ", "", "口令"):
        with pytest.raises(KeyFileRefused, match="口令不符"):
            keyfile.load(path, wrong)


def changed(path, **fields):
    stored = json.loads(path.read_text())
    stored.update(fields)
    path.write_text(json.dumps(stored))


def test_no_field_of_the_file_can_be_changed(path):
    keyfile.load_or_create(path, PASSPHRASE, at=AT)
    before = path.read_text()
    stored = json.loads(before)
    other = sm2.generate().public
    flipped = bytearray.fromhex(stored["sealed"])
    flipped[20] ^= 1
    for fields in (
        {"created": "2020-01-01T00:00:00+00:00"},
        {"public": other.hex()},
        {"key_id": sm2.key_id(other)},
        {"sealed": bytes(flipped).hex()},
        {"sealed": ""},
        {"note": "added"},
        {"kdf": stored["kdf"] | {"n": 2048}},
        {"kdf": stored["kdf"] | {"n": 1000}},
    ):
        path.write_text(before)
        changed(path, **fields)
        with pytest.raises(KeyFileRefused, match="打不开"):
            keyfile.load(path, PASSPHRASE)


def test_a_damaged_or_foreign_file_is_refused(path):
    keyfile.load_or_create(path, PASSPHRASE, at=AT)
    stored = json.loads(path.read_text())
    wrong = [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        json.dumps(stored | {"version": 2}),
        json.dumps(stored | {"format": "other"}),
        json.dumps(stored | {"public": 5}),
        json.dumps(stored | {"sealed": 5}),
        json.dumps(stored | {"kdf": stored["kdf"] | {"n": 1 << 40}}),
        json.dumps(stored | {"kdf": stored["kdf"] | {"n": True}}),
        json.dumps(stored | {"kdf": stored["kdf"] | {"salt": "zz"}}),
        json.dumps({name: value for name, value in stored.items() if name != "kdf"}),
    ]
    for text in wrong:
        path.write_text(text)
        with pytest.raises(KeyFileRefused, match="已损坏"):
            keyfile.load(path, PASSPHRASE)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(KeyFileRefused, match="已损坏"):
        keyfile.load(path, PASSPHRASE)


def test_a_file_whose_public_key_is_another_is_refused_even_under_the_right_seal(path, monkeypatch):
    other = sm2.generate().public
    monkeypatch.setattr(sm2, "public_hex", lambda _: other.hex())
    with pytest.raises(KeyFileRefused, match="公钥与私钥不符"):
        keyfile.load_or_create(path, PASSPHRASE, at=AT)


def test_a_key_file_open_to_others_is_refused(path):
    keyfile.load_or_create(path, PASSPHRASE, at=AT)
    path.chmod(0o640)
    with pytest.raises(KeyFileRefused, match="chmod 600"):
        keyfile.load(path, PASSPHRASE)


def test_a_missing_file_is_named(path):
    with pytest.raises(KeyFileRefused, match="不存在"):
        keyfile.load(path, PASSPHRASE)
    with pytest.raises(KeyFileRefused, match="无法读取"):
        keyfile.load(path.parent.parent, PASSPHRASE) if os.geteuid() else keyfile._read_private(path.parent.parent, "")


def test_no_key_is_made_under_an_empty_passphrase(path):
    with pytest.raises(KeyFileRefused, match="不能为空"):
        keyfile.load_or_create(path, "", at=AT)
    assert not path.exists()


def test_a_passphrase_comes_from_the_file_that_the_environment_names(path, tmp_path, monkeypatch):
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE + "\n", encoding="utf-8")
    secret.chmod(0o600)
    monkeypatch.setenv("JUTONG_KEY_PASSPHRASE_FILE", str(secret))
    made = keyfile.load_or_create(path, at=AT)
    assert keyfile.load(path).key_id == made.key_id
    assert keyfile.load(path, PASSPHRASE).key_id == made.key_id
    assert keyfile.read_passphrase(secret) == PASSPHRASE


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o601])
def test_a_passphrase_file_open_to_others_is_refused(tmp_path, mode):
    secret = tmp_path / "passphrase"
    secret.write_text("口令")
    secret.chmod(mode)
    with pytest.raises(KeyFileRefused, match=r"权限过宽.*chmod 600"):
        keyfile.passphrase_from_environment({"JUTONG_KEY_PASSPHRASE_FILE": str(secret)})


def test_a_passphrase_that_is_missing_empty_or_no_text_is_refused(tmp_path):
    with pytest.raises(KeyFileRefused, match="JUTONG_KEY_PASSPHRASE_FILE"):
        keyfile.passphrase_from_environment({})
    secret = tmp_path / "passphrase"
    with pytest.raises(KeyFileRefused, match="不存在"):
        keyfile.read_passphrase(secret)
    for raw, sentence in ((b"\n", "空的"), (b"\xff\xfe", "UTF-8")):
        secret.write_bytes(raw)
        secret.chmod(0o600)
        with pytest.raises(KeyFileRefused, match=sentence):
            keyfile.read_passphrase(secret)


def _make(path, start, results):
    keyfile._SCRYPT = {"n": 1 << 10, "r": 8, "p": 1}
    start.wait()
    results.put(keyfile.load_or_create(path, PASSPHRASE, at=AT).key_id)


def test_processes_that_start_at_once_agree_on_one_key(path):
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(4), context.Queue()
    workers = [context.Process(target=_make, args=(path, start, results)) for _ in range(4)]
    for worker in workers:
        worker.start()
    ids = {results.get(timeout=30) for _ in workers}
    for worker in workers:
        worker.join()
    assert len(ids) == 1
    assert len(list(path.parent.iterdir())) == 1


def test_a_key_that_another_process_made_meanwhile_stands(path, monkeypatch):
    generate, first = sm2.generate, []

    def slow():
        monkeypatch.setattr(sm2, "generate", generate)
        first.append(keyfile.load_or_create(path, PASSPHRASE, at=AT))
        return generate()

    monkeypatch.setattr(sm2, "generate", slow)
    assert keyfile.load_or_create(path, PASSPHRASE, at=AT).key_id == first[0].key_id
    assert len(list(path.parent.iterdir())) == 1


def test_a_creation_that_fails_leaves_nothing_behind(path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        keyfile.load_or_create(path, PASSPHRASE, at=AT)
    assert list(path.parent.iterdir()) == []


def test_a_signer_is_made_of_a_pair_for_tests_and_demonstrations():
    pair = sm2.generate()
    assert SoftwareSigner.of(pair).public == pair.public
