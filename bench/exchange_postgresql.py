"""`pg_pg_plain`, `pg_pg_masked`, `pg_pg_reconciled`: PostgreSQL to PostgreSQL, against `psql COPY | psql COPY` of the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg

import exchange
import exchange_peers
from exchange import COPY, PIPED, Place
from ground import Ground

if TYPE_CHECKING:
    from transferworld import World

ROUNDS = 5
KEPT = tuple(name for name in exchange.COLUMNS if name not in ("address", "phone", "grade", "state"))
MASKED = {"id_no": "identity", "name": "name"}
OWN_WORDS = """
select n, left(id_no, 6) || '********' || right(id_no, 4) as id_no, left(name, 1) || repeat('*', length(name) - 1) as name,
       region, born, amount, changed, active
  from people where region in ('110100', '110101')
""".strip()
WHOLE = "select * from people"


def plain(ground: Ground) -> None:
    """Copy all twelve columns as they are, with counts and a digest of the stream."""
    from jutong.wire.transfers import Check

    with exchange.place(ground, "pg_pg_plain") as place:
        exchange.grant(place.world)
        _measured(place, "pg_pg_plain", WHOLE, Check.STREAM)


def masked(ground: Ground) -> None:
    """Copy eight columns of two thirds of the rows, two of them masked by the source, with a digest of the stream."""
    from jutong.wire.transfers import Check

    with exchange.place(ground, "pg_pg_masked") as place:
        _narrowed(place.world)
        _measured(place, "pg_pg_masked", OWN_WORDS, Check.STREAM)


def reconciled(ground: Ground) -> None:
    """Copy the same with the full order-independent content checksum at both ends."""
    from jutong.wire.transfers import Check

    with exchange.place(ground, "pg_pg_reconciled") as place:
        _narrowed(place.world)
        _measured(place, "pg_pg_reconciled", OWN_WORDS, Check.CONTENT)


def _narrowed(world: World) -> None:
    """Grant some columns of some rows, two columns masked."""
    from jutong.wire.grants import Condition, Operator

    region = Condition("region", Operator.IN, ("110100", "110101"))
    exchange.grant(world, columns=exchange.columns(MASKED, KEPT), conditions=(region,))


def _measured(place: Place, name: str, own_words: str, check: Any) -> None:
    """Warm up, then copy both ways in turn; every copy is held against a statement of our own."""
    world, rows = place.world, place.ground.sized(exchange.ROWS, least=20_000)
    exchange.fill(world, exchange.WARM_UP)
    place.moved(_sent(world, own_words), check=check)
    place.shaped()
    exchange.fill(world, rows)
    sent = _sent(world, own_words)
    statement = asyncio.run(_statement(world))

    def moved() -> float:
        seconds = place.moved(sent, check=check)
        exchange.check(world, own_words, COPY)
        return seconds

    def pipe() -> float:
        out = [place.psql(), "-qX", world.provider, "-c", f"copy ({statement}) to stdout (format binary)"]
        if own_words == WHOLE:
            out[-1] = "copy people to stdout (format binary)"
        seconds = exchange.piped(out, place.into(f"copy {PIPED} from stdin (format binary)"))
        exchange.check(world, own_words, PIPED)
        return seconds

    exchange.alternate(place, exchange.rounds(place.ground, ROUNDS), moved, pipe)
    place.told(name, sent, "psql_copy_pipe")
    place.memory(name)
    exchange_peers.measured(place, name, world.provider, own_words, sent)


def _sent(world: World, own_words: str) -> int:
    [(rows,)] = world.sql(world.provider, f"select count(*) from ({own_words}) t")
    return int(rows)


async def _statement(world: World) -> str:
    """Return the SELECT that the product pushes into the source for this grant: the pipe carries the same."""
    from jutong.dataplane import policy
    from jutong.dataplane.engines.postgresql import catalogue, sql

    plan = policy.compile_copy(world.grant, world.mount, hash_key=b"")
    connection = await asyncpg.connect(world.provider)
    try:
        natives = await catalogue.natives_of(connection, plan, "bench")
        parts = sql.select_typed(plan, natives, tuple(sql.typed(field, natives)[1] for field in plan.fields))
        literals = []
        for place in sql.bound(parts):
            kind = "text" if isinstance(place.value, str) else "text[]"
            literals.append(await connection.fetchval(f"select quote_literal($1::{kind}::text)", place.value))
        return str(sql.inlined(parts, literals))
    finally:
        await connection.close()
