"""The joined pages: workbench, inbox, calendar of limits, audit, operations."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from asking_world import posted
from django.db import connection
from django.test import Client
from test_requests import asked, filed

from covers import covers
from jutong.kernel import agenda, clock, inbox, operations, subjects
from jutong.kernel.actions import actions as declared
from jutong.kernel.audit import sealing
from jutong.kernel.errors import NotAllowed, WrongState
from jutong.kernel.faces import once
from jutong.kernel.models import AuditEntry, OutboxEvent
from jutong.kernel.workflow import workflows
from jutong.slices.sharing import actions
from published import published
from world import World


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_workbench_lists_what_waits_most_urgent_first_with_days_in_words(world: World) -> None:
    early = filed(world, published(world))
    late = filed(world, published(world, title="殡葬登记信息"), at=world.at + timedelta(days=3))
    seen = agenda.todo(world.actor("civil.officer"), world.at + timedelta(days=3))
    assert [row.id for row in seen.rows if row.workflow == "sharing_request"] == [early.pk, late.pk]
    with clock.frozen(world.at + timedelta(days=3)):
        page = text(world.client("civil.officer").get("/"))
    assert "个工作日" in page
    assert "拟定答复" in page
    assert f"/sharing/requests/{early.pk}/" in page
    assert f"/sharing/requests/{early.pk}/" not in text(world.client("police.clerk").get("/"))


def test_only_what_one_ought_to_do_is_on_the_workbench(world: World) -> None:
    draft = actions.write_request(by=world.actor("hr.clerk"), at=world.at, asked=asked(published(world)))
    head, clerk = world.actor("hr.head"), world.actor("hr.clerk")
    assert [row.verbs for row in agenda.todo(head, world.at).rows] == [("同意提出申请",)]
    assert agenda.todo(clerk, world.at).rows == ()
    actions.consent(draft, by=head, at=world.at)
    assert [row.verbs for row in agenda.todo(clerk, world.at).rows] == [("提交申请",)]


def test_an_extension_waits_for_the_authority_only_once_it_was_asked_for(world: World) -> None:
    case = filed(world, published(world))
    reviewer = world.actor("authority.chief")
    assert [row for row in agenda.todo(reviewer, world.at).rows if row.workflow == "sharing_request"] == []
    actions.ask_extension(case, by=world.actor("civil.officer"), at=world.at, days=5, reason="系统升级需要时间")
    assert [row.id for row in agenda.todo(reviewer, world.at).rows if row.workflow == "sharing_request"] == [case.pk]


@covers(partly=["R-OVR-035"])
def test_what_is_overdue_shows_red_to_the_obliged_department_and_its_authority(world: World) -> None:
    case = filed(world, published(world))
    later = world.at + timedelta(days=30)
    for who in ("civil.officer", "authority.chief"):
        (due,) = agenda.overdue(world.actor(who, at=later), later).rows
        assert due.url == f"/sharing/requests/{case.pk}/"
        assert "已超期" in due.clock.text
    assert agenda.overdue(world.actor("police.officer", at=later), later).rows == ()
    assert agenda.overdue(world.actor("civil.officer"), world.at).rows == ()


def test_done_lists_ones_own_acts_by_name(world: World) -> None:
    case = filed(world, published(world))
    done = agenda.done(world.actor("hr.clerk"), world.at)
    assert [(row.verb, row.title) for row in done[:2]] == [
        ("提交申请", case.resource_title),
        ("申请共享", case.resource_title),
    ]


def test_the_month_shows_limits_on_their_days_and_rest_days_as_such(world: World) -> None:
    case = filed(world, published(world))
    with clock.frozen(world.at):
        page = text(world.client("civil.officer").get("/due/?month=2026-03"))
    assert "2026-03-16" in page
    assert "休" in page
    assert f"/sharing/requests/{case.pk}/" in page
    weeks = agenda.month(world.actor("civil.officer"), 2026, 3, world.at)
    (day,) = [day for week in weeks for day in week if day.due]
    assert day.day == date(2026, 3, 16)
    assert not next(d for week in weeks for d in week if d.day == date(2026, 3, 1)).workday


@pytest.mark.parametrize("month", ["x", "2026-13", "1999-01", "2026", "９９９９-01", "2026-03-01"])
def test_a_month_that_is_none_is_refused_with_a_sentence(world: World, month: str) -> None:
    answer = world.client("hr.clerk").get("/due/", {"month": month})
    assert answer.status_code == 422
    assert "月份" in text(answer)


def test_notices_are_read_and_marked_read_per_person(world: World) -> None:
    inbox.tell(department_id=world.department("hr"), title="收到回复", link="/sharing/", at=world.at)
    client = world.client("hr.clerk")
    assert "未读" in text(client.get("/inbox/"))
    assert posted(client, "/inbox/").status_code == 303
    assert inbox.unread(world.actor("hr.clerk")) == 0
    assert inbox.unread(world.actor("hr.officer")) == 1
    assert "收到回复" not in text(world.client("police.clerk").get("/inbox/"))


def test_the_workbench_endpoints_say_the_same_as_the_page(world: World) -> None:
    case = filed(world, published(world))
    with clock.frozen(world.at):
        body = world.client("civil.officer").get("/api/v1/workbench/todo").json()
        assert body["rows"][0]["id"] == case.pk
        assert body["rows"][0]["clock"]["left"] == 10
        assert world.client("civil.officer").get("/api/v1/workbench/overdue").json() == []
        assert world.client("civil.officer").get("/api/v1/workbench/notices").status_code == 200


# ---- audit ----


@covers("R-SEC-007")
def test_the_trail_is_searched_by_the_audit_administrator_and_the_audit_body_only(world: World) -> None:
    case = filed(world, published(world))
    for who in ("admin.audit", "audit.auditor"):
        page = text(world.client(who).get("/audit/", {"kind": "sharing_request", "subject": str(case.pk)}))
        assert "提交申请" in page
        assert "同意提出申请" in page
        assert "新建目录" not in page.split("<table")[1]
    for who in ("admin.system", "admin.security", "hr.head", "authority.chief"):
        assert world.client(who).get("/audit/").status_code == 403
        assert world.client(who).get("/audit/entries/1/").status_code == 403


def test_the_trail_names_objects_in_words_and_is_searched_by_them(world: World) -> None:
    request = filed(world, published(world))
    client = world.client("audit.auditor")
    page = text(client.get("/audit/?kind=sharing_request"))
    assert "共享申请" in page
    assert f'共享申请 <span class="jt-break">{request.pk}</span>' in page
    assert ">sharing_request " not in page
    assert "目录条目 <span" not in page
    every = text(client.get("/audit/"))
    assert "目录条目 <span" in every
    assert "catalogue.entry" not in every


def test_every_kind_of_object_that_the_audit_writes_has_a_name(world: World) -> None:
    ours = {face.kind for verb, face in declared().items() if not verb.startswith("tests.")}
    kinds = ours | set(workflows()) | {"address"}
    assert [kind for kind in sorted(kinds) if subjects.name(kind) == kind] == []
    assert set(subjects.alike("exchange_task")) == {"exchange_task", "exchange.run"}


def test_a_refusal_stands_in_the_trail_with_its_sentence(world: World) -> None:
    draft = actions.write_request(by=world.actor("hr.clerk"), at=world.at, asked=asked(published(world)))
    with pytest.raises(NotAllowed):
        actions.consent(draft, by=world.actor("hr.clerk"), at=world.at)
    client = world.client("admin.audit")
    page = text(client.get("/audit/?outcome=refused"))
    assert "被拒绝" in page
    entry = AuditEntry.objects.filter(outcome="refused").latest("id")
    detail = text(client.get(f"/audit/entries/{entry.pk}/"))
    assert "使用方共享工作机构负责人" in detail
    assert "尚未封存" in detail
    sealing.seal(clock.now())
    assert "第 1 号封存" in text(client.get(f"/audit/entries/{entry.pk}/"))
    assert client.get("/audit/entries/99999999/").status_code == 404


@pytest.mark.parametrize("query", ["?first=nonsense", "?page=-1", "?q=" + "长" * 500, "?outcome=x&kind=y", "?q=%00"])
def test_a_strange_search_of_the_trail_is_refused_with_a_sentence(world: World, query: str) -> None:
    answer = world.client("admin.audit").get("/audit/" + query)
    assert answer.status_code == 422
    assert "jt-notice-bad" in text(answer)


def verified(world: World, client: Client) -> str:
    """Let the trail be verified in the background and return the report's page."""
    answer = posted(client, "/audit/verify/", page="/audit/")
    assert answer.status_code == 303
    assert "jt-progress" in text(client.get(answer["Location"]))
    world.drain()
    assert world.client("audit.auditor").get(answer["Location"]).status_code == 404
    assert 'href="' + answer["Location"] in text(client.get(answer["Location"], headers={"HX-Request": "true"}))
    return text(client.get(answer["Location"]))


