"""W10: who may ask, whose clock runs, what the data carries meanwhile, and who is told of the correction."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from correction_world import ID_NUMBER, RECORD, entered, granted, marks, raised, reported, rules
from covers import covers
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry, Clock, InboxItem, OutboxEvent
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.correction import actions, queries
from jutong.slices.correction.models import Handling, Receiver, Verification
from jutong.slices.grants.models import Grant
from world import World

FIXED = [actions.Corrected("姓名", "李晓芳", "李小芳")]


def corrected(world: World, case: Verification, at: datetime) -> Verification:
    """Let civil's officer confirm, correct and close."""
    by = world.actor("civil.officer")
    actions.confirm_error(case, by=by, at=at, reason="与户籍底册核对，确属录入错误")
    actions.correct_verified(case, by=by, at=at, rows=FIXED, note="已于源库更正姓名")
    return actions.close_verification(case, by=by, at=at)


@covers("R-COR-001")
def test_a_report_goes_to_the_provider_without_a_hand_in_between_and_the_authority_sees_it(world: World) -> None:
    resource = entered(world)
    with pytest.raises(RuleBroken, match="校核类型"):
        reported(world, resource, kind="")
    with pytest.raises(RuleBroken, match="没有信息项"):
        reported(world, resource, items=["户主"])
    case = Verification.objects.get(pk=reported(world, resource).pk)
    assert (case.state, case.provider_id) == ("in_verification", world.department("civil"))
    assert InboxItem.objects.filter(department_id=case.provider_id, title__contains=case.number).exists()
    (line,), _page = queries.cases("verification", world.actor("authority.reviewer"), world.at, side="authority")
    assert line.number == case.number
    assert queries.cases("verification", world.actor("market.clerk"), world.at)[0] == []
    with pytest.raises(NotThere):
        queries.case("verification", case.pk, world.actor("market.clerk"), world.at)


@covers("R-COR-002", "R-COR-003")
def test_feedback_after_the_limit_is_taken_and_marked_late_and_filed_where_the_profile_files(world: World) -> None:
    resource = entered(world)
    rules("inner-mongolia-2018")
    with pytest.raises(RuleBroken, match="发现问题的日期"):
        reported(world, resource)
    found = date(2026, 2, 24)
    assert not reported(world, resource, found_on=found).late  # the fifth working day: Saturday 28 February is one
    late = reported(world, resource, found_on=found, at=world.at + timedelta(days=1))
    assert late.late
    rules("liyang-2020")
    plain = reported(world, resource)
    assert (plain.late, plain.filing) == (False, "")
    rules("jiangxi-2017")
    filed = reported(world, resource)
    assert filed.filing.startswith("BA-2026-")
    assert InboxItem.objects.filter(department_id=filed.authority_id, title__contains=filed.filing).exists()


def due(case: Verification) -> dict[str, Any]:
    return dict(Clock.objects.filter(case_kind="verification", case_id=case.pk).values_list("name", "due_day"))


BEFORE = datetime(2025, 6, 3, 1, 0, tzinfo=UTC)


@covers("R-COR-004")
def test_the_provider_has_ten_working_days_where_the_text_or_since_2025_the_decree_says_so(world: World) -> None:
    resource = granted(world)
    rules("liyang-2020")
    assert due(reported(world, resource, at=BEFORE)) == {}
    assert [str(day) for day in due(reported(world, resource)).values()] == ["2026-03-16"]
    rules("inner-mongolia-2018")
    old = reported(world, resource, at=BEFORE, found_on=BEFORE.date())
    assert list(due(old)) == ["handle"]
    case = reported(world, resource, found_on=world.at.date())
    tenth, eleventh = world.at + timedelta(days=14, hours=5), world.at + timedelta(days=15)
    late = reported(world, resource, found_on=world.at.date(), record="")
    closed = corrected(world, case, tenth)
    clock = Clock.objects.get(case_kind="verification", case_id=case.pk)
    assert closed.state == "closed"
    assert clock.stopped_at
    assert clock.stopped_at < clock.due_at
    told = Receiver.objects.get()
    assert told.consumer_id == world.department("hr")
    assert InboxItem.objects.filter(department_id=told.consumer_id, title__startswith="数据更正").exists()
    world.drain(eleventh)
    assert InboxItem.objects.filter(department_id=late.authority_id, title__contains=f"已超期：{late.number}").exists()


