"""Data sources that do not answer, and since when, for slices above that watch what is served from them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Max, Min, Q
from django.utils.translation import gettext as _

from jutong.slices.sources.models import DataSource, SourceCheck


def unanswering(source_ids: Collection[int]) -> dict[int, tuple[datetime, str]]:
    """Return those of the sources that cannot be read now: since when, as far as it is known, and why in words.

    A source that was disabled, one behind a silent node, and one whose tests fail since the last that succeeded. While
    the data plane is away no test is kept, so nothing new is known.
    """
    rows = DataSource.objects.filter(pk__in=source_ids).select_related("node")
    found = {}
    for source in rows.filter(Q(active=False) | Q(tested_ok=False) | Q(node__silent=True)):
        words = {"source": source.title}
        if not source.active:
            found[source.pk] = (source.changed_at, _("数据源“%(source)s”已停用") % words)
        elif source.node is not None and source.node.silent and source.node.last_seen_at is not None:
            found[source.pk] = (source.node.last_seen_at, _("数据源“%(source)s”所在的前置机失联") % words)
        elif source.tested_ok is False:
            since = _failing_since(source.pk) or source.tested_at or source.changed_at
            found[source.pk] = (since, _("数据源“%(source)s”连接失败") % words)
    return found


def _failing_since(source_id: int) -> datetime | None:
    """Return the first failed test after the last that succeeded, of those kept."""
    tests = SourceCheck.objects.filter(source_id=source_id)
    good = tests.filter(ok=True).aggregate(last=Max("at"))["last"]
    bad = tests.filter(ok=False, at__gt=good) if good else tests.filter(ok=False)
    first: datetime | None = bad.aggregate(first=Min("at"))["first"]
    return first
