"""One ledger with its use record: copies, holders, periods with earlier versions, provisions, inspections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.terms import MODE_LABELS, DeliveryMode
from jutong.slices.services import queries as services
from jutong.slices.usage.models import Copy, Disposal, Provision, UsePeriod, UseRecord
from jutong.slices.usage.queries.figures import figures_of
from jutong.slices.usage.queries.records import RecordRow, counted, instruction_label, row_of
from jutong.slices.usage.rules import records as rules
from jutong.slices.usage.rules.disposals import Method
from jutong.slices.usage.rules.ledger import CopyKind, HolderKind
from jutong.slices.usage.rules.records import FIELDS, Figures, UseStatus
from jutong.slices.usage.workflow import DISPOSAL
from jutong.slices.usage.workflow.disposals import OPEN
from jutong.slices.usage.workflow.records import may_know_record
from jutong.slices.usage.workflow.who import CONSUMER, PROVIDER

MOST_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class CopyRow:
    """A copy in the ledger. disposal: the state of its newest disposal, in words; open: not proven disposed of."""

    id: int
    kind: str
    kind_label: str
    title: str
    of: str
    obtained_at: datetime
    rows: int
    deliveries: int
    storage: str
    disposed_on: date | None
    how: str
    disposal: str
    disposal_state: str
    disposing: bool

    @property
    def open(self) -> bool:
        """Whether the copy is still there."""
        return self.disposed_on is None


@dataclass(frozen=True, slots=True)
class HolderRow:
    """A system or person that uses the data; known: found by the platform."""

    id: int
    kind_label: str
    name: str
    duty: str
    known: bool
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class VersionRow:
    """What a period said under one version number, by heading."""

    version: int
    at: datetime
    by_name: str
    content: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A reporting period: what the platform knows, what the consumer says by heading, what is lacking, earlier versions."""

    number: int
    first_day: date
    last_day: date
    closed: bool
    figures: Figures
    content: tuple[tuple[str, str], ...]
    raw: dict[str, str]
    lacking: tuple[str, ...]
    version: int
    changed_at: datetime | None
    changed_by: str
    versions: tuple[VersionRow, ...]


@dataclass(frozen=True, slots=True)
class ProvisionRow:
    """One provision: recipient, items, basis, time."""

    mode: str
    recipient: str
    items: tuple[str, ...]
    basis: str
    rows: int
    at: datetime


