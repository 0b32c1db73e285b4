"""SM2 certificates: read by the cryptography package, their SM2-with-SM3 signatures checked by our own port."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, NameOID

from jutong.crypto import curve, sm2
from jutong.crypto.errors import CertificateRefused, KeyRefused

SM2_WITH_SM3: Final = x509.ObjectIdentifier("1.2.156.10197.1.501")
SM2_CURVE: Final = x509.ObjectIdentifier("1.2.156.10197.1.301")
EC_PUBLIC_KEY: Final = x509.ObjectIdentifier("1.2.840.10045.2.1")

_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
    }
)
"""Extensions that may be marked critical; any other critical one refuses the certificate (RFC 5280, 4.2)."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """A certification authority on the trust list. certificate: DER or PEM. revoked: serials it has taken back."""

    certificate: bytes
    revoked: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a good certificate names. public: x||y. subject, issuer: RFC 4514. The times are aware UTC."""

    subject: str
    common_name: str
    serial: int
    issuer: str
    public: bytes
    not_before: datetime
    not_after: datetime


@asn1.sequence
class _KeyAlgorithm:
    algorithm: x509.ObjectIdentifier
    curve: x509.ObjectIdentifier


@asn1.sequence
class _Spki:
    algorithm: _KeyAlgorithm
    key: asn1.BitString


@asn1.sequence
class _SignatureAlgorithm:
    algorithm: x509.ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class _Tbs:
    version: Annotated[int, asn1.Explicit(0)]
    serial: int
    signature: _SignatureAlgorithm
    issuer: asn1.TLV
    validity: asn1.TLV
    subject: asn1.TLV
    key: _Spki
    extensions: Annotated[list[asn1.TLV] | None, asn1.Explicit(3)]


def verify_certificate(certificate: bytes, issuers: Iterable[Issuer], at: datetime) -> Holder:
    """Check a person's or system's signing certificate against the trust list, and say whom it names.

    certificate: DER or PEM, X.509 v3, SM2 key, signed with SM2 and SM3 directly by an issuer on the list.
    at: aware time at which certificate and issuer must be valid. The holder's key is not yet proven: let it sign a
    challenge. Raises `CertificateRefused`: unreadable, not SM2, unknown issuer, bad signature, not valid at `at`,
    revoked, not for signing, or with a critical extension that is not understood.
    """
    parsed = _parse(certificate)
    public = _public(parsed)
    issuer, authority = _issuer_of(parsed, issuers, at)
    _check_validity(parsed, at, "证书")
    if parsed.serial_number in issuer.revoked:
        raise CertificateRefused(f"证书（序列号 {parsed.serial_number:X}）已被签发机构吊销，请更换证书。")
    _check_signing_use(parsed)
    names = parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Holder(
        subject=parsed.subject.rfc4514_string(),
        common_name=str(names[0].value) if names else "",
        serial=parsed.serial_number,
        issuer=authority.subject.rfc4514_string(),
        public=public,
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
    )


def _parse(certificate: bytes) -> x509.Certificate:
    """Read DER or PEM, and at once every part that the library would otherwise read, and refuse, later."""
    try:
        pem = certificate.lstrip().startswith(b"-----BEGIN")
        parsed = x509.load_pem_x509_certificate(certificate) if pem else x509.load_der_x509_certificate(certificate)
        critical = {extension.oid for extension in parsed.extensions if extension.critical}
        parsed.subject, parsed.issuer, parsed.not_valid_before_utc, parsed.not_valid_after_utc  # noqa: B018
    except (ValueError, TypeError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise CertificateRefused("证书无法读取（应为 X.509 证书的 DER 或 PEM 文件），请重新导出证书。") from None
    if not parsed.public_bytes(Encoding.DER).endswith(b"\0" + parsed.signature):  # unused bits, which nobody signs
        raise CertificateRefused("证书的签名编码不规范，请重新导出证书。")
    for unknown in critical - _UNDERSTOOD:
        raise CertificateRefused(f"证书含有本系统不支持的关键扩展（{unknown.dotted_string}），请更换证书。")
    return parsed


def _public(parsed: x509.Certificate) -> bytes:
    """Give the SM2 key of a certificate that is signed with SM2 and SM3."""
    refused = CertificateRefused("证书不是国密 SM2 证书（SM2 公钥、SM2-SM3 签名），请使用国密证书。")
    try:
        tbs = asn1.decode_der(_Tbs, parsed.tbs_certificate_bytes)
    except ValueError:
        raise refused from None
    if parsed.signature_algorithm_oid != SM2_WITH_SM3 or tbs.signature.algorithm != SM2_WITH_SM3:
        raise refused
    point = tbs.key.key.as_bytes()
    if (tbs.key.algorithm.algorithm, tbs.key.algorithm.curve) != (EC_PUBLIC_KEY, SM2_CURVE) or point[:1] != b"\x04":
        raise refused
    try:
        curve.check_public(point[1:])
    except KeyRefused:
        raise refused from None
    return point[1:]


def _issuer_of(parsed: x509.Certificate, issuers: Iterable[Issuer], at: datetime) -> tuple[Issuer, x509.Certificate]:
    """Find the listed authority whose name and signature the certificate bears, and check that it may sign at `at`."""
    named = [
        (issuer, authority) for issuer in issuers if (authority := _parse(issuer.certificate)).subject == parsed.issuer
    ]
    if not named:
        raise CertificateRefused(
            "证书的签发机构不在信任列表中，请使用受信任机构签发的证书，或联系安全管理员登记该机构。"
        )
    for issuer, authority in named:
        if sm2.verify(_public(authority), parsed.tbs_certificate_bytes, parsed.signature):
            _check_validity(authority, at, "签发机构的证书")
            _check_authority(authority)
            return issuer, authority
    raise CertificateRefused("证书的签名校验未通过，证书可能被伪造或改动，请更换证书。")


def _check_validity(parsed: x509.Certificate, at: datetime, what: str) -> None:
    if at < parsed.not_valid_before_utc:
        raise CertificateRefused(f"{what}尚未生效，请核对系统时间或更换证书。")
    if at > parsed.not_valid_after_utc:
        raise CertificateRefused(f"{what}已过期，请更换证书。")


def _check_authority(authority: x509.Certificate) -> None:
    """Refuse an issuer that does not say it is an authority (RFC 5280, 4.2.1.9) or may not sign certificates."""
    try:
        basic = authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        basic = False
    usage = _key_usage(authority)
    if not basic or (usage is not None and not usage.key_cert_sign):
        raise CertificateRefused("证书的签发者不是证书签发机构，请使用受信任机构签发的证书。")


def _check_signing_use(parsed: x509.Certificate) -> None:
    """Refuse the encryption half of a pair of certificates."""
    usage = _key_usage(parsed)
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise CertificateRefused("证书的用途不含数字签名（可能选成了加密证书），请选择签名证书。")


def _key_usage(parsed: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return parsed.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
