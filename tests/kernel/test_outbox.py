"""Events: with the deed or not at all, in order per subject, poison holds back only its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from jutong.kernel import outbox
from jutong.kernel.models import OutboxEvent

NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """What a consumer of test.* heard; it breaks on "poison"."""
    told: list[str] = []

    def listen(event: outbox.Event, at: datetime) -> None:
        if event.payload.get("what") == "poison":
            raise ValueError("cannot swallow this")
        told.append(f"{event.subject}/{event.payload['what']}")

    outbox.on("test.happened")(listen)
    yield told
    outbox._CONSUMERS.pop("test.happened")


def say(subject: str, what: str) -> None:
    outbox.publish("test.happened", subject, {"what": what}, at=NOW)


@pytest.mark.django_db
def test_events_come_in_order_and_once_when_all_goes_well(heard: list[str]) -> None:
    for n in range(5):
        say("a:1", str(n))
    assert [outbox.drain(NOW) for _round in range(6)] == [1, 1, 1, 1, 1, 0]
    assert heard == [f"a:1/{n}" for n in range(5)]


@pytest.mark.django_db
def test_an_event_of_a_deed_that_was_rolled_back_never_comes(heard: list[str]) -> None:
    with transaction.atomic():
        say("a:1", "undone")
        transaction.set_rollback(True)
    assert outbox.drain(NOW) == 0
    assert heard == []


@pytest.mark.django_db
def test_poison_holds_back_its_own_subject_only(heard: list[str]) -> None:
    for subject, what in (("a:1", "first"), ("a:1", "poison"), ("a:1", "after"), ("b:2", "other")):
        say(subject, what)
    at = NOW
    for _try in range(outbox.ATTEMPTS + 1):
        outbox.drain(at)
        at += timedelta(minutes=2)
    assert heard == ["a:1/first", "b:2/other"]
    (held,) = outbox.held()
    assert (held.state, held.attempts) == ("held", outbox.ATTEMPTS)
    assert "cannot swallow this" in held.error
    say("a:1", "later")
    outbox.drain(at)
    assert heard == ["a:1/first", "b:2/other"]


@pytest.mark.django_db
def test_a_failing_event_waits_longer_each_time(heard: list[str]) -> None:
    say("a:1", "poison")
    assert outbox.drain(NOW) == 1
    assert outbox.drain(NOW + timedelta(seconds=1)) == 0
    assert outbox.drain(NOW + timedelta(seconds=3)) == 1
    assert OutboxEvent.objects.get().attempts == 2


@pytest.mark.django_db
def test_what_nobody_listens_to_is_settled_in_one_statement(django_assert_num_queries) -> None:
    outbox.publish_many([("test.unheard", f"s:{n}", {}) for n in range(500)], at=NOW)
    with django_assert_num_queries(5):
        assert outbox.drain(NOW) == 500
    assert outbox.drain(NOW) == 0


@pytest.mark.django_db
def test_many_subjects_are_served_in_one_batch(heard: list[str], django_assert_max_num_queries) -> None:
    for n in range(50):
        say(f"a:{n}", "x")
    with django_assert_max_num_queries(160):
        assert outbox.drain(NOW) == 50
    assert len(heard) == 50
