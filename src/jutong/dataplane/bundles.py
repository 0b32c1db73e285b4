"""Fetches bundles by long poll, verifies them, keeps them on disk, and says what is true now."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from jutong.dataplane.envelopes import opened
from jutong.dataplane.errors import Conflict, Refusal, Unavailable
from jutong.dataplane.identity import Identity
from jutong.dataplane.link import Link
from jutong.dataplane.snapshots import Snapshot, barred, merged
from jutong.wire.bundle import Bundle
from jutong.wire.envelope import Envelope

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.5
"""Between two tries while the control plane is away; with the poll itself this keeps a revocation under 2 s."""


class BundleCache:
    """The newest believed state of one node, in memory and in a folder that several processes may share.

    zone: of this data plane, empty where it does not know. The folder holds the signed envelopes as they came: `full.json` and `delta-…json`; each is verified again on load.
    """

    def __init__(self, folder: Path, identity: Identity, zone: str = "") -> None:
        self._folder = folder
        self._identity = identity
        self._zone = zone
        self._told: Snapshot | None = None
        self._snapshot: Snapshot | None = None
        self._renew = False

    def current(self) -> Snapshot:
        """Return what is true now; `Unavailable` before the first bundle. See also `Snapshot.check_fresh`."""
        if self._snapshot is None:
            raise Unavailable("本节点还没有取得授权包，请检查与控制面的连接。")
        return self._snapshot

    def load(self) -> None:
        """Take up what the folder holds; files that do not verify or join on are left aside with a warning."""
        names = ["full.json", *sorted(path.name for path in self._folder.glob("delta-*.json"))]
        for name in names:
            try:
                envelope = msgspec.json.decode((self._folder / name).read_bytes(), type=Envelope)
                self._take(merged(self._told, self._verified(envelope)))
            except Conflict:
                continue
            except (OSError, ValueError, Refusal) as error:
                if not isinstance(error, FileNotFoundError):
                    log.warning("授权包缓存文件 %s 不可用：%s", name, error)

    def accept(self, envelope: Envelope) -> Snapshot:
        """Verify, keep and apply one bundle. Raises `Unauthenticated` for a bad signature, `Conflict` as `merged`."""
        bundle = self._verified(envelope)
        told = merged(self._told, bundle)
        self._keep(bundle, envelope)
        return self._take(told)

    def _take(self, told: Snapshot) -> Snapshot:
        """Go by what was told, as far as this node's zone lets it."""
        self._told, self._snapshot = told, barred(told, self._zone)
        return self._snapshot

    async def fetch(self, link: Link, *, wait: int, at: datetime) -> bool:
        """Ask once for news, waiting up to `wait` seconds; a full bundle when half the life of the last one is over."""
        known = self._snapshot
        if known is None or self._renew or known.renewal_due(at):
            envelope = await link.get_bundle(since=0, wait=0)
        else:
            middle = known.issued_at + (known.valid_until - known.issued_at) / 2
            seconds = min(wait, int((middle - at).total_seconds()) + 1)
            envelope = await link.get_bundle(since=known.serial, wait=seconds)
        if envelope is None:
            return False
        if envelope.key_id not in self._identity.control:
            self._identity.learn(await link.get_handovers())
        try:
            self.accept(envelope)
        except Conflict:
            self._renew = True
            raise
        self._renew = False
        return True

    async def follow(self, link: Link, *, wait: int) -> None:
        """Follow the control plane until cancelled; a refusal is logged once and tried again."""
        trouble = ""
        while True:
            try:
                asked_at = datetime.now(UTC)
                found = await self.fetch(link, wait=wait, at=asked_at)
                trouble = ""
                if not found and (datetime.now(UTC) - asked_at).total_seconds() < PAUSE_SECONDS:
                    await asyncio.sleep(PAUSE_SECONDS)
            except Refusal as refusal:
                if refusal.sentence != trouble:
                    log.warning("取授权包失败：%s", refusal.sentence)
                    trouble = refusal.sentence
                await asyncio.sleep(PAUSE_SECONDS)

    def _verified(self, envelope: Envelope) -> Bundle:
        payload = opened(envelope, "bundle", self._identity.control)
        try:
            return msgspec.json.decode(payload, type=Bundle)
        except ValueError as error:
            raise Unavailable("授权包的内容无法解读，请检查两端版本是否一致。") from error

    def _keep(self, bundle: Bundle, envelope: Envelope) -> None:
        stamp = f"{int(bundle.issued_at.timestamp() * 1_000_000):020d}"
        name = "full.json" if bundle.full else f"delta-{stamp}-{bundle.serial}.json"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._folder / f".{name}.{secrets.token_hex(4)}"
        try:
            with temporary.open("wb") as file:
                file.write(msgspec.json.encode(envelope))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._folder / name)
        except OSError:
            # A revocation must act even when the disk is full; only the restart without a network is poorer for it.
            log.exception("授权包未能写入缓存目录 %s，请检查磁盘空间与权限", self._folder)
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        if bundle.full:
            for path in self._folder.glob("delta-*.json"):
                if path.name[6:26] <= stamp:
                    path.unlink(missing_ok=True)
