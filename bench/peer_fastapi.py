"""The peer: the same service as one writes it in FastAPI, with a pool, an INSERT for each nonce and for each audit record.

It proves, admits, masks, audits and answers what the gateway does, in the ordinary way: masking in SQL, no gathering, no
batches. Nothing in it is slower than it has to be; what the gateway is spared (its own chain, the bundle) it is spared too.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError


@dataclass(frozen=True, slots=True)
class System:
    """Who calls, with which key, from where."""

    id: str
    department: str
    key: bytes
    active: bool = True
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """What a department's systems may have."""

    consumer: str
    systems: tuple[str, ...]
    items: dict[str, str]
    key_items: tuple[str, ...]
    purposes: tuple[str, ...]
    modes: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime
    resource: str = "r1"
    version: int = 1
    state: str = "active"


NOW = datetime.now(UTC)
SYSTEMS = {os.environ["BENCH_KEY_ID"]: System("s1", "民政", bytes.fromhex(os.environ["BENCH_KEY"]))}
ITEMS = {
    "身份证号": "left(id, 6) || repeat('*', char_length(id) - 10) || right(id, 4)",
    "姓名": "name",
    "出生日期": "born::text",
}
GRANTS = {
    "g1": Grant("民政", ("s1",), ITEMS, ("身份证号",), ("verification",), ("online_query",), NOW - timedelta(days=1),
                NOW + timedelta(days=30)),
}  # fmt: skip
COLUMNS = {"身份证号": "id", "姓名": "name", "出生日期": "born"}
MARKS: dict[str, list[dict[str, str]]] = {}
TRACING = secrets.token_bytes(32)
NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
TAKE = "insert into peer_nonces (key_id, nonce, at) values ($1, $2, $3) on conflict do nothing returning nonce"
WRITE = """insert into peer_audit (at, who, department, act, grant_id, purpose, outcome, rows, key, address, trace, person,
    service_item) values ($1, $2, $3, 'query', $4, $5, $6, $7, $8, $9, $10, $11, $12)"""
MAKE = """create table if not exists peer_audit (id bigserial primary key, at timestamptz, who text, department text,
    act text, grant_id text, purpose text, outcome text, rows int, key text, address text, trace text, person text,
    service_item text);
create table if not exists peer_nonces (key_id text, nonce text, at timestamptz, primary key (key_id, nonce))"""
TOLERANCE_MS = 300_000


class Query(BaseModel):
    """What is asked."""

    model_config = ConfigDict(extra="forbid")

    grant: str
    keys: dict[str, str]
    items: list[str] = []
    filters: list[dict[str, Any]] = Field([], max_length=0)


class Answer(BaseModel):
    """What is answered."""

    rows: list[dict[str, str | None]]
    count: int
    marks: list[dict[str, str]]
    trace: str
    grant_version: int


@asynccontextmanager
async def life(app: FastAPI) -> AsyncIterator[None]:
    """Open the pool."""
    app.state.pool = await asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"], min_size=8, max_size=8)
    await app.state.pool.execute(MAKE)
    yield
    await app.state.pool.close()


app = FastAPI(lifespan=life)


def proven(request: Request, body: bytes, address: str) -> System:
    """Check key, time, nonce form, signature and address; return who calls."""
    header = request.headers.get
    system, at, nonce = (
        SYSTEMS.get(header("x-jutong-key", "")),
        header("x-jutong-time", ""),
        header("x-jutong-nonce", ""),
    )
    if system is None or not at.isdigit() or abs(int(at) - time.time() * 1000) > TOLERANCE_MS:
        raise HTTPException(401)
    lines = [
        request.method,
        request.url.path,
        hashlib.new("sm3", body).hexdigest(),
        at,
        nonce,
        header("x-jutong-purpose", ""),
        header("x-jutong-person", ""),
        header("x-jutong-service-item", ""),
    ]
    expected = hmac.digest(system.key, "\n".join(lines).encode(), "sm3").hex()
    if not NONCE.fullmatch(nonce) or not hmac.compare_digest(expected, header("x-jutong-signature", "")):
        raise HTTPException(401)
    if not system.active or (system.addresses and address not in system.addresses):
        raise HTTPException(403)
    return system


def admitted(system: System, asked: Query, purpose: str, at: datetime) -> tuple[Grant, str]:
    """Return the grant that allows what is asked, and the statement that asks for it."""
    grant = GRANTS.get(asked.grant)
    if grant is None or grant.consumer != system.department or system.id not in grant.systems:
        raise HTTPException(403)
    if grant.state != "active" or not grant.valid_from <= at < grant.valid_until:
        raise HTTPException(403)
    if purpose not in grant.purposes or "online_query" not in grant.modes:
        raise HTTPException(403)
    items = asked.items or list(grant.items)
    if any(item not in grant.items for item in items) or tuple(asked.keys) != grant.key_items:
        raise HTTPException(403)
    shown = ", ".join(f'{grant.items[item]} as "{item}"' for item in items)
    return grant, f"select {shown} from people where {COLUMNS[grant.key_items[0]]} = $1"


@app.post("/v1/query")
async def query(request: Request) -> Answer:
    """Answer one record of a grant, audited before it leaves."""
    at, body, header = datetime.now(UTC), await request.body(), request.headers.get
    address = request.client.host if request.client else ""
    system, purpose = proven(request, body, address), header("x-jutong-purpose", "")
    try:
        asked = Query.model_validate_json(body)
    except ValidationError as error:
        raise HTTPException(422) from error
    grant, statement = admitted(system, asked, purpose, at)
    key = asked.keys[grant.key_items[0]]
    hashed = hmac.digest(TRACING, f"{grant.key_items[0]}={key}".encode(), "sm3").hex()
    pool, trace = request.app.state.pool, secrets.token_hex(8)
    if await pool.fetchval(TAKE, header("x-jutong-key"), header("x-jutong-nonce"), at) is None:
        raise HTTPException(401)
    rows = await pool.fetch(statement, key)
    await pool.execute(
        WRITE, at, system.id, system.department, asked.grant, purpose, "ok" if rows else "not_found", len(rows), hashed,
        address, trace, header("x-jutong-person", ""), header("x-jutong-service-item", ""),
    )  # fmt: skip
    marks = [mark for mark in MARKS.get(grant.resource, ()) if not mark["key"] or mark["key"] == key]
    return Answer(
        rows=[dict(row) for row in rows], count=len(rows), marks=marks, trace=trace, grant_version=grant.version
    )
