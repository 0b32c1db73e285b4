"""The peer: the same service as one writes it in FastAPI – signature, grant, masking in SQL, an INSERT for each call."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel

KEY_ID, KEY = os.environ["BENCH_KEY_ID"], bytes.fromhex(os.environ["BENCH_KEY"])
GRANTS = {"g1": {"columns": ["身份证号", "姓名", "出生日期"], "purposes": ["verification"], "key": "身份证号"}}
ASK = """select left(id, 6) || repeat('*', char_length(id) - 10) || right(id, 4) as "身份证号", name as "姓名",
                born::text as "出生日期" from people where id = $1"""
WRITE = "insert into peer_audit (at, system, act, grant_id, purpose, outcome, rows) values (now(), $1, 'query', $2, $3, 'ok', $4)"
NONCE = "insert into peer_nonces values ($1) on conflict do nothing returning nonce"
MAKE = """create table if not exists peer_audit (id bigserial primary key, at timestamptz, system text, act text,
    grant_id text, purpose text, outcome text, rows int);
create table if not exists peer_nonces (nonce text primary key)"""
TOLERANCE_MS = 300_000


class Query(BaseModel):
    """What is asked."""

    grant: str
    keys: dict[str, str]
    items: list[str] = []
    filters: list[dict[str, Any]] = []


@asynccontextmanager
async def life(app: FastAPI) -> AsyncIterator[None]:
    """Open the pool."""
    app.state.pool = await asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"], min_size=8, max_size=8)
    await app.state.pool.execute(MAKE)
    yield
    await app.state.pool.close()


app = FastAPI(lifespan=life)


def proven(request: Request, body: bytes) -> str:
    """Check time and signature; return the purpose."""
    header = request.headers.get
    if header("x-jutong-key") != KEY_ID or abs(int(header("x-jutong-time", "0")) - time.time() * 1000) > TOLERANCE_MS:
        raise HTTPException(401)
    lines = [
        "POST",
        "/v1/query",
        hashlib.new("sm3", body).hexdigest(),
        header("x-jutong-time"),
        header("x-jutong-nonce"),
    ]
    lines += [header("x-jutong-purpose", ""), "", ""]
    expected = hmac.new(KEY, "\n".join(map(str, lines)).encode(), "sm3").hexdigest()
    if not hmac.compare_digest(expected, header("x-jutong-signature", "")):
        raise HTTPException(401)
    return header("x-jutong-purpose", "")


@app.post("/v1/query")
async def query(request: Request) -> dict[str, Any]:
    """Answer one record of a grant, audited before it leaves."""
    body = await request.body()
    purpose = proven(request, body)
    asked = Query(**json.loads(body))
    grant = GRANTS.get(asked.grant)
    if grant is None or purpose not in grant["purposes"] or list(asked.keys) != [grant["key"]]:
        raise HTTPException(403)
    pool = request.app.state.pool
    if await pool.fetchval(NONCE, request.headers["x-jutong-nonce"]) is None:
        raise HTTPException(401)
    rows = await pool.fetch(ASK, asked.keys[str(grant["key"])])
    await pool.execute(WRITE, KEY_ID, asked.grant, purpose, len(rows))
    return {"rows": [dict(row) for row in rows], "count": len(rows)}
