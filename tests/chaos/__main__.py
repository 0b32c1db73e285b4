"""`python -m chaos ROUNDS [SEED]` in the folder of the tests: the last line says what the rounds came to; 1 if not nothing."""

from __future__ import annotations

import secrets
import sys
import tempfile
from pathlib import Path

from chaos.rounds import run


def main() -> int:
    """Play the rounds."""
    sys.path[:0] = ["."]
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbelow(1 << 30)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="jutong-chaos-") as folder:
        score = run(Path(folder), rounds, seed, told=lambda line: print(line, flush=True))
    print(f"modes {dict(score.modes)}; faults {dict(score.faults)}")
    print(score.line())
    return int(bool(score.lost or score.doubled or score.green))


if __name__ == "__main__":
    sys.exit(main())
