"""A process that writes a chain as fast as it can and prints each line's number once it is on disk; it gets killed."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from jutong.dataplane import identity
from jutong.dataplane.chain import Chain, Entry


async def write(folder: Path, most_lines: int) -> None:
    """Write from 20 tasks until killed."""
    chain = Chain.open(folder / "chain", identity.load(folder), most_lines=most_lines, most_seconds=60)

    async def caller(name: str) -> None:
        while True:
            entry = Entry(datetime.now(UTC), name, "民政", "query", "g1", "verification", "ok", trace=name * 10)
            number = await chain.append(entry)
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()

    await asyncio.gather(*(caller(f"s{n}") for n in range(20)))


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
