"""`python -m fuzz SECONDS [TARGET…]` in the folder of the tests: each target for so long, in a process of its own.

Atheris (libFuzzer) guides by coverage. Where it has no wheel for this Python or machine, hypothesis draws changed seeds
instead, and the line of the target says so. What was found interesting is kept in build/fuzz and used again; an input that
crashes a parser is kept there too and named. The exit code is 1 where there is one.
"""

from __future__ import annotations

import importlib.util
import io
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import redirect_stderr
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from jutong.crypto import sm3

if TYPE_CHECKING:
    from fuzz.targets import Target

KEPT = Path(__file__).parents[2] / "build/fuzz"
LONGEST = 1 << 14
FUZZER = "atheris" if importlib.util.find_spec("atheris") else "hypothesis"


def guided(name: str, seconds: int) -> None:
    """Fuzz one target by coverage until its time is up; ends the process."""
    import atheris

    target, corpus = targets()[name], KEPT / name
    corpus.mkdir(parents=True, exist_ok=True)
    for content in target.seeds():
        (corpus / sm3.hexdigest(content)[:16]).write_bytes(content)
    words = ["fuzz", f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=20", "-rss_limit_mb=4096"]
    atheris.Setup([*words, f"-artifact_prefix={KEPT / name}-", "-print_final_stats=1", str(corpus)], target)
    atheris.Fuzz()


def drawn(name: str, seconds: int) -> None:
    """Fuzz one target with what hypothesis draws and with changed seeds, until its time is up."""
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    target = targets()[name]
    true = target.seeds()
    until, tries = time.monotonic() + seconds, 0

    def changed(data: tuple[int, int, bytes]) -> bytes:
        which, at, piece = data
        content = true[which % len(true)]
        place = at % (len(content) + 1)
        return content[:place] + piece + content[place + (at >> 16) % 8 :]

    edited = st.tuples(st.integers(0, 9), st.integers(0, 1 << 20), st.binary(max_size=8)).map(changed)

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=200) | edited)
    def once(data: bytes) -> None:
        nonlocal tries
        tries += 1
        target(data)

    while time.monotonic() < until:
        once()
    print(f"Done {tries} runs")


@cache
def targets() -> dict[str, Target]:
    """Return the targets, their parsers loaded so that the fuzzer sees which way they go: once, each process inherits it."""
    if FUZZER == "atheris":
        import atheris

        told = redirect_stderr(io.StringIO())  # of every module
        with told, atheris.instrument_imports(include=["jutong"], enable_loader_override=False):
            from fuzz.targets import TARGETS
    else:
        from fuzz.targets import TARGETS
    return TARGETS


def begun(name: str, seconds: int, said: IO[bytes]) -> int:
    """Begin to fuzz a target in a process of its own, which writes what it says into a file; returns its number."""
    sys.stdout.flush()
    if number := os.fork():
        return number
    code = 1
    try:
        for stream in (1, 2):
            os.dup2(said.fileno(), stream)
        random.seed(0)
        (guided if FUZZER == "atheris" else drawn)(name, seconds)
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the parent reads it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def apart(names: Iterable[str], seconds: int) -> Iterator[tuple[str, int, list[str]]]:
    """Fuzz each target in a process of its own, as many at once as there are cores; yield name, exit code and lines said."""
    waiting, running = list(names), dict[int, tuple[str, IO[bytes]]]()
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            name, said = waiting.pop(0), tempfile.TemporaryFile()  # noqa: SIM115 - closed when its process has ended
            running[begun(name, seconds, said)] = name, said
        number, status = os.wait()
        name, said = running.pop(number)
        with said:
            said.seek(0)
            yield name, os.waitstatus_to_exitcode(status), said.read().decode(errors="replace").splitlines()


def main() -> int:
    """Fuzz every target, or the named ones."""
    seconds, names = int(sys.argv[1]), sys.argv[2:] or list(targets())
    if FUZZER != "atheris":
        print(
            f"atheris has no wheel for this Python ({sys.version.split()[0]}) or machine: hypothesis instead",
            flush=True,
        )
    found = []
    for name, code, said in apart(names, seconds):
        runs = [line for line in said if line.startswith("Done ")]
        print(f"fuzz {name:12} {FUZZER} {runs[-1] if runs and not code else 'FAILED'}", flush=True)
        if code:
            found.append(name)
            print("\n".join(said[-80:]), flush=True)
    print(f"fuzz: {len(names)} targets, {len(found)} with findings{': ' if found else ''}{', '.join(found)}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
