"""The workbench at size, the calendar and its file, a head's telephone, deputies, and the load of a department."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from asking_world import posted
from django.db import connection
from django.test.utils import CaptureQueriesContext
from test_requests import asked, filed, reply

from covers import covers
from jutong.kernel import agenda, clock, jobs
from jutong.kernel.agenda.chores import _CHORES
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed
from jutong.kernel.faces import icalendar
from jutong.kernel.models import AuditEntry, Clock, InboxItem, OutboxEvent
from jutong.slices.parties import actions as parties
from jutong.slices.parties import queries as people
from jutong.slices.sharing import actions
from jutong.slices.sharing.models import SharingRequest
from published import published
from world import World


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def drafted(world: World, resource: int, **changes: Any) -> SharingRequest:
    """A request whose reply the provider's officer has drafted."""
    request = filed(world, resource, **changes)
    return actions.prepare_reply(request, by=world.actor("civil.officer"), at=world.at, reply=reply())


def many(case: SharingRequest, count: int, first: date) -> None:
    """Copy a request with its clock many times; the limits fall on the days after `first`, one after the other."""
    running = Clock.objects.get(case_kind="sharing_request", case_id=case.pk, name="reply")
    values = {f.attname: getattr(case, f.attname) for f in SharingRequest._meta.concrete_fields if f.name != "id"}
    rows = [SharingRequest(**{**values, "number": None}) for _n in range(count)]
    made = SharingRequest.objects.bulk_create(rows, batch_size=2000)
    fields = {f.attname: getattr(running, f.attname) for f in Clock._meta.concrete_fields if f.name != "id"}
    Clock.objects.bulk_create(
        [
            Clock(**{**fields, "case_id": row.pk, "due_day": first + timedelta(days=n % 60)})
            for n, row in enumerate(made)
        ],
        batch_size=2000,
    )


# ---- the list ----


def test_with_many_cases_the_most_urgent_are_listed_and_all_are_counted(world: World) -> None:
    case = filed(world, published(world))
    many(case, 300, beijing_day(world.at) - timedelta(days=3))
    officer = world.actor("civil.officer")
    with CaptureQueriesContext(connection) as few:
        seen = agenda.todo(officer, world.at)
    assert seen.total == 301
    assert len(seen.rows) == agenda.LISTED
    assert seen.capped
    assert (seen.late, seen.today) == (15, 5)
    lefts = [row.left for row in seen.rows]
    assert lefts == sorted(lefts)
    assert lefts[0] == -2
    many(case, 300, beijing_day(world.at) - timedelta(days=3))
    with CaptureQueriesContext(connection) as more:
        agenda.todo(officer, world.at)
    assert len(more) == len(few)


def test_beyond_a_thousand_of_a_kind_the_counts_say_so_and_the_excel_list_is_complete(world: World) -> None:
    case = filed(world, published(world))
    many(case, 1050, beijing_day(world.at) - timedelta(days=3))
    with clock.frozen(world.at):
        client = world.client("civil.officer")
        page = text(client.get("/"))
        assert "1,000+" in page
        assert "每类事项计数到 1,000 件为止" in page
        listed = text(client.get("/todo/?kind=sharing_request"))
        assert "共 1,000+ 件，列出最紧急的 100 件" in listed
        assert "Excel 是完整清单" in listed
        said = client.get("/api/v1/workbench/todo?limit=10").json()
        assert (said["total"], said["more"], said["counted_to"], len(said["rows"])) == (1000, ["total"], 1000, 10)
        assert (said["late"], said["kinds"][0]["more"]) == (54, ["total"])
        sheet = openpyxl.load_workbook(
            io.BytesIO(b"".join(client.get("/todo/export/").streaming_content)), read_only=True
        )
        left = [row[6] for row in sheet.active.iter_rows(min_row=2, values_only=True)]
    assert len(left) == 1051
    assert left == sorted(left)
    later = agenda.todo(world.actor("civil.officer"), world.at, urgency="later", limit=agenda.MOST)
    assert len(later.rows) == agenda.MOST
    assert {agenda.urgency_of(row) for row in later.rows} == {"later"}
    assert len(agenda.todo(world.actor("civil.officer"), world.at, urgency="today", limit=100).rows) == 18


