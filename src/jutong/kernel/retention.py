"""What is forgotten, and when: sessions, tokens, counters, finished work, read notices, delivered events, orphaned files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.contrib.sessions.models import Session

from jutong.kernel import archive, heartbeats
from jutong.kernel.faces import limits, once
from jutong.kernel.models import InboxItem, OutboxEvent, OutboxState, Progress, StoredFile
from jutong.kernel.settings import settings

EVERY_SECONDS: Final = 600
SHARDS: Final = 256
AT_ONCE: Final = 5000
"""Rows deleted of each kind at one ring; a long backlog goes in pieces, so that nobody waits for its locks."""


Forgetting = Callable[[datetime], int]
_FORGETTING: Final[list[Forgetting]] = []


def also(forgetting: Forgetting) -> Forgetting:
    """Let a slice forget what is over of its own, at every ring, some AT_ONCE at most; returns how much it forgot."""
    _FORGETTING.append(forgetting)
    return forgetting


def forget(at: datetime) -> int:
    """Delete what is over by the settings …_days; returns how many rows and files. The audit trail is never touched.

    What has to be archived first goes out as a package before it is purged: see `archive`.
    """
    once.sweep(at=at)
    limits.sweep(at=at)
    heartbeats.forget(at)
    own = settings()
    over = Progress.objects.filter(finished_at__lt=at - timedelta(days=own.progress_days))
    settled = OutboxEvent.objects.filter(state__in=[OutboxState.DONE, OutboxState.SKIPPED])
    gone = archive.keep_and_purge(at) + sum(forgetting(at) for forgetting in _FORGETTING)
    for rows in (
        Session.objects.filter(expire_date__lt=at),
        over,
        InboxItem.objects.filter(at__lt=at - timedelta(days=own.inbox_days)),
        settled.filter(done_at__lt=at - timedelta(days=own.event_days)),
    ):
        keys = list(rows.values_list("pk", flat=True)[:AT_ONCE])
        gone += rows.model.objects.filter(pk__in=keys).delete()[0] if keys else 0  # type: ignore[misc]
    shard = int(at.timestamp()) // EVERY_SECONDS % SHARDS
    return gone + forget_orphans(settings().home / "files" / f"{shard:02x}", at)


def forget_orphans(folder: Path, at: datetime) -> int:
    """Delete files of one shard that no row speaks of, once they are older than the setting; returns how many.

    A file's bytes come before its row, so a young file without a row is one that is just being kept.
    """
    before = (at - timedelta(days=settings().orphan_file_days)).timestamp()
    old = {path.name: path for path in folder.glob("*") if path.stat().st_mtime < before}
    known = set(StoredFile.objects.filter(digest__in=old).values_list("digest", flat=True))
    for name in old.keys() - known:
        old[name].unlink(missing_ok=True)
    return len(old.keys() - known)
