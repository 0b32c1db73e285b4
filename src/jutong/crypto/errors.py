"""What the crypto port refuses, each with one Chinese sentence for the person who caused it."""

from __future__ import annotations


class CryptoRefused(ValueError):  # noqa: N818  a refusal, named as the kernel names them
    """Input that cryptography cannot accept; the message is one Chinese sentence with the remedy."""


class KeyRefused(CryptoRefused):
    """A key, point, digest or nonce of the wrong shape: length, range, or not on the curve."""


class DecryptionFailed(CryptoRefused):
    """A cipher text that is damaged, forged, cut short, or made for another key."""


class CertificateRefused(CryptoRefused):
    """A certificate that does not lead to a trusted SM2 issuer at the time asked."""


class KeyFileRefused(CryptoRefused):
    """A sealed key file or its passphrase file that is missing, open to others, damaged or not opened by it."""