@covers("R-COR-005")
def test_only_the_public_under_neijiang_gets_more_time_and_only_by_the_principal(world: World) -> None:
    resource = granted(world)
    rules("neijiang-2020")
    case, _code = raised(world, actions.report, resource_id=resource, kind="doubt", text="本人收入填报有误")
    principal = world.actor("civil.principal")
    with pytest.raises(NotAllowed):
        actions.extend_verification(case, by=world.actor("civil.head"), at=world.at, days=5)
    with pytest.raises(RuleBroken, match="延长天数累计不得超过"):
        actions.extend_verification(case, by=principal, at=world.at, days=11)
    before = due(case)["complete"]
    actions.ask_longer_verification(case, by=world.actor("civil.officer"), at=world.at, days=10, reason="须外调档案")
    actions.extend_verification(case, by=principal, at=world.at, days=10)
    assert due(case)["complete"] == before + timedelta(days=14)
    with pytest.raises(RuleBroken, match="延长天数累计不得超过"):
        actions.extend_verification(case, by=principal, at=world.at, days=1)
    other = reported(world, resource)
    for profile in ("neijiang-2020", "national-2025", "inner-mongolia-2018", "liyang-2020"):
        rules(profile)
        other = reported(world, resource, found_on=world.at.date())
        with pytest.raises(WrongState, match="没有规定"):
            actions.extend_verification(other, by=principal, at=world.at, days=1)
    rules("neijiang-2020")
    early = reported(world, resource, at=BEFORE)
    actions.extend_verification(early, by=world.actor("civil.principal"), at=BEFORE, days=10)
    assert Verification.objects.get(pk=early.pk).state == "extended"


@covers("R-COR-006")
def test_who_of_the_public_may_ask_follows_the_profile_and_the_departments_own_rules(world: World) -> None:
    from jutong.slices.parties import actions as parties

    resource = entered(world)
    words = {"resource_id": resource, "kind": "error", "text": "本人姓名登记有误", "record": ID_NUMBER}
    rules("neijiang-2020")
    case, _code = raised(world, actions.report, **words)
    assert (case.channel, case.consumer_id) == ("open", None)
    rules("liyang-2020")
    with pytest.raises(NotAllowed) as told:
        raised(world, actions.report, at=BEFORE, **words)
    assert "“内江市民政局”负责（纠错渠道：数据科" in told.value.sentence
    rules("national-2025")
    with pytest.raises(NotAllowed, match="可以在本页投诉举报"):
        raised(world, actions.report, **words)
    keep = {"by": world.actor("civil.head"), "at": world.at}
    parties.set_correction_channel(world.department("civil"), channel="民政数据窗口", open_to_public=True, **keep)
    assert raised(world, actions.report, **words)[0].state == "reported"


@covers("R-COR-007")
def test_business_goes_on_while_data_is_verified_and_nothing_else_can_be_recorded(world: World) -> None:
    resource = granted(world)
    case = reported(world, resource)
    text = marks(world.at)["verification", RECORD]
    assert case.number in text
    assert "照常办理" in text
    desk = world.actor("hr.clerk")
    answer = queries.desk(resource, RECORD, desk, proof_provided=True)
    assert (answer.under_verification, answer.handle_as_usual, answer.number) == (True, True, case.number)
    for outcome in ("refused", "shifted", "correction_demanded"):
        with pytest.raises(RuleBroken, match="照常办理"):
            actions.record_handling(case.pk, by=desk, at=world.at, outcome=outcome, proof="居民户口簿")
    told = InboxItem.objects.filter(department_id=case.authority_id, title__contains="已拒绝登记")
    assert told.count() == 3
    assert OutboxEvent.objects.filter(name="correction.business_refused").count() == 3
    actions.record_handling(case.pk, by=desk, at=world.at, outcome="as_usual", proof="居民户口簿")
    assert Handling.objects.count() == 1
    corrected(world, case, world.at)
    assert ("verification", RECORD) not in marks(world.at)
    with pytest.raises(WrongState):
        actions.record_handling(case.pk, by=desk, at=world.at, outcome="as_usual", proof="居民户口簿")


@covers("R-COR-008")
def test_the_authority_sees_what_is_due_soon_and_overdue_and_urges(world: World) -> None:
    resource = entered(world)
    late, soon = reported(world, resource), reported(world, resource, at=world.at + timedelta(days=4))
    now = world.at + timedelta(days=16)
    reviewer = world.actor("authority.reviewer")
    seen = queries.watch("verification", reviewer, now)
    assert [line.number for line in seen.overdue] == [late.number]
    assert [line.number for line in seen.soon] == [soon.number]
    (figure,) = seen.figures
    assert (figure.received, figure.open, figure.overdue, figure.rules) == (2, 2, 1, False)
    actions.urge_verification(late, by=reviewer, at=now, text="请尽快核实")
    assert InboxItem.objects.filter(department_id=late.provider_id, title__startswith="主管部门催办").exists()
    assert queries.case("verification", late.pk, reviewer, now).urgings[0][2] == "请尽快核实"
    with pytest.raises(NotAllowed):
        actions.urge_verification(late, by=world.actor("hr.clerk"), at=now)
    actions.find_unfounded(late, by=world.actor("civil.officer"), at=now, reason="与底册一致")
    actions.close_verification(late, by=world.actor("civil.officer"), at=now)
    with pytest.raises(WrongState):
        actions.urge_verification(late, by=reviewer, at=now)


