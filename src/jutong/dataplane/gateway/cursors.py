"""Where a listing goes on: the last key, sealed, because a key may be masked or not granted at all."""

from __future__ import annotations

import base64

import msgspec

from jutong.crypto import CryptoRefused, sm3, sm4
from jutong.dataplane.errors import RuleBroken

UNREADABLE = "after 不是本授权上一页返回的游标，请原样传回，或留空从头开始。"


class Cursors:
    """The cursors of one grant at one node. secret: the node's own; another node's cursors are refused."""

    def __init__(self, secret: bytes, grant_id: str) -> None:
        self._key = sm3.hmac_sm3(secret, b"cursor")[: sm4.KEY_SIZE]
        self._bound = grant_id.encode()

    def write(self, key: tuple[str, ...]) -> str:
        """Return a cursor after a record's key."""
        sealed = sm4.gcm_encrypt(self._key, msgspec.json.encode(key), aad=self._bound)
        return base64.urlsafe_b64encode(sealed).decode()

    def read(self, cursor: str) -> tuple[str, ...]:
        """Return the key a cursor stands for, nothing for none. RuleBroken for what is no cursor of this grant."""
        if not cursor:
            return ()
        try:
            sealed = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True)
            return msgspec.json.decode(sm4.gcm_decrypt(self._key, sealed, aad=self._bound), type=tuple[str, ...])
        except (ValueError, CryptoRefused) as error:
            raise RuleBroken(UNREADABLE) from error
