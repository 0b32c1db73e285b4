"""What the system administrator looks after: held events, running work, the sealer, the nodes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max
from django.utils.translation import gettext as _

from jutong.kernel import archive, health, heartbeats, nodes, outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role, Who
from jutong.kernel.audit import sealing
from jutong.kernel.errors import NotAllowed, RuleBroken, WrongState
from jutong.kernel.jobs import ProgressRow
from jutong.kernel.models import AuditPending, AuditSeal, AuditSegment, OutboxEvent, OutboxState, Progress
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_

SYSTEM_ADMIN: Final = Who("system_admin", N_("系统管理员"), (Role.SYSTEM_ADMIN,))
SHOWN: Final = 50
LOOK_BACK: Final = timedelta(days=1)


@action("operations.replay_event", label=N_("重放事件"), allow=SYSTEM_ADMIN, on=OutboxEvent)
def replay_event(event: OutboxEvent, *, by: Actor, at: datetime, note: str) -> None:
    """Deliver a held event again; `note` says what was mended. WrongState unless it is held."""
    _check_held(event, note)
    outbox.put_back(event, at=at)


@action("operations.skip_event", label=N_("跳过事件"), allow=SYSTEM_ADMIN, on=OutboxEvent)
def skip_event(event: OutboxEvent, *, by: Actor, at: datetime, note: str) -> None:
    """Give a held event up so that its subject goes on; `note` says why this does no harm. WrongState unless held."""
    _check_held(event, note)
    outbox.pass_over(event, at=at)


def _check_held(event: OutboxEvent, note: str) -> None:
    if event.state != OutboxState.HELD:
        raise WrongState(_("该事件不在挂起状态，可能已由他人处理，请刷新页面。"))
    if not note.strip():
        raise RuleBroken(_("请说明处理理由，将写入审计。"), field="note")


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """An event that failed too often; `behind`: how many later events of its subject wait for it."""

    id: int
    name: str
    subject: str
    at: datetime
    attempts: int
    error: str
    behind: int


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A piece of long work of anybody: what, for whom, since when, how it stands."""

    row: ProgressRow
    task: str
    account_id: int | None
    department_id: int | None
    at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node as the centre knows it: its key is there, and when its chain files last arrived and how far they reach."""

    name: str
    writers: tuple[str, ...]
    segments: int
    last_segment_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sealing:
    """How far the sealer is behind: seconds the oldest entry has waited, how many wait, the last seal."""

    lag: float
    waiting: int
    alarm: bool
    limit: int
    last_seal: int
    last_seal_at: datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the operations page."""

    held: tuple[HeldEvent, ...]
    pending: int
    oldest_pending_at: datetime | None
    running: tuple[WorkRow, ...]
    failed: tuple[WorkRow, ...]
    sealing: Sealing
    nodes: tuple[NodeRow, ...]
    parts: tuple[health.Part, ...]
    processes: tuple[heartbeats.Beat, ...]
    archive: archive.Archive


def overview(actor: Actor, at: datetime) -> Overview:
    """Return the state of the machinery. NotAllowed for anybody but the system administrator."""
    if not actor.holds(Role.SYSTEM_ADMIN):
        raise NotAllowed(_("运行状态只对系统管理员开放。"))
    waiting = OutboxEvent.objects.filter(state=OutboxState.PENDING).order_by("id")
    oldest = waiting.values_list("at", flat=True).first()
    work = Progress.objects.order_by("-id")
    return Overview(
        held=_held(),
        pending=waiting.count(),
        oldest_pending_at=oldest,
        running=tuple(_work(p) for p in work.filter(state__in=["waiting", "running"])[:SHOWN]),
        failed=tuple(_work(p) for p in work.filter(state="failed", finished_at__gte=at - LOOK_BACK)[:SHOWN]),
        sealing=sealing_state(at),
        nodes=_nodes(),
        parts=health.parts(at),
        processes=tuple(heartbeats.seen(at)[:SHOWN]),
        archive=archive.standing(at),
    )


def waiting_for_a_person(at: datetime) -> tuple[int, int]:
    """Return how many events are held and how much work failed within a day: what nobody but a person moves on."""
    failed = Progress.objects.filter(state="failed", finished_at__gte=at - LOOK_BACK)
    return OutboxEvent.objects.filter(state=OutboxState.HELD).count(), failed.count()


def _held() -> tuple[HeldEvent, ...]:
    rows = outbox.held()
    subjects = OutboxEvent.objects.filter(state=OutboxState.PENDING, subject__in={row.subject for row in rows})
    later: dict[str, int] = {}
    for subject in subjects.values_list("subject", flat=True):
        later[subject] = later.get(subject, 0) + 1
    return tuple(
        HeldEvent(row.pk, row.name, row.subject, row.at, row.attempts, row.error, later.get(row.subject, 0))
        for row in rows
    )


def _work(p: Progress) -> WorkRow:
    percent = min(99, p.done * 100 // p.total) if p.total else 0
    shown = ProgressRow(p.pk, p.title, p.state, p.done, p.total, percent, p.message, None, "")
    return WorkRow(shown, p.task, p.account_id, p.department_id, p.at, p.finished_at)


def sealing_state(at: datetime) -> Sealing:
    """Return how far the sealer is behind, against the setting `seal_lag_alarm`."""
    lag, limit = sealing.lag(at), settings().seal_lag_alarm
    last = AuditSeal.objects.order_by("-number").only("number", "sealed_at").first()
    return Sealing(
        lag=round(lag, 1),
        waiting=AuditPending.objects.count(),
        alarm=lag > limit,
        limit=limit,
        last_seal=last.number if last else 0,
        last_seal_at=last.sealed_at if last else None,
    )


def _nodes() -> tuple[NodeRow, ...]:
    shipped: dict[str, list[tuple[str, int, datetime]]] = {}
    rows = AuditSegment.objects.values("writer").annotate(last=Max("received_at"), number=Max("number"))
    for row in rows:
        name = row["writer"].split(".", 1)[0]
        shipped.setdefault(name, []).append((row["writer"], row["number"], row["last"]))
    return tuple(
        NodeRow(
            name,
            tuple(writer for writer, _number, _at in shipped.get(name, ())),
            sum(number for _writer, number, _at in shipped.get(name, ())),
            max((when for _writer, _number, when in shipped.get(name, ())), default=None),
        )
        for name in sorted({*nodes.names(), *shipped})
    )