@covers("R-COR-021")
def test_under_the_decree_a_confirmed_error_is_on_time_only_with_its_correction(world: World) -> None:
    resource = granted(world)
    case = reported(world, resource)
    by, tenth = world.actor("civil.officer"), world.at + timedelta(days=14)
    actions.confirm_error(case, by=by, at=tenth, reason="确属录入错误")
    with pytest.raises(WrongState, match="须先登记更正内容"):
        actions.close_verification(case, by=by, at=tenth)
    world.drain(tenth + timedelta(days=1))
    found = OutboxEvent.objects.get(name="correction.not_verified_in_time")
    assert (found.payload["case_id"], found.payload["article"]) == (case.pk, "national-2025#39(6)")
    for wrong, sentence in (([], "至少填写一个"), ([actions.Corrected("姓名", "甲", "甲")], "更正前后相同")):
        with pytest.raises(RuleBroken, match=sentence):
            actions.correct_verified(case, by=by, at=tenth, rows=wrong, note="已更正")
    other = corrected(world, reported(world, resource), tenth)
    clock = Clock.objects.get(case_kind="verification", case_id=other.pk, name="complete")
    assert clock.stopped_at
    assert clock.stopped_at < clock.due_at


def test_past_receivers_fetch_a_correction_and_the_last_of_them_takes_the_mark_off(world: World) -> None:
    resource = granted(world)
    Grant.objects.update(calls=7)
    case = corrected(world, reported(world, resource), world.at)
    assert [kind for kind, _key in marks(world.at)] == ["corrected"]
    clerk = world.actor("hr.clerk")
    (line,), _page = queries.corrections(clerk, waiting=True)
    assert (line.calls, queries.correction(line.id, clerk).changes) == (7, ())
    with pytest.raises(NotThere):
        actions.fetch_correction(line.id, by=world.actor("market.clerk"), at=world.at)
    actions.fetch_correction(line.id, by=clerk, at=world.at)
    found = queries.correction(line.id, clerk)
    assert found.line.record == RECORD  # the grant lets it ask by key
    (change,) = found.changes
    assert (change.item, change.shown, change.new) == ("姓名", False, "")  # hr's grant masks the name
    assert marks(world.at) == {}
    version = queries.version_of(f"verification:{case.pk}", values=True)
    assert version
    assert version.items == (("姓名", "李晓芳", "李小芳"),)
    assert (version.told, version.fetched) == (1, 1)
    assert RECORD not in str(AuditEntry.objects.values_list("detail", "reason"))


def test_two_cases_about_one_record_keep_its_mark_until_both_are_over(world: World) -> None:
    resource = entered(world)
    first, second = reported(world, resource), reported(world, resource, kind="doubt")
    by = world.actor("civil.officer")
    for case, left in ((first, True), (second, False)):
        actions.find_unfounded(case, by=by, at=world.at, reason="与底册一致")
        actions.close_verification(case, by=by, at=world.at)
        assert (("verification", RECORD) in marks(world.at)) is left


@covers("R-COR-020")
def test_a_department_files_rules_names_its_channel_and_publishes_nothing_without_one(world: World) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from jutong.slices.parties import actions as parties
    from jutong.slices.parties import queries as organisation
    from jutong.slices.parties.models import Department

    civil, head = world.department("civil"), world.actor("civil.head")
    resource = entered(world)
    said = queries.entry_panel(head, world.at, entry=catalogue.entry(resource, actor=head, at=world.at))
    assert said
    panel = said.card
    assert panel.channel == "数据科，0832-2020000"
    Department.objects.filter(pk=civil).update(correction_channel="")
    lacking = {gap.code for gap in organisation.gaps(civil, world.at)}
    assert {"rules_verification", "correction_channel"} <= lacking
    with pytest.raises(WrongState, match="纠错渠道"):
        entered(world, title="殡葬服务信息")
    parties.set_correction_channel(civil, channel="数据科", by=head, at=world.at)
    for number in (1, 2):
        file = SimpleUploadedFile(f"规则{number}.txt", b"text")
        at = world.at + timedelta(days=number)
        parties.file_rules(department_id=civil, kind="verification", title="校核规则", file=file, by=head, at=at)
    newer, older = organisation.internal_rules(civil)
    assert (newer.version, newer.replaced_at, older.replaced_at) == (2, None, newer.filed_at)
    assert not {"rules_verification", "correction_channel"} & {g.code for g in organisation.gaps(civil, world.at)}
    assert entered(world, title="殡葬设施信息")
