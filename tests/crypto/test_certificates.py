"""SM2 certificates against a trust list."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from covers import covers
from jutong.crypto import CertificateRefused, Issuer, curve, sm2, verify_certificate
from sm2_authority import NOT_AFTER, NOT_BEFORE, Authority, usage

AT = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
CA = Authority()
LISTED = Issuer(CA.certificate())
PERSON = sm2.generate()
GOOD = CA.issue("张三", PERSON.public)
UNUSED = GOOD.rindex(b"\x00", 0, len(GOOD) - 68)
"""Where the certificate says how many bits of its signature are unused; a signature is 70 to 72 bytes."""


def refused(certificate: bytes, issuers=(LISTED,), at: datetime = AT) -> str:
    with pytest.raises(CertificateRefused) as caught:
        verify_certificate(certificate, issuers, at)
    return str(caught.value)


@covers(partly=["R-SEC-003", "R-SEC-006"])
def test_a_good_certificate_names_its_holder():
    holder = verify_certificate(GOOD, [LISTED], AT)
    assert holder.common_name == "张三"
    assert holder.subject == "CN=张三,O=聚通测试,C=CN"
    assert holder.serial == 0x1001
    assert holder.issuer == "CN=测试签发机构,O=聚通测试,C=CN"
    assert holder.public == PERSON.public
    assert (holder.not_before, holder.not_after) == (NOT_BEFORE, NOT_AFTER)
    challenge = sm2.sign(PERSON.private, b"challenge", public=PERSON.public)
    assert sm2.verify(holder.public, b"challenge", challenge)


@covers(partly=["R-SEC-003"])
def test_each_of_two_listed_authorities_is_trusted_and_a_third_is_not():
    second, third = Authority("第二签发机构"), Authority("第三签发机构")
    issuers = [LISTED, Issuer(second.certificate())]
    assert verify_certificate(GOOD, issuers, AT).common_name == "张三"
    assert verify_certificate(second.issue("李四", PERSON.public), issuers, AT).common_name == "李四"
    assert "不在信任列表" in refused(third.issue("王五", PERSON.public), issuers)
    assert "不在信任列表" in refused(GOOD, [])


def test_pem_is_read_as_well():
    pem = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(GOOD) + b"-----END CERTIFICATE-----\n"
    assert verify_certificate(pem, [LISTED], AT).serial == 0x1001


@covers(partly=["R-SEC-003"])
def test_validity_is_judged_at_the_time_asked_to_the_second():
    assert verify_certificate(GOOD, [LISTED], NOT_BEFORE)
    assert verify_certificate(GOOD, [LISTED], NOT_AFTER)
    assert "尚未生效" in refused(GOOD, at=NOT_BEFORE - timedelta(seconds=1))
    assert "已过期" in refused(GOOD, at=NOT_AFTER + timedelta(seconds=1))


@covers(partly=["R-SEC-003"])
def test_an_expired_authority_vouches_for_no_one():
    old = Issuer(CA.certificate(not_after=AT - timedelta(days=1)))
    assert "签发机构的证书已过期" in refused(GOOD, [old])


@covers(partly=["R-SEC-003"])
def test_a_revoked_serial_is_refused_for_its_own_authority_only():
    assert "吊销" in refused(GOOD, [Issuer(LISTED.certificate, frozenset({0x1001}))])
    second = Authority("第二签发机构")
    issuers = [LISTED, Issuer(second.certificate(), frozenset({0x1001}))]
    assert verify_certificate(GOOD, issuers, AT)


def test_an_impostor_with_the_name_of_a_listed_authority_is_refused():
    impostor = Authority(CA.name)
    forged = impostor.issue("张三", PERSON.public)
    assert "签名校验未通过" in refused(forged)
    both = [Issuer(impostor.certificate()), LISTED]
    assert verify_certificate(GOOD, both, AT), "an authority that renewed its key is listed twice"


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # of a certificate that is refused anyway
@settings(max_examples=300, deadline=None)
@example(GOOD.index(bytes.fromhex("130243")), 4)  # a name that the library reads only when asked: once a crash
@example(UNUSED, 0)  # a bit of the signature said to be unused
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 7))
def test_any_changed_bit_of_a_certificate_is_refused(position, bit):
    changed = bytearray(GOOD)
    changed[position] ^= 1 << bit
    with pytest.raises(CertificateRefused):
        verify_certificate(bytes(changed), [LISTED], AT)


def test_an_ordinary_certificate_cannot_issue_others():
    person = Authority("张三", PERSON)
    own = CA.issue("张三", PERSON.public)
    assert "不是证书签发机构" in refused(person.issue("李四", sm2.generate().public), [Issuer(own)])
    weak = CA.certificate(extensions=[x509.BasicConstraints(ca=True, path_length=None), usage(digital_signature=True)])
    assert "不是证书签发机构" in refused(GOOD, [Issuer(weak)])


def test_the_encryption_certificate_of_a_pair_is_refused():
    pair = CA.issue("张三", PERSON.public, extensions=[usage(key_encipherment=True, data_encipherment=True)])
    assert "签名证书" in refused(pair)
    silent = CA.issue("张三", PERSON.public, extensions=[])
    assert verify_certificate(silent, [LISTED], AT)


def test_a_critical_extension_nobody_understands_is_refused():
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.156.99.1"), b"\x05\x00")
    assert "1.2.156.99.1" in refused(CA.issue("张三", PERSON.public, extensions=[odd]))
    assert verify_certificate(CA.issue("张三", PERSON.public, extensions=[odd], critical=False), [LISTED], AT)


def test_certificates_of_other_algorithms_and_keys_off_the_curve_are_refused():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "国际算法")])
    foreign = (
        x509.CertificateBuilder(name, name, key.public_key(), 5, NOT_BEFORE, NOT_AFTER)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
    assert "不是国密 SM2 证书" in refused(foreign)
    p256 = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert "不是国密 SM2 证书" in refused(CA.issue("张三", b"", key=p256))
    assert "不是国密 SM2 证书" in refused(CA.issue("张三", bytes(64)))
    compressed = bytearray(curve.spki(PERSON.public))
    compressed[26] = 2
    assert "不是国密 SM2 证书" in refused(CA.issue("张三", b"", key=bytes(compressed)))
    ecdsa_sha256 = bytes.fromhex("300a06082a8648ce3d040302")
    assert "不是国密 SM2 证书" in refused(CA.issue("张三", PERSON.public, signed_with=ecdsa_sha256))


def test_what_is_no_certificate_is_refused_in_one_sentence():
    for junk in (b"", b"junk", b"-----BEGIN CERTIFICATE-----\nzz\n", GOOD[:-5], b"\x30\x82\xff\xff" + bytes(100)):
        assert "证书无法读取" in refused(junk)
