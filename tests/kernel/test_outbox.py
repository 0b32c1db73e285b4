"""Events: with the deed or not at all, in order per subject, poison holds back only its own; in sets as one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from jutong.kernel import inbox, outbox
from jutong.kernel.models import InboxItem, OutboxEvent

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


@pytest.fixture
def sets() -> Iterator[list[list[str]]]:
    """The sets in which a consumer of test.gathered took its events: a notice each, and only then it breaks on "poison"."""
    told: list[list[str]] = []

    def listen(events: Sequence[outbox.Event], at: datetime) -> None:
        told.append([f"{event.subject}/{event.payload['what']}" for event in events])
        for event in events:
            inbox.tell(title=f"{event.subject}/{event.payload['what']}", at=at)
        if any(event.payload["what"] == "poison" for event in events):
            raise ValueError("cannot swallow this")

    outbox.on_many("test.gathered")(listen)
    yield told
    outbox._SET_CONSUMERS.pop("test.gathered")
    outbox._CONSUMERS.pop("test.gathered", None)


def say(subject: str, what: str, *, name: str = "test.happened") -> None:
    outbox.publish(name, subject, {"what": what}, at=NOW)


def noticed() -> list[str]:
    return list(InboxItem.objects.order_by("pk").values_list("title", flat=True))


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
    with django_assert_num_queries(6):
        assert outbox.drain(NOW) == 500
    assert outbox.drain(NOW) == 0


@pytest.mark.django_db
def test_many_subjects_are_served_in_one_batch(heard: list[str], django_assert_max_num_queries) -> None:
    for n in range(50):
        say(f"a:{n}", "x")
    with django_assert_max_num_queries(160):
        assert outbox.drain(NOW) == 50
    assert len(heard) == 50


@pytest.mark.django_db
def test_a_set_is_delivered_at_once_and_in_order_per_subject(sets: list[list[str]], heard: list[str]) -> None:
    for what in ("1", "2"):
        for subject in ("a:1", "b:2", "c:3"):
            say(subject, what, name="test.gathered")
    say("c:3", "between")
    say("c:3", "3", name="test.gathered")
    assert [outbox.drain(NOW) for _round in range(5)] == [3, 3, 1, 1, 0]
    assert sets == [["a:1/1", "b:2/1", "c:3/1"], ["a:1/2", "b:2/2", "c:3/2"], ["c:3/3"]]
    assert heard == ["c:3/between"]


@pytest.mark.django_db
def test_poison_in_the_middle_of_a_set_holds_its_own_subject_only(sets: list[list[str]]) -> None:
    for subject, what in (("a:1", "x"), ("b:2", "x"), ("c:3", "poison"), ("c:3", "after"), ("d:4", "x"), ("e:5", "x")):
        say(subject, what, name="test.gathered")
    outbox.drain(NOW)
    assert sorted(noticed()) == ["a:1/x", "b:2/x", "d:4/x", "e:5/x"]  # what a failing set had done was undone
    sets.clear()
    at = NOW
    for again in range(1, outbox.ATTEMPTS + 1):
        at += timedelta(minutes=2)
        say(f"f:{again}", "x", name="test.gathered")
        outbox.drain(at)
    assert sets == [[one] for n in range(1, outbox.ATTEMPTS) for one in ("c:3/poison", f"f:{n}/x")] + [["f:5/x"]]
    (held,) = outbox.held()
    assert (held.subject, held.payload["what"], held.attempts) == ("c:3", "poison", outbox.ATTEMPTS)
    assert "cannot swallow this" in held.error
    assert OutboxEvent.objects.filter(state="pending").get().payload["what"] == "after"
    outbox.pass_over(held, at=at)
    outbox.drain(at)
    assert noticed()[-1] == "c:3/after"


@pytest.mark.django_db
def test_who_listens_one_by_one_hears_of_a_set_too_and_undoes_only_its_own_event(sets: list[list[str]]) -> None:
    singly: list[str] = []

    def listen(event: outbox.Event, at: datetime) -> None:
        if event.payload["what"] == "bad":
            raise ValueError("not this one")
        singly.append(event.subject)

    outbox.on("test.gathered")(listen)
    for subject, what in (("a:1", "x"), ("b:2", "bad"), ("c:3", "x"), ("d:4", "x")):
        say(subject, what, name="test.gathered")
    assert outbox.drain(NOW) == 4
    assert sorted(noticed()) == ["a:1/x", "c:3/x", "d:4/x"]
    assert {"a:1", "c:3", "d:4"} == set(singly)
    assert list(OutboxEvent.objects.filter(state="pending").values_list("subject", "attempts")) == [("b:2", 1)]


@pytest.mark.django_db
def test_a_set_costs_what_one_event_costs(sets: list[list[str]], django_assert_max_num_queries) -> None:
    outbox.publish_many([("test.gathered", f"a:{n}", {"what": "x"}) for n in range(outbox.TOGETHER + 5)], at=NOW)
    outbox._SET_CONSUMERS["test.gathered"][:] = [lambda events, at: sets.append([event.subject for event in events])]
    with django_assert_max_num_queries(10):
        assert outbox.drain(NOW) == outbox.TOGETHER
    assert [len(told) for told in sets] == [outbox.TOGETHER]
    assert outbox.drain(NOW) == 5
