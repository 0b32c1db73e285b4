"""`csv_pg`: a CSV file of a folder source into a table, against `COPY FROM` of the same file; and with bad rows in it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import exchange
import exchange_peers
import report
from exchange import COPY, PIPED, Place
from ground import Ground

if TYPE_CHECKING:
    from transferworld import World

ROWS = 7_000_000
"""About a gigabyte."""

ROUNDS = 3
BAD_EACH = 1000
BAD_ROUNDS = 1
FIELDS = """n, id_no, name, region, born, {amount} as amount, changed at time zone 'UTC' as changed,
            case when active then 'true' else 'false' end as active, address, phone, grade, state"""
WORDS = "concat_ws('|', n, id_no, name, region, born, amount::numeric(14, 2), {changed}, active, address, phone, grade, state)"
DIGEST = "select count(*), sum(hashtextextended({words}, 0)::numeric)::text from {table}"


def run(ground: Ground) -> None:
    """Load the clean file by both ways in turn, then one with bad rows, which have to be set aside."""
    with exchange.place(ground, "csv_pg") as place:
        folder = ground.scratch / "csv_pg" / "in"
        folder.mkdir()
        file = folder / "people.csv"
        rows = ground.sized(ROWS, least=20_000)
        _grant(place.world, folder)
        exchange.fill(place.world, exchange.WARM_UP)
        _write(place, file, "amount")
        _moved(place, exchange.WARM_UP)
        place.shaped()
        exchange.fill(place.world, rows)
        _write(place, file, "amount")
        report.note(f"csv_pg: {file.stat().st_size / 1e6:.0f} MB")
        exchange.alternate(
            place, exchange.rounds(ground, ROUNDS), lambda: _moved(place, rows), lambda: _copied(place, file)
        )
        place.told("csv_pg", rows, "psql_copy_from")
        clean = file.rename(ground.scratch / "csv_pg" / "clean.csv")
        _with_bad_rows(place, file, rows)
        place.memory("csv_pg")
        exchange_peers.measured(place, "csv_pg", "", "", rows, file=clean)


def _grant(world: World, folder: Path) -> None:
    """Mount the files of a folder and grant them."""
    import msgspec

    from jutong.crypto import sm2
    from jutong.wire.bundle import Access, Mount, Source

    columns = exchange.columns()
    sealed = sm2.seal(
        world.me.signer.public, msgspec.json.encode(Access(database=str(folder), options={"store": "local"}))
    )
    world.grant = msgspec.structs.replace(world.grant, columns=columns, key_items=("n",))
    world.control.publish(
        grants=(world.grant,),
        mounts=(Mount("people", "source", ".", "*.csv", columns, ()),),
        sources=(
            Source("source", "provider", "files", "文件", sealed),
            Source("target", "consumer", "postgresql", "需求方库", world.sealed(world.consumer)),
        ),
    )


def _write(place: Place, file: Path, amount: str) -> None:
    """Write the provider's table as a CSV file in UTF-8 with a header."""
    statement = f"copy (select {FIELDS.format(amount=amount)} from people) to stdout (format csv, header)"
    with file.open("wb") as out:
        subprocess.run([place.psql(), "-qX", place.world.provider, "-c", statement], stdout=out, check=True)


def _check(world: World, copy: str, where: str = "true") -> None:
    changed = "changed at time zone 'UTC'"
    sent = DIGEST.format(words=WORDS.format(changed=changed), table=f"people where {where}")
    [(kind,)] = world.sql(world.consumer, f"select pg_typeof(changed)::text from {copy} limit 1")
    changed = changed if kind == "timestamp with time zone" else "changed"
    came = DIGEST.format(words=WORDS.format(changed=changed), table=copy)
    report.same(f"rows and digest of {copy}", world.sql(world.provider, sent), world.sql(world.consumer, came))


def _moved(place: Place, rows: int) -> float:
    from jutong.wire.transfers import Check

    seconds = place.moved(rows, check=Check.STREAM)
    _check(place.world, COPY)
    return seconds


def _copied(place: Place, file: Path) -> float:
    began = time.perf_counter()
    subprocess.run(place.into(f"\\copy {PIPED} from '{file}' (format csv, header)"), check=True)
    seconds = time.perf_counter() - began
    _check(place.world, PIPED)
    return seconds


def _with_bad_rows(place: Place, file: Path, rows: int) -> None:
    """Load the file with one row in a thousand that has no number where one belongs."""
    from jutong.wire.transfers import Check

    _write(place, file, f"case when n % {BAD_EACH} = 0 then '不详' else amount::text end")
    bad, told = rows // BAD_EACH, len(place.world.control.dirty)
    place.timed("bad", lambda: place.moved(rows - bad, dirty=bad, check=Check.STREAM, most_dirty=bad))
    _check(place.world, COPY, f"n % {BAD_EACH} <> 0")
    parcels = place.world.control.dirty[told:]
    report.same("rows set aside and told", sum(len(parcel.rows) for parcel in parcels), bad)
    seconds = place.middle("bad")
    report.line("csv_pg_bad_rows", rows / seconds, "rows/s", ratio=place.middle("piped") / seconds,
                against="psql_copy_from_of_the_clean_file")  # fmt: skip
