"""`python -m chaos ROUNDS [SEED [KIND…]]` in the folder of the tests: the last line says what the rounds came to.

The exit code is 1 where anything was lost, doubled, wrongly called good, or answered without its record. The same seed plays
the same rounds again; the kinds are postgresql, mariadb, batch, files, calls, parcels and between.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
import time
from pathlib import Path

sys.path += [".", "dataplane"]


def main() -> int:
    """Play the rounds."""
    from chaos.rounds import run

    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbelow(1 << 30)
    print(f"seed {seed}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="jutong-chaos-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)  # as root, PostgreSQL's own user passes through
        score = run(Path(folder), rounds, seed, only=sys.argv[3:], told=lambda line: print(line, flush=True))
    print(f"modes {dict(sorted(score.modes.items()))}")
    print(f"faults {dict(sorted(score.faults.items()))}")
    print(f"{(time.monotonic() - began) / max(1, rounds):.1f} s a round")
    print(score.line())
    return int(bool(score.bad))


if __name__ == "__main__":
    sys.exit(main())
