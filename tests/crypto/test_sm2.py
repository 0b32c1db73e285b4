"""SM2 by every back end: the standard's examples, each against each, and everything that must be refused."""

from __future__ import annotations

import threading
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covers import covers
from jutong.crypto import DecryptionFailed, KeyRefused, backends, curve, sm2, sm3
from jutong.crypto.backends import gmalg

ALL = backends.ORDER
PAIRS = list(product(ALL, ALL))
FAST = "openssl"

# GB/T 32918.5, annex A
PRIVATE = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
NONCE = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
Z = "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3"
E = bytes.fromhex("F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640")
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
X1 = 0x04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73
Y1 = 0xE858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0
C3 = bytes.fromhex("59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766")
C2 = bytes.fromhex("21886CA989CA9C7D58087307CA93092D651EFA")
SIGNATURE = curve.encode_signature(R, S)
CIPHERTEXT = curve.encode_ciphertext(X1, Y1, C3, C2)
WRONG_SIGNATURES = {
    "r is zero": curve.encode_signature(0, S),
    "s is zero": curve.encode_signature(R, 0),
    "r is n": curve.encode_signature(curve.N, S),
    "s is n": curve.encode_signature(R, curve.N),
    "r beyond n": curve.encode_signature(R + curve.N, S),
    "r and s negative, their zero byte left out": b"\x30\x44\x02\x20"
    + R.to_bytes(32, "big")
    + b"\x02\x20"
    + S.to_bytes(32, "big"),
    "r plus s is n": curve.encode_signature(R, curve.N - R),
    "r and s exchanged": curve.encode_signature(S, R),
    "cut short": SIGNATURE[:-1],
    "with a tail": SIGNATURE + b"\0",
    "empty": b"",
    "raw r and s": R.to_bytes(32, "big") + S.to_bytes(32, "big"),
    "length in long form": b"\x30\x81" + SIGNATURE[1:],
}


@pytest.fixture(params=ALL)
def backend(request):
    with sm2.use(request.param) as chosen:
        yield chosen


def test_every_back_end_works_on_this_machine():
    assert sm2.available() == ALL


@covers(partly=["R-SEC-006"])
def test_the_signed_digest_is_that_of_the_standard():
    assert sm2._identity(PUBLIC, sm2.DEFAULT_SIGNER_ID).hex() == Z
    assert sm2.message_digest(PUBLIC, b"message digest") == E


@covers(partly=["R-SEC-006"])
def test_every_back_end_accepts_the_example_of_the_standard(backend):
    assert sm2.public_from_private(PRIVATE) == PUBLIC
    assert sm2.verify(PUBLIC, b"message digest", SIGNATURE)
    assert sm2.verify_digest(PUBLIC, E, SIGNATURE)
    assert sm2.decrypt(PRIVATE, CIPHERTEXT) == b"encryption standard"
    assert backends.passes_self_test(backend)


@covers(partly=["R-SEC-006"])
def test_with_the_nonce_of_the_standard_its_example_comes_out_again():
    fixed = gmalg.Backend(random_bits=lambda _: NONCE)
    assert fixed.sign_digest(PRIVATE, E) == SIGNATURE
    assert fixed.encrypt(PUBLIC, b"encryption standard") == CIPHERTEXT


def test_a_nonce_out_of_range_is_drawn_again():
    draws = iter([0, curve.N, curve.N + 5, NONCE])
    assert gmalg.Backend(random_bits=lambda _: next(draws)).sign_digest(PRIVATE, E) == SIGNATURE


@covers(partly=["R-SEC-006"])
@pytest.mark.parametrize(("signing", "verifying"), PAIRS)
def test_what_one_back_end_signs_every_other_accepts(signing, verifying):
    message = "同意共享".encode()
    with sm2.use(signing):
        pair = sm2.generate()
        signature = sm2.sign(pair.private, message, public=pair.public)
    with sm2.use(verifying):
        assert sm2.public_from_private(pair.private) == pair.public
        assert sm2.verify(pair.public, message, signature)
        assert not sm2.verify(pair.public, message + b".", signature)
        assert not sm2.verify(pair.public, message, signature, b"another signer")


