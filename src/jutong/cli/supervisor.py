"""Keeps the processes of one machine alive: starts them, forwards their logs, restarts the died, stops them all."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path

from jutong.cli.words import gettext as _

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
STEADY_SECONDS = 60.0  # a process that lived this long starts again without waiting
STOP_SECONDS = 10.0
LOG_BYTES = 10_000_000
LINE_BYTES = 1 << 20
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Child:
    """One process to keep alive; `environment` is added to our own."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


class Supervisor:
    """Runs children until SIGTERM or Ctrl-C; each in a session of its own, so that its workers end with it."""

    def __init__(self, children: Sequence[Child], *, logs: Path, say: Callable[[str], None]) -> None:
        """Keep what to run; `say` gets every line of every child, prefixed with its name."""
        self.children = children
        self.logs = logs
        self.say = say
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Run until told to stop; then every child and every process it started has ended."""
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(sign, self._stopping.set)
        async with asyncio.TaskGroup() as tasks:
            for child in self.children:
                tasks.create_task(self._keep(child))

    def stop(self) -> None:
        """Ask for the end; `run` returns when everything has stopped."""
        self._stopping.set()

    async def _keep(self, child: Child) -> None:
        """Start one child again and again, with growing pauses, until the end is asked for."""
        wait = FIRST_WAIT_SECONDS
        log = _log(self.logs / f"{child.name}.log")
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._once(child, log)
            if self._stopping.is_set():
                break
            wait = FIRST_WAIT_SECONDS if time.monotonic() - began > STEADY_SECONDS else wait
            self.say(
                _("{name} 意外退出（代码 {code}），{wait} 秒后重新启动。").format(name=child.name, code=code, wait=wait)
            )
            await self._pause(wait)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)
        log.handlers[0].close()

    async def _once(self, child: Child, log: logging.Logger) -> int | None:
        """Run the child once; its whole process group is gone afterwards."""
        process = await asyncio.create_subprocess_exec(
            *child.command,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **child.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
            limit=LINE_BYTES,
        )
        reading = asyncio.create_task(self._forward(child.name, process, log))
        ended = asyncio.create_task(process.wait())
        asked = asyncio.create_task(self._stopping.wait())
        await asyncio.wait((ended, asked), return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            _signal(process.pid, signal.SIGTERM)
            await asyncio.wait((ended,), timeout=STOP_SECONDS)
        _signal(process.pid, signal.SIGKILL)
        await ended
        asked.cancel()
        await reading
        return process.returncode

    async def _forward(self, name: str, process: asyncio.subprocess.Process, log: logging.Logger) -> None:
        """Copy the child's lines into its log file and to the terminal; an over-long line is cut, never fatal."""
        stream = process.stdout
        while stream is not None:
            try:
                line = await stream.readline()
            except ValueError:
                continue  # longer than LINE_BYTES: asyncio dropped it
            if not line:
                return
            text = line.decode("utf-8", errors="replace").rstrip()
            log.info(text)
            self.say(f"{name:8} | {text}")

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the moment at which the end is asked for."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def _signal(group: int, sign: signal.Signals) -> None:
    """Send a signal to a child and everything it started."""
    try:
        os.killpg(group, sign)
    except ProcessLookupError:
        return


def _die_with_parent() -> None:
    """On Linux, let the kernel end the child when we are killed without a chance to stop it ourselves."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _log(path: Path) -> logging.Logger:
    """Return a logger into `path`, three files of 10 MB at most: lines with a time, or as they came where they are JSON."""
    log = logging.Logger(path.name)  # noqa: LOG001 - not in the tree of loggers: it carries other processes' lines
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8")
    as_json = os.environ.get("JUTONG_LOG_FORMAT") == "json"
    handler.setFormatter(logging.Formatter("%(message)s" if as_json else "%(asctime)s %(message)s"))
    log.addHandler(handler)
    return log
