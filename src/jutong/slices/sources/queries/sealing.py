"""Data sources in the words of the wire: their access, password included, only ever sealed to the data plane."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from jutong.kernel import keys, nodes
from jutong.slices.sources.models import DataSource
from jutong.wire.bundle import Access, Source


def sealed_access(source: DataSource) -> bytes:
    """Return the access to a source as JSON, SM2-sealed to the data plane's key. Unavailable without a data plane."""
    access = Access(
        host=source.host,
        port=source.port,
        database=source.database,
        user=source.user,
        password=keys.reveal(bytes(source.secret)).decode(),
        tls=source.tls,
        options={"ca": source.ca} if source.ca else {},
    )
    return nodes.seal(msgspec.json.encode(access))


def wire_sources(ids: Iterable[int] | None = None) -> list[Source]:
    """Return sources (all, or those of `ids`) as the data plane keeps them; disabled ones are marked so."""
    rows = DataSource.objects.order_by("id")
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    return [
        Source(
            id=str(row.pk),
            department_id=str(row.department_id),
            engine=row.engine,
            title=row.title,
            sealed=sealed_access(row),
            active=row.active,
        )
        for row in rows
    ]