@covers(partly=["R-SEC-006"])
@pytest.mark.parametrize(("encrypting", "decrypting"), PAIRS)
@pytest.mark.parametrize("length", [1, 16, 255, 256, 1000])
def test_what_one_back_end_encrypts_every_other_decrypts(encrypting, decrypting, length):
    plaintext = bytes(i % 251 for i in range(length))
    with sm2.use(encrypting):
        sealed = sm2.encrypt(PUBLIC, plaintext)
    with sm2.use(decrypting):
        assert sm2.decrypt(PRIVATE, sealed) == plaintext


@covers(partly=["R-SEC-006"])
@pytest.mark.parametrize("wrong", WRONG_SIGNATURES.values(), ids=WRONG_SIGNATURES.keys())
def test_a_malformed_signature_is_no_signature(backend, wrong):
    assert not sm2.verify(PUBLIC, b"message digest", wrong)


@pytest.mark.parametrize("wrong", WRONG_SIGNATURES.values(), ids=WRONG_SIGNATURES.keys())
def test_a_malformed_signature_never_reaches_a_library(monkeypatch, wrong):
    reached = []
    monkeypatch.setattr(backends, "_chosen", type("Spy", (), {"verify_digest": lambda *_: reached.append(1)})())
    sm2.verify(PUBLIC, b"message digest", wrong)
    assert bool(reached) == (wrong == WRONG_SIGNATURES["r and s exchanged"])


def test_a_signature_of_another_key_or_message_is_refused(backend):
    other = sm2.generate()
    assert not sm2.verify(other.public, b"message digest", SIGNATURE)
    assert not sm2.verify(PUBLIC, b"message digest ", SIGNATURE)
    assert not sm2.verify_digest(PUBLIC, sm3.digest(b"message digest"), SIGNATURE)


@covers(partly=["R-SEC-006"])
def test_a_forged_c3_or_c2_is_never_accepted(backend):
    for digest, body in [
        (bytes(32), C2),
        (C3[:-1] + bytes([C3[-1] ^ 1]), C2),
        (bytes([C3[0] ^ 0x80]) + C3[1:], C2),
        (C3, bytes([C2[0] ^ 1]) + C2[1:]),
        (C3, C2[:-1]),
        (C3, C2 + b"\0"),
    ]:
        forged = curve.encode_ciphertext(X1, Y1, digest, body)
        with pytest.raises(DecryptionFailed):
            sm2.decrypt(PRIVATE, forged)
        with pytest.raises(DecryptionFailed):
            backend.decrypt(PRIVATE, forged)


@covers(partly=["R-SEC-006"])
def test_a_c1_off_the_curve_is_refused(backend):
    for x, y in [(X1, Y1 + 1), (X1 + 1, Y1), (0, 0), (X1 + curve.P, Y1), (1, 2)]:
        with pytest.raises(DecryptionFailed, match="C1"):
            sm2.decrypt(PRIVATE, curve.encode_ciphertext(x, y, C3, C2))


def test_a_cipher_text_of_the_wrong_form_or_for_another_key_is_refused(backend):
    for wrong in (b"", CIPHERTEXT[:-1], CIPHERTEXT + b"\0", b"\x04" + bytes(96) + C2):
        with pytest.raises(DecryptionFailed, match="格式"):
            sm2.decrypt(PRIVATE, wrong)
    for wrong in (curve.encode_ciphertext(X1, Y1, C3[:31], C2), curve.encode_ciphertext(X1, Y1, C3, b"")):
        with pytest.raises(DecryptionFailed, match="C3"):
            sm2.decrypt(PRIVATE, wrong)
    with pytest.raises(DecryptionFailed):
        sm2.decrypt(sm2.generate().private, CIPHERTEXT)


def test_a_public_key_off_the_curve_is_refused_everywhere():
    off = PUBLIC[:-1] + bytes([PUBLIC[-1] ^ 1])
    for wrong in (off, bytes(64), PUBLIC[:-1], b"\x04" + PUBLIC, (curve.P).to_bytes(32, "big") + PUBLIC[32:]):
        for call in (
            lambda key: sm2.verify(key, b"m", SIGNATURE),
            lambda key: sm2.verify_digest(key, E, SIGNATURE),
            lambda key: sm2.encrypt(key, b"m"),
            lambda key: sm2.seal(key, b"m"),
            lambda key: sm2.sign(PRIVATE, b"m", public=key),
            sm2.public_hex,
            sm2.key_id,
        ):
            with pytest.raises(KeyRefused, match="公钥"):
                call(wrong)