@covers("R-SEC-008", partly=["R-SEC-007"])
def test_verifying_names_a_changed_entry(world: World) -> None:
    filed(world, published(world))
    sealing.seal(clock.now())
    client = world.client("admin.audit")
    assert "审计链完整" in verified(world, client)
    victim = AuditEntry.objects.earliest("id").pk
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute("update kernel_auditentry set reason = reason || 'x' where id = %s", [victim])
        cursor.execute("set session_replication_role = default")
    page = verified(world, client)
    assert f"审计条目 {victim} 与封存时不符" in page
    assert "发现 1 处异常" in page
    assert client.get("/audit/verify/").status_code == 405
    stranger = world.client("admin.system").post("/audit/verify/", {"once_token": once.fresh()})
    assert stranger.status_code == 403


def test_the_export_carries_its_digest_in_name_and_trail(world: World) -> None:
    filed(world, published(world))
    sealing.seal(clock.now())
    client = world.client("admin.audit")
    answer = posted(client, "/audit/export/", page="/audit/")
    body = b"".join(answer.streaming_content)
    assert orjson.loads(body.splitlines()[0])["format"] == "jutong-audit-1"
    digest = hashlib.new("sm3", body).hexdigest()
    assert digest in answer["Content-Disposition"]
    assert AuditEntry.objects.filter(verb="audit.export", subject_id=digest).exists()
    assert posted(world.client("audit.auditor"), "/audit/export/", page="/audit/").status_code == 403


