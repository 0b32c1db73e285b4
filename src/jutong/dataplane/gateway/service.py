"""What the gateway does with a proven call: each deed claims its nonce, asks, writes the chain, then answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from jutong.crypto import CryptoRefused, sm3
from jutong.dataplane.book import Book, Claim, Verdict, beijing_day
from jutong.dataplane.bundles import BundleCache
from jutong.dataplane.chain import Chain, Entry
from jutong.dataplane.errors import NotAllowed, Refusal, TooMany, Unauthenticated, Unavailable
from jutong.dataplane.gateway import admission, calls, description
from jutong.dataplane.gateway.answers import Answer, as_json, raw_json
from jutong.dataplane.gateway.calls import Call
from jutong.dataplane.gateway.files import Files, manifest_of, read_ticket
from jutong.dataplane.gateway.lookups import Lookups
from jutong.dataplane.gathering import GATHER_SECONDS, Gathering
from jutong.dataplane.identity import Identity
from jutong.dataplane.settings import Settings
from jutong.dataplane.snapshots import Snapshot, inactive_reason
from jutong.dataplane.usage import UsageCounts
from jutong.wire.bundle import Caller
from jutong.wire.grants import Grant, Mode
from jutong.wire.transfers import Manifest

log = logging.getLogger(__name__)
NOBODY = sm3.Keyed(b"\0" * 32)
"""The key against which calls of unknown key ids are checked, so that they cost the same time."""


class Service:
    """The deeds of the gateway over its parts; `app` gives it requests, tests may too."""

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        bundles: BundleCache,
        book: Book,
        chain: Chain,
        lookups: Lookups,
    ) -> None:
        self._settings = settings
        self._identity = identity
        self._bundles = bundles
        self._book = book
        self._chain = chain
        self._lookups = lookups
        self._files = Files(settings.artefact_folder, identity.signer)
        self._claims: Gathering[Claim, Verdict] = Gathering(self._claim_batch, pause=GATHER_SECONDS)
        self._keys: dict[bytes, sm3.Keyed] = {}
        self._tracing = sm3.Keyed(identity.tracing_key)
        self._used_up: dict[str, tuple[date, int]] = {}
        self.usage = UsageCounts()

    def prove(self, call: Call) -> tuple[Snapshot, Caller]:
        """Return what is true now and who calls, proven; raises `Unauthenticated`, `NotAllowed`, `Unavailable`."""
        snapshot = self._bundles.current()
        caller = snapshot.callers.get(call.text(b"x-jutong-key"))
        key = self._call_key(caller) if caller else NOBODY
        calls.prove(call, caller, key, tolerance_seconds=self._settings.clock_tolerance_seconds)
        assert caller is not None  # noqa: S101 - prove refuses nobody
        call.caller, call.who, call.department = caller, caller.system_id, caller.department_id
        calls.check_place(call, caller, self._settings.zone)
        snapshot.check_fresh(call.at)
        return snapshot, caller

    async def grants(self, call: Call) -> Answer:
        """GET /v1/grants: the caller's grants with their state, and the files made under them."""
        call.act = "grants"
        snapshot, caller = self.prove(call)
        await self._claim(call)
        mine = admission.usable_grants(snapshot, caller)
        files = await self._book.artefacts(grants=[grant.id for grant in mine])
        manifests = [msgspec.json.decode(file.manifest, type=Manifest) for file in files if file.expires_at > call.at]
        await self._write(call, rows=len(mine))
        return as_json({"grants": [_shown(grant, call.at, manifests) for grant in mine], "trace": call.trace})

    async def openapi(self, call: Call) -> Answer:
        """GET /v1/openapi.json: the interface as this caller may use it."""
        call.act = "openapi"
        snapshot, caller = self.prove(call)
        await self._claim(call)
        await self._write(call)
        usable = [one for one in admission.usable_grants(snapshot, caller) if not inactive_reason(one, call.at)]
        return as_json(description.describe(usable))

    async def query(self, call: Call) -> Answer:
        """POST /v1/query: the granted items of the asked records (R-EXC-006).

        The source is asked while the nonce is being claimed; nothing leaves before both are there and the chain is
        written.
        """
        call.act, call.mode = "query", Mode.ONLINE_QUERY
        snapshot, caller = self.prove(call)
        asked = admission.decoded(call.body, admission.Query)
        grant = self._admit(call, snapshot, caller, asked.grant, admission.INTERFACE)
        keys = admission.keys_of(asked, most=self._settings.keys_per_call)
        call.key = self._hashed(keys)
        coming = self._lookups.query(snapshot, grant, keys, asked.items, asked.filters)
        try:
            await self._claim(call, grant)
            rows = await coming
        finally:
            _forgo(coming)
        self._still(call, snapshot, caller, grant, admission.INTERFACE)
        await self._write(call, rows=len(rows), outcome="ok" if rows else "not_found")
        marks = admission.marks_for(snapshot, grant, keys)
        return as_json(
            {
                "rows": rows,
                "count": len(rows),
                "marks": [{"kind": mark.kind, "text": mark.text, "key": mark.key} for mark in marks],
                "trace": call.trace,
                "grant_version": grant.version,
            }
        )

    async def confirm(self, call: Call) -> Answer:
        """POST /v1/confirm: match or no match, and nothing of the record (R-EXC-008)."""
        call.act, call.mode = "confirm", Mode.ONLINE_QUERY
        snapshot, caller = self.prove(call)
        asked = admission.decoded(call.body, admission.Confirm)
        grant = self._admit(call, snapshot, caller, asked.grant, admission.INTERFACE)
        call.key = self._hashed([asked.keys])
        await self._claim(call, grant)
        found, match = await self._lookups.confirm(snapshot, grant, asked.keys, asked.facts)
        self._still(call, snapshot, caller, grant, admission.INTERFACE)
        outcome = "match" if match else "no_match" if found else "not_found"
        await self._write(call, rows=int(found), outcome=outcome)
        return as_json({"match": match, "found": found, "trace": call.trace, "grant_version": grant.version})

    async def manifest(self, call: Call, artefact_id: str) -> Answer:
        """GET /v1/artefacts/{id}/manifest: count, digest, version and time of a batch file (R-EXC-007)."""
        call.act, call.mode = "manifest", Mode.BATCH_DOWNLOAD
        snapshot, caller = self.prove(call)
        artefact, _ = await self._artefact(call, artefact_id, caller.department_id)
        self._admit(call, snapshot, caller, artefact.grant_id, admission.DOWNLOAD)
        await self._claim(call)
        await self._write(call)
        return raw_json(artefact.manifest)

    async def download(self, call: Call, artefact_id: str) -> Answer:
        """GET /v1/artefacts/{id}: the file, whole or a byte range, decrypted on the fly."""
        call.act, call.mode = "download", Mode.BATCH_DOWNLOAD
        snapshot, caller = self.prove(call)
        artefact, manifest = await self._artefact(call, artefact_id, caller.department_id)
        grant = self._admit(call, snapshot, caller, artefact.grant_id, admission.DOWNLOAD)
        await self._claim(call)

        def allowed(at: datetime) -> None:
            self._fresh(at)
            admission.admitted(
                self._bundles.current(), caller, grant.id, purpose=call.purpose, modes=admission.DOWNLOAD, at=at
            )

        wanted = call.headers.get(b"range")
        answer = await self._files.answer(artefact, manifest, wanted=wanted, allowed=allowed)
        await self._write(call, rows=manifest.rows, reason=call.text(b"range"))
        return answer

    async def ticket(self, call: Call) -> Answer:
        """POST /v1/tickets: a person fetches one file once, with a ticket of the control plane."""
        call.act, call.mode = "download", Mode.BATCH_DOWNLOAD
        snapshot = self._fresh(call.at)
        ticket = read_ticket(call.body, self._identity.control, at=call.at)
        call.who, call.department = f"person:{ticket.person}", ticket.department
        artefact, manifest = await self._artefact(call, ticket.artefact, ticket.department)

        def allowed(at: datetime) -> None:
            now = self._fresh(at).grants.get(artefact.grant_id)
            if now is None:
                raise NotAllowed("授权已终止，文件不再提供。")
            admission.check_in_force(now, purpose=ticket.purpose, modes=admission.DOWNLOAD, at=at)

        call.grant = snapshot.grants.get(artefact.grant_id)
        allowed(call.at)
        if not await self._book.use_ticket(ticket.nonce, at=call.at):
            raise NotAllowed("下载凭据已使用过，请在平台页面重新点击下载。")
        answer = await self._files.answer(artefact, manifest, wanted=None, allowed=allowed)
        await self._write(call, rows=manifest.rows, purpose=ticket.purpose)
        return answer

    async def write_refusal(self, call: Call, refusal: Refusal) -> None:
        """Write a refused call to the chain and the counts."""
        await self._chain.append(self._entry(call, "refused", 0, refusal.sentence, call.purpose))
        if call.caller:
            self._count(call, refused=True)

    def _call_key(self, caller: Caller) -> sm3.Keyed:
        key = self._keys.get(caller.sealed_key)
        if key is None:
            try:
                key = sm3.Keyed(self._identity.signer.unseal(caller.sealed_key))
            except CryptoRefused as error:
                raise Unavailable("本系统的调用密钥无法在本节点打开，请在平台重新发放密钥。") from error
            if len(self._keys) > 10_000:  # noqa: PLR2004 - far more than systems; old keys must not pile up
                self._keys.clear()
            self._keys[caller.sealed_key] = key
        return key

    def _fresh(self, at: datetime) -> Snapshot:
        snapshot = self._bundles.current()
        snapshot.check_fresh(at)
        return snapshot

    def _admit(self, call: Call, snapshot: Snapshot, caller: Caller, grant_id: str, modes: Sequence[Mode]) -> Grant:
        mine = snapshot.grants.get(grant_id)
        if mine and mine.consumer_id == caller.department_id and caller.system_id in mine.systems:
            call.grant = mine  # so that a refusal, too, is written under the grant
        return admission.admitted(snapshot, caller, grant_id, purpose=call.purpose, modes=modes, at=call.at)

    def _still(self, call: Call, asked: Snapshot, caller: Caller, grant: Grant, modes: Sequence[Mode]) -> None:
        """Look again after a slow source answered: what was revoked meanwhile is not handed over."""
        at = datetime.now(UTC)
        snapshot = self._fresh(at)
        if snapshot is not asked or at >= grant.valid_until:
            admission.admitted(snapshot, caller, grant.id, purpose=call.purpose, modes=modes, at=at)

    async def _artefact(self, call: Call, artefact_id: str, department: str) -> tuple[Any, Manifest]:
        artefact, manifest = manifest_of(await self._book.artefact(artefact_id), department=department, at=call.at)
        return artefact, manifest

    async def _claim(self, call: Call, grant: Grant | None = None) -> None:
        """Make this the first and only use of the nonce, and count it under the grant."""
        assert call.caller is not None  # noqa: S101 - only proven calls claim
        quota = grant.quota.calls_per_day if grant else 0
        name = grant.id if grant else ""
        today = beijing_day(call.at)
        if quota and self._used_up.get(name, (today, quota + 1)) == (today, quota):
            raise TooMany(_used_up(quota))
        verdict = await self._claims.ask(Claim(call.caller.key_id, call.nonce, name, quota))
        if verdict is Verdict.REPLAYED:
            raise Unauthenticated("X-Jutong-Nonce 已经用过，每次调用请换新的随机值；如非本系统所为，请更换调用密钥。")
        if verdict is Verdict.EXHAUSTED:
            self._used_up[name] = (today, quota)
            raise TooMany(_used_up(quota))

    async def _claim_batch(self, claims: list[Claim]) -> list[Verdict]:
        try:
            return await self._book.claim(claims, at=datetime.now(UTC))
        except Exception as error:
            log.exception("运行账本没有应答")
            raise Unavailable("平台运行账本暂时不可用，为防止重放已暂停应答，请稍后重试。") from error

    def _hashed(self, keys: Sequence[Mapping[str, str]]) -> str:
        """Return HMAC-SM3 of each asked key (its sorted item=value pairs), joined by commas; never the key itself."""
        texts = ("&".join(f"{item}={key[item]}" for item in sorted(key)) for key in keys)
        return ",".join([self._tracing.hexdigest(text.encode("utf-8", "replace")) for text in texts])

    async def _write(
        self, call: Call, *, rows: int = 0, outcome: str = "ok", reason: str = "", purpose: str | None = None
    ) -> None:
        purpose = call.purpose if purpose is None else purpose
        await self._chain.append(self._entry(call, outcome, rows, reason, purpose))
        self._count(call, rows=rows)

    def _entry(self, call: Call, outcome: str, rows: int, reason: str, purpose: str) -> Entry:
        return Entry(
            at=call.at,
            who=call.who,
            department=call.department,
            act=call.act,
            grant=call.grant.id if call.grant else "",
            purpose=purpose,
            outcome=outcome,
            rows=rows,
            key=call.key,
            reason=reason,
            address=call.address,
            trace=call.trace,
            person=call.named(b"x-jutong-person"),
            service_item=call.named(b"x-jutong-service-item"),
        )

    def _count(self, call: Call, *, rows: int = 0, refused: bool = False) -> None:
        if call.grant and call.mode:
            self.usage.add(
                call.grant.id, call.who, at=call.at, mode=call.mode, purpose=call.purpose, rows=rows, refused=refused
            )

    async def settled(self) -> None:
        """Wait for the claims under way, before closing the book."""
        await asyncio.wait_for(self._claims.settled(), timeout=30)


def _forgo(answer: asyncio.Future[Any]) -> None:
    """Let go of an answer that may no longer be wanted, together with whatever went wrong in it."""
    if not answer.cancel() and not answer.cancelled():
        answer.exception()


def _used_up(quota: int) -> str:
    return f"本授权每日 {quota} 次的调用额度已用完，请于次日再调用，或申请调整额度。"


def _shown(grant: Grant, at: datetime, manifests: Sequence[Manifest]) -> dict[str, Any]:
    """Return a grant as its consumer sees it."""
    reason = inactive_reason(grant, at)
    return {
        "grant": grant.id,
        "version": grant.version,
        "resource": grant.resource_title,
        "entry_code": grant.entry_code,
        "active": not reason,
        "reason": reason,
        "key_items": grant.key_items,
        "items": [{"item": one.item, "kind": one.kind, "masking": one.masking} for one in grant.columns],
        "confirm_items": grant.confirm_items,
        "purposes": grant.purposes,
        "modes": grant.modes,
        "valid_from": grant.valid_from,
        "valid_until": grant.valid_until,
        "quota": grant.quota,
        "artefacts": [manifest for manifest in manifests if manifest.grant_id == grant.id],
    }
