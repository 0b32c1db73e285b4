"""What every deed of the gateway needs: who calls, whether it may, the nonce claimed, the line in the chain, the count."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial

from jutong.crypto import CryptoRefused, sm3
from jutong.dataplane.book import Book, Claim, Verdict, beijing_day
from jutong.dataplane.bundles import BundleCache
from jutong.dataplane.chain import Chain, Entry
from jutong.dataplane.errors import Misuse, Refusal, TooMany, Unauthenticated, Unavailable
from jutong.dataplane.gateway import admission, calls, foreign
from jutong.dataplane.gateway.answers import Prove
from jutong.dataplane.gateway.calls import Call
from jutong.dataplane.gateway.lookups import Lookups
from jutong.dataplane.gathering import GATHER_SECONDS, Gathering
from jutong.dataplane.identity import Identity
from jutong.dataplane.outages import Outage
from jutong.dataplane.proving import proof
from jutong.dataplane.settings import Settings
from jutong.dataplane.snapshots import Snapshot
from jutong.dataplane.usage import UsageCounts
from jutong.wire.bundle import Caller
from jutong.wire.grants import Grant, Mode
from jutong.wire.usage import Evidence

log = logging.getLogger(__name__)
NOBODY = sm3.Keyed(b"\0" * 32)
"""The key against which calls of unknown key ids are checked, so that they cost the same time."""
OUR_FAULT = 500
MOST_KEYS = 10_000


class Desk:
    """The parts of the gateway, and what is done with each call before and after the deed itself."""

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
        self._book_away = Outage("运行账本")
        self._chain = chain
        self._lookups = lookups
        self._claims: Gathering[Claim, Verdict] = Gathering(self._claim_batch, pause=GATHER_SECONDS)
        self._keys: dict[bytes, sm3.Keyed] = {}
        self._secrets: dict[bytes, str] = {}
        self._tracing = sm3.Keyed(identity.tracing_key)
        self._used_up: dict[str, tuple[date, int]] = {}
        self.usage = UsageCounts()

    def prove(self, call: Call) -> tuple[Snapshot, Caller]:
        """Return what is true now and who calls, proven; raises `Unauthenticated`, `NotAllowed`, `Unavailable`."""
        snapshot = self._bundles.current()
        tolerance = self._settings.clock_tolerance_seconds
        claim = None if b"x-jutong-key" in call.headers else foreign.presented(call)
        if claim:
            caller = snapshot.callers.get(claim.app_key)
            foreign.prove(call, claim, caller, self._secret(caller), tolerance_seconds=tolerance)
        else:
            caller = snapshot.callers.get(call.text(b"x-jutong-key"))
            key = self._call_key(caller) if caller else NOBODY
            calls.prove(call, caller, key, tolerance_seconds=tolerance)
        assert caller is not None  # noqa: S101 - prove refuses nobody
        call.caller, call.who, call.department = caller, caller.system_id, caller.department_id
        calls.check_place(call, caller, self._settings.zone)
        snapshot.check_fresh(call.at)
        return snapshot, caller

    async def write_refusal(self, call: Call, refusal: Refusal) -> None:
        """Write a refused call to the chain and the counts."""
        await self._chain.append(self._entry(call, "refused", 0, refusal.sentence, call.purpose))
        if not call.caller:
            return
        grant = call.grant.id if call.grant else ""
        evidence = None
        if isinstance(refusal, Misuse):
            grant, evidence = refusal.grant_id, Evidence(refusal.kind, call.trace, call.at)
        if grant and call.mode:
            self.usage.refused(
                grant,
                call.who,
                at=call.at,
                mode=call.mode,
                purpose=call.purpose,
                failed=refusal.status >= OUR_FAULT,
                evidence=evidence,
            )

    def _unsealed(self, caller: Caller) -> bytes:
        try:
            return self._identity.signer.unseal(caller.sealed_key)
        except CryptoRefused as error:
            raise Unavailable("本系统的调用密钥无法在本节点打开，请在平台重新发放密钥。") from error

    def _secret(self, caller: Caller | None) -> str:
        """Return the key of a system that signs as another platform wants it, as its people have it: in hexadecimal."""
        if caller is None or not caller.scheme:
            return ""
        secret = self._secrets.get(caller.sealed_key)
        if secret is None:
            if len(self._secrets) > MOST_KEYS:
                self._secrets.clear()
            secret = self._secrets[caller.sealed_key] = self._unsealed(caller).hex()
        return secret

    def _call_key(self, caller: Caller) -> sm3.Keyed:
        key = self._keys.get(caller.sealed_key)
        if key is None:
            key = sm3.Keyed(self._unsealed(caller))
            if len(self._keys) > MOST_KEYS:  # far more than systems; old keys must not pile up
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
            if call.once:
                foreign.bind(call, mine)
        grant = admission.admitted(snapshot, caller, grant_id, purpose=call.purpose, modes=modes, at=call.at)
        admission.check_item(grant, call.text(b"x-jutong-service-item"))
        return grant

    def _still(self, call: Call, asked: Snapshot, caller: Caller, grant: Grant, modes: Sequence[Mode]) -> None:
        """Look again after a slow source answered: what was revoked meanwhile is not handed over."""
        at = datetime.now(UTC)
        snapshot = self._fresh(at)
        if snapshot is not asked or at >= grant.valid_until:
            admission.admitted(snapshot, caller, grant.id, purpose=call.purpose, modes=modes, at=at)

    async def _claim(self, call: Call, grant: Grant | None = None, *, part: str = "") -> None:
        """Make this the first and only use of the nonce, and count it under the grant.

        part: which of several questions in one call this is; each is counted under its own grant.
        """
        assert call.caller is not None  # noqa: S101 - only proven calls claim
        quota = grant.quota.calls_per_day if grant else 0
        name = grant.id if grant else ""
        today = beijing_day(call.at) if quota else None
        if today and self._used_up.get(name, (today, quota + 1)) == (today, quota):
            raise TooMany(_used_up(quota))
        verdict = await self._claims.ask(Claim(call.caller.key_id, call.nonce + part, name, quota))
        if verdict is Verdict.REPLAYED:
            raise Unauthenticated("X-Jutong-Nonce 已经用过，每次调用请换新的随机值；如非本系统所为，请更换调用密钥。")
        if verdict is Verdict.EXHAUSTED and today:
            self._used_up[name] = (today, quota)
            raise TooMany(_used_up(quota))

    async def _claim_batch(self, claims: list[Claim]) -> list[Verdict]:
        try:
            verdicts = await self._book.claim(claims, at=datetime.now(UTC))
        except Exception as error:
            if isinstance(error, Unavailable):
                self._book_away.note(error.sentence, len(claims))
            else:
                log.exception("运行账本出错")
            raise Unavailable("平台运行账本暂时不可用，为防止重放已暂停应答，请稍后重试。") from error
        self._book_away.over()
        return verdicts

    def _hashed(self, keys: Sequence[Mapping[str, str]]) -> str:
        """Return HMAC-SM3 of each asked key (its sorted item=value pairs), joined by commas; never the key itself."""
        texts = ("&".join([f"{item}={key[item]}" for item in sorted(key)]) for key in keys)
        return ",".join([self._tracing.hexdigest(text.encode("utf-8", "replace")) for text in texts])

    async def _write(
        self, call: Call, *, rows: int = 0, outcome: str = "ok", reason: str = "", purpose: str | None = None
    ) -> None:
        """Write an answer to the chain; what follows may leave."""
        purpose = call.purpose if purpose is None else purpose
        await self._chain.append(self._entry(call, outcome, rows, reason, purpose))
        if call.grant and call.mode:
            self.usage.answered(
                call.grant.id,
                call.who,
                at=call.at,
                mode=call.mode,
                purpose=call.purpose,
                rows=rows,
                seconds=time.perf_counter() - call.began,
            )

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

    def _prover(self, call: Call, grant: Grant) -> Prove | None:
        """Return what proves the answer to a call under a grant of documents; None for all other data."""
        if not grant.document:
            return None
        node, signer = self._identity.name, self._identity.signer
        return partial(proof, grant, node=node, trace=call.trace, at=call.at, signer=signer)

    async def settled(self) -> None:
        """Wait for the claims under way, before closing the book."""
        await asyncio.wait_for(self._claims.settled(), timeout=30)


def _used_up(quota: int) -> str:
    return f"本授权每日 {quota} 次的调用额度已用完，请于次日再调用，或申请调整额度。"
