"""A small SM2 certification authority for tests: certificates written byte by byte, signed with our own port."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from jutong.crypto import curve, sm2

SIGNED_WITH_SM2 = bytes.fromhex("300a06082a811ccf55018375")
NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2027, 1, 1, tzinfo=UTC)


def der(tag: int, *parts: bytes) -> bytes:
    """Write one DER element."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def integer(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def utc_time(moment: datetime) -> bytes:
    return der(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def extension(value: x509.ExtensionType, *, critical: bool = True) -> bytes:
    identifier = x509.ObjectIdentifier(value.oid.dotted_string).dotted_string
    return der(0x30, oid(identifier), der(0x01, b"\xff") if critical else b"", der(0x04, value.public_bytes()))


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    encoded = bytearray([first * 40 + second])
    for number in rest:
        septets = [number & 0x7F]
        while number := number >> 7:
            septets.append(number & 0x7F | 0x80)
        encoded += bytes(reversed(septets))
    return der(0x06, bytes(encoded))


def usage(**granted: bool) -> x509.KeyUsage:
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign "
        "crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{name: granted.get(name, False) for name in names.split()})


@dataclass
class Authority:
    """An authority; `issue` gives certificates in DER. `name` is its common name."""

    name: str = "测试签发机构"
    pair: sm2.KeyPair = field(default_factory=sm2.generate)

    def certificate(self, **changes: object) -> bytes:
        """Give its own self-signed certificate."""
        extensions = [x509.BasicConstraints(ca=True, path_length=0), usage(key_cert_sign=True, crl_sign=True)]
        return self.issue(self.name, self.pair.public, **({"extensions": extensions, "serial": 1} | changes))

    def issue(
        self,
        subject: str,
        public: bytes,
        *,
        serial: int = 0x1001,
        not_before: datetime = NOT_BEFORE,
        not_after: datetime = NOT_AFTER,
        extensions: list[x509.ExtensionType] | None = None,
        signed_with: bytes = SIGNED_WITH_SM2,
        key: bytes | None = None,
        critical: bool = True,
    ) -> bytes:
        """Give a certificate for a subject's key; unless told otherwise one for signing."""
        extensions = [usage(digital_signature=True)] if extensions is None else extensions
        tbs = der(
            0x30,
            der(0xA0, integer(2)),
            integer(serial),
            signed_with,
            _name(self.name),
            der(0x30, utc_time(not_before), utc_time(not_after)),
            _name(subject),
            key or curve.spki(public),
            der(0xA3, der(0x30, *(extension(one, critical=critical) for one in extensions))) if extensions else b"",
        )
        signature = sm2.sign(self.pair.private, tbs, public=self.pair.public)
        return der(0x30, tbs, signed_with, der(0x03, b"\0", signature))


def _name(common_name: str) -> bytes:
    country, organization = (NameOID.COUNTRY_NAME, "CN"), (NameOID.ORGANIZATION_NAME, "聚通测试")
    pairs = (country, organization, (NameOID.COMMON_NAME, common_name))
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in pairs]).public_bytes()
