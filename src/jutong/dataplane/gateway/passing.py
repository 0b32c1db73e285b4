"""Calls passed through to a department's own HTTP interface: what may be asked is registered, what comes back is granted.

Where a call goes, only the bundle says: host and credentials from the sealed source, path and parameters from its
endpoint. The caller names a grant and an endpoint and fills in registered parameters, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from jutong.dataplane.errors import NotThere, RuleBroken
from jutong.dataplane.gateway import admission
from jutong.dataplane.gateway.answers import Answer, Found, as_found
from jutong.dataplane.gateway.asking import Asking, shown_marks
from jutong.dataplane.gateway.calls import Call
from jutong.wire.grants import Mode

SERVICE = re.compile(r"/v1/services/([A-Za-z0-9_-]{1,64})/([A-Za-z0-9_-]{1,64})")
MOST_PARAMS = 50


class Passing(Asking):
    """The deed that passes a call through."""

    async def through(self, call: Call, grant_id: str, name: str) -> Answer:
        """POST|GET /v1/services/{grant}/{endpoint}: what the department's interface answers, granted items only.

        Parameters: of a GET the query string, of a POST a JSON object. The grant names the endpoints that it opens; time,
        size and rows are limited, and the answer leaves once the chain is written.
        """
        call.act, call.mode = "through", Mode.SYSTEM_DOCKING
        snapshot, caller = self.prove(call)
        grant = self._admit(call, snapshot, caller, grant_id, self.modes)
        _mount, source = admission.mounted(snapshot, grant)
        endpoint = admission.endpoint_of(grant, source, name)
        if call.method != endpoint.method:
            raise NotThere(f"接口“{name}”应以 {endpoint.method} 方式调用，请修改。")
        given = parameters(call)
        call.key = self._hashed([{one: readable(value) for one, value in given.items()}])
        await self._claim(call, grant)
        rows = await self._lookups.through(snapshot, grant, endpoint, given)
        self._still(call, snapshot, caller, grant, self.modes)
        await self._write(call, rows=len(rows), outcome="ok" if rows else "not_found", reason=name)
        marks = [mark for mark in snapshot.marks.get(grant.resource_id, ()) if not mark.key]
        found = Found(rows, shown_marks(marks), call.trace, grant.version)
        return as_found(call, found, [column.item for column in grant.columns], self._prover(call, grant))


def parameters(call: Call) -> Mapping[str, Any]:
    """Return what a call hands over. RuleBroken for what is no JSON object, too many, or one parameter twice."""
    if call.method == "POST":
        given: dict[str, Any] = admission.decoded(call.body or b"{}", dict[str, Any])
    else:
        try:
            pairs = parse_qsl(call.query.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=MOST_PARAMS)
        except ValueError as error:
            raise RuleBroken(f"查询串最多 {MOST_PARAMS} 个参数，请删减。") from error
        given = {name: value for name, value in pairs if name not in call.foreign}
        if len({name for name, _value in pairs}) != len(pairs):
            raise RuleBroken("查询串中有重复的参数，每个参数只写一次。")
    if len(given) > MOST_PARAMS:
        raise RuleBroken(f"参数最多 {MOST_PARAMS} 个，请删减。")
    return given


def readable(value: Any) -> str:
    """Return a parameter's value as a text, for the keyed digest in the chain."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
