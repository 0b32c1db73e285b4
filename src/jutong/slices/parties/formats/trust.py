"""What this instance trusts, read from its folders: certification authorities, and the data plane's public key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from cryptography import x509
from django.utils.translation import gettext as _

from jutong.crypto import certificates, sm2
from jutong.crypto.errors import CryptoRefused
from jutong.kernel.errors import Unavailable
from jutong.kernel.settings import settings

_CERTIFICATES: Final = frozenset({".der", ".cer", ".crt", ".pem"})
_LISTS: Final = ".crl"
NODE: Final = "local"


def issuers() -> list[certificates.Issuer]:
    """Return the trust list: every certificate in the folder `certificate_authorities`, with its revoked serials.

    Certificates are .der, .cer, .crt or .pem; revocation lists are .crl of the same issuer. Read anew each time, so
    that a new list counts at once. Unavailable names a file that cannot be read.
    """
    folder = settings().certificate_authorities
    if folder is None or not folder.is_dir():
        return []
    revoked: dict[str, set[int]] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() == _LISTS:
            name, serials = _revoked(path)
            revoked.setdefault(name, set()).update(serials)
    return [_issuer(path, revoked) for path in sorted(folder.iterdir()) if path.suffix.lower() in _CERTIFICATES]


def _issuer(path: Path, revoked: dict[str, set[int]]) -> certificates.Issuer:
    data = path.read_bytes()
    try:
        pem = data.lstrip().startswith(b"-----")
        parsed = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
        name = parsed.subject.rfc4514_string()
    except ValueError:
        raise _unreadable(path) from None
    return certificates.Issuer(data, frozenset(revoked.get(name, ())))


def _revoked(path: Path) -> tuple[str, set[int]]:
    data = path.read_bytes()
    try:
        pem = data.lstrip().startswith(b"-----")
        crl = x509.load_pem_x509_crl(data) if pem else x509.load_der_x509_crl(data)
        return crl.issuer.rfc4514_string(), {entry.serial_number for entry in crl}
    except ValueError:
        raise _unreadable(path) from None


def _unreadable(path: Path) -> Unavailable:
    return Unavailable(_("信任列表中的文件 %s 无法读取，请安全管理员核对后重新放置。") % path.name)


def serial_text(serial: int) -> str:
    """Return a certificate's serial as upper-case hexadecimal, as certificates show it."""
    return f"{serial:X}"


def data_plane_key() -> bytes:
    """Return the SM2 public key to which call keys are sealed; Unavailable before the data plane was set up."""
    path = settings().home / "nodes" / NODE / "key.json"
    try:
        return sm2.public_from_hex(str(json.loads(path.read_bytes())["public"]))
    except (OSError, ValueError, KeyError, TypeError, CryptoRefused):
        raise Unavailable(_("数据面的密钥尚未建立，暂不能发放调用密钥；请先执行 jutong setup。")) from None
