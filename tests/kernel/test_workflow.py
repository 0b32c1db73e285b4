"""The engine moves cases: lock, state, permission, profile, business, clocks, audit and event, or nothing at all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sample
from django.db import connection

from covers import covers
from jutong.kernel import queries
from jutong.kernel.actors import Actor, Channel, Post, Role, Who, system_actor
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry, CalendarDay, Clock, OutboxEvent
from jutong.kernel.workflow import ClockRule, Workflow, clocks
from jutong.kernel.workflow.table import BadTable

RECEIVED = datetime(2025, 9, 30, 2, 0, tzinfo=UTC)  # Tuesday before the national holiday of 2025


def someone(role: Role, department: int, *, acting_for: int | None = None) -> Actor:
    post = Post(role, department, acting_for, "王局" if acting_for else "")
    return Actor(department * 10 + 1, "张三", department, "部门", "360100", frozenset({post}), Channel.PAGE, "10.0.0.9")


CLERK, HEAD = someone(Role.CLERK, 1), someone(Role.SHARING_UNIT_HEAD, 2)


@pytest.fixture(autouse=True)
def _table(db: None) -> None:
    with connection.schema_editor() as editor:
        editor.create_model(sample.Note)


def sent(at: datetime = RECEIVED, text: str = "请阅") -> sample.Note:
    note = sample.write(by=CLERK, at=at, consumer_id=1, provider_id=2, text=text)
    return sample.send(note, by=CLERK, at=at) if text else note


def clock_of(note: sample.Note) -> Clock:
    return Clock.objects.get(case_kind="note", case_id=note.pk)


def test_a_move_changes_state_writes_audit_and_publishes_in_one_step() -> None:
    note = sample.agree(sent(), by=HEAD, at=RECEIVED, remark="！")
    assert (note.state, note.previous_state, note.text, note.revision) == ("agreed", "received", "请阅！", 2)
    entry = AuditEntry.objects.get(verb="note.agree")
    assert (entry.outcome, entry.actor_id, entry.department_id, entry.address) == ("success", 21, 2, "10.0.0.9")
    assert entry.before != entry.after != ""
    assert entry.detail == {"from": "received", "to": "agreed", "profile": "national-2025@1"}
    event = OutboxEvent.objects.get(name="note.agreed")
    assert event.payload["provider_id"] == 2
    assert event.payload["by"]["account"] == 21


def test_a_refusal_leaves_nothing_but_its_own_audit_row() -> None:
    note = sent()
    with pytest.raises(RuleBroken):
        sample.agree(note, by=HEAD, at=RECEIVED, remark="拒")
    note.refresh_from_db()
    assert (note.state, note.text) == ("received", "请阅")
    entry = AuditEntry.objects.get(verb="note.agree")
    assert (entry.outcome, entry.code, entry.reason) == ("refused", "validation_error", "意见不能写“拒”，请改写。")
    assert not OutboxEvent.objects.filter(name="note.agreed").exists()


def test_the_wrong_department_the_wrong_role_and_the_wrong_state_are_told_apart() -> None:
    note = sent()
    with pytest.raises(NotAllowed, match="负责人"):
        sample.agree(note, by=someone(Role.CLERK, 2), at=RECEIVED)
    with pytest.raises(NotThere):
        sample.agree(note, by=someone(Role.SHARING_UNIT_HEAD, 3), at=RECEIVED)
    with pytest.raises(NotAllowed):
        sample.agree(note, by=someone(Role.SHARING_UNIT_HEAD, 1), at=RECEIVED)
    sample.agree(note, by=HEAD, at=RECEIVED)
    with pytest.raises(WrongState, match="同意"):
        sample.agree(note, by=HEAD, at=RECEIVED)
    codes = list(AuditEntry.objects.filter(outcome="refused").order_by("id").values_list("code", flat=True))
    assert codes == ["forbidden", "not_found", "forbidden", "invalid_state"]


def test_a_delegate_acts_and_the_trail_says_for_whom() -> None:
    sample.agree(sent(), by=someone(Role.SHARING_UNIT_HEAD, 2, acting_for=77), at=RECEIVED)
    assert AuditEntry.objects.get(verb="note.agree").acting_for == 77


def test_a_move_the_profile_does_not_offer_is_forbidden_and_its_button_missing() -> None:
    note = sent()
    with pytest.raises(NotAllowed, match="政策"):
        sample.forbid(note, by=HEAD, at=RECEIVED)
    assert [b.verb for b in sample.NOTE.open_to(HEAD, note)] == ["ask", "extend", "agree", "stamp"]
    assert sample.NOTE.open_to(CLERK, note) == []


def test_only_the_platform_makes_the_platforms_moves() -> None:
    note = sample.ask(sent(), by=HEAD, at=RECEIVED)
    with pytest.raises(NotAllowed):
        sample.lapse(note, by=HEAD, at=RECEIVED)
    assert sample.lapse(note, by=system_actor("clock"), at=RECEIVED).state == "lapsed"


@covers(partly=["R-OVR-035"])
def test_the_reply_clock_counts_working_days_and_says_from_which_article() -> None:
    clock = clock_of(sent())
    assert (clock.due_day, clock.overdue_on, clock.provisional) == (date(2025, 10, 21), date(2025, 10, 22), False)
    assert clock.due_at == datetime(2025, 10, 21, 16, 0, tzinfo=UTC)
    assert "10" in clock.explanation
    assert clock.obliged_id == 2


def test_a_pause_keeps_the_days_left_and_at_least_one() -> None:
    note = sample.ask(sent(), by=HEAD, at=datetime(2025, 10, 20, 2, 0, tzinfo=UTC))
    assert clock_of(note).remaining == 1
    note = sample.supplement(note, by=CLERK, at=datetime(2025, 11, 3, 2, 0, tzinfo=UTC), text="补")
    assert (note.state, clock_of(note).due_day) == ("received", date(2025, 11, 4))
    note = sample.ask(note, by=HEAD, at=datetime(2025, 11, 4, 2, 0, tzinfo=UTC))
    sample.supplement(note, by=CLERK, at=datetime(2025, 11, 6, 2, 0, tzinfo=UTC), text="补")
    assert clock_of(note).due_day == date(2025, 11, 7)


def test_an_extension_has_a_limit_and_must_be_asked_for_in_time() -> None:
    note = sample.extend(sent(), by=HEAD, at=RECEIVED, days=6)
    assert clock_of(note).due_day == date(2025, 10, 29)
    with pytest.raises(RuleBroken, match="还可延长 4 个"):
        sample.extend(note, by=HEAD, at=RECEIVED, days=5)
    with pytest.raises(WrongState, match="届满"):
        sample.extend(note, by=HEAD, at=datetime(2025, 10, 30, 2, 0, tzinfo=UTC), days=1)


def test_overdue_is_an_event_the_next_working_day_and_never_a_decision() -> None:
    note = sent()
    clocks.sweep(datetime(2025, 10, 21, 15, 59, tzinfo=UTC))
    assert list(OutboxEvent.objects.filter(name__startswith="clock.").values_list("name", flat=True)) == [
        "clock.due_soon"
    ]
    for _twice in range(2):
        clocks.sweep(datetime(2025, 10, 21, 16, 1, tzinfo=UTC))
    assert OutboxEvent.objects.filter(name="clock.overdue").count() == 1
    note.refresh_from_db()
    assert note.state == "received"
    late = sample.agree(note, by=HEAD, at=datetime(2025, 10, 23, 2, 0, tzinfo=UTC))
    row = queries.clocks("note", [late.pk], datetime(2025, 10, 23, 2, 0, tzinfo=UTC))[late.pk][0]
    assert (row.state, row.text) == ("stopped", "逾期办结")


@covers(partly=["R-OVR-035"])
def test_a_limit_into_an_unannounced_year_is_provisional_until_the_calendar_is_loaded() -> None:
    note = sent(datetime(2026, 12, 28, 2, 0, tzinfo=UTC))
    before = clock_of(note)
    assert before.provisional
    rest = [date(2027, 1, 1) + timedelta(days=n) for n in range(3)]
    workdays = [date(2027, 1, 9)]
    other = [date(2027, 2, 5) + timedelta(days=n) for n in range(8)] + [date(2027, 5, 3), date(2027, 10, 4)]
    CalendarDay.objects.bulk_create(
        [CalendarDay(day=d, workday=False) for d in rest + other] + [CalendarDay(day=d, workday=True) for d in workdays]
    )
    assert clocks.recompute_provisional() == 1
    after = clock_of(note)
    assert (after.provisional, after.due_day) == (False, date(2027, 1, 11))


def test_a_set_moves_in_a_few_statements_under_the_same_guards(django_assert_max_num_queries) -> None:
    notes = [sent() for _ in range(30)]
    empty = sample.write(by=CLERK, at=RECEIVED, consumer_id=1, provider_id=2, text="")
    foreign = sample.write(by=someone(Role.CLERK, 5), at=RECEIVED, consumer_id=5, provider_id=6, text="外")
    with django_assert_max_num_queries(60):
        moved = sample.NOTE.advance_many(
            "agree", [*(n.pk for n in notes), empty.pk, foreign.pk, 999_999], by=HEAD, at=RECEIVED
        )
    assert sorted(moved.done) == sorted(n.pk for n in notes)
    assert set(moved.refused) == {empty.pk, foreign.pk, 999_999}
    assert AuditEntry.objects.filter(verb="note.agree", outcome="success").count() == 30
    assert AuditEntry.objects.filter(verb="note.agree", outcome="refused").count() == 3
    assert OutboxEvent.objects.filter(name="note.agreed").count() == 30
    assert set(Clock.objects.filter(case_kind="note", case_id__in=moved.done).values_list("state", flat=True)) == {
        "stopped"
    }


def test_the_workbench_question_finds_what_an_actor_may_move() -> None:
    note, draft = sent(), sample.write(by=CLERK, at=RECEIVED, consumer_id=1, provider_id=2, text="草")
    assert list(sample.Note.objects.filter(sample.NOTE.waiting_for(HEAD))) == [note]
    assert list(sample.Note.objects.filter(sample.NOTE.waiting_for(CLERK))) == [draft]
    assert not sample.Note.objects.filter(sample.NOTE.waiting_for(someone(Role.AUDITOR, 2))).exists()


ANY = Who("any", "任何人")


@pytest.mark.parametrize(
    ("moves", "says"),
    [
        ([("a", "nowhere", "b", ANY, "", "甲")], "no move leads to"),
        ([("a", "-", "s", ANY, "start ghost", "甲")], "no clock deed"),
        ([("a", "-", "s", ANY, "wind reply", "甲")], "no clock deed"),
        ([("a", "s", "s", ANY, "", "甲"), ("a", "s", "s", ANY, "", "乙")], "stands twice"),
    ],
)
def test_a_table_that_cannot_work_refuses_to_import(moves: list, says: str) -> None:
    with pytest.raises(BadTable, match=says):
        Workflow(
            f"bad_{says}", "坏表", case="kernel.Note", start="s", clocks=[ClockRule("reply", "答复", "x")], moves=moves
        )