def test_the_page_asks_as_much_for_a_hundred_cases_of_a_few_kinds_as_for_a_thousand_of_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = filed(world, published(world))
    many(case, 110, beijing_day(world.at))
    with clock.frozen(world.at):
        client = world.client("civil.officer")
        client.get("/")

        def asked() -> int:
            with CaptureQueriesContext(connection) as statements:
                assert client.get("/").status_code == 200
            return len(statements)

        hundred = asked()
        many(case, 1000, beijing_day(world.at))
        assert asked() == hundred
        for name in agenda.chores().keys() - {"sharing_request", "catalog_entry", "dispute"}:
            monkeypatch.delitem(_CHORES, name)
        assert asked() == hundred


@covers(partly=["R-OVR-038"])
def test_one_kind_is_narrowed_by_urgency_and_moved_together_each_with_its_own_trail(world: World) -> None:
    resource = published(world)
    drafts = [
        actions.write_request(
            by=world.actor("hr.clerk"), at=world.at, asked=asked(resource, use_scene=f"核验低保身份{n}")
        )
        for n in range(3)
    ]
    client = world.client("hr.head")
    page = text(client.get("/todo/?kind=sharing_request"))
    assert "对所选：同意提出申请" in page
    assert "没有符合条件" in text(client.get("/todo/?kind=sharing_request&urgency=late"))
    assert client.get("/todo/?kind=x").status_code == 422
    assert client.get("/todo/export/?urgency=none").status_code == 200
    actions.consent(drafts[0], by=world.actor("hr.head"), at=world.at)
    ids = [str(draft.pk) for draft in drafts]
    done = posted(client, "/todo/sharing_request/consent/", page="/todo/?kind=sharing_request", ids=ids)
    assert done.status_code == 303
    assert set(SharingRequest.objects.filter(pk__in=ids).values_list("state", flat=True)) == {"head_consented"}
    acts = AuditEntry.objects.filter(verb="sharing_request.consent", subject_id__in=ids)
    assert acts.filter(outcome="success").count() == 3
    assert acts.filter(outcome="refused").count() == 1
    stranger = world.client("police.head")
    api = "/api/v1/workbench/todo/sharing_request/"
    for verb in ("withdraw", "nonsense"):
        answer = client.post(f"{api}{verb}", {"ids": [drafts[1].pk]}, content_type="application/json")
        assert answer.status_code == 404
    answer = stranger.post(f"{api}consent", {"ids": [drafts[1].pk]}, content_type="application/json")
    assert answer.status_code == 404


# ---- many limits on one day ----


def test_the_limits_of_a_day_are_recorded_and_told_in_sets(world: World) -> None:
    case = filed(world, published(world))
    world.drain()
    day = Clock.objects.get(case_id=case.pk, name="reply").overdue_on
    midnight = world.at + timedelta(days=(day - beijing_day(world.at)).days)

    def struck(count: int) -> int:
        many(case, count, day)
        Clock.objects.filter(case_kind="sharing_request").update(overdue_at=None)
        with CaptureQueriesContext(connection) as statements:
            jobs.pump(midnight)
        return len(statements)

    told = InboxItem.objects.filter(title__contains="已超期")
    one = struck(1)
    assert told.count() == 4, "the first case and its copy: each its provider and the authority"
    assert struck(40) <= one
    for department in ("civil", "authority"):
        assert told.filter(department_id=world.department(department)).count() == 2 + 42
    assert not OutboxEvent.objects.exclude(state="done").exists()


# ---- the head's telephone ----


