"""OpenAPI of the gateway, generated for one caller: the grants it has and the items each of them shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jutong.wire.bundle import Endpoint
from jutong.wire.grants import Column, Grant, Kind

FILE_KINDS = ("text/csv", "application/json", "application/jsonl", "application/octet-stream")
FORMATS = {Kind.DATE: "date", Kind.TIMESTAMP: "date-time"}
Schema = dict[str, Any]


def describe(grants: Sequence[Grant], endpoints: Mapping[str, Sequence[Endpoint]] | None = None) -> Schema:
    """Return an OpenAPI 3.1 document with one schema per grant for query, its rows and confirm.

    endpoints: by grant, what it opens of a department's own interface.
    """
    listed = [grant for grant in grants if grant.listing]
    refused = {
        "description": "拒绝，原因见 detail",
        "content": {"application/problem+json": {"schema": _ref("Problem")}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "政务数据共享交换网关", "version": "1", "description": SIGNING},
        "security": [{"Key": [], "Time": [], "Nonce": [], "Signature": []}],
        "paths": {
            "/v1/grants": {"get": _operation("本系统的授权", refused)},
            "/v1/query": {"post": _rows("按标识查询", refused, "Query", grants)},
            "/v1/queries": {"post": _operation("多个授权同时查询", refused, ["Several"], "Answers")},
            "/v1/confirm": {
                "post": _operation("核对（不返回数据）", refused, [f"Confirm-{grant.id}" for grant in grants], "Match")
            },
            "/v1/artefacts/{id}/manifest": {"get": _operation("批量文件清单", refused) | ARTEFACT},
            "/v1/artefacts/{id}": {"get": _download(refused) | ARTEFACT},
            **{
                f"/v1/services/{grant.id}/{each.name}": {each.method.lower(): _passed(grant, each, refused)}
                for grant in grants
                for each in (endpoints or {}).get(grant.id, ())
            },
            **({"/v1/list": {"post": _rows("逐页列出", refused, "List", listed)}} if listed else {}),
        },
        "components": {
            "securitySchemes": {
                name: {"type": "apiKey", "in": "header", "name": f"X-Jutong-{name}"}
                for name in ("Key", "Time", "Nonce", "Signature")
            },
            "schemas": SCHEMAS | {name: schema for grant in grants for name, schema in _schemas(grant).items()},
        },
    }


SIGNING = (
    "请求头 X-Jutong-Signature = HMAC-SM3(密钥, 方法、路径与查询串、请求体的 SM3、X-Jutong-Time、X-Jutong-Nonce、"
    "X-Jutong-Purpose，X-Jutong-Person、X-Jutong-Service-Item（未给出的留空行），以换行连接) 的十六进制。"
    "时间为毫秒时间戳，与平台相差不超过 5 分钟；Nonce 为 16 至 64 位，不得重复。"
)
ARTEFACT: Schema = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]}
SCHEMAS: Schema = {
    "Problem": {
        "type": "object",
        "required": ["title", "status", "code", "detail"],
        "properties": {
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string"},
            "detail": {"type": "string", "description": "给人看的说明"},
            "instance": {"type": "string", "description": "审计编号"},
        },
    },
    "Rows": {
        "type": "object",
        "required": ["rows", "count", "marks", "trace", "grant_version"],
        "properties": {
            "rows": {"type": "array", "items": {"type": "object"}},
            "count": {"type": "integer"},
            "marks": {"type": "array", "items": {"type": "object"}, "description": "异议、核校等标记"},
            "trace": {"type": "string"},
            "grant_version": {"type": "integer"},
            "after": {"type": "string", "description": "下一页的游标，只在逐页列出时有；为空即最后一页"},
        },
    },
    "Several": {
        "type": "object",
        "required": ["keys"],
        "properties": {
            "keys": {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}},
            "grants": {"type": "array", "items": {"type": "string"}, "maxItems": 20, "description": "不填即全部授权"},
        },
        "additionalProperties": False,
    },
    "Answers": {
        "type": "object",
        "required": ["answers", "trace"],
        "properties": {
            "answers": {"type": "array", "items": {"type": "object", "required": ["grant"]}},
            "trace": {"type": "string"},
        },
    },
    "Match": {
        "type": "object",
        "required": ["match", "found", "trace"],
        "properties": {
            "match": {"type": "boolean"},
            "found": {"type": "boolean"},
            "trace": {"type": "string"},
            "grant_version": {"type": "integer"},
        },
    },
}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _operation(summary: str, refused: Schema, bodies: Sequence[str] = (), answer: str = "") -> Schema:
    schema = _ref(answer) if answer else {}
    found: Schema = {
        "summary": summary,
        "responses": {
            "200": {"description": "成功", "content": {"application/json": {"schema": schema}}},
            "default": refused,
        },
    }
    if bodies:
        content = {"application/json": {"schema": {"oneOf": [_ref(name) for name in bodies]}}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _rows(summary: str, refused: Schema, kind: str, grants: Sequence[Grant]) -> Schema:
    """Return an operation that answers rows, as JSON or as CSV."""
    found = _operation(summary, refused, [f"{kind}-{grant.id}" for grant in grants], "Rows")
    found["responses"]["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}
    return found


def _passed(grant: Grant, endpoint: Endpoint, refused: Schema) -> Schema:
    """Return the operation of one endpoint of a department's interface."""
    found = _operation(f"{grant.resource_title}：{endpoint.name}", refused, (), "Rows")
    found["responses"]["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}
    if endpoint.method == "GET":
        text: Schema = {"type": "string"}
        found["parameters"] = [{"name": name, "in": "query", "schema": text} for name in endpoint.params]
    else:
        body: Schema = {
            "type": "object",
            "properties": {name: {} for name in endpoint.params},
            "additionalProperties": False,
        }
        found["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return found


def _download(refused: Schema) -> Schema:
    """Return the operation that gives a file, whole or in part (Range)."""
    found = _operation("下载批量文件（支持 Range）", refused)
    content: Schema = {kind: {} for kind in FILE_KINDS}
    found["responses"] |= {
        "200": {"description": "全部", "content": content},
        "206": {"description": "部分", "content": content},
    }
    return found


def _text(column: Column) -> Schema:
    return {"type": "string", "title": column.item} | (
        {"format": FORMATS[column.kind]} if column.kind in FORMATS else {}
    )


def _schemas(grant: Grant) -> Schema:
    key: Schema = {
        "type": "object",
        "minProperties": 1,
        "properties": {item: {"type": "string"} for item in grant.key_items},
        "additionalProperties": False,
    }
    items = [column.item for column in grant.columns]
    facts = {item: {"type": "string"} for item in grant.confirm_items}
    named: Schema = {"const": grant.id, "title": grant.resource_title}
    example = {"grant": grant.id, "keys": dict.fromkeys(grant.key_items[:1], "……")}
    return (_listing(grant, named, items) if grant.listing else {}) | {
        f"Query-{grant.id}": {
            "title": f"{grant.resource_title}（用途：{'、'.join(grant.purposes)}）",
            "type": "object",
            "required": ["grant", "keys"],
            "properties": {
                "grant": named,
                "keys": {"oneOf": [key, {"type": "array", "items": key, "minItems": 1, "maxItems": 1000}]},
                "items": {"type": "array", "items": {"enum": items}},
                "filters": {"type": "array", "items": {"type": "object"}},
            },
            "additionalProperties": False,
            "examples": [example],
        },
        f"Row-{grant.id}": {"type": "object", "properties": {column.item: _text(column) for column in grant.columns}},
        f"Confirm-{grant.id}": {
            "title": grant.resource_title,
            "type": "object",
            "required": ["grant", "keys", "facts"],
            "properties": {
                "grant": named,
                "keys": key,
                "facts": {"type": "object", "properties": facts, "minProperties": 1},
            },
            "additionalProperties": False,
            "examples": [example | {"facts": dict.fromkeys(grant.confirm_items[:1], "……")}],
        },
    }


def _listing(grant: Grant, named: Schema, items: Sequence[str]) -> Schema:
    """Return the body of a listing under one grant."""
    return {
        f"List-{grant.id}": {
            "title": grant.resource_title,
            "type": "object",
            "required": ["grant"],
            "properties": {
                "grant": named,
                "items": {"type": "array", "items": {"enum": items}},
                "filters": {"type": "array", "items": {"type": "object"}},
                "after": {"type": "string"},
                "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
            },
            "additionalProperties": False,
            "examples": [{"grant": grant.id, "limit": 100}],
        }
    }
