"""Runs as people see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from jutong.kernel import queries as kernel
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.kernel.jobs import ProgressRow
from jutong.kernel.paging import Page, page
from jutong.kernel.queries import AuditRow
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Button
from jutong.slices.exchange.formats import CENTRE, receipt_in
from jutong.slices.exchange.models import Run, RunReceipt, SetAside, TransferTask
from jutong.slices.exchange.queries.halves import HalfRow, Way, halves_of, way_of
from jutong.slices.exchange.queries.ordering import ordering
from jutong.slices.exchange.rules import CONSUMER, OPEN, Encoding, Format, Kind, Mode, Trigger, table_name
from jutong.slices.exchange.workflow import EXCHANGE_TASK, OVERSEERS, may_know
from jutong.slices.standards import queries as standards
from jutong.wire.envelope import Envelope
from jutong.wire.transfers import OrderKind, Read, Tally

FOLDS = {"open": OPEN, "released": ("released",), "failed": ("rejected", "quarantined")}
"""What the list's tabs hold."""
_PROGRESS = {"queued": "waiting", "released": "done", "rejected": "failed", "quarantined": "failed"}
_ON_GRANT_PAGE = 10


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in a list. place: where the data go, in words; mine: the actor may order and fetch for the consumer."""

    id: int
    number: str
    kind: str
    kind_label: str
    state: str
    state_label: str
    title: str
    entry_code: str
    grant_id: int
    grant_version: int
    provider_name: str
    consumer_name: str
    place: str
    ordered_by: str
    ordered_at: datetime
    settled_at: datetime | None
    expires_at: datetime | None
    rows_done: int
    rows_total: int
    message: str
    cancelled: bool
    artefact_id: str
    mine: bool
    open: bool
    purposes: tuple[str, ...] = ()

    @property
    def purpose_choices(self) -> list[tuple[str, str]]:
        """Purposes that a download can name, with their labels."""
        return [(code, standards.purpose_label(code)) for code in self.purposes]

    @property
    def percent(self) -> int:
        """How far the rows are, 0 to 100; 100 only when released."""
        if self.state == "released":
            return 100
        return min(99, self.rows_done * 100 // self.rows_total) if self.rows_total else 0


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A stored receipt: its side, both tallies and the signing key."""

    side: str
    label: str
    digest: str
    key_id: str
    at: datetime
    source: Tally | None = None
    target: Tally | None = None
    reconciled: bool = True
    bytes: int = 0
    file_digest: str = ""


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run with its receipts, its history, how far it is and the moves open to the actor."""

    row: RunRow
    digest: str
    attempt: int
    round: int
    node: str
    receipts: tuple[ReceiptRow, ...]
    history: tuple[AuditRow, ...]
    live: ProgressRow
    buttons: tuple[Button, ...]
    task_id: int = 0
    trigger: str = ""
    waiting: bool = False
    place_in_line: int = 0
    not_before: datetime | None = None
    not_after: datetime | None = None
    dirty: int = 0
    most_dirty: int = 0
    bytes_done: int = 0
    lag_seconds: float = 0.0
    captures: bool = False
    repair: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()
    drift_text: str = ""
    corrects: int = 0
    listed: int = 0
    halves: tuple[HalfRow, ...] = ()
    way: Way | None = None

    @property
    def steps(self) -> list[tuple[AuditRow, str, str]]:
        """The history with the state each act led to and its label."""
        reached = [str(entry.detail.get("to", "")) for entry in self.history]
        return [(e, s, EXCHANGE_TASK.state_label(s)) for e, s in zip(self.history, reached, strict=True)]

    @property
    def folder_manifest(self) -> str:
        """Name of the manifest that lies beside released files, empty for other kinds; the receipt carries its SM3."""
        there = self.row.kind == OrderKind.FILES and self.row.state == "released"
        return f"jutong-manifest-R{self.row.id}-{self.round}.json" if there else ""

    @property
    def proven(self) -> bool:
        """Whether the counter-signed proof is there."""
        return any(receipt.side == CENTRE for receipt in self.receipts)


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What a grant's page shows of its deliveries."""

    grant_id: int
    rows: tuple[RunRow, ...]
    orderable: frozenset[str]
    """Kinds of delivery (table, batch, files) that the actor can order under the grant now."""


