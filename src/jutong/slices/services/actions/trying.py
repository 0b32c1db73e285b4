"""The console's one call to the gateway, as a registered system makes it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx
from django.utils.translation import gettext as _

from jutong.client import Client, Refused
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role, Who
from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.grants import queries as grants
from jutong.slices.services import rules

CALLERS: Final = Who(
    "callers",
    N_("使用方系统工程师或数据专员"),
    (Role.SYSTEM_ENGINEER, Role.DATA_OFFICER, Role.LIAISON, Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY),
)
WAIT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Tried:
    """What a call of the console came to; `sentence` is the gateway's refusal. Never holds the key or its signature."""

    status: int
    sentence: str
    code: str
    rows: tuple[dict[str, str | None], ...]
    marks: tuple[str, ...]
    found: bool | None
    match: bool | None
    trace: str
    grant_version: int
    sent: tuple[tuple[str, str], ...]
    received: tuple[tuple[str, str], ...]
    milliseconds: int


class _Listening(httpx.HTTPTransport):
    """Keeps the headers of the one exchange that passes, and bounds its time."""

    def __init__(self) -> None:
        super().__init__(verify=True)
        self.sent: tuple[tuple[str, str], ...] = ()
        self.received: tuple[tuple[str, str], ...] = ()
        self.status = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on."""
        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), WAIT_SECONDS)
        self.sent = tuple(
            (name, "……" if name.lower() == "x-jutong-signature" else value)
            for name, value in request.headers.items()
            if name.lower().startswith("x-jutong-") or name.lower() == "content-type"
        )
        response = super().handle_request(request)
        self.status, self.received = response.status_code, tuple(response.headers.items())
        return response


@action("services.try_query", label=N_("控制台试调用"), allow=CALLERS)
def try_query(
    grant_id: int,
    *,
    by: Actor,
    at: datetime,
    key_id: str,
    secret: str,
    purpose: str,
    keys: Mapping[str, str],
    facts: Mapping[str, str] | None = None,
    service_item: str = "",
) -> Tried:
    """Call the gateway once with a registered system's own key, as that system would: query, or confirm with `facts`.

    The key is used for this one call and kept nowhere; the gateway's refusals come back as they are. NotAllowed for a
    grant of another department, RuleBroken for a key or values of the wrong shape.
    """
    grant = grants.grant(grant_id, by)
    if not by.holds(*CALLERS.roles, department_id=grant.consumer_id):
        raise NotAllowed(_("只能调试授权给本部门的接口。"))
    key = rules.secret_of(secret)
    asked = rules.check_given(keys, grant.key_items, "keys")
    claimed = rules.check_given(facts or {}, grant.confirm_items, "facts")
    if not asked:
        raise RuleBroken(_("请至少填写一个查询条件项的取值。"), field="keys")
    if facts is not None and not claimed:
        raise RuleBroken(_("请至少填写一个要核对的信息项。"), field="facts")
    listening = _Listening()
    with Client(settings().gateway_origin, key_id=key_id, key=key, purpose=purpose, transport=listening) as gateway:
        started = time.monotonic()
        answer = _called(gateway, str(grant_id), asked, claimed, f"{by.name}@{by.department_id}", service_item)
    spent = round((time.monotonic() - started) * 1000)
    return Tried(**answer, sent=listening.sent, received=listening.received, milliseconds=spent)


def _called(
    gateway: Client, grant: str, keys: dict[str, str], facts: dict[str, str], person: str, service_item: str
) -> dict[str, Any]:
    """Make the call and return the answer's part of `Tried`."""
    nothing: dict[str, Any] = {
        "status": 200, "sentence": "", "code": "", "rows": (), "marks": (), "found": None, "match": None, "trace": "",
        "grant_version": 0,
    }  # fmt: skip
    try:
        if facts:
            match = gateway.confirm(grant, keys, facts, person=person, service_item=service_item)
            return nothing | {"found": match.found, "match": match.match, "trace": match.trace}
        answer = gateway.query(grant, keys, person=person, service_item=service_item)
        return nothing | {
            "rows": tuple(answer.rows),
            "marks": tuple(mark.text for mark in answer.marks),
            "trace": answer.trace,
            "grant_version": answer.grant_version,
        }
    except Refused as refused:
        problem = refused.problem
        return nothing | {
            "status": problem.status,
            "sentence": problem.detail,
            "code": problem.code,
            "trace": problem.instance,
        }
    except httpx.HTTPError:
        sentence = _("网关没有应答，请确认网关正在运行、地址可达后重试。")
        return nothing | {"status": 503, "sentence": sentence, "code": "unavailable"}
