"""Domestic cryptography behind one port: SM2, SM3, SM4, certificates and sealed key files; imports nothing of ours.

`sm2.sign`, `sm2.verify`, `sm2.seal`, `sm3.digest`, `sm3.hmac_sm3`, `sm4.gcm_encrypt`, `keyfile.load_or_create` …
Whatever is refused is a `CryptoRefused` with one Chinese sentence.
"""

from __future__ import annotations

from jutong.crypto import keyfile, sm2, sm3, sm4
from jutong.crypto.certificates import Holder, Issuer, verify_certificate
from jutong.crypto.errors import CertificateRefused, CryptoRefused, DecryptionFailed, KeyFileRefused, KeyRefused
from jutong.crypto.keyfile import Signer, SoftwareSigner

__all__ = [
    "CertificateRefused",
    "CryptoRefused",
    "DecryptionFailed",
    "Holder",
    "Issuer",
    "KeyFileRefused",
    "KeyRefused",
    "Signer",
    "SoftwareSigner",
    "keyfile",
    "sm2",
    "sm3",
    "sm4",
    "verify_certificate",
]
