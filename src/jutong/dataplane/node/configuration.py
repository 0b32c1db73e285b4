"""What the centre told this node to keep to: signed files in its folder, taken over only when newer and truly signed."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from jutong.dataplane.book.base import BEIJING
from jutong.dataplane.envelopes import opened
from jutong.dataplane.errors import Refusal, Unavailable
from jutong.dataplane.identity import Identity
from jutong.wire.envelope import Envelope
from jutong.wire.nodes import Certificate, NodeConfig

CONFIG: Final = "config.json"
CERTIFICATE: Final = "certificate.json"


class Standing:
    """Configuration and certificate of this node, as signed by the centre it signed for."""

    def __init__(self, folder: Path, me: Identity) -> None:
        self._folder = folder
        self._me = me
        self.certificate = msgspec.json.decode(self._read(CERTIFICATE, "certificate"), type=Certificate)
        self.config = msgspec.json.decode(self._read(CONFIG, "node_config"), type=NodeConfig)

    def _read(self, name: str, kind: str) -> bytes:
        try:
            envelope = msgspec.json.decode((self._folder / name).read_bytes(), type=Envelope)
            return opened(envelope, kind, self._me.control)
        except (OSError, ValueError, Refusal) as error:
            raise Unavailable(f"节点文件 {self._folder / name} 缺失或签名无效，请重新签收本前置机。") from error

    def take_config(self, envelope: Envelope) -> bool:
        """Take over a newer configuration; False for one that is older or meant for another node."""
        said = msgspec.json.decode(opened(envelope, "node_config", self._me.control), type=NodeConfig)
        if said.node != self._me.name or said.revision <= self.config.revision:
            return False
        self._keep(CONFIG, envelope)
        self.config = said
        return True

    def take_certificate(self, envelope: Envelope) -> bool:
        """Take over a renewed certificate of the same key."""
        said = msgspec.json.decode(opened(envelope, "certificate", self._me.control), type=Certificate)
        if (said.node, said.public) != (self._me.name, self.certificate.public):
            return False
        self._keep(CERTIFICATE, envelope)
        self.certificate = said
        return True

    def _keep(self, name: str, envelope: Envelope) -> None:
        temporary = self._folder / f".{name}.new"
        with temporary.open("wb") as file:
            file.write(msgspec.json.encode(envelope))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._folder / name)

    def may_travel(self, at: datetime | None = None) -> bool:
        """Tell whether parcels may travel at this time of the Beijing day; a window may span midnight."""
        start, end = self.config.window_from, self.config.window_to
        if not start:
            return True
        now = (at or datetime.now(UTC)).astimezone(BEIJING).strftime("%H:%M")
        return start <= now < end if start <= end else now >= start or now < end
