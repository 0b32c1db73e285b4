"""What is said to those who write the calling systems: OpenAPI of one grant, examples; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import zip_longest
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import MASKING_LABELS, N_
from jutong.wire.bundle import Endpoint
from jutong.wire.grants import Grant, Kind, Mode
from jutong.wire.usage import LATENCY_MS

INTERFACE: Final = (Mode.ONLINE_QUERY, Mode.SYSTEM_DOCKING)
"""The modes that open the gateway's query interface (R-EXC-024)."""

SIGNED: Final = ("Key", "Time", "Nonce", "Purpose", "Signature")
_FORMATS: Final = {Kind.DATE: "date", Kind.TIMESTAMP: "date-time"}
_SECRET: Final = re.compile(r"[0-9a-fA-F]{64}")
LONGEST_VALUE: Final = 200
STOP_ARTICLE: Final = "national-2025#39(7)"
STOP_CAUSES: Final[Mapping[str, str]] = {
    "unmounted": N_("取消挂接"),
    "source": N_("数据源中断"),
    "suspended": N_("提供方暂停"),
    "failing": N_("调用失败"),
    "batches": N_("定时交换没有送达"),
}
"""How a service can stop without an end that was filed."""
MISUSE_KINDS: Final[Mapping[str, str]] = {
    "purpose": N_("以授权以外的用途调用"),
    "system": N_("由授权以外的业务系统调用"),
    "scope": N_("索取授权范围以外的记录"),
    "item": N_("索取授权以外的信息项"),
    "ended": N_("在授权暂停或结束后调用"),
}
STEPS: Final[Mapping[int, int]] = {1: 1, 6: 5, 24: 15, 168: 120}
"""Hours looked at, and the minutes that one point of a chart stands for."""
"""What a refused call that looks like misuse did (`wire.Evidence`)."""
ENDED: Final = "ended"
"""The kind of calls under a grant that is suspended or over."""


def added(held: Sequence[int], more: Sequence[int]) -> list[int]:
    """Return two histograms of the same classes added; one may be empty or shorter."""
    return [sum(pair) for pair in zip_longest(held, (max(0, count) for count in more), fillvalue=0)]


def percentile(latency: Sequence[int], share: float) -> float | None:
    """Return the milliseconds within which that share of the calls was answered, None without calls.

    From a histogram over `LATENCY_MS`: even within a class; in the open last class, its lower bound.
    """
    total = sum(latency)
    if not total:
        return None
    wanted, below = share * total, 0.0
    for place, count in enumerate(latency):
        if count and below + count >= wanted:
            lower = LATENCY_MS[place - 1] if place else 0
            upper = LATENCY_MS[place] if place < len(LATENCY_MS) else lower
            return round(lower + (upper - lower) * (wanted - below) / count, 1)
        below += count
    return float(LATENCY_MS[-1])


def is_interface(modes: Sequence[str]) -> bool:
    """Tell whether a grant's modes open the query interface."""
    return any(mode in INTERFACE for mode in modes)


def secret_of(text: str) -> bytes:
    """Read a system's call key: 64 hexadecimal signs. RuleBroken otherwise, without repeating what was typed."""
    if not _SECRET.fullmatch(text.strip()):
        raise RuleBroken(N_("调用密钥应为 64 位十六进制字符，请从密钥单上原样粘贴。"), field="secret")
    return bytes.fromhex(text.strip())


def check_given(values: Mapping[str, str], known: Sequence[str], field: str) -> dict[str, str]:
    """Return the values that were filled in. RuleBroken for unknown items, over-long values and control characters."""
    given = {item: value.strip() for item, value in values.items() if value.strip()}
    for item, value in given.items():
        if item not in known:
            raise RuleBroken(N_("“%(item)s”不在授权的项之内，请重新选择授权。"), field=field, item=item)
        if len(value) > LONGEST_VALUE:
            raise RuleBroken(N_("“%(item)s”的取值过长，请检查。"), field=field, item=item)
        if not value.isprintable():
            raise RuleBroken(N_("“%(item)s”的取值含有不可见的控制字符，请删除后重试。"), field=field, item=item)
    return given


