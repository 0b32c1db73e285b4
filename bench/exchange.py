"""What the benchmarks of table exchange share: a world with a real runner, timed orders, the pipe beside them, memory."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

import report
from ground import Ground

if TYPE_CHECKING:
    from jutong.wire.grants import Column
    from transferworld import World

ROWS = 2_000_000
WARM_UP = 1000
COPY, PIPED, SHAPE = "people_copy", "piped", "shape"
MAKE = """
create table people as
select i::bigint as n, '11010' || lpad(i::text, 13, '0') as id_no, '张' || chr(19968 + (i %% 2000)::int) || i as name,
       (110100 + i %% 3)::text as region, date '1950-01-01' + (i %% 20000)::int as born, (i / 7.0)::numeric(14, 2) as amount,
       timestamptz '2026-01-01' + make_interval(secs => i %% 9000000) as changed, i %% 2 = 0 as active,
       '江州市城东区工业路' || i %% 500 || '号' as address, '1380000' || lpad((i %% 10000)::text, 4, '0') as phone,
       i %% 97 as grade, (array['存续','注销','吊销'])[1 + (i %% 3)::int] as state
  from generate_series(1, %d::bigint) as i
"""
COLUMNS = ("n", "id_no", "name", "region", "born", "amount", "changed", "active", "address", "phone", "grade", "state")
DIGEST = "select count(*), sum(hashtextextended(t::text, 0)::numeric)::text from ({}) t"
ORDER_SECONDS = 900
MOST_MIB = 200


@dataclass
class Place:
    """One world, its served runner, and how the runs in it go."""

    ground: Ground
    world: World
    runner: subprocess.Popen[bytes]
    seconds: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    orders: int = 0

    def shaped(self) -> None:
        """Keep the shape that the warm-up gave its copy, for the pipe's tables."""
        self.world.sql(self.world.consumer, f"create table {SHAPE} (like {COPY})")

    def timed(self, name: str, deed: Callable[[], float]) -> None:
        """Do a deed on empty ground and keep the seconds it tells: no copy is there, the pipe's table is made, all is on disk.

        Neither way has to remove a table of the last round; our own is still made within its time.
        """
        self.world.sql(self.world.consumer, f"drop table if exists {COPY}, {PIPED}")
        self.world.sql(self.world.consumer, f"create table {PIPED} (like {SHAPE})")
        self.world.sql(self.world.consumer, "checkpoint")
        before = self._cpu()
        self.seconds.setdefault(name, []).append(deed())
        self.cpu.setdefault(name, []).append(self._cpu() - before)

    def _cpu(self) -> float:
        """Return the CPU seconds that the runner has taken."""
        found = psutil.Process(self.runner.pid).cpu_times()
        return float(found.user + found.system)

    def middle(self, name: str) -> float:
        """Return the median of the seconds of a way."""
        return report.middle(self.seconds[name])

    def psql(self) -> str:
        """Return the program beside the embedded server."""
        from jutong.cli import binaries

        return str(binaries.runner(self.ground.ours.home.root / "postgres-programs").folder / "bin" / "psql")

    def moved(self, rows: int, *, dirty: int = 0, **changes: Any) -> float:
        """Order a transfer and wait for its end; return the seconds from order to release, receipt checked."""
        from jutong.wire.transfers import RunState

        self.orders += 1
        order_id = f"order-{self.orders}"
        began = time.perf_counter()
        self.world.order(order_id, target_table=COPY, **changes)
        end = self.world.ended(order_id, seconds=ORDER_SECONDS)
        seconds = time.perf_counter() - began
        report.same(f"state of {order_id} ({end.message})", end.state, RunState.RELEASED)
        receipt = self.world.receipt(end.receipt)
        report.same(
            f"receipt of {order_id}", (receipt.source.rows, receipt.reconciled, receipt.dirty), (rows, True, dirty)
        )
        report.same(f"checksums of {order_id}", receipt.source, receipt.target)
        return seconds

    def into(self, statement: str) -> list[str]:
        """Return the command of a psql that copies into the consumer's database."""
        return [self.psql(), "-qX", "-v", "ON_ERROR_STOP=1", self.world.consumer, "-c", statement]

    def memory(self, name: str) -> None:
        """Tell the most memory that the runner ever held; more than it may is a finding."""
        peak = _peak_mib(self.runner.pid)
        report.note(f"{name}: runner peak RSS {peak:.0f} MiB (at most {MOST_MIB})")
        if peak > MOST_MIB:
            raise report.Unreconciled(f"{name}: runner peak RSS {peak:.0f} MiB, at most {MOST_MIB}")

    def told(self, name: str, rows: int, way: str) -> None:
        """Print the figure of our way beside the pipe's."""
        spread = {way: " ".join(f"{each:.2f}" for each in found) for way, found in self.seconds.items()}
        report.note(f"{name}: {rows} rows; seconds {spread}")
        moved, piped = self.middle("moved"), self.middle("piped")
        report.note(f"{name}: runner CPU {report.middle(self.cpu['moved']) / rows * 1e6:.2f} us/row")
        report.line(name, rows / moved, "rows/s", ratio=piped / moved, against=way)


