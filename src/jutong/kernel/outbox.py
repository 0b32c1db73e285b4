"""Events as rows: published with the deed, delivered at least once, in order per subject; poison holds its own subject.

Who listens hears of events one by one (`on`), or of all that are ready at once (`on_many`) where a set costs little more
than one; what is promised is the same.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from jutong.kernel.actors import Actor
from jutong.kernel.models import OutboxEvent, OutboxState

logger = logging.getLogger(__name__)

ATTEMPTS: Final = 5
"""After so many failures an event is held for a person."""

CHANNEL: Final = "jutong_wake"
"""PostgreSQL notification that wakes the worker."""

ALONE: Final = 200
"""How many events of names that are heard one by one a batch takes."""

TOGETHER: Final = 500
"""How many events of names that are heard in sets a batch takes: their consumers hold locks for about a second."""

Consumer = Callable[["Event", datetime], None]
SetConsumer = Callable[[Sequence["Event"], datetime], None]
_CONSUMERS: Final[dict[str, list[Consumer]]] = defaultdict(list)
_SET_CONSUMERS: Final[dict[str, list[SetConsumer]]] = defaultdict(list)


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """A fact as consumers see it; `payload["by"]` names the account and person who caused it; tries: that failed before."""

    id: int
    name: str
    subject: str
    payload: dict[str, Any]
    at: datetime
    tries: int = 0


def on(*names: str) -> Callable[[Consumer], Consumer]:
    """Register an idempotent consumer `react(event, at)` for events of these names."""

    def register(consumer: Consumer) -> Consumer:
        for name in names:
            _CONSUMERS[name].append(consumer)
        return consumer

    return register


def on_many(*names: str) -> Callable[[SetConsumer], SetConsumer]:
    """Register an idempotent consumer `react(events, at)` for sets of events of these names: of one name, oldest first.

    No two events of a set are of one subject. Where a set fails it is undone and comes again in halves, until what fails
    stands alone and is tried again as any event. A name may be listened to both ways: its events come in sets to those who
    asked for sets.
    """

    def register(consumer: SetConsumer) -> SetConsumer:
        for name in names:
            _SET_CONSUMERS[name].append(consumer)
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
    """Return who listens to what, each as a consumer of one event."""
    heard = {name: list(listening) for name, listening in _CONSUMERS.items()}
    for name, sets in _SET_CONSUMERS.items():
        heard.setdefault(name, []).extend(_singly(consumer) for consumer in sets)
    return heard


def _singly(consumer: SetConsumer) -> Consumer:
    @functools.wraps(consumer)
    def consume(event: Event, at: datetime) -> None:
        consumer([event], at)

    return consume


def publish(name: str, subject: str, payload: dict[str, Any], *, at: datetime, by: Actor | None = None) -> None:
    """Publish one event in the current transaction."""
    publish_many([(name, subject, payload)], at=at, by=by)


TELL: Final = """
    insert into kernel_outboxevent (name, subject, payload, at, state, attempts, next_try, error)
    select name, subject, payload, %(at)s, 'pending', 0, %(at)s, '' from {events} as event
"""
"""Publish rows `events` (name, subject, payload), within a statement that is a deed itself or alone; `at` is a parameter."""
WAKE: Final = f"pg_notify('{CHANNEL}', 'outbox')"
_PUBLISH: Final = TELL.format(events="json_to_recordset(%(events)s::json)") + "(name text, subject text, payload jsonb)"
"""One parameter for a whole set: a tenth of what rows of the ORM cost, and every move publishes."""


def cause(by: Actor) -> dict[str, Any]:
    """Return what the payload of an event says under "by" of who caused it."""
    return {"account": by.account_id, "name": by.name, "department": by.department_id}


def publish_many(events: Sequence[tuple[str, str, dict[str, Any]]], *, at: datetime, by: Actor | None = None) -> None:
    """Publish many events (name, subject, payload), in their order, in the current transaction."""
    if not events:
        return
    who = {"by": cause(by)} if by else {}
    told = [{"name": name, "subject": subject, "payload": payload | who} for name, subject, payload in events]
    with connection.cursor() as cursor:
        said = json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False)
        cursor.execute(_PUBLISH, {"at": at, "events": said})
        cursor.execute(f"select {WAKE}")


_READY = """
    select e.id, e.name, e.subject, e.payload, e.at, e.attempts from kernel_outboxevent e
     where e.state = 'pending' and e.next_try <= %s and e.name = any(%s)
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