def openapi(grant: Grant, gateway: str, endpoints: Sequence[Endpoint] = ()) -> dict[str, Any]:
    """Return an OpenAPI 3.1 document of the calls that one grant opens; endpoints: those that are passed through."""
    headers = [_header(name) for name in (*SIGNED, "Service-Item") if name in SIGNED or grant.portal]
    paths: dict[str, Any] = {}
    if is_interface(grant.modes):
        paths["/v1/query"] = {"post": _operation(_("按标识查询"), headers, _query(grant), _answer(grant))}
        if grant.listing:
            paths["/v1/list"] = {"post": _operation(_("逐页列出"), headers, _listing(grant), _answer(grant))}
        if grant.confirm_items:
            paths["/v1/confirm"] = {"post": _operation(_("核对（只回答相符与否）"), headers, _confirm(grant), _match())}
        paths["/v1/queries"] = {
            "post": _operation(_("统一查询（各项授权一并查询）"), headers, _several(grant), _answers())
        }
        for each in endpoints:
            passed = _passed(grant, each, headers)
            paths[f"/v1/services/{grant.id}/{each.name}"] = {each.method.lower(): passed}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": grant.resource_title,
            "version": str(grant.version),
            "description": _("授权 %(grant)s，目录 %(code)s，有效期至 %(day)s。")
            % {
                "grant": grant.id,
                "code": grant.entry_code,
                "day": beijing_day(grant.valid_until - timedelta(microseconds=1)),
            },
        },
        "servers": [{"url": gateway}],
        "paths": paths,
    }


def _header(name: str) -> dict[str, Any]:
    return {"name": f"X-Jutong-{name}", "in": "header", "required": True, "schema": {"type": "string"}}


def _operation(summary: str, headers: list[Any], body: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": summary,
        "parameters": headers,
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {"description": _("成功"), "content": {"application/json": {"schema": answer}}},
            "default": {
                "description": _("拒绝，原因见 detail"),
                "content": {"application/problem+json": {"schema": _problem()}},
            },
        },
    }


def _object(properties: Mapping[str, Any], required: Sequence[str] = ()) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(required), "additionalProperties": False}


def _keys(grant: Grant) -> dict[str, Any]:
    return {**_object({item: {"type": "string"} for item in grant.key_items}), "minProperties": 1}


def _query(grant: Grant) -> dict[str, Any]:
    several = {"type": "array", "items": _keys(grant), "minItems": 1, "maxItems": 1000}
    names = {"type": "array", "items": {"enum": [column.item for column in grant.columns]}}
    body = _object(
        {"grant": {"const": grant.id}, "keys": {"oneOf": [_keys(grant), several]}, "items": names}, ["grant", "keys"]
    )
    return body | {"examples": [json.loads(body_example(grant))]}


def _listing(grant: Grant) -> dict[str, Any]:
    names = {"type": "array", "items": {"enum": [column.item for column in grant.columns]}}
    limit = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
    body = _object(
        {"grant": {"const": grant.id}, "items": names, "after": {"type": "string"}, "limit": limit}, ["grant"]
    )
    return body | {"examples": [{"grant": grant.id, "limit": 100}]}


def _confirm(grant: Grant) -> dict[str, Any]:
    facts = _object({item: {"type": "string"} for item in grant.confirm_items})
    return _object({"grant": {"const": grant.id}, "keys": _keys(grant), "facts": facts}, ["grant", "keys", "facts"])


def _answer(grant: Grant) -> dict[str, Any]:
    columns = {column.item: _value(column.kind, _(MASKING_LABELS[column.masking])) for column in grant.columns}
    return {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "items": {"type": "object", "properties": columns}},
            "count": {"type": "integer"},
            "marks": {"type": "array", "items": {"type": "object"}},
            "trace": {"type": "string"},
            "grant_version": {"type": "integer"},
        },
    }


def _value(kind: Kind, masking: str) -> dict[str, Any]:
    value: dict[str, Any] = {"type": ["string", "null"], "description": masking}
    return value | ({"format": _FORMATS[kind]} if kind in _FORMATS else {})


def _several(grant: Grant) -> dict[str, Any]:
    named = {"type": "array", "items": {"type": "string"}, "maxItems": 20}
    return _object({"keys": _keys(grant), "grants": named}, ["keys"])


def _answers() -> dict[str, Any]:
    part = {"type": "object", "properties": {"grant": {"type": "string"}}}
    return {"type": "object", "properties": {"answers": {"type": "array", "items": part}, "trace": {"type": "string"}}}


def _passed(grant: Grant, endpoint: Endpoint, headers: list[Any]) -> dict[str, Any]:
    """Return the operation of one call that is passed through to the department's own interface."""
    found = _operation(_("直通接口：%s") % endpoint.name, headers, _object({}), _answer(grant))
    if endpoint.method == "POST":
        content = {"application/json": {"schema": _object({name: {} for name in endpoint.params})}}
        return found | {"requestBody": {"content": content}}
    del found["requestBody"]
    asked = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in endpoint.params]
    return found | {"parameters": [*headers, *asked]}


def _match() -> dict[str, Any]:
    names = {"match": {"type": "boolean"}, "found": {"type": "boolean"}, "trace": {"type": "string"}}
    return {"type": "object", "properties": names}


def _problem() -> dict[str, Any]:
    names = ("title", "code", "detail", "instance")
    return {"type": "object", "properties": {"status": {"type": "integer"}, **{n: {"type": "string"} for n in names}}}


