"""A set of cases meets what each of them would meet alone: the same moves, refusals, trail, clocks and events."""

from __future__ import annotations

from typing import Any

import pytest
import sample
from django.db import connection
from test_workflow import CLERK, HEAD, RECEIVED, clock_of, sent, someone

from jutong.kernel.actions import acting
from jutong.kernel.actors import Role
from jutong.kernel.audit import Act, digest_of
from jutong.kernel.errors import NotAllowed, NotThere, Refusal, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry, Clock, OutboxEvent


@pytest.fixture(autouse=True)
def _table(db: None) -> None:
    with connection.schema_editor() as editor:
        editor.create_model(sample.Note)


def _cases() -> list[int]:
    """Return two notes that can be stamped and some that cannot: spoilt, done already, foreign, unknown."""
    spoilt, done = sent(text="废"), sample.agree(sent(), by=HEAD, at=RECEIVED)
    foreign = sample.write(by=someone(Role.CLERK, 5), at=RECEIVED, consumer_id=5, provider_id=6, text="外")
    return [sent().pk, spoilt.pk, sent(text="准").pk, done.pk, foreign.pk, foreign.pk + 1_000]


def _left(ids: list[int]) -> list[Any]:
    """Return what is found afterwards of each case: its row, trail, clock and events."""
    found = []
    for pk in ids:
        note = sample.Note.objects.filter(pk=pk).first()
        trail = list(AuditEntry.objects.filter(subject_kind="note", subject_id=pk).order_by("pk"))
        if trail and trail[-1].outcome == "success" and trail[-1].verb == "note.stamp":
            assert trail[-1].after == digest_of(note) != trail[-1].before != ""
        told = OutboxEvent.objects.filter(subject=f"note:{pk}").order_by("pk")
        found.append((
            note and (note.text, note.state, note.previous_state, note.revision),
            [(e.verb, e.outcome, e.code, e.reason, e.acting_for, e.detail, bool(e.after)) for e in trail],
            list(Clock.objects.filter(case_kind="note", case_id=pk).values_list("state", "stopped_at")),
            [(e.name, {**e.payload, "id": 0}) for e in told],
        ))  # fmt: skip
    return found


def test_a_set_action_does_to_many_exactly_what_it_does_to_each(django_assert_max_num_queries: Any) -> None:
    alone, together = _cases(), _cases()
    refused = {}
    for place, pk in enumerate(alone):
        try:
            assert sample.stamp(pk, by=HEAD, at=RECEIVED, seal="印").state == "agreed"
        except Refusal as refusal:
            refused[together[place]] = refusal.sentence
    with django_assert_max_num_queries(12):
        moved = sample.NOTE.advance_many("stamp", together[::-1], by=HEAD, at=RECEIVED, words={"seal": "印"})
    assert (moved.done, moved.refused) == ([together[0], together[2]], refused)
    assert _left(together) == _left(alone)
    assert [row[0] and row[0][0] for row in _left(together)] == ["请阅印", "废", "准印", "请阅", "外", None]


def test_a_set_of_which_nothing_moved_is_refused_as_one_case_would_be() -> None:
    ready, spoilt, _other, done, foreign, unknown = _cases()

    def refusal(*ids: int, by: Any = HEAD) -> Refusal:
        moved = sample.NOTE.advance_many("stamp", ids, by=by, at=RECEIVED, words={"seal": "印"})
        with pytest.raises(Refusal) as raised:
            moved.some()
        assert dict(raised.value.cases) == moved.refused
        assert set(moved.refused) == set(ids)
        return raised.value

    assert type(refusal(ready, by=CLERK)) is NotAllowed
    assert type(refusal(ready, done, by=CLERK)) is NotAllowed, "whoever may make the move on none is told so first"
    assert type(refusal(unknown, unknown + 1)) is NotThere
    assert type(refusal(done, unknown)) is WrongState
    assert type(refusal(spoilt)) is type(refusal(spoilt, foreign)) is RuleBroken
    assert type(refusal(done, spoilt)) is WrongState
    assert refusal(ready, done, by=CLERK).audited
    some = sample.NOTE.advance_many("stamp", [ready, done], by=HEAD, at=RECEIVED, words={"seal": "印"}).some()
    assert (some.done, list(some.refused)) == ([ready], [done])


def test_one_case_goes_the_road_of_the_set_and_its_refusal_is_raised() -> None:
    note = sent()
    with pytest.raises(NotAllowed):
        sample.stamp(note, by=CLERK, at=RECEIVED)
    assert sample.NOTE.do("stamp", note, by=HEAD, at=RECEIVED).text == "请阅章"
    assert (clock_of(note).state, clock_of(note).stopped_at) == ("stopped", RECEIVED)
    with pytest.raises(WrongState):
        sample.stamp(note, by=HEAD, at=RECEIVED)
    outcomes = AuditEntry.objects.filter(verb="note.stamp").order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["refused", "success", "refused"]


def test_cases_open_in_a_set_each_with_its_trail_and_event_and_the_others_are_told_why() -> None:
    good, bad, more = sample.write_many(["请阅", "", "准"], by=CLERK, at=RECEIVED)
    assert isinstance(bad, RuleBroken)
    assert [(one.state, one.profile) for one in (good, more)] == [("draft", "national-2025@1")] * 2
    trail = list(AuditEntry.objects.filter(verb="note.write").order_by("pk"))
    assert [(e.subject_id, e.outcome, e.code) for e in trail] == [
        (str(good.pk), "success", ""), (str(more.pk), "success", ""), ("", "refused", "validation_error"),
    ]  # fmt: skip
    assert trail[0].after == digest_of(good)
    assert OutboxEvent.objects.filter(name="note.draft").count() == 2
    with acting(Act("note.send", CLERK, RECEIVED, "note")):
        (alien,) = sample.write_many(["外"], by=CLERK, at=RECEIVED, consumer_id=5)
    assert isinstance(alien, NotAllowed), "whoever may not write for a department opens nothing there"
    assert AuditEntry.objects.filter(verb="note.write").count() == 3, (
        "the refusal of a step is told by whose step it is"
    )
