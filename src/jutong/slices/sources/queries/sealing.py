"""Data sources in the words of the wire: their access, password included, only ever sealed to the data plane."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from jutong.kernel import keys, nodes
from jutong.slices.sources.models import DataSource
from jutong.slices.sources.rules import options
from jutong.wire.bundle import Access, Source


def sealed_access(source: DataSource) -> bytes:
    """Return the access to a source as JSON, SM2-sealed to whoever reaches it: its front-end node, else the one beside us.

    Unavailable without a data plane.
    """
    access = Access(
        host=source.host,
        port=source.port,
        database=source.database,
        user=source.user,
        password=keys.reveal(bytes(source.secret)).decode(),
        tls=source.tls,
        statement_seconds=source.statement_seconds,
        options=_told(source.options) | ({"ca": source.ca} if source.ca else {}),
    )
    reached_by = source.node.name if source.node else None
    return nodes.seal(msgspec.json.encode(access), reached_by or nodes.LOCAL)


def _told(given: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if not options.ENDPOINT_NAME.fullmatch(name)}


def wire_sources(ids: Iterable[int] | None = None) -> list[Source]:
    """Return sources (all, or those of `ids`) as the data plane keeps them; disabled ones are marked so.

    The access to a source behind a front-end node is sealed to that node alone.
    """
    rows = DataSource.objects.select_related("node").order_by("id")
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
            node=row.node.name if row.node else "",
            endpoints=options.endpoints(row.options),
        )
        for row in rows
    ]
