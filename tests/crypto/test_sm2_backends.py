"""Which SM2 library serves: none that fails the self-test, the next where one is missing."""

from __future__ import annotations

import logging
import secrets
import sys
import threading

import pytest

from jutong.crypto import backends, sm2
from jutong.crypto.backends import gmssl_pyx, openssl


class Faulty(gmssl_pyx.Backend):
    """A library that accepts every signature, or opens forged texts, or cannot parse keys."""

    def __init__(self, fault):
        super().__init__()
        self.fault = fault

    def verify_digest(self, public, digest, signature):
        return self.fault == "accepts all" or super().verify_digest(public, digest, signature)

    def decrypt(self, private, ciphertext):
        if self.fault == "ignores c3":
            return b"encryption standard" if len(ciphertext) < 130 else b"self-test"
        return super().decrypt(private, ciphertext)

    def public_from_private(self, private):
        if self.fault == "no sm2":
            raise OSError("disabled")
        return super().public_from_private(private)


@pytest.mark.parametrize("fault", ["accepts all", "ignores c3", "no sm2"])
def test_the_self_test_finds_a_faulty_library(fault):
    assert not backends.passes_self_test(Faulty(fault))
    assert backends.passes_self_test(Faulty(""))


@pytest.fixture
def fresh():
    """Let back ends be looked for anew in this test, and once more after it."""
    backends._load.cache_clear()
    backends._best.cache_clear()
    yield
    backends._load.cache_clear()
    backends._best.cache_clear()


def test_where_openssl_has_no_sm2_the_next_back_end_serves(fresh, monkeypatch, caplog):
    def refuse(*_):
        raise OSError("SM2 is disabled")

    monkeypatch.setattr(openssl.Backend, "_parse_private", refuse)
    with caplog.at_level(logging.WARNING):
        assert sm2.available() == ("gmssl_pyx", "gmalg")
    assert "openssl 未通过自检" in caplog.text
    assert backends.current().name == "gmssl_pyx"
    pair = sm2.generate()
    assert sm2.verify(pair.public, b"m", sm2.sign(pair.private, b"m", public=pair.public))
    with pytest.raises(LookupError, match="openssl 在本机不可用"), sm2.use("openssl"):
        pass


def test_where_libcrypto_is_missing_or_old_the_next_back_end_serves(fresh, monkeypatch):
    monkeypatch.setitem(openssl._PROTOTYPES, "a_function_of_no_openssl", (None, []))
    assert sm2.available() == ("gmssl_pyx", "gmalg")
    backends._load.cache_clear()
    monkeypatch.setattr(openssl.sys, "platform", "darwin")
    assert sm2.available() == ("gmssl_pyx", "gmalg")


def test_where_no_back_end_works_the_sentence_names_the_remedy(fresh, monkeypatch):
    monkeypatch.setattr(backends, "ORDER", ("no_such_library",))
    with pytest.raises(RuntimeError, match="请安装"):
        backends.current()


def test_threads_that_parse_the_same_new_key_at_once_do_not_free_it_under_each_other():
    ours, threads, rounds = openssl.Backend(), 8, 1000
    together = threading.Barrier(threads)
    private = [secrets.token_bytes(31).rjust(32, b"\x01") for _ in range(rounds)]
    found: list[bytes] = []

    def derive() -> None:
        for one in private:
            together.wait()
            found.append(ours.public_from_private(one))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        running = [threading.Thread(target=derive) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert len(found) == threads * rounds
    assert len(set(found)) == rounds
