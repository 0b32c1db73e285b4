"""`python -m fuzz SECONDS [TARGET…]` in the folder of the tests: each target for so long, in a process of its own.

Atheris (libFuzzer) guides by coverage. Where it has no wheel for this Python or machine, hypothesis draws changed seeds
instead, and the line of the target says so. What was found interesting is kept in build/fuzz and used again; an input that
crashes a parser is kept there too and named. The exit code is 1 where there is one.
"""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jutong.crypto import sm3

KEPT = Path(__file__).parents[2] / "build/fuzz"
LONGEST = 1 << 14
FUZZER = "atheris" if importlib.util.find_spec("atheris") else "hypothesis"


def guided(name: str, seconds: int) -> None:
    """Fuzz one target by coverage until its time is up; ends the process."""
    import atheris

    with atheris.instrument_imports(include=["jutong"], enable_loader_override=False):
        from fuzz.targets import TARGETS

    target, corpus = TARGETS[name], KEPT / name
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

    from fuzz.targets import TARGETS

    target = TARGETS[name]
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


def main() -> int:
    """Fuzz every target, or the named ones."""
    seconds, names = int(sys.argv[1]), sys.argv[2:]
    if names[:1] == ["--inside"]:
        random.seed(0)
        (guided if FUZZER == "atheris" else drawn)(names[1], seconds)
        return 0
    if FUZZER != "atheris":
        print(
            f"atheris has no wheel for this Python ({sys.version.split()[0]}) or machine: hypothesis instead",
            flush=True,
        )
    from fuzz.targets import TARGETS

    def apart(name: str) -> tuple[str, subprocess.CompletedProcess[str]]:
        words = [sys.executable, "-W", "ignore", "-m", "fuzz", str(seconds), "--inside", name]
        return name, subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)

    found = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, done in pool.map(apart, names or TARGETS):
            said = (done.stdout + done.stderr).splitlines()
            runs = [line for line in said if line.startswith("Done ")]
            print(f"fuzz {name:12} {FUZZER} {runs[-1] if runs and not done.returncode else 'FAILED'}", flush=True)
            if done.returncode:
                found.append(name)
                print("\n".join(said[-80:]), flush=True)
    print(f"fuzz: {len(names or TARGETS)} targets, {len(found)} with findings{': ' if found else ''}{', '.join(found)}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
