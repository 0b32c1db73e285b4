"""Questions under a grant: records by key, a page of records, the same key in several places, a confirmation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

from jutong.dataplane.errors import Refusal, RuleBroken
from jutong.dataplane.gateway import admission
from jutong.dataplane.gateway.answers import Answer, Found, as_found, as_json
from jutong.dataplane.gateway.calls import Call
from jutong.dataplane.gateway.cursors import Cursors
from jutong.dataplane.gateway.desk import Desk
from jutong.dataplane.snapshots import Snapshot
from jutong.wire.bundle import Caller, Mark
from jutong.wire.grants import Grant, Mode


class Asking(Desk):
    """The deeds that answer questions from a source."""

    modes: ClassVar[Sequence[Mode]] = admission.INTERFACE

    async def query(self, call: Call) -> Answer:
        """POST /v1/query: the granted items of the asked records (R-EXC-006).

        The source is asked while the nonce is being claimed; nothing leaves before both are there and the chain is
        written.
        """
        call.act, call.mode = "query", Mode.ONLINE_QUERY
        snapshot, caller = self.prove(call)
        asked = admission.decoded(call.body, admission.Query)
        grant = self._admit(call, snapshot, caller, asked.grant, self.modes)
        keys = admission.keys_of(asked, most=self._settings.keys_per_call)
        call.key = self._hashed(keys)
        coming = self._lookups.query(snapshot, grant, keys, asked.items, asked.filters)
        try:
            await self._claim(call, grant)
            rows = await coming
        finally:
            _forgo(coming)
        self._still(call, snapshot, caller, grant, self.modes)
        await self._write(call, rows=len(rows), outcome="ok" if rows else "not_found")
        found = Found(rows, shown_marks(admission.marks_for(snapshot, grant, keys)), call.trace, grant.version)
        return as_found(call, found, _items(grant, asked.items), self._prover(call, grant))

    async def listing(self, call: Call) -> Answer:
        """POST /v1/list: a page of the granted records in the order of the resource's key, after a cursor.

        Only where the grant allows it; `after` of the answer names the next page and is empty on the last.
        """
        call.act, call.mode = "list", Mode.ONLINE_QUERY
        snapshot, caller = self.prove(call)
        asked = admission.decoded(call.body, admission.Listing)
        grant = self._admit(call, snapshot, caller, asked.grant, self.modes)
        admission.check_listing(grant, asked, most=self._settings.keys_per_call)
        cursors = Cursors(self._identity.secret, grant.id)
        after = cursors.read(asked.after)
        await self._claim(call, grant)
        rows, end = await self._lookups.page(snapshot, grant, asked, after)
        self._still(call, snapshot, caller, grant, self.modes)
        await self._write(call, rows=len(rows), outcome="ok" if rows else "not_found")
        marks = [mark for mark in snapshot.marks.get(grant.resource_id, ()) if not mark.key]
        found = Found(rows, shown_marks(marks), call.trace, grant.version, cursors.write(end) if end else "")
        return as_found(call, found, _items(grant, asked.items), self._prover(call, grant))

    async def several(self, call: Call) -> Answer:
        """POST /v1/queries: the same key asked under several grants at once, each answered or refused on its own.

        Without named grants, under every one of the caller's that knows this key (R-EXC-020).
        """
        call.act, call.mode = "query", Mode.ONLINE_QUERY
        snapshot, caller = self.prove(call)
        asked = admission.decoded(call.body, admission.Several)
        if not asked.keys:
            raise RuleBroken("keys 为空，请至少给出一个查询标识。")
        grants = admission.grants_of(snapshot, caller, asked, purpose=call.purpose, at=call.at)
        await self._claim(call)
        parts = [call.part(grant) for grant in grants]
        answers = await asyncio.gather(
            *(self._one(part, snapshot, caller, grant, asked) for part, grant in zip(parts, grants, strict=True))
        )
        return as_json({"answers": answers, "trace": call.trace})

    async def _one(
        self, call: Call, snapshot: Snapshot, caller: Caller, grant_id: str, asked: admission.Several
    ) -> dict[str, Any]:
        """Answer under one grant, or tell its refusal; both are in the chain before anything leaves."""
        try:
            grant = self._admit(call, snapshot, caller, grant_id, self.modes)
            call.key = self._hashed([asked.keys])
            await self._claim(call, grant, part=f".{grant_id}")
            rows = await self._lookups.query(snapshot, grant, [asked.keys], (), ())
            self._still(call, snapshot, caller, grant, self.modes)
            await self._write(call, rows=len(rows), outcome="ok" if rows else "not_found")
        except Refusal as refusal:
            await self.write_refusal(call, refusal)
            return {"grant": grant_id, "problem": refusal.problem(call.trace)}
        prove = self._prover(call, grant)
        return {
            "grant": grant_id,
            "provider": grant.provider_id,
            "resource": grant.resource_title,
            "rows": rows,
            "count": len(rows),
            "marks": shown_marks(admission.marks_for(snapshot, grant, [asked.keys])),
            "grant_version": grant.version,
            **({"proof": prove(records=rows)} if prove else {}),
        }

    async def confirm(self, call: Call) -> Answer:
        """POST /v1/confirm: match or no match, and nothing of the record (R-EXC-008)."""
        call.act, call.mode = "confirm", Mode.ONLINE_QUERY
        snapshot, caller = self.prove(call)
        asked = admission.decoded(call.body, admission.Confirm)
        grant = self._admit(call, snapshot, caller, asked.grant, self.modes)
        call.key = self._hashed([asked.keys])
        await self._claim(call, grant)
        found, match = await self._lookups.confirm(snapshot, grant, asked.keys, asked.facts)
        self._still(call, snapshot, caller, grant, self.modes)
        outcome = "match" if match else "no_match" if found else "not_found"
        await self._write(call, rows=int(found), outcome=outcome)
        return as_json({"match": match, "found": found, "trace": call.trace, "grant_version": grant.version})


def _forgo(answer: asyncio.Future[Any]) -> None:
    """Let go of an answer that may no longer be wanted, together with whatever went wrong in it."""
    if not answer.cancel() and not answer.cancelled():
        answer.exception()


def _items(grant: Grant, asked: Sequence[str]) -> Sequence[str]:
    return asked or [column.item for column in grant.columns]


def shown_marks(marks: Sequence[Mark]) -> list[dict[str, str]]:
    """Return marks as they stand beside the rows."""
    return [{"kind": mark.kind, "text": mark.text, "key": mark.key} for mark in marks]
