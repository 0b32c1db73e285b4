"""SM3 and HMAC-SM3 against the standard's examples, by both libraries."""

from __future__ import annotations

import hmac

import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st

from covers import covers
from jutong.crypto import sm3

KINDS = [sm3.new, sm3.PortableSm3]
# GB/T 32905-2016, annex A
EXAMPLES = [
    (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
    (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
]
# GM/T 0042-2015, annex D.3
HMAC_KEY = bytes(range(1, 33))
HMAC_TEXT = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2
HMAC = "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a"


@covers(partly=["R-SEC-006"])
@pytest.mark.parametrize("new", KINDS)
@pytest.mark.parametrize(("message", "expected"), EXAMPLES)
def test_sm3_gives_the_digests_of_the_standard(new, message, expected):
    assert new(message).hexdigest() == expected
    assert sm3.hexdigest(message) == expected
    assert sm3.digest(message).hex() == expected


@covers(partly=["R-SEC-006"])
def test_hmac_sm3_gives_the_value_of_the_standard():
    assert sm3.hmac_sm3(HMAC_KEY, HMAC_TEXT).hex() == HMAC


def test_hmac_over_the_portable_digest_is_the_same():
    assert hmac.digest(HMAC_KEY, HMAC_TEXT, sm3.PortableSm3).hex() == HMAC


@pytest.mark.parametrize("new", KINDS)
def test_a_copied_digest_goes_its_own_way(new):
    first = new(b"ab")
    second = first.copy()
    first.update(b"c")
    second.update(b"d")
    assert first.digest() == sm3.digest(b"abc")
    assert second.digest() == sm3.digest(b"abd")
    assert first.digest() == first.digest()
    assert (first.name, first.digest_size, first.block_size) == ("sm3", 32, 64)


@given(st.lists(st.binary(max_size=200), max_size=6))
def test_both_libraries_agree_however_the_bytes_are_cut(pieces):
    whole = hashes.Hash(hashes.SM3())
    whole.update(b"".join(pieces))
    expected = whole.finalize()
    for new in KINDS:
        running = new()
        for piece in pieces:
            running.update(piece)
        assert running.digest() == expected


@given(st.binary(max_size=200), st.binary(max_size=300))
def test_a_key_made_ready_gives_the_same_hmac(key: bytes, text: bytes) -> None:
    ready = sm3.Keyed(key)
    assert [ready.hexdigest(text), ready.hexdigest(text)] == [sm3.hmac_sm3(key, text).hex()] * 2