def test_a_private_key_out_of_range_is_refused_everywhere():
    for number in (0, curve.N - 1, curve.N, 2**256 - 1):
        wrong = number.to_bytes(32, "big")
        for call in (
            lambda key: sm2.sign(key, b"m", public=PUBLIC),
            sm2.public_from_private,
            lambda key: sm2.decrypt(key, CIPHERTEXT),
        ):
            with pytest.raises(KeyRefused, match="范围"):
                call(wrong)
    with pytest.raises(KeyRefused, match="32 字节"):
        sm2.sign_digest(PRIVATE[1:], E)
    with pytest.raises(KeyRefused, match="摘要"):
        sm2.sign_digest(PRIVATE, E[1:])
    with pytest.raises(KeyRefused, match="标识"):
        sm2.sign(PRIVATE, b"m", public=PUBLIC, signer_id=bytes(8192))
    with pytest.raises(KeyRefused, match="不能为空"):
        sm2.encrypt(PUBLIC, b"")


def smallest_and_largest_keys():
    edges = [1, 2, 255, 2**247, curve.N - 2]
    return [number.to_bytes(32, "big") for number in edges] + [b"\x04" + PRIVATE[1:], b"\x00\x04" + PRIVATE[2:]]


@pytest.mark.parametrize("private", smallest_and_largest_keys(), ids=lambda key: key[:4].hex())
def test_keys_beginning_with_zeros_or_fours_work_by_every_back_end(backend, private):
    public = sm2.public_from_private(private)
    with sm2.use(FAST):
        assert public == sm2.public_from_private(private)
    assert sm2.verify(public, b"m", sm2.sign(private, b"m", public=public))
    assert sm2.decrypt(private, sm2.encrypt(public, b"m" * 16)) == b"m" * 16


@pytest.mark.parametrize("first", [0x00, 0x04])
def test_public_keys_beginning_with_zero_or_four_work_by_every_back_end(first):
    pair = next(pair for _ in range(20_000) if (pair := sm2.generate()).public[0] == first)
    signature = sm2.sign(pair.private, b"m", public=pair.public)
    for name in ALL:
        with sm2.use(name):
            assert sm2.verify(pair.public, b"m", signature)
            assert sm2.decrypt(pair.private, sm2.encrypt(pair.public, b"secret")) == b"secret"
            assert sm2.public_from_hex(sm2.public_hex(pair.public)) == pair.public


def test_a_text_under_a_key_stream_of_zeros_is_encrypted_again(monkeypatch):
    in_the_clear, good = curve.encode_ciphertext(X1, Y1, C3, b"x"), curve.encode_ciphertext(X1, Y1, C3, b"y")
    drawn = iter([in_the_clear, in_the_clear, good])
    monkeypatch.setattr(backends, "_chosen", type("Library", (), {"encrypt": lambda *_: next(drawn)})())
    assert sm2.encrypt(PUBLIC, b"x") == good


def test_a_text_that_came_under_a_key_stream_of_zeros_is_refused(monkeypatch):
    monkeypatch.setattr(backends, "_chosen", type("Library", (), {"decrypt": lambda *_: b"x"})())
    with pytest.raises(DecryptionFailed, match="全为零"):
        sm2.decrypt(PRIVATE, curve.encode_ciphertext(X1, Y1, C3, b"x"))