def _all() -> QuerySet[Run]:
    return Run.objects.select_related("task__target", "provider", "consumer", "grant")


def _mine(actor: Actor) -> Q:
    if actor.account_id is None or actor.holds(*OVERSEERS):
        return Q()
    mine = actor.serves
    return Q(provider_id__in=mine) | Q(consumer_id__in=mine)


def runs(
    actor: Actor, *, fold: str = "", kind: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[RunRow], Page]:
    """Return the runs an actor may know of, newest first. fold: open, released, failed; kind: table, batch, files."""
    rows = _all().filter(_mine(actor)).order_by("-id")
    if fold in FOLDS:
        rows = rows.filter(state__in=FOLDS[fold])
    if kind in set(OrderKind):
        rows = rows.filter(task__kind=kind)
    if text := text.replace("\x00", "").strip():
        rows = rows.filter(Q(title__icontains=text) | Q(entry_code=text) | Q(task__table__icontains=text))
    found, meta = page(rows, number, size)
    return [_row(each, actor) for each in found], meta


def batches(actor: Actor, *, at: datetime, number: int = 1, size: int = 20) -> tuple[list[RunRow], Page]:
    """Return the batch files that the actor's departments can still fetch, newest first."""
    rows = _all().filter(task__kind=OrderKind.BATCH, state="released", expires_at__gt=at, consumer_id__in=actor.serves)
    found, meta = page(rows.order_by("-id"), number, size)
    return [_row(each, actor) for each in found], meta


def deliveries(actor: Actor, at: datetime, *, grant_id: int) -> Deliveries:
    """Return the latest runs under a grant, as far as the actor may know of them."""
    rows = _all().filter(_mine(actor), grant_id=grant_id).order_by("-id")[:_ON_GRANT_PAGE]
    kinds = tuple(OrderKind)
    open_ = frozenset(
        kind.value for kind in kinds if any(grant.id == grant_id for grant in ordering(actor, kind, at=at).grants)
    )
    return Deliveries(grant_id, tuple(_row(each, actor) for each in rows), open_)


def visible(run_id: int, actor: Actor) -> Run:
    """Return a run's record within this slice. NotThere where the actor may not know of it."""
    found = _all().filter(pk=run_id).first()
    if found is None or not may_know(actor, found):
        raise NotThere(N_("没有找到该交换任务，或您无权知悉。"))
    return found


def run(run_id: int, actor: Actor) -> RunDetail:
    """Return one run with receipts, history and open moves."""
    found = visible(run_id, actor)
    row = _row(found, actor)
    return RunDetail(
        row=row,
        live=_progress(row),
        digest=found.digest,
        attempt=found.attempt,
        round=found.round,
        node=found.node or " → ".join(filter(None, (found.sender, found.receiver))),
        receipts=tuple(_receipts(found.receipts.filter(order_id=found.order_id).order_by("id"))),
        history=tuple(kernel.history(EXCHANGE_TASK.name, found.pk)),
        buttons=tuple(b for b in EXCHANGE_TASK.open_to(actor, found) if _makes_sense(b.verb, found)),
        task_id=found.task_id,
        trigger=_(Trigger(found.trigger).label),
        waiting=found.waiting and found.state == "queued",
        place_in_line=_place_in_line(found),
        not_before=found.not_before,
        not_after=found.not_after,
        dirty=found.dirty,
        most_dirty=found.terms.get("most_dirty", 0),
        bytes_done=found.bytes_done,
        lag_seconds=found.lag_seconds,
        captures=found.terms.get("read") == Read.CHANGES,
        repair=tuple(found.repair),
        differing=tuple(found.differing),
        drift_text=found.drift_text,
        corrects=found.corrects_id or 0,
        halves=halves_of(found),
        way=way_of(found),
        listed=SetAside.objects.filter(parcel__run=found, parcel__order_id=found.order_id).count(),
    )


def _makes_sense(verb: str, run: Run) -> bool:
    """Tell whether a move that the table allows has something to do."""
    if verb == "cancel":
        return not run.cancelled
    if run.corrects_id is not None:
        return False
    if verb == "repair":
        return bool(run.differing)
    return verb != "accept_shape" or (bool(run.drift) and run.drift != run.task.shape)