@dataclass(frozen=True, slots=True)
class InspectionRow:
    """Who read the record, for which side, when."""

    side: str
    department: str
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LateRow:
    """An access to a batch that was recorded as destroyed."""

    copy: str
    by_name: str
    done: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger with its use record as its page shows it; writes: the actor may enter; says: may instruct in advance."""

    row: RecordRow
    items: tuple[str, ...]
    personal_basis: str
    standing: str
    standing_days: int | None
    legal_years: int | None
    legal_basis: str
    wanted: tuple[str, ...]
    copies: tuple[CopyRow, ...]
    holders: tuple[HolderRow, ...]
    periods: tuple[PeriodRow, ...]
    provisions: tuple[ProvisionRow, ...]
    inspections: tuple[InspectionRow, ...]
    late: tuple[LateRow, ...]
    writes: bool
    says: bool

    @property
    def disposes(self) -> bool:
        """Whether any copy is being disposed of, or was."""
        return any(copy.disposal for copy in self.copies)


def ledger(grant_id: int, actor: Actor, at: datetime) -> Ledger:
    """Return the ledger of a grant, without logging it (see `actions.read_record`). NotThere for who may not know of it."""
    record = counted().filter(grant_id=grant_id).first()
    if record is None or not may_know_record(actor, record):
        raise NotThere(_("没有找到该授权的使用台账，或您无权知悉。"))
    open_still = record.state in {"open", "complete", "incomplete", "final"}
    return Ledger(
        row=row_of(record, actor),
        items=tuple(record.items),
        personal_basis=record.personal_basis,
        standing=instruction_label(record.instruction),
        standing_days=record.instruction_days,
        legal_years=record.legal_years,
        legal_basis=record.legal_basis,
        wanted=tuple(_(FIELDS[name]) for name in rules.asked(record.policy.list("use_records"))),
        copies=copies_of(record),
        holders=tuple(_holder(one) for one in record.holders.order_by("kind", "since", "pk")),
        periods=tuple(_periods(record, at)),
        provisions=tuple(provisions(record.pk, most=MOST_SHOWN)),
        inspections=tuple(_inspections(record)),
        late=tuple(_late(record)),
        writes=open_still and CONSUMER.permits(actor, record) is not None,
        says=record.ended_at is None and PROVIDER.permits(actor, record) is not None,
    )


def copies_of(record: UseRecord) -> tuple[CopyRow, ...]:
    """Return every copy of a ledger with its newest disposal, in three statements."""
    newest = {
        one.copy_id: one for one in Disposal.objects.filter(record=record).order_by("pk").only("pk", "copy_id", "state")
    }
    counts: dict[int, int] = {}
    for copy_id in Provision.objects.filter(record=record).values_list("copy_id", flat=True):
        counts[copy_id or 0] = counts.get(copy_id or 0, 0) + 1
    rows = Copy.objects.filter(record=record).select_related("of").order_by("pk")
    return tuple(_copy(row, newest.get(row.pk), counts.get(row.pk, 0)) for row in rows)


def _copy(row: Copy, disposal: Disposal | None, deliveries: int) -> CopyRow:
    return CopyRow(
        id=row.pk,
        kind=row.kind,
        kind_label=_(CopyKind(row.kind).label),
        title=row.title,
        of=row.of.title if row.of else "",
        obtained_at=row.obtained_at,
        rows=row.rows,
        deliveries=deliveries,
        storage=row.storage,
        disposed_on=row.disposed_on,
        how=_(Method(row.disposed_how).label) if row.disposed_how in set(Method) else "",
        disposal=DISPOSAL.state_label(disposal.state) if disposal else "",
        disposal_state=disposal.state if disposal else "",
        disposing=disposal is not None and disposal.state in OPEN,
    )


def _holder(one: Any) -> HolderRow:
    return HolderRow(one.pk, _(HolderKind(one.kind).label), one.name, one.duty, one.known, one.since, one.until)


def _periods(record: UseRecord, at: datetime) -> Iterator[PeriodRow]:
    lacking = {one["number"]: one["fields"] for one in record.lacking}
    rows = UsePeriod.objects.filter(record=record).prefetch_related("versions").order_by("-number")
    for row in rows:
        known = (
            Figures(**row.figures)
            if row.closed_at
            else figures_of(record, row.first_day, min(row.last_day, beijing_day(at)))
        )
        raw = {name: str(getattr(row, name)) for name in FIELDS}
        yield PeriodRow(
            number=row.number,
            first_day=row.first_day,
            last_day=row.last_day,
            closed=row.closed_at is not None,
            figures=known,
            content=_said(raw),
            raw=raw,
            lacking=tuple(_(FIELDS[name]) for name in lacking.get(row.number, ())),
            version=row.version,
            changed_at=row.changed_at,
            changed_by=row.changed_by,
            versions=tuple(
                VersionRow(v.version, v.at, v.by_name, _said(v.content))
                for v in sorted(row.versions.all(), key=lambda v: -v.version)
                if v.version < row.version
            ),
        )


def _said(content: dict[str, str]) -> tuple[tuple[str, str], ...]:
    def words(name: str, value: str) -> str:
        return _(UseStatus(value).label) if name == "status" and value in set(UseStatus) else value

    return tuple((_(label), words(name, content.get(name, ""))) for name, label in FIELDS.items() if content.get(name))


def provisions(record_id: int, *, most: int = 0) -> Iterator[ProvisionRow]:
    """Yield the provisions of a record, newest first (at most `most`, 0: all), with the rows of calls by day."""
    rows = Provision.objects.filter(record_id=record_id).order_by("-at", "-pk")
    found = list(rows[:most] if most else rows)
    called = _called(record_id, found)
    for one in found:
        mode = _(MODE_LABELS[DeliveryMode(one.mode)]) if one.mode in set(DeliveryMode) else one.mode
        handed = called.get(one.source, one.rows)
        yield ProvisionRow(mode, one.recipient, tuple(one.items), one.basis, handed, one.at)


def _called(record_id: int, found: Iterable[Provision]) -> dict[str, int]:
    days = {one.source: date.fromisoformat(one.source[4:]) for one in found if one.source.startswith("day:")}
    if not days:
        return {}
    grant_id = UseRecord.objects.values_list("grant_id", flat=True).get(pk=record_id)
    rows = services.called_on(grant_id, days.values())
    return {source: rows[day].rows for source, day in days.items() if day in rows}


def _inspections(record: UseRecord) -> Iterator[InspectionRow]:
    sides = {"provider": _("提供方"), "authority": _("主管部门"), "auditor": _("审计")}
    for one in record.inspections.select_related("department").order_by("-pk")[:MOST_SHOWN]:
        yield InspectionRow(sides.get(one.side, one.side), one.department.name, one.by_name, one.at)


def _late(record: UseRecord) -> Iterator[LateRow]:
    for copy in record.copies.filter(late_accesses__isnull=False).distinct().prefetch_related("late_accesses"):
        for one in copy.late_accesses.all():
            yield LateRow(copy.title, one.by_name, one.outcome == "success", one.at)


@dataclass(frozen=True, slots=True)
class LedgerPanel:
    """What a grant's page shows of its ledger."""

    grant_id: int
    row: RecordRow


def grant_panel(actor: Actor, at: datetime, *, grant_id: int) -> LedgerPanel | None:
    """Return the ledger of a grant in short, None where there is none yet."""
    record = counted().filter(grant_id=grant_id).first()
    return LedgerPanel(grant_id, row_of(record)) if record is not None and may_know_record(actor, record) else None
