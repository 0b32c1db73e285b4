"""SM4 against the standard's and RFC 8998's examples, and against changed texts."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from covers import covers
from jutong.crypto import DecryptionFailed, KeyRefused, sm4

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")


@covers(partly=["R-SEC-006"])
def test_the_block_cipher_below_gives_the_example_of_the_standard():
    encryptor = Cipher(algorithms.SM4(KEY), modes.ECB()).encryptor()  # noqa: S305  the standard's single block
    assert (encryptor.update(KEY) + encryptor.finalize()).hex() == "681edf34d206965e86b3e94f536e4246"


# RFC 8998, appendix A.1
RFC_NONCE = bytes.fromhex("00001234567800000000ABCD")
RFC_AAD = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
RFC_TEXT = bytes.fromhex("".join(sign * 16 for sign in "ABCDEFEA"))
RFC_CIPHER = bytes.fromhex(
    "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
    "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
)
RFC_TAG = bytes.fromhex("83DE3541E4C2B58177E065A9BF7B62EC")


@covers(partly=["R-SEC-006"])
def test_gcm_gives_the_example_of_rfc_8998():
    sealed = sm4.gcm_encrypt(KEY, RFC_TEXT, nonce=RFC_NONCE, aad=RFC_AAD)
    assert sealed == RFC_NONCE + RFC_CIPHER + RFC_TAG
    assert sm4.gcm_decrypt(KEY, sealed, aad=RFC_AAD) == RFC_TEXT


@covers(partly=["R-SEC-006"])
def test_ctr_gives_the_example_of_the_published_draft():
    # draft-ribose-cfrg-sm4-10, A.2.5.1
    counter = bytes(range(16))
    plaintext = bytes.fromhex("".join(sign * 16 for sign in "ABCDEFAB"))
    expected = (
        "ac3236cb970cc20791364c395a1342d1a3cbc1878c6f30cd074cce385cdd70c7"
        "f234bc0e24c11980fd1286310ce37b926e02fcd0faa0baf38b2933851d824514"
    )
    assert sm4.ctr_encrypt(KEY, plaintext, counter=counter).hex() == expected
    assert sm4.ctr_decrypt(KEY, bytes.fromhex(expected), counter=counter) == plaintext


@given(st.binary(max_size=500), st.binary(max_size=40), st.binary(min_size=16, max_size=16))
def test_gcm_opens_what_it_sealed(plaintext, aad, key):
    assert sm4.gcm_decrypt(key, sm4.gcm_encrypt(key, plaintext, aad=aad), aad=aad) == plaintext


def test_two_seals_of_one_text_differ():
    assert sm4.gcm_encrypt(KEY, b"same") != sm4.gcm_encrypt(KEY, b"same")


@given(st.data())
def test_gcm_refuses_any_changed_bit(data):
    sealed = bytearray(sm4.gcm_encrypt(KEY, RFC_TEXT))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(DecryptionFailed, match="被改动"):
        sm4.gcm_decrypt(KEY, bytes(sealed))


def test_gcm_refuses_other_bound_data_another_key_and_a_short_text():
    sealed = sm4.gcm_encrypt(KEY, b"text", aad=b"one")
    with pytest.raises(DecryptionFailed):
        sm4.gcm_decrypt(KEY, sealed, aad=b"two")
    with pytest.raises(DecryptionFailed):
        sm4.gcm_decrypt(bytes(16), sealed, aad=b"one")
    for length in (0, 12, 27):
        with pytest.raises(DecryptionFailed):
            sm4.gcm_decrypt(KEY, sealed[:length], aad=b"one")


def test_keys_and_nonces_of_the_wrong_length_are_refused():
    with pytest.raises(KeyRefused, match="16 字节"):
        sm4.gcm_encrypt(bytes(15), b"")
    with pytest.raises(KeyRefused, match="16 字节"):
        sm4.gcm_decrypt(bytes(32), bytes(64))
    with pytest.raises(KeyRefused, match="12 字节"):
        sm4.gcm_encrypt(KEY, b"", nonce=bytes(16))
    with pytest.raises(KeyRefused, match="16 字节"):
        sm4.ctr_encrypt(KEY, b"", counter=bytes(12))
