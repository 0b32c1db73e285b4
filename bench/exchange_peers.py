"""The peers of table exchange, sling and dlt, moving the same rows in an environment of their own (`make bench-peers`)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import report
from exchange import Place

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / "build" / "peers"
SLING = "lib/python3*/site-packages/sling_linux_amd64/bin/sling-linux-amd64"
ABSENT = "NOT MEASURED: build/peers is not there; `make bench-peers` makes it"
MAY_BE_ABSENT = 0.05
"""Share of the full work below which a run only shows that it works, and peers may be missing."""

SLOW_SHARE = 10
"""dlt moves so small a part of the rows: it is slow."""

PEER_SECONDS = 3600


def measured(place: Place, name: str, source: str, select: str, rows: int, *, file: Path | None = None) -> None:
    """Let both peers move the rows and print their lines, as their share of our own rate.

    source: URL of the database that `select` is put to; or a CSV file to be loaded as it is.
    """
    if not (PEERS / "ready").exists():
        print(f"bench {name} peers {ABSENT}", file=sys.stderr, flush=True)
        report.note(f"{name}: peer_sling peer_dlt {ABSENT}")
        if place.ground.scale >= MAY_BE_ABSENT:
            raise report.Unreconciled(f"{name}: peers {ABSENT}")
        return
    few = max(1, rows // SLOW_SHARE)
    ours = rows / place.middle("moved")
    ways: dict[str, tuple[int, Callable[[str], None]]] = {
        "peer_sling": (rows, lambda table: _sling(place, source, select, table, file)),
        "peer_dlt": (few, lambda table: _dlt(place, source, select, table, few, file)),
    }
    for peer, (count, deed) in ways.items():
        began = time.perf_counter()
        deed(peer)
        rate = count / (time.perf_counter() - began)
        [(found,)] = place.world.sql(place.world.consumer, f"select count(*) from public.{peer}")
        report.same(f"rows of {peer} for {name}", found, count)
        report.note(f"{name}: {ours / rate:.1f} x {peer}")
        report.line(peer, rate, "rows/s", ratio=rate / ours, against=name)


def _run(command: list[str], place: Place, **more: str) -> None:
    """Run a peer; what it says is shown only where it fails."""
    home = place.ground.scratch / "peers"
    home.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "SLING_HOME_DIR": str(home / "sling"), "TZ": "UTC",
                   "SLING_DISABLE_TELEMETRY": "TRUE", "RUNTIME__DLTHUB_TELEMETRY": "false", **more}  # fmt: skip
    done = subprocess.run(
        command, env=environment, cwd=home, capture_output=True, text=True, errors="replace", timeout=PEER_SECONDS,
        check=False,
    )  # fmt: skip
    if done.returncode:
        print((done.stdout + done.stderr)[-4000:], file=sys.stderr, flush=True)
        raise report.Unreconciled(f"exit code {done.returncode} of {Path(command[0]).name}")


def _sling(place: Place, source: str, select: str, table: str, file: Path | None) -> None:
    [program] = PEERS.glob(SLING)
    command = [str(program), "run", "--tgt-conn", "TARGET", "--tgt-object", f"public.{table}",
               "--mode", "full-refresh"]  # fmt: skip
    if file:
        command += ["--src-stream", f"file://{file}"]
    else:
        command += ["--src-conn", "SOURCE", "--src-stream", select]
    _run(command, place, SOURCE=_spoken(source), TARGET=_spoken(place.world.consumer))


def _dlt(place: Place, source: str, select: str, table: str, rows: int, file: Path | None) -> None:
    command = [str(PEERS / "bin" / "python"), str(HERE / "peer_dlt.py"), str(file or source), select, table, str(rows)]
    _run(command, place, DESTINATION__POSTGRES__CREDENTIALS=place.world.consumer)


def _spoken(url: str) -> str:
    """Return an address as sling takes it: without TLS where the server has none."""
    return (
        url
        if not url.startswith("postgres") or "sslmode" in url
        else f"{url}{'&' if '?' in url else '?'}sslmode=disable"
    )
