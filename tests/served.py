"""The whole platform as processes of its own, in a home and on ports of its own, for tests of running it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import once
from free_ports import free_ports


@contextmanager
def empty_home() -> Iterator[dict[str, str]]:
    """Yield the environment of an instance that is not there yet."""
    folder = Path(tempfile.mkdtemp(prefix="jutong-serve-", dir="/tmp"))
    folder.chmod(0o755)
    web, gateway, probe, worker, runner = free_ports(5)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("JUTONG_", "DJANGO_"))}
    yield {
        **clean,
        "JUTONG_HOME": str(folder / "home"),
        "JUTONG_WEB_BIND": f"127.0.0.1:{web}",
        "JUTONG_GATEWAY_BIND": f"127.0.0.1:{gateway}",
        "JUTONG_PROBE_BIND": f"127.0.0.1:{probe}",
        "JUTONG_WORKER_METRICS": f"127.0.0.1:{worker}",
        "JUTONG_RUNNER_METRICS": f"127.0.0.1:{runner}",
    }
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def prepared_home() -> Iterator[dict[str, str]]:
    """Yield the environment of an instance that `jutong setup` has made ready: a copy of the one that a run of tests makes."""
    with empty_home() as environment:
        prepared(Path(environment["JUTONG_HOME"]))
        yield environment


def prepared(home: Path) -> None:
    """Make that copy."""
    _copy(once.made("home", _set_up) / "home", home)


def _set_up(folder: Path) -> None:
    """Make an instance ready and keep its home."""
    with empty_home() as environment:
        done = run(environment, "setup")
        assert done.returncode == 0, done.stderr
        (Path(environment["JUTONG_HOME"]) / "postgres" / "port").unlink()  # each copy finds its own
        _copy(Path(environment["JUTONG_HOME"]), folder / "home")


def _copy(source: Path, target: Path) -> None:
    """Copy a home with its owners and modes."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def run(environment: dict[str, str], *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `jutong` to its end."""
    command = [sys.executable, "-m", "jutong", *arguments]
    return subprocess.run(
        command, env={**environment, **more}, capture_output=True, text=True, check=False, timeout=180
    )


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start `jutong serve` and yield once the website answers."""
    log = Path(environment["JUTONG_HOME"]).parent / "serve.out"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jutong", "serve"], env=environment, stdout=output, stderr=output, text=True
        )
    try:
        end = time.monotonic() + 120
        while not answers(environment):
            assert process.poll() is None and time.monotonic() < end, log.read_text()  # noqa: PT018
            time.sleep(0.2)
        yield process
    finally:
        process.terminate()  # so that it stops its database, too
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(environment: dict[str, str]) -> bool:
    """Say whether website, gateway and probe accept connections."""
    return all(_accepting(environment))


def listens(environment: dict[str, str]) -> bool:
    """Say whether any of them still does."""
    return any(_accepting(environment))


def _accepting(environment: dict[str, str]) -> Iterator[bool]:
    for name in ("WEB", "GATEWAY", "PROBE"):
        host, _colon, port = environment[f"JUTONG_{name}_BIND"].partition(":")
        with socket.socket() as line:
            line.settimeout(1)
            yield line.connect_ex((host, int(port))) == 0


def inside(environment: dict[str, str], code: str) -> str:
    """Run some lines with Django set up on a home whose server runs, and return what they print."""
    started = "import django\ndjango.setup()\nfrom jutong.kernel import clock\nfrom jutong.kernel.actors import system_actor\n"
    whole = "from jutong.cli import instance\ndef deed():\n" + "".join(
        f"    {line}\n" for line in (started + code).splitlines()
    )
    done = subprocess.run(
        [sys.executable, "-c", whole + "instance.with_site(deed)()"],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def until(true: object, *, seconds: float = 60) -> None:
    """Wait until `true()` is."""
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.3)
