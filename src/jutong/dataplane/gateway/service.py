"""What the gateway does with a proven call: each deed claims its nonce, asks, writes the chain, then answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from jutong.dataplane.gateway import admission, description
from jutong.dataplane.gateway.answers import Answer, as_json
from jutong.dataplane.gateway.calls import Call
from jutong.dataplane.gateway.fetching import Fetching
from jutong.dataplane.gateway.passing import Passing
from jutong.dataplane.gateway.probing import Probing
from jutong.dataplane.snapshots import inactive_reason
from jutong.wire.grants import Grant
from jutong.wire.transfers import Manifest


class Service(Passing, Fetching, Probing):
    """The deeds of the gateway over its parts; `app` gives it requests, tests may too."""

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
        return as_json(description.describe(usable, {one.id: admission.endpoints_of(snapshot, one) for one in usable}))


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
        "listing": grant.listing,
        "portal": grant.portal,
        "endpoints": grant.endpoints,
        "purposes": grant.purposes,
        "modes": grant.modes,
        "valid_from": grant.valid_from,
        "valid_until": grant.valid_until,
        "quota": grant.quota,
        "artefacts": [manifest for manifest in manifests if manifest.grant_id == grant.id],
    }
