"""The console's one call to the gateway, as a registered system makes it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import httpx
from django.utils.translation import gettext as _

from jutong.client import Answer, Client, Page, Refused
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role, Who
from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.grants import queries as grants
from jutong.slices.services import rules
from jutong.wire.bundle import Endpoint

CALLERS: Final = Who(
    "callers",
    N_("使用方系统工程师或数据专员"),
    (Role.SYSTEM_ENGINEER, Role.DATA_OFFICER, Role.LIAISON, Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY),
)
WAIT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class TriedPart:
    """What one grant answered to a question that went to several; `sentence` is its refusal."""

    grant: str
    resource: str
    rows: tuple[dict[str, str | None], ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Trial:
    """One call as the console makes it. kind: query, confirm, list, queries or through.

    keys, facts: by item. endpoint, given: of what is passed through, a registered call and its parameters. after, limit:
    of a listing.
    """

    kind: str
    keys: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    endpoint: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    after: str = ""
    limit: int = 20


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
    parts: tuple[TriedPart, ...] = ()
    after: str = ""


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
    trial: Trial,
    service_item: str = "",
) -> Tried:
    """Call the gateway once with a registered system's own key, as that system would.

    The key is used for this one call and kept nowhere; the gateway's refusals come back as they are. NotAllowed for a
    grant of another department, RuleBroken for a key or values of the wrong shape.
    """
    grant = grants.grant(grant_id, by)
    if not by.holds(*CALLERS.roles, department_id=grant.consumer_id):
        raise NotAllowed(_("只能调试授权给本部门的接口。"))
    key = rules.secret_of(secret)
    known = {each.name: each for each in grants.endpoints_of(grant.resource_id) if each.name in grant.endpoints}
    endpoint = known.get(trial.endpoint)
    checked = _checked(trial, grant, endpoint)
    listening = _Listening()
    person: dict[str, Any] = {"person": f"{by.name}@{by.department_id}", "service_item": service_item}
    with Client(settings().gateway_origin, key_id=key_id, key=key, purpose=purpose, transport=listening) as gateway:
        started = time.monotonic()
        answer = _called(gateway, str(grant_id), checked, endpoint, person)
    spent = round((time.monotonic() - started) * 1000)
    return Tried(**answer, sent=listening.sent, received=listening.received, milliseconds=spent)


def _checked(trial: Trial, grant: grants.GrantRow, endpoint: Endpoint | None) -> Trial:
    """Return a trial with the values that were filled in. RuleBroken for what its kind of call needs and has not."""
    if trial.kind == "through":
        if endpoint is None:
            raise RuleBroken(_("请选择一个授权的直通接口。"), field="endpoint")
        return replace(trial, given=rules.check_given(trial.given, endpoint.params, "given"))
    if trial.kind == "list":
        return trial
    keys = rules.check_given(trial.keys, grant.key_items, "keys")
    facts = rules.check_given(trial.facts, grant.confirm_items, "facts")
    if not keys:
        raise RuleBroken(_("请至少填写一个查询条件项的取值。"), field="keys")
    if trial.kind == "confirm" and not facts:
        raise RuleBroken(_("请至少填写一个要核对的信息项。"), field="facts")
    return replace(trial, keys=keys, facts=facts)


def _called(
    gateway: Client, grant: str, trial: Trial, endpoint: Endpoint | None, person: Mapping[str, Any]
) -> dict[str, Any]:
    """Make the call and return the answer's part of `Tried`."""
    nothing: dict[str, Any] = {
        "status": 200, "sentence": "", "code": "", "rows": (), "marks": (), "found": None, "match": None, "trace": "",
        "grant_version": 0,
    }  # fmt: skip
    try:
        return nothing | _answered(gateway, grant, trial, endpoint, person)
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


def _answered(
    gateway: Client, grant: str, trial: Trial, endpoint: Endpoint | None, person: Mapping[str, Any]
) -> dict[str, Any]:
    if trial.kind == "confirm":
        match = gateway.confirm(grant, trial.keys, trial.facts, **person)
        return {"found": match.found, "match": match.match, "trace": match.trace}
    if trial.kind == "queries":
        parts = gateway.across(trial.keys, **person)
        return {
            "parts": tuple(
                TriedPart(one.grant, one.resource, tuple(one.rows), one.problem.detail if one.problem else "")
                for one in parts
            )
        }
    answer: Answer | Page
    if endpoint is not None:
        answer = gateway.through(grant, endpoint.name, trial.given, method=endpoint.method, **person)
    elif trial.kind == "list":
        answer = gateway.page(grant, after=trial.after, limit=trial.limit, **person)
    else:
        answer = gateway.query(grant, trial.keys, **person)
    return {
        "rows": tuple(answer.rows),
        "marks": tuple(mark.text for mark in answer.marks),
        "trace": answer.trace,
        "grant_version": answer.grant_version,
        "after": answer.after if isinstance(answer, Page) else "",
    }