@contextmanager
def place(ground: Ground, name: str) -> Iterator[Place]:
    """Build a world of its own and serve a runner in it; it must end cleanly."""
    from postgres import database_url
    from transferworld import World

    with ExitStack() as closing:
        provider, consumer, book = (closing.enter_context(database_url()) for _ in range(3))
        folder = ground.scratch / name
        folder.mkdir()
        os.environ["JUTONG_FILE_FOLDERS"] = json.dumps([str(folder)])
        world = World(folder, (provider, consumer, book))
        closing.enter_context(world.control.serving())
        process = world.process()
        try:
            yield Place(ground, world, process)
        finally:
            process.terminate()
            process.wait(30)
        report.same("exit code of the runner", process.returncode, 0)


def columns(masked: dict[str, str] | None = None, names: Sequence[str] = COLUMNS) -> tuple[Column, ...]:
    """Return the columns of the table of people as they are granted. masked: column to masking."""
    from jutong.wire.grants import Column, Kind, Masking

    kinds = {"n": Kind.INTEGER, "born": Kind.DATE, "amount": Kind.NUMBER, "changed": Kind.TIMESTAMP,
             "active": Kind.BOOLEAN, "grade": Kind.INTEGER}  # fmt: skip
    masks = masked or {}
    return tuple(
        Column(name, name, kinds.get(name, Kind.TEXT), Masking(masks.get(name, Masking.NONE))) for name in names
    )


def grant(world: World, **changes: Any) -> None:
    """Mount the table of people on the provider's database and grant it as named."""
    from jutong.wire.bundle import Mount

    world.mount = Mount("people", "source", "public", "people", columns(), ("n",))
    world.publish(**{"columns": columns(), "key_items": ("n",)} | changes)


def fill(world: World, rows: int) -> None:
    """Fill the provider's table anew."""
    world.sql(world.provider, "drop table if exists people")
    world.sql(world.provider, MAKE % rows)
    world.sql(world.provider, "vacuum analyze people")


def check(world: World, sent: str, *copies: str) -> None:
    """Hold what was to be sent, by a statement of our own, against each copy: rows and digest."""
    expected = world.sql(world.provider, DIGEST.format(sent))
    for copy in copies:
        found = world.sql(world.consumer, DIGEST.format(f"select * from {copy}"))
        report.same(f"rows and digest of {copy}", expected, found)


def piped(out: Sequence[str], into: Sequence[str]) -> float:
    """Run one program into another and return the seconds; both must end well."""
    began = time.perf_counter()
    source = subprocess.Popen(out, stdout=subprocess.PIPE)
    sink = subprocess.run(into, stdin=source.stdout, check=False)
    report.same("exit codes of the pipe", source.wait(), sink.returncode, 0)
    return time.perf_counter() - began


def rounds(ground: Ground, full: int) -> int:
    """Return how many rounds of both ways a figure rests on."""
    return full if ground.scale == 1 else 3 if ground.scale >= 0.05 else 1


def alternate(place: Place, count: int, moved: Callable[[], float], pipe: Callable[[], float]) -> None:
    """Run both ways in turn, each as often first as second."""
    ways = [("piped", pipe), ("moved", moved)]
    for turn in range(count):
        for name, deed in ways if turn % 2 == 0 else ways[::-1]:
            place.timed(name, deed)


def _peak_mib(pid: int) -> float:
    """Return the most memory that a process has held, in MiB."""
    [line] = [
        line
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        if line.startswith("VmHWM")
    ]
    return int(line.split()[1]) / 1024
