"""The doors through which shared data leave, asked as the data plane asks itself, from what the control plane signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from jutong.dataplane import policy
from jutong.dataplane.envelopes import opened
from jutong.dataplane.errors import Refusal
from jutong.dataplane.gateway import admission
from jutong.dataplane.snapshots import INNER, Snapshot, barred, inactive_reason, merged
from jutong.dataplane.transfer.guard import MODES
from jutong.kernel import keys
from jutong.slices.grants import queries as grants
from jutong.wire.bundle import Bundle
from jutong.wire.envelope import Envelope
from jutong.wire.transfers import OrderKind

KEY = {"公民身份号码": "511002198001010011"}


@dataclass
class Doors:
    """What one gateway knows that asks for everything each time, and another that follows by deltas from the beginning."""

    caller: str
    whole: Snapshot | None = None
    followed: Snapshot | None = None

    def hear(self, at: datetime) -> None:
        """Fetch what is signed now; both gateways must come to know the same."""
        told = self._verified(grants.bundle(0, at))
        self.whole = merged(None, told)
        delta = self._verified(grants.bundle(self.followed.serial, at)) if self.followed else told
        self.followed = merged(self.followed, delta)
        for kind in ("grants", "mounts", "callers", "sources"):
            assert getattr(self.whole, kind) == getattr(self.followed, kind), kind

    @staticmethod
    def _verified(envelope: Envelope) -> Bundle:
        public = {keys.instance().key_id: keys.instance().public}
        return msgspec.json.decode(opened(envelope, "bundle", public), type=Bundle)

    def shown(self, grant_id: int, purpose: str, at: datetime, *, zone: str = INNER) -> Mapping[str, str] | None:
        """Return the items (with masking) that a call of the interface for a purpose is shown; None when it is refused."""
        assert self.whole is not None
        snapshot = barred(self.whole, zone)
        try:
            grant = admission.admitted(
                snapshot,
                snapshot.callers[self.caller],
                str(grant_id),
                purpose=purpose,
                modes=admission.INTERFACE,
                at=at,
            )
            mount, _source = admission.mounted(snapshot, grant)
            plan = policy.compile_lookup(grant, mount, [KEY], hash_key=b"k" * 32)
        except Refusal:
            return None
        return {field.item: str(field.masking) for field in plan.fields}

    def carries(self, grant_id: int, purpose: str, at: datetime, *, zone: str = INNER) -> tuple[bool, bool]:
        """Tell whether a made file could be fetched, and whether a running transfer could go on, under a grant."""
        assert self.whole is not None
        grant = barred(self.whole, zone).grants[str(grant_id)]
        try:
            admission.check_in_force(grant, purpose=purpose, modes=admission.DOWNLOAD, at=at)
            fetched = True
        except Refusal:
            fetched = False
        kinds = set(MODES[OrderKind.TABLE]) & set(grant.modes)
        return fetched, bool(kinds) and not inactive_reason(grant, at) and grant.resource_id in self.whole.mounts
