"""Batch files leave when they expire or their grant ends: the bytes first, then the entry in the book."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime
from pathlib import Path

from jutong.dataplane.book import Book
from jutong.dataplane.snapshots import Snapshot

log = logging.getLogger(__name__)

LEFTOVER_SECONDS = 86_400


async def purge(book: Book, snapshot: Snapshot, folder: Path, *, at: datetime) -> int:
    """Delete the files that expired by `at` or whose grant ended, and return how many; a day-old unfinished file too."""
    found = await book.artefacts_to_purge(at=at, ended=snapshot.ended_grants(at))
    for artefact in found:
        (folder / f"{artefact.id}.sm4").unlink(missing_ok=True)
        await book.drop_artefact(artefact.id)
        log.info("批量文件 %s 已清除", artefact.id)
    await asyncio.to_thread(_sweep, folder)
    return len(found)


def _sweep(folder: Path) -> None:
    """Delete unfinished files that nobody can be working on any more."""
    for path in folder.glob(".*.part"):
        if path.stat().st_mtime < time.time() - LEFTOVER_SECONDS:
            path.unlink(missing_ok=True)
