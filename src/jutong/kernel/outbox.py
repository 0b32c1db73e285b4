"""Events as rows: published with the deed, delivered at least once, in order per subject; poison holds its own subject."""

from __future__ import annotations

import dataclasses
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from django.db import connection, transaction

from jutong.kernel.actors import Actor
from jutong.kernel.models import OutboxEvent, OutboxState

logger = logging.getLogger(__name__)

ATTEMPTS: Final = 5
"""After so many failures an event is held for a person."""

CHANNEL: Final = "jutong_wake"
"""PostgreSQL notification that wakes the worker."""

Consumer = Callable[["Event", datetime], None]
_CONSUMERS: Final[dict[str, list[Consumer]]] = defaultdict(list)


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """A fact as consumers see it; `payload["by"]` names the account and person who caused it."""

    id: int
    name: str
    subject: str
    payload: dict[str, Any]
    at: datetime


def on(*names: str) -> Callable[[Consumer], Consumer]:
    """Register an idempotent consumer `react(event, at)` for events of these names."""

    def register(consumer: Consumer) -> Consumer:
        for name in names:
            _CONSUMERS[name].append(consumer)
        return consumer

    return register


Names = Callable[[], Collection[str]]
Overhearer = Callable[[Sequence["Event"], datetime], None]
_OVERHEARERS: Final[list[tuple[Names, Overhearer]]] = []


def overhear(names: Names) -> Callable[[Overhearer], Overhearer]:
    """Let `listen(events, at)` hear of settled events of these names, a batch at a time, in the transaction that settles them.

    names: asked at every drain; nothing while nobody wants to know. It holds nothing up: events that nobody else listens to
    are settled as before, and a failure is logged and costs this batch. For what follows a case, use `on`.
    """

    def register(listener: Overhearer) -> Overhearer:
        _OVERHEARERS.append((names, listener))
        return listener

    return register


def consumers() -> dict[str, list[Consumer]]:
    """Return who listens to what."""
    return dict(_CONSUMERS)


def publish(name: str, subject: str, payload: dict[str, Any], *, at: datetime, by: Actor | None = None) -> None:
    """Publish one event in the current transaction."""
    publish_many([(name, subject, payload)], at=at, by=by)


def publish_many(events: Sequence[tuple[str, str, dict[str, Any]]], *, at: datetime, by: Actor | None = None) -> None:
    """Publish many events (name, subject, payload) in the current transaction."""
    if not events:
        return
    cause = {"by": {"account": by.account_id, "name": by.name, "department": by.department_id}} if by else {}
    OutboxEvent.objects.bulk_create(
        [OutboxEvent(name=n, subject=s, payload=p | cause, at=at, next_try=at) for n, s, p in events], batch_size=1000
    )
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify(%s, 'outbox')", [CHANNEL])


_READY = """
    select e.id from kernel_outboxevent e
     where e.state = 'pending' and e.next_try <= %s
       and not exists (select 1 from kernel_outboxevent p
                        where p.subject = e.subject and p.id < e.id and p.state in ('pending', 'held'))
     order by e.id limit %s for update of e skip locked
"""
_UNHEARD = """
    update kernel_outboxevent set state = 'done', done_at = %s
     where id in (select id from kernel_outboxevent where state = 'pending' and not (name = any(%s))
                   order by id limit %s for update skip locked)
    returning id, name, subject, case when name = any(%s) then payload end, at
"""


def drain(at: datetime, *, limit: int = 200) -> int:
    """Deliver what is ready, oldest first and in order per subject; returns how many were handled (well or badly).

    A batch is one transaction with a savepoint per event: what a crash undoes comes again (at least once). Events that
    nobody listens to are settled in one statement.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        wanted = [(frozenset(names()), listener) for names, listener in _OVERHEARERS]
        named = sorted({name for names, _listener in wanted for name in names})
        cursor.execute(_UNHEARD, [at, list(_CONSUMERS), limit * 10, named])
        unheard = cursor.fetchall()
        settled = [Event(pk, name, about, orjson.loads(said), when) for pk, name, about, said, when in unheard if said]
        cursor.execute(_READY, [at, limit])
        ids = [row[0] for row in cursor.fetchall()]
        heard = [row for row in OutboxEvent.objects.filter(pk__in=ids).order_by("pk") if _delivered(row, at)]
        OutboxEvent.objects.filter(pk__in=[row.pk for row in heard]).update(
            state=OutboxState.DONE, done_at=at, error=""
        )
        settled += [_event(row) for row in heard if row.name in named]
        for names, listener in wanted:
            _let_overhear(listener, [event for event in settled if event.name in names], at)
    return len(unheard) + len(ids)


def _event(row: OutboxEvent) -> Event:
    return Event(row.pk, row.name, row.subject, row.payload, row.at)


def _let_overhear(listener: Overhearer, events: Sequence[Event], at: datetime) -> None:
    if not events:
        return
    try:
        with transaction.atomic():
            listener(events, at)
    except Exception:
        logger.exception("%d events could not be overheard", len(events))


def _delivered(row: OutboxEvent, at: datetime) -> bool:
    event = _event(row)
    try:
        with transaction.atomic():
            for consumer in _CONSUMERS.get(row.name, []):
                consumer(event, at)
    except Exception as problem:
        logger.exception("event %s %s of %s failed", row.pk, row.name, row.subject)
        row.attempts += 1
        row.error = f"{type(problem).__name__}: {problem}"[:2000]
        row.next_try = at + timedelta(seconds=2**row.attempts)
        if row.attempts >= ATTEMPTS:
            row.state = OutboxState.HELD
        row.save(update_fields=["attempts", "error", "next_try", "state"])
        return False
    return True


def held() -> list[OutboxEvent]:
    """Return events that wait for a person, oldest first."""
    return list(OutboxEvent.objects.filter(state=OutboxState.HELD).order_by("id")[:500])


def put_back(row: OutboxEvent, *, at: datetime) -> None:
    """Let a held event be delivered again, with all its attempts."""
    row.state, row.attempts, row.next_try = OutboxState.PENDING, 0, at
    row.save(update_fields=["state", "attempts", "next_try"])


def pass_over(row: OutboxEvent, *, at: datetime) -> None:
    """Give a held event up, so that later events of its subject go on; the row and its error stay."""
    row.state, row.done_at = OutboxState.SKIPPED, at
    row.save(update_fields=["state", "done_at"])
