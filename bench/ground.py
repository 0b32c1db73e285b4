"""Where the benchmarks run: a throw-away home with a durable embedded PostgreSQL, and the tests' city in it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from jutong.cli import instance, postgres, serve

if TYPE_CHECKING:
    from jutong.cli.instance import Instance
    from world import World

TESTS = Path(__file__).resolve().parent.parent / "tests"


@dataclass(frozen=True)
class Ground:
    """A home, its server, and how large the run is: 1.0 in full, 0.01 to see that it works."""

    ours: Instance
    scratch: Path
    scale: float

    def sized(self, full: int, *, least: int = 1) -> int:
        """Return a count at this run's scale."""
        return max(least, int(full * self.scale))

    @cached_property
    def city(self) -> World:
        """Migrate, load Django and build the tests' city; done by the first benchmark that needs it."""
        serve.prepare(self.ours)
        import world

        return world._build()

    @cached_property
    def now(self) -> datetime:
        """Return the time of all deeds of this run."""
        return datetime.now(UTC)

    @contextmanager
    def apart(self) -> Iterator[set[int] | None]:
        """Give PostgreSQL and ourselves all cores but one; yield that one, for the server under test.

        None on a machine of one core.
        """
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) == 1:
            yield None
            return
        self._confine(cores[1:])
        try:
            yield {cores[0]}
        finally:
            self._confine(cores)

    def _confine(self, cores: list[int]) -> None:
        """Set the cores of this process, the postmaster and its backends; new backends inherit theirs."""
        pid = int((self.ours.home.postgres / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])
        postmaster = psutil.Process(pid)
        for process in (postmaster, *postmaster.children(recursive=True), psutil.Process()):
            with suppress(psutil.NoSuchProcess):
                process.cpu_affinity(cores)


def forget_databases() -> None:
    """Leave the tests' databases to end with their server."""
    import postgres as databases

    databases._free.clear()


@contextmanager
def ground(scale: float) -> Iterator[Ground]:
    """Make the ground and remove it afterwards; the tests' worlds can be imported from then on."""
    sys.path.append(str(TESTS))
    scratch = Path(tempfile.mkdtemp(prefix="jutong-bench-", dir="/tmp"))
    scratch.chmod(0o711)  # as root, PostgreSQL's own user passes through
    for name in [name for name in os.environ if name.startswith("JUTONG_") and name != "JUTONG_REALDATA"]:
        del os.environ[name]
    os.environ["JUTONG_HOME"] = str(scratch / "home")
    os.environ["JUTONG_SOURCE_ADDRESSES"] = '["127.0.0.0/8"]'
    os.environ["JUTONG_RATE_PER_MINUTE"] = "1000000"  # the generator of load is one account
    try:
        with instance.opened() as ours:
            assert ours.server is not None
            os.environ["JUTONG_TEST_DATABASE_URL"] = ours.server.url(postgres.SUPERUSER, "postgres")
            yield Ground(ours, scratch, scale)
            forget_databases()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