def _place_in_line(run: Run) -> int:
    """Return a waiting run's place among those that wait for the same sources, from 1; 0 when it does not wait."""
    if not run.waiting or run.state != "queued":
        return 0
    busy = [key for key in (run.source_id, run.task.target_id) if key is not None]
    before = Q(priority__lt=run.priority) | Q(priority=run.priority, pk__lt=run.pk)
    there = Q(source_id__in=busy) | Q(task__target_id__in=busy)
    return Run.objects.filter(before, there, waiting=True, state="queued").count() + 1


def runs_of(task_id: int, actor: Actor, *, most: int = 20) -> list[RunRow]:
    """Return the latest runs of a task, newest first; the caller has asked whether the actor may know of it."""
    return [_row(each, actor) for each in _all().filter(task_id=task_id).order_by("-id")[:most]]


def all_runs(actor: Actor) -> Iterator[RunRow]:
    """Yield every run an actor may know of, newest first, for a sheet."""
    for each in _all().filter(_mine(actor)).order_by("-id").iterator(chunk_size=500):
        yield _row(each, actor)


def live(run_id: int, actor: Actor) -> ProgressRow:
    """Return how far a run is, for the piece that asks every second."""
    return _progress(_row(visible(run_id, actor), actor))


def _progress(row: RunRow) -> ProgressRow:
    said = f"{row.state_label}：{row.message}" if row.message else row.state_label
    return ProgressRow(
        id=row.id,
        title=row.number,
        state=_PROGRESS.get(row.state, "running"),
        done=row.rows_done,
        total=row.rows_total,
        percent=row.percent,
        message=said,
        result_file_id=None,
        result_link=reverse("exchange_run", args=[row.id]),
    )


def _receipts(rows: Iterable[RunReceipt]) -> Iterable[ReceiptRow]:
    labels = {"sender": _("发送方回执"), "receiver": _("接收方回执"), CENTRE: _("平台会签")}
    for row in rows:
        if row.side == CENTRE:
            signer = msgspec.json.decode(bytes(row.envelope), type=Envelope).key_id
            yield ReceiptRow(row.side, labels[row.side], row.digest, signer, row.at)
            continue
        envelope, receipt = receipt_in(bytes(row.envelope))
        yield ReceiptRow(
            row.side,
            labels[row.side],
            row.digest,
            envelope.key_id,
            row.at,
            receipt.source,
            receipt.target,
            reconciled=receipt.reconciled,
            bytes=receipt.bytes,
            file_digest=receipt.artefact_digest,
        )


def _row(run: Run, actor: Actor) -> RunRow:
    return RunRow(
        id=run.pk,
        number=f"T-{run.pk:06d}",
        kind=run.task.kind,
        kind_label=_(Kind(run.task.kind).label),
        state=run.state,
        state_label=EXCHANGE_TASK.state_label(run.state),
        title=run.title,
        entry_code=run.entry_code,
        grant_id=run.grant_id,
        grant_version=run.grant_version,
        provider_name=run.provider.name,
        consumer_name=run.consumer.name,
        place=place_of(run.task),
        ordered_by=run.account_name,
        ordered_at=run.ordered_at,
        settled_at=run.settled_at,
        expires_at=run.expires_at,
        rows_done=run.rows_done,
        rows_total=run.rows_total,
        message=run.message,
        cancelled=run.cancelled,
        artefact_id=run.artefact_id,
        mine=CONSUMER.permits(actor, run) is not None,
        open=run.state in OPEN,
        purposes=tuple(run.grant.purposes),
    )


def place_of(task: TransferTask) -> str:
    """Return in words where a task delivers to."""
    if task.target is not None and task.kind == OrderKind.FILES:
        return " · ".join(filter(None, (task.target.title, task.schema)))
    if task.target is not None:
        return f"{task.target.title} · {table_name(task.schema, task.table)}（{_(Mode(task.mode).label)}）"
    encoding = "" if task.format != Format.CSV else f"，{_(Encoding(task.encoding).label)}"
    return f"{_(Format(task.format).label)}{encoding}"
