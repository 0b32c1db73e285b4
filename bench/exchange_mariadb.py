"""`mariadb_pg`: MariaDB to PostgreSQL, against `mariadb --quick --batch | psql COPY` of the same rows."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import exchange
import exchange_peers
import report
from exchange import COPY, PIPED, Place
from ground import Ground

if TYPE_CHECKING:
    from transferworld import World

ROUNDS = 3
USER = "bench"
ABSENT = "NOT MEASURED: mariadbd is not installed (Debian package mariadb-server)"
MAKE = """
create or replace table people engine=innodb as
select cast(seq as signed) as n, concat('11010', lpad(seq, 13, '0')) as id_no, concat('张', convert(char(19968 + seq %% 2000 using ucs2) using utf8mb4), seq) as name,
       cast(110100 + seq %% 3 as char(6)) as region, date_add(date '1950-01-01', interval seq %% 20000 day) as born,
       cast(seq / 7 as decimal(14, 2)) as amount, timestamp '2026-01-01 00:00:00' + interval seq %% 9000000 second as changed,
       seq %% 2 as active, concat('江州市城东区工业路', seq %% 500, '号') as address,
       concat('1380000', lpad(seq %% 10000, 4, '0')) as phone, seq %% 97 as grade,
       elt(1 + seq %% 3, '存续', '注销', '吊销') as state
  from seq_1_to_%d
"""
SELECT = f"select {', '.join(exchange.COLUMNS)} from people"
WORDS = "concat_ws('|', n, id_no, name, region, born, amount, changed, active, address, phone, grade, state)"
SENT = f"select count(*), sum(cast(conv(left(md5({WORDS}), 12), 16, 10) as unsigned)) from people"
CAME = f"select count(*), sum(('x' || left(md5({WORDS}), 12))::bit(48)::bigint::numeric) from {{}}"


def run(ground: Ground) -> None:
    """Copy the table by both ways in turn; every copy is held against the source by statements of our own."""
    if absent(ground, "mariadb_pg"):
        return
    import mariadb

    account(mariadb.port())
    with mariadb.database() as (port, database), exchange.place(ground, "mariadb_pg") as place:
        grant(place.world, port, database)
        _measured(place, port, database)


def absent(ground: Ground, name: str) -> bool:
    """Tell, aloud, that there is no server to measure against; a run near its full size may not go without."""
    if (shutil.which("mariadbd") or os.path.exists("/usr/sbin/mariadbd")) and shutil.which("mariadb"):  # noqa: PTH110
        return False
    print(f"bench {name} {ABSENT}", file=sys.stderr, flush=True)
    report.note(f"{name} {ABSENT}")
    if ground.scale >= exchange_peers.MAY_BE_ABSENT:
        raise report.Unreconciled(f"{name} {ABSENT}")
    return True


def account(port: int) -> None:
    """Make the account that the programs and the runner connect by."""
    import mariadb

    for statement in (
        f"create user if not exists {USER}@'%' identified by '{USER}'",
        f"grant all on *.* to {USER}@'%'",
    ):
        mariadb.execute(port, "", statement, user="root", password="")


def check(world: World, port: int, database: str, copy: str) -> None:
    """Hold a copy against the table: rows and digest."""
    import mariadb

    sent: list[Any] = mariadb.execute(port, database, SENT)
    came: list[Any] = world.sql(world.consumer, CAME.format(copy))
    both = ([tuple(map(int, row)) for row in found] for found in (sent, came))
    report.same(f"rows and digest of {copy}", *both)


def grant(world: World, port: int, database: str) -> None:
    """Mount the table on the MariaDB server and grant it."""
    import msgspec

    from jutong.crypto import sm2
    from jutong.wire.bundle import Access, Mount, Source

    access = Access("127.0.0.1", port, database, USER, USER, "disable")
    sealed = sm2.seal(world.me.signer.public, msgspec.json.encode(access))
    columns = tuple(
        msgspec.structs.replace(column, kind="integer") if column.column == "active" else column
        for column in exchange.columns()
    )
    world.grant = msgspec.structs.replace(world.grant, columns=columns, key_items=("n",))
    world.control.publish(
        grants=(world.grant,),
        mounts=(Mount("people", "source", database, "people", columns, ("n",)),),
        sources=(
            Source("source", "provider", "mysql", "来源", sealed),
            Source("target", "consumer", "postgresql", "需求方库", world.sealed(world.consumer)),
        ),
    )


def _measured(place: Place, port: int, database: str) -> None:
    import mariadb
    from jutong.wire.transfers import Check

    rows = place.ground.sized(exchange.ROWS, least=20_000)
    mariadb.execute(port, database, MAKE % exchange.WARM_UP)
    place.moved(exchange.WARM_UP, check=Check.STREAM)
    place.shaped()
    mariadb.execute(port, database, MAKE % rows)

    def moved() -> float:
        seconds = place.moved(rows, check=Check.STREAM)
        check(place.world, port, database, COPY)
        return seconds

    def pipe() -> float:
        out = ["mariadb", "--no-defaults", "--host=127.0.0.1", f"--port={port}", f"--user={USER}",
               f"--password={USER}", "--default-character-set=utf8mb4", "--quick", "--batch",
               "--skip-column-names", "-e", SELECT, database]  # fmt: skip
        seconds = exchange.piped(out, place.into(f"copy {PIPED} from stdin"))
        check(place.world, port, database, PIPED)
        return seconds

    exchange.alternate(place, exchange.rounds(place.ground, ROUNDS), moved, pipe)
    place.told("mariadb_pg", rows, "mariadb_psql_pipe")
    url = f"mysql://{USER}:{USER}@127.0.0.1:{port}/{database}"
    place.memory("mariadb_pg")
    exchange_peers.measured(place, "mariadb_pg", url, SELECT, rows)
