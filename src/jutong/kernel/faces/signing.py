"""Signatures given with an act: from the page's field or file, or the header of a call (R-SEC-002)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import RuleBroken
from jutong.kernel.faces.actors import actor_of

HEADER: Final = "X-Act-Signature"
LONGEST: Final = 2048
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}){1,1024}")


def signed(request: HttpRequest) -> Actor:
    """Return who asks, with the signature given with the act: X-Act-Signature, the field `signature`, or a file.

    A file `signature_file` holds the same text, or the signature's bytes (DER). RuleBroken for what is no signature.
    """
    actor = actor_of(request)
    text = request.headers.get(HEADER, "") or request.POST.get("signature", "")
    file = request.FILES.get("signature_file")
    if file is not None and not text.strip():
        raw = file.read(LONGEST + 1)
        text = raw.decode("ascii") if raw.isascii() and raw.strip().isalnum() else raw.hex()
    given = signature(text)
    return actor.signing(given) if given else actor


def signature(text: str) -> bytes:
    """Return a signature written as hexadecimal or base64; nothing for nothing. RuleBroken for anything else."""
    plain = "".join(text.split())
    try:
        return bytes.fromhex(plain) if _HEX.fullmatch(plain) else base64.b64decode(plain[:LONGEST], validate=True)
    except (ValueError, binascii.Error):
        raise RuleBroken(_("电子签名应为十六进制或 Base64 文本，请检查后重新提交。"), field="signature") from None