@covers(partly=["R-SHR-037", "R-SHR-038"])
def test_a_head_decides_from_the_telephone_by_the_existing_moves_and_only_his_own(world: World) -> None:
    resource = published(world)
    one, other = drafted(world, resource), drafted(world, resource)
    with clock.frozen(world.at):
        client = world.client("civil.head")
        page = text(client.get("/approve/"))
        for words in (
            "市人社局",
            "公民身份号码",
            "行政依据" if "行政依据" in page else "使用用途",
            "2027-03-01",
            "另有 1 件同类",
        ):
            assert words in page
        empty = posted(
            client,
            "/todo/sharing_request/withhold_consent/",
            page="/approve/",
            ids=[str(one.pk)],
            remark=" ",
            **{"from": "approve"},
        )
        assert empty.status_code == 422
        posted(
            client, "/todo/sharing_request/withhold_consent/", page="/approve/", ids=[str(one.pk)], remark="范围过宽",
            **{"from": "approve"},
        )  # fmt: skip
        one.refresh_from_db()
        assert (one.state, one.remark) == ("received", "范围过宽")
        agreed = posted(
            client, "/todo/sharing_request/agree/", page="/approve/", ids=[str(other.pk)], **{"from": "approve"}
        )
        assert agreed["Location"] == "/approve/"
        other.refresh_from_db()
        assert other.state == "agreed"
        assert "没有待您同意" in text(client.get("/approve/"))
        assert world.client("civil.officer").get("/api/v1/workbench/awaiting").json() == []


# ---- deputies ----


@covers(partly=["R-SHR-038", "R-OVR-042"])
def test_a_deputy_consents_for_the_head_but_never_to_what_he_prepared_himself(world: World) -> None:
    case, other = drafted(world, published(world)), filed(world, published(world, title="殡葬登记信息"))
    actions.prepare_reply(other, by=world.actor("civil.clerk"), at=world.at, reply=reply())
    today = beijing_day(world.at)
    post = people.posts(person_id=world.person("civil.head"))[0].id
    parties.delegate(
        post, to_id=world.person("civil.officer"), since=today, until=today, duties=["sharing_request"],
        by=world.actor("civil.head"), at=world.at,
    )  # fmt: skip
    officer = world.actor("civil.officer")
    assert {row.id for row in agenda.todo(officer, world.at).rows} == {case.pk, other.pk}
    with pytest.raises(NotAllowed, match="已经办过本件"):
        actions.agree(case, by=officer, at=world.at)
    decided = agenda.decide("sharing_request", "agree", [case.pk, other.pk], by=officer, at=world.at)
    assert decided.done == [other.pk]
    assert "已经办过本件" in decided.refused[case.pk]
    entry = AuditEntry.objects.get(verb="sharing_request.agree", outcome="success")
    assert (entry.actor_id, entry.acting_for) == (world.account("civil.officer"), world.account("civil.head"))
    assert entry.detail["post"] == "sharing_unit_head"
    tomorrow = world.at + timedelta(days=1)
    with pytest.raises(NotAllowed, match="提供方共享工作机构负责人"):
        actions.agree(case, by=world.actor("civil.officer", at=tomorrow), at=tomorrow)


# ---- the calendar ----


def test_the_calendar_marks_worked_weekends_festivals_and_provisional_limits_in_words(world: World) -> None:
    case = filed(world, published(world))
    officer = world.actor("civil.officer")
    days = {day.day: day for week in agenda.month(officer, 2026, 2, world.at) for day in week}
    assert days[date(2026, 2, 14)].exchanged
    assert days[date(2026, 2, 17)].name
    assert not days[date(2026, 2, 17)].workday
    with clock.frozen(world.at):
        client = world.client("civil.officer")
        assert "调休上班" in text(client.get("/due/?month=2026-02"))
        assert "尚未发布" in text(client.get("/due/?month=2027-03"))
        Clock.objects.filter(case_id=case.pk).update(provisional=True)
        assert "暂定" in text(client.get("/due/?month=2026-03"))
        (due,) = [day for day in client.get("/api/v1/workbench/calendar?month=2026-03").json() if day["due"]]
    assert (due["day"], due["due"][0]["number"]) == ("2026-03-16", case.number)
    limit, authority = Clock.objects.get(case_id=case.pk), world.actor("authority.reviewer")
    for number in range(30):
        limit.pk, limit.case_id, limit.obliged_id = None, -number, authority.department_id
        limit.save(force_insert=True)
    (counted,) = [day.count for week in agenda.month(authority, 2026, 3, world.at) for day in week if day.due]
    assert counted == 31  # those it must keep and the one that it watches over


