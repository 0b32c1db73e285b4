"""Data sources as people see them: never with their passwords."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.terms import N_
from jutong.slices.sources.models import DataSource, SourceCheck
from jutong.slices.sources.rules import ENGINEERS, OVERSEERS, READERS, Engine, Tls, options, sees
from jutong.wire.bundle import Endpoint


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A data source without its password. node: the front-end node behind which it sits, if any. may_change: the asking actor may change and test it; may_read: see its tables."""

    id: int
    department_id: int
    department_name: str
    title: str
    engine: str
    engine_label: str
    host: str
    port: int
    database: str
    user: str
    tls: str
    tls_label: str
    ca: str
    zone: str
    provides: bool
    receives: bool
    active: bool
    tested_at: datetime | None
    tested_ok: bool | None
    tested_ms: int | None
    tested_message: str
    product: str
    registered_at: datetime
    changed_at: datetime
    options: dict[str, str] = field(default_factory=dict)
    statement_seconds: int = 0
    dedicated: bool = False
    node_id: int | None = None
    node_title: str = ""
    may_change: bool = False
    may_read: bool = False

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """What may be passed through to it, of an HTTP interface."""
        return options.endpoints(self.options)

    @property
    def address(self) -> str:
        """Host and port, or an empty text for a file."""
        return f"{self.host}:{self.port}" if self.host else ""


def _row(source: DataSource, actor: Actor | None = None) -> SourceRow:
    return SourceRow(
        id=source.pk,
        department_id=source.department_id,
        department_name=source.department.name,
        title=source.title,
        engine=source.engine,
        engine_label=_(Engine(source.engine).label),
        host=source.host,
        port=source.port,
        database=source.database,
        user=source.user,
        tls=source.tls,
        tls_label=Tls(source.tls).label,
        ca=source.ca,
        zone=source.zone,
        provides=source.provides,
        receives=source.receives,
        active=source.active,
        tested_at=source.tested_at,
        tested_ok=source.tested_ok,
        tested_ms=source.tested_ms,
        tested_message=source.tested_message,
        product=source.product,
        registered_at=source.registered_at,
        changed_at=source.changed_at,
        options=source.options,
        statement_seconds=source.statement_seconds,
        dedicated=source.dedicated,
        node_id=source.node_id,
        node_title=source.node.title if source.node else "",
        may_change=bool(actor and ENGINEERS.permits(actor, source)),
        may_read=bool(actor and READERS.permits(actor, source)),
    )


def _all() -> QuerySet[DataSource]:
    return DataSource.objects.select_related("department", "node")


def sources(actor: Actor, *, text: str = "", number: int = 1, size: int = 20) -> tuple[list[SourceRow], Page]:
    """Return the sources that an actor may know of, by department and title; `text` matches title, host and database."""
    rows = _all().order_by("department__name", "title", "id")
    if actor.account_id is not None and not actor.holds(*OVERSEERS):
        rows = rows.filter(department_id__in=actor.serves)
    if text := text.replace("\x00", "").strip():
        rows = rows.filter(Q(title__icontains=text) | Q(host__icontains=text) | Q(database__icontains=text))
    found, meta = page(rows, number, size)
    return [_row(source, actor) for source in found], meta


def source(source_id: int, actor: Actor) -> SourceRow:
    """Return one source. NotThere where the actor may not know of it."""
    found = _all().filter(pk=source_id).first()
    if found is None or not sees(actor, found):
        raise NotThere(N_("没有找到该数据源，或您无权知悉。"))
    return _row(found, actor)


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A connection test; milliseconds: until it was answered."""

    at: datetime
    ok: bool
    milliseconds: int
    message: str
    by_name: str


def checks(source_id: int, *, most: int = 20) -> list[CheckRow]:
    """Return the newest connection tests of a source, newest first; the calling page asked for the source before."""
    rows = SourceCheck.objects.filter(source_id=source_id).order_by("-id")[:most]
    return [CheckRow(row.at, row.ok, row.milliseconds, row.message, row.by_name) for row in rows]


def source_of(source_id: int) -> SourceRow | None:
    """Return one source for the slices above, which check their own permissions."""
    found = _all().filter(pk=source_id).first()
    return _row(found) if found else None


def choices(department_id: int, *, provides: bool = False, receives: bool = False) -> list[SourceRow]:
    """Return a department's working sources that serve as a provider's source or as a consumer's target."""
    rows = _all().filter(department_id=department_id, active=True).order_by("title", "id")
    if provides:
        rows = rows.filter(provides=True)
    if receives:
        rows = rows.filter(receives=True)
    return [_row(found) for found in rows[:200]]