def drain(at: datetime, *, limit: int = ALONE) -> int:
    """Deliver what is ready, oldest first and in order per subject; returns how many were handled (well or badly).

    A batch is one transaction with a savepoint per event or set of events: what a crash undoes comes again (at least once).
    Events that nobody listens to are settled in one statement. limit: of events that are heard one by one.
    """
    sets = sorted(_SET_CONSUMERS)
    singles = sorted(_CONSUMERS.keys() - _SET_CONSUMERS.keys())
    with transaction.atomic(), connection.cursor() as cursor:
        wanted = [(frozenset(names()), listener) for names, listener in _OVERHEARERS]
        named = sorted({name for names, _listener in wanted for name in names})
        cursor.execute(_UNHEARD, [at, [*singles, *sets], limit * 10, named])
        unheard = cursor.fetchall()
        settled = [_event(pk, name, about, said, when, 0) for pk, name, about, said, when in unheard if said]
        ready: list[Event] = []
        for listened, most in ((singles, limit), (sets, TOGETHER)):
            cursor.execute(_READY, [at, listened, most])
            ready += [_event(*row) for row in cursor.fetchall()]
        heard = [event for group in _grouped(ready) for event in _delivered(group, at)]
        OutboxEvent.objects.filter(pk__in=[event.id for event in heard]).update(
            state=OutboxState.DONE, done_at=at, error=""
        )
        settled += [event for event in heard if event.name in named]
        for names, listener in wanted:
            _let_overhear(listener, [event for event in settled if event.name in names], at)
    return len(unheard) + len(ready)


def _event(pk: int, name: str, subject: str, said: str, at: datetime, tries: int) -> Event:
    return Event(pk, name, subject, orjson.loads(said), at, tries)


def _grouped(ready: Iterable[Event]) -> Iterator[Sequence[Event]]:
    """Yield events as they are delivered, oldest first: sets by name, the others each alone, and so what failed before."""
    groups: dict[str | int, list[Event]] = {}
    for event in sorted(ready, key=lambda one: one.id):
        together = event.name in _SET_CONSUMERS and not event.tries
        groups.setdefault(event.name if together else event.id, []).append(event)
    yield from groups.values()


def _let_overhear(listener: Overhearer, events: Sequence[Event], at: datetime) -> None:
    if not events:
        return
    try:
        with transaction.atomic():
            listener(events, at)
    except Exception:
        logger.exception("%d events could not be overheard", len(events))


def _delivered(events: Sequence[Event], at: datetime) -> Sequence[Event]:
    """Deliver events of one name in one savepoint, a set that fails in halves; return those that were delivered."""
    try:
        with transaction.atomic():
            for consumer in _SET_CONSUMERS.get(events[0].name, []):
                consumer(events, at)
            for event in events:
                for single in _CONSUMERS.get(event.name, []):
                    single(event, at)
    except Exception as problem:
        if len(events) > 1:
            logger.warning(
                "a set of %d events %s failed, its halves follow", len(events), events[0].name, exc_info=True
            )
            half = len(events) // 2
            return [*_delivered(events[:half], at), *_delivered(events[half:], at)]
        _failed(events[0], problem, at)
        return []
    return events


def _failed(event: Event, problem: Exception, at: datetime) -> None:
    """Note why an event could not be delivered: it is tried again later, and held for a person after so many times."""
    logger.error("event %s %s of %s failed", event.id, event.name, event.subject, exc_info=problem)
    tries = event.tries + 1
    OutboxEvent.objects.filter(pk=event.id).update(
        attempts=tries,
        error=f"{type(problem).__name__}: {problem}"[:2000],
        next_try=at + timedelta(seconds=2**tries),
        state=OutboxState.HELD if tries >= ATTEMPTS else OutboxState.PENDING,
    )


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