def test_limits_are_exported_as_icalendar_that_other_programs_read(world: World) -> None:
    case = filed(world, published(world))
    with clock.frozen(world.at):
        answer = world.client("civil.officer").get("/due/calendar.ics")
        nothing = world.client("police.officer").get("/due/calendar.ics")
    assert answer["Content-Type"].startswith("text/calendar")
    body = b"".join(answer.streaming_content)
    assert all(len(line) <= icalendar.LINE for line in body.split(b"\r\n"))
    unfolded = body.replace(b"\r\n ", b"").decode()
    assert f"UID:sharing_request-{case.pk}-reply@" in unfolded
    assert "DTSTART;VALUE=DATE:20260316\r\nDTEND;VALUE=DATE:20260317" in unfolded
    assert b"VEVENT" not in b"".join(nothing.streaming_content)


def test_what_has_a_meaning_in_icalendar_is_escaped() -> None:
    event = icalendar.Event("x@y", date(2026, 3, 16), "甲,乙;丙\\丁\r\nATTENDEE:evil", tentative=True)
    lines = icalendar.rendered([event], name="期限", at=clock.now()).decode().split("\r\n")
    assert "SUMMARY:甲\\,乙\\;丙\\\\丁\\nATTENDEE:evil" in lines
    assert "STATUS:TENTATIVE" in lines


# ---- load ----


@covers(partly=["R-OVR-038"])
def test_the_head_sees_the_load_of_his_department_and_the_authority_that_of_its_region(world: World) -> None:
    filed(world, published(world))
    later = world.at + timedelta(days=30)
    civil = world.department("civil")
    found = agenda.load(world.actor("civil.head", at=later), civil, later)
    kinds = {kind.workflow: kind for kind in found.kinds}
    assert (kinds["sharing_request"].total, kinds["sharing_request"].late) == (1, 1)
    assert kinds["sharing_request"].ages == (0, 1, 0, 0)
    waiting = {person.account_id: (person.waiting, person.late) for person in found.people}
    assert waiting[world.account("civil.clerk")][1] == 1
    assert waiting[world.account("civil.secrecy")] == waiting[world.account("civil.engineer")] == (0, 0)
    post, day = people.posts(person_id=world.person("civil.clerk"))[0].id, beijing_day(later)
    for to, duty in (("civil.secrecy", "use_change"), ("civil.engineer", "sharing_request")):
        parties.delegate(
            post, to_id=world.person(to), since=day, until=day, duties=[duty], by=world.actor("civil.clerk"), at=later
        )
    deputies = {
        one.account_id: one.waiting for one in agenda.load(world.actor("civil.head", at=later), civil, later).people
    }
    assert (deputies[world.account("civil.secrecy")], deputies[world.account("civil.engineer")]) == (0, 1)
    for who in ("civil.clerk", "hr.head", "authority.chief"):
        with pytest.raises(NotAllowed):
            agenda.load(world.actor(who, at=later), civil, later)
    rows = agenda.load_of_region(world.actor("authority.chief", at=later), later)
    assert (rows[0].department_id, rows[0].late) == (civil, 1)
    assert world.department("county") not in {row.department_id for row in rows}
    with pytest.raises(NotAllowed):
        agenda.load_of_region(world.actor("civil.head"), world.at)


def test_load_pages_and_sheets_are_for_those_whom_they_concern(world: World) -> None:
    filed(world, published(world))
    for path in ("/load/", "/load/export/"):
        assert world.client("civil.head").get(path).status_code == 200
        assert world.client("civil.clerk").get(path).status_code == 403
    for path in ("/load/region/", "/load/region/export/"):
        assert world.client("authority.chief").get(path).status_code == 200
        assert world.client("civil.head").get(path).status_code == 403
    assert "各部门负荷" in text(world.client("authority.chief").get("/load/"))