def test_a_purge_before_its_time_is_refused_beside_the_field(world: World) -> None:
    recent = (clock.beijing_day(clock.now()) - timedelta(days=30)).isoformat()
    data = {"older_than": recent, "export_digest": "ab" * 32}
    answer = posted(world.client("admin.audit"), "/audit/purge/", page="/audit/", **data)
    assert answer.status_code == 422
    assert "至少 3 年" in text(answer)


# ---- operations ----


def held_event(world: World) -> OutboxEvent:
    row = OutboxEvent(name="sharing_request.agreed", subject="sharing_request:9", payload={}, at=world.at)
    row.state, row.attempts, row.error, row.next_try = "held", 5, "KeyError: 'id'", world.at
    row.save()
    return row


@covers(partly=["R-SEC-021"])
def test_a_held_event_is_replayed_or_skipped_with_a_reason_by_the_system_administrator(world: World) -> None:
    event = held_event(world)
    client = world.client("admin.system")
    page = text(client.get("/operations/"))
    assert "KeyError" in page
    silent = posted(client, f"/operations/events/{event.pk}/replay/", page="/operations/", note=" ")
    assert silent.status_code == 422
    done = posted(client, f"/operations/events/{event.pk}/replay/", page="/operations/", note="已修复")
    assert done.status_code == 303
    event.refresh_from_db()
    assert (event.state, event.attempts) == ("pending", 0)
    assert AuditEntry.objects.filter(
        verb="operations.replay_event", subject_id=str(event.pk), outcome="success"
    ).exists()
    with pytest.raises(WrongState):
        operations.skip_event(event.pk, by=world.actor("admin.system"), at=world.at, note="不需要")
    other = held_event(world)
    assert (
        posted(client, f"/operations/events/{other.pk}/skip/", page="/operations/", note="重复事件").status_code == 303
    )
    other.refresh_from_db()
    assert other.state == "skipped"


def test_nobody_else_sees_or_moves_the_machinery(world: World) -> None:
    event = held_event(world)
    for who in ("admin.audit", "admin.security", "hr.head", "authority.operator"):
        assert world.client(who).get("/operations/").status_code == 403
        with pytest.raises(NotAllowed):
            operations.replay_event(event.pk, by=world.actor(who), at=world.at, note="试试")


def test_a_late_sealer_is_an_alarm_in_words(world: World) -> None:
    filed(world, published(world))
    page = text(world.client("admin.system").get("/operations/"))
    assert "超过 30 秒的报警线" in page
    sealing.seal(clock.now())
    assert "报警线" not in text(world.client("admin.system").get("/operations/"))
