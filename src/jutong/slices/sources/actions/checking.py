"""Tries every data source by itself from time to time, so that its health on the pages is today's."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from jutong.kernel import inbox, outbox
from jutong.kernel.actors import Role, system_actor
from jutong.kernel.errors import Unavailable
from jutong.kernel.settings import settings
from jutong.slices.sources import events
from jutong.slices.sources.models import DataSource, SourceCheck
from jutong.slices.sources.queries.probing import put, question
from jutong.wire.probe import ProbeAnswer

AT_ONCE: Final = 8
"""Sources that are tried at the same time."""
MOST: Final = 200
"""Sources that one round tries, those that waited longest first."""
CHECKS_KEPT: Final = 100
"""Tests of a source that are kept."""
_CHECKER: Final = "source checks"


def keep_test(source: DataSource, answer: ProbeAnswer, milliseconds: int, *, by_name: str, at: datetime) -> None:
    """Keep what a connection test found and how long it took; the page shows the last and draws those kept."""
    message = answer.message[:500]
    source.tested_at, source.tested_ok, source.tested_ms = at, answer.ok, milliseconds
    source.tested_message, source.product = message, answer.version[:200]
    source.save(update_fields=["tested_at", "tested_ok", "tested_ms", "tested_message", "product"])
    said = {"ok": answer.ok, "milliseconds": milliseconds, "message": message, "by_name": by_name[:100]}
    SourceCheck.objects.create(source=source, at=at, **said)
    kept = SourceCheck.objects.filter(source=source).order_by("-id").values("pk")[:CHECKS_KEPT]
    SourceCheck.objects.filter(source=source).exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()


def check_due(at: datetime) -> int:
    """Try the sources in use whose last test is older than JUTONG_SOURCE_CHECK_MINUTES; returns how many answered or failed.

    Where one that worked fails, or a failed one works again, an event tells, and its department's engineers are told.
    While the data plane is away nothing is known of a source, and nothing is kept.
    """
    before = at - timedelta(minutes=settings().source_check_minutes)
    due = Q(tested_at=None) | Q(tested_at__lte=before)
    rows = list(DataSource.objects.filter(due, active=True).select_related("node").order_by("tested_at", "pk")[:MOST])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(_tried, rows, map(_worded, rows)))
    for row, tried in zip(rows, found, strict=True):
        if tried:
            _take_in(row, *tried, at)
    return len(found) - found.count(None)


def check_due_aside(at: datetime) -> None:
    """Do so in a thread of its own, unless one is still at it: a slow source must not hold up the pumps."""
    if settings().source_check_minutes and not any(one.name == _CHECKER for one in threading.enumerate()):
        threading.Thread(target=_check_and_leave, args=(at,), name=_CHECKER, daemon=True).start()


def _check_and_leave(at: datetime) -> None:
    try:
        check_due(at)
    finally:
        connection.close()


def _worded(source: DataSource) -> bytes | None:
    """Word the test; None where nobody can be asked. The threads that put it need no database."""
    with suppress(Unavailable):
        return question(source, "test")
    return None


def _tried(source: DataSource, worded: bytes | None) -> tuple[ProbeAnswer, int] | None:
    began = time.monotonic()
    try:
        answer = put(source, worded) if worded else None
    except Unavailable:
        answer = None
    return (answer, round((time.monotonic() - began) * 1000)) if answer else None


def _take_in(row: DataSource, answer: ProbeAnswer, milliseconds: int, at: datetime) -> None:
    """Keep a test, unless the source was changed while it went on."""
    with transaction.atomic():
        source = DataSource.objects.select_for_update().get(pk=row.pk)
        if source.changed_at != row.changed_at:
            return
        was = source.tested_ok
        keep_test(source, answer, milliseconds, by_name=_("平台巡检"), at=at)
        if was is not None and was != answer.ok:
            _tell(source, at)


def _tell(source: DataSource, at: datetime) -> None:
    name = events.SOURCE_BACK if source.tested_ok else events.SOURCE_LOST
    payload = {"id": source.pk, "department_id": source.department_id}
    outbox.publish(name, f"source:{source.pk}", payload, at=at, by=system_actor("source-checks"))
    said = {"source": source.title, "why": source.tested_message}
    title = (
        _("数据源“%(source)s”恢复连接") % said if source.tested_ok else _("数据源“%(source)s”连接失败：%(why)s") % said
    )
    link = reverse("sources_detail", args=[source.pk])
    inbox.tell(title=title[:200], department_id=source.department_id, role=Role.SYSTEM_ENGINEER, link=link, at=at)