@pytest.mark.parametrize("name", ["openssl", "gmssl_pyx"])
def test_one_byte_texts_open_again_by_every_compiled_back_end(name):
    with sm2.use(name):
        for _ in range(100):
            assert sm2.decrypt(PRIVATE, sm2.encrypt(PUBLIC, b"x")) == b"x"


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=40), st.integers(1, curve.N - 2))
def test_every_message_verifies_under_every_signer_id_and_key(message, signer_id, number):
    private = number.to_bytes(32, "big")
    public = sm2.public_from_private(private)
    signature = sm2.sign(private, message, public=public, signer_id=signer_id)
    assert sm2.verify(public, message, signature, signer_id)
    assert not sm2.verify(public, message, signature, signer_id + b"\0")
    with sm2.use("gmssl_pyx"):
        assert sm2.verify(public, message, signature, signer_id)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=3000))
def test_an_envelope_of_any_length_opens_again(data):
    assert sm2.unseal(PRIVATE, sm2.seal(PUBLIC, data)) == data


def test_things_sealed_together_open_each_alone_and_none_of_them_twice_alike() -> None:
    things = [b"one", b"one", b""]
    sealed = sm2.seal_many(PUBLIC, things)
    assert [sm2.unseal(PRIVATE, one) for one in sealed] == things
    assert len(set(sealed)) == len(things)
    assert sm2.seal_many(PUBLIC, []) == []
    with pytest.raises(DecryptionFailed):
        sm2.unseal(PRIVATE, sealed[0][:-16] + sealed[1][-16:])


ENVELOPE = sm2.seal(PUBLIC, b"credentials")


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_an_envelope_with_any_changed_bit_or_cut_is_refused(data):
    sealed = bytearray(ENVELOPE)
    if data.draw(st.booleans()):
        sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del sealed[data.draw(st.integers(0, len(sealed) - 1)) :]
    with pytest.raises(DecryptionFailed):
        sm2.unseal(PRIVATE, bytes(sealed))


def test_an_envelope_for_another_or_of_another_kind_is_refused():
    with pytest.raises(DecryptionFailed):
        sm2.unseal(sm2.generate().private, sm2.seal(PUBLIC, b"data"))
    with pytest.raises(DecryptionFailed, match="信封"):
        sm2.unseal(PRIVATE, CIPHERTEXT)
    wrapped = sm2.encrypt(PUBLIC, b"short")
    with pytest.raises(DecryptionFailed, match="密钥长度"):
        sm2.unseal(PRIVATE, b"JTSE\x01" + len(wrapped).to_bytes(2, "big") + wrapped + bytes(40))


def test_public_keys_are_read_from_hex_with_or_without_the_mark_of_a_point():
    assert sm2.public_from_hex(PUBLIC.hex().upper() + "\n") == PUBLIC
    assert sm2.public_from_hex("04" + PUBLIC.hex()) == PUBLIC
    assert sm2.key_id(PUBLIC) == sm3.hexdigest(PUBLIC)[:16]
    for wrong in ("", "zz", PUBLIC.hex()[:-2], "03" + PUBLIC.hex()):
        with pytest.raises(KeyRefused):
            sm2.public_from_hex(wrong)


def test_no_private_key_is_shown_by_repr():
    pair = sm2.KeyPair(PRIVATE, PUBLIC)
    assert PRIVATE.hex() not in repr(pair)
    assert repr(PRIVATE) not in repr(pair)


def test_two_signatures_of_one_message_differ(backend):
    assert sm2.sign(PRIVATE, b"m", public=PUBLIC) != sm2.sign(PRIVATE, b"m", public=PUBLIC)


@pytest.mark.parametrize("name", ["openssl", "gmssl_pyx"])
def test_threads_share_a_back_end(name):
    wrong = []

    def work(number: int) -> None:
        for turn in range(40):
            message = f"{number}:{turn}".encode()
            signature = sm2.sign(PRIVATE, message, public=PUBLIC)
            good = sm2.verify(PUBLIC, message, signature) and not sm2.verify(PUBLIC, b"other", signature)
            if not good or sm2.decrypt(PRIVATE, sm2.encrypt(PUBLIC, message)) != message:
                wrong.append(message)

    with sm2.use(name):
        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_many_keys_pass_through_the_cache_of_parsed_keys():
    with sm2.use("openssl") as backend:
        for _ in range(150):  # more than are kept
            pair = sm2.generate()
            assert sm2.verify(pair.public, b"m", sm2.sign(pair.private, b"m", public=pair.public))
        assert backend._private_key.cache_info().currsize == 64