def body_example(grant: Grant) -> str:
    """Return the JSON body of a query under a grant."""
    keys = dict.fromkeys(grant.key_items[:1], "……")
    return json.dumps({"grant": grant.id, "keys": keys}, ensure_ascii=False)


def curl_examples(grant: Grant, gateway: str, endpoints: Sequence[Endpoint] = ()) -> tuple[tuple[str, str, str], ...]:
    """Return for each kind of call an id, a title and a shell script that makes it."""
    key, fact = dict.fromkeys(grant.key_items[:1], "……"), dict.fromkeys(grant.confirm_items[:1], "……")
    found = [("example-curl", _("命令行（OpenSSL 3 与 curl）"), curl_example(grant, gateway))]
    bodies: list[tuple[str, str, str, dict[str, Any]]] = [("queries", _("统一查询"), "/v1/queries", {"keys": key})]
    if grant.confirm_items:
        bodies.append(("confirm", _("核对"), "/v1/confirm", {"grant": grant.id, "keys": key, "facts": fact}))
    if grant.listing:
        bodies.append(("list", _("逐页列出"), "/v1/list", {"grant": grant.id, "limit": 100}))
    found += [
        (f"example-{name}", title, _script(grant, gateway, "POST", target, json.dumps(body, ensure_ascii=False)))
        for name, title, target, body in bodies
    ]
    for each in endpoints:
        target, body = f"/v1/services/{grant.id}/{each.name}", ""
        if each.method == "POST":
            body = json.dumps(dict.fromkeys(each.params, "……"), ensure_ascii=False)
        elif each.params:
            target += "?" + "&".join(f"{name}=…" for name in each.params)
        found.append(
            (f"example-{each.name}", _("直通接口：%s") % each.name, _script(grant, gateway, each.method, target, body))
        )
    if Mode.BATCH_DOWNLOAD in grant.modes:
        found.append(("example-file", _("批量文件"), _script(grant, gateway, "GET", "/v1/artefacts/$FILE", "", FETCH)))
        ticket = f"""# {_("个人凭页面上“下载”按钮给出的一次性凭据，60 秒内有效")}
curl -sS -OJ {gateway}/v1/tickets --data-urlencode "ticket=$TICKET"
"""
        found.append(("example-ticket", _("凭据下载"), ticket))
    return tuple(found)


FETCH: Final = "-OJ -C -"
"""Options of curl that write a file under its own name and go on where an earlier try broke off."""


def curl_example(grant: Grant, gateway: str) -> str:
    """Return a shell script that signs and sends one query with OpenSSL 3 and curl."""
    return _script(grant, gateway, "POST", "/v1/query", body_example(grant))


def _script(grant: Grant, gateway: str, method: str, target: str, body: str, options: str = "") -> str:
    """Return a shell script that signs and sends one call; a target may name shell variables."""
    purpose = grant.purposes[0] if grant.purposes else ""
    sent = " -H 'Content-Type: application/json' --data \"$BODY\"" if method == "POST" else f" {options}".rstrip()
    return f"""KEY_ID=…          # {_("业务系统的密钥编号")}
KEY=…             # {_("业务系统的调用密钥（64 位十六进制）")}
BODY='{body}'
TIME=$(date +%s%3N); NONCE=$(openssl rand -hex 16); PURPOSE={purpose}
DIGEST=$(printf %s "$BODY" | openssl dgst -sm3 -r | cut -d' ' -f1)
SIGNATURE=$(printf '{method}\\n%s\\n%s\\n%s\\n%s\\n%s\\n\\n' "{target}" "$DIGEST" "$TIME" "$NONCE" "$PURPOSE" \\
  | openssl dgst -sm3 -mac HMAC -macopt hexkey:"$KEY" -r | cut -d' ' -f1)
curl -sS "{gateway}{target}"{sent} \\
  -H "X-Jutong-Key: $KEY_ID" -H "X-Jutong-Time: $TIME" -H "X-Jutong-Nonce: $NONCE" \\
  -H "X-Jutong-Purpose: $PURPOSE" -H "X-Jutong-Signature: $SIGNATURE"
"""


def python_example(grant: Grant, gateway: str) -> str:
    """Return a Python program that makes one query with the SDK."""
    purpose = grant.purposes[0] if grant.purposes else ""
    keys = ", ".join(f'"{item}": "……"' for item in grant.key_items[:1])
    facts = ", ".join(f'"{item}": "……"' for item in grant.confirm_items[:1])
    confirm = f'\n    print(gateway.confirm("{grant.id}", {{{keys}}}, {{{facts}}}).match)' if facts else ""
    return f"""from jutong.client import Client

with Client("{gateway}", key_id="…", key=bytes.fromhex("…"), purpose="{purpose}") as gateway:
    answer = gateway.query("{grant.id}", {{{keys}}})
    print(answer.count, answer.rows, answer.trace){confirm}
"""
