"""The state of sharing in an authority's area: figures, the records behind each, and nothing of another area."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from openpyxl import load_workbook
from test_requests import filed

from covers import covers
from jutong.kernel import clock
from jutong.kernel.agenda import HOWS
from jutong.kernel.errors import NotAllowed, NotThere
from jutong.kernel.models import Clock
from jutong.kernel.workflow import clocks
from jutong.slices.oversight import queries
from jutong.slices.parties import actions as parties
from jutong.slices.services import actions as services
from jutong.slices.sharing import actions as sharing
from jutong.slices.sharing.models import SharingRequest
from jutong.wire.usage import Usage
from misuse_world import granted
from published import published
from world import World


def seen(world: World, who: str = "authority.reviewer") -> queries.State:
    today = world.at.date()
    return queries.state(world.actor(who), today.replace(month=1, day=1), today, at=world.at)


def sheet(answer: Any) -> list[tuple[Any, ...]]:
    from io import BytesIO

    return list(load_workbook(BytesIO(b"".join(answer.streaming_content))).active.iter_rows(values_only=True))


@pytest.fixture
def seven(world: World) -> World:
    """Seven requests of which two are overdue, one of them answered too late; a draft nobody knows of; another area."""
    from test_requests import asked

    resource = published(world)
    cases = [filed(world, resource, use_scene=f"核验低保身份{n}") for n in range(7)]
    late = Clock.objects.filter(case_kind="sharing_request", case_id__in=[case.pk for case in cases[:2]])
    before = world.at - timedelta(days=3)
    late.update(due_day=before.date(), due_at=before)
    clocks.sweep(world.at)
    sharing.decline(cases[0], by=world.actor("civil.head"), at=world.at, reason="申请的事项不属于本机关职责范围")
    sharing.write_request(by=world.actor("hr.clerk"), at=world.at, asked=asked(resource, use_scene="尚未提交的草稿"))
    by = {"by": world.actor("authority.operator"), "at": world.at}
    parties.name_authority(region="511002", department_id=world.department("county"), **by)
    by["by"] = world.actor("admin.security")
    parties.appoint(world.person("county.clerk"), role="authority_reviewer", **by)
    return world


@covers("R-OVR-037")
def test_seven_requests_of_which_two_are_overdue_are_five_and_two_listed_on_demand_for_this_area_alone(
    seven: World,
) -> None:
    world = seven
    asked = seen(world).of("sharing_request")
    assert (asked.total, asked.in_time, asked.overdue, asked.past, asked.late) == (7, 5, 2, 1, 1)
    assert seen(world).of("sharing_request", "reply").overdue == 2
    with clock.frozen(world.at):
        client = world.client("authority.reviewer")
        page = client.get("/oversight/").content.decode()
        assert "how=overdue" in page
        assert "草稿" not in page
        listed = client.get("/oversight/cases/sharing_request/?how=overdue")
        assert listed.content.decode().count("核验") == 0
        assert listed.context["meta"].total == 2
        (_head, *rows) = sheet(client.get("/oversight/cases/sharing_request/?how=in_time&format=xlsx"))
        assert len(rows) == 5
        figures = sheet(client.get("/oversight/?format=xlsx"))
        assert ("共享申请", "", 7, 5, 2, 6) in figures
        query = "first=2026-01-01&last=2026-03-02"
        answer = client.get(f"/api/v1/oversight/cases/sharing_request?{query}&how=overdue&limit=reply").json()
        assert (answer["total"], [row["overdue"] for row in answer["rows"]]) == (2, [True, True])
        api = client.get(f"/api/v1/oversight/state?{query}").json()
        assert next(one for one in api["types"] if one["share_type"] == "conditional")["entries"] == 1
        assert client.get("/api/v1/oversight/entries").json()["rows"][0]["title"] == "城乡低保对象信息"
    other = world.actor("county.clerk")
    period = (world.at.date(), world.at.date())
    nothing = queries.state(other, *period, at=world.at)
    assert (nothing.entries, nothing.of("sharing_request").total) == (0, 0)
    assert queries.cases(other, "sharing_request", *period, at=world.at)[1].total == 0
    with pytest.raises(NotAllowed):
        seen(world, "civil.head")
    with pytest.raises(NotThere):
        queries.cases(world.actor("authority.reviewer"), "use_record", *period, at=world.at)


@covers(partly=["R-OVR-037", "R-OVR-039"])
def test_each_figure_is_the_number_of_the_cases_behind_it_however_their_limits_stand(seven: World) -> None:
    world, before = seven, seven.at - timedelta(days=3)
    ids = list(SharingRequest.objects.filter(received_at__isnull=False).order_by("pk").values_list("pk", flat=True))
    reply = Clock.objects.filter(case_kind="sharing_request", name="reply")
    stopped = {"state": "stopped", "stopped_at": world.at}
    for pk, state in ((ids[1], "stopped"), (ids[2], "stopped"), (ids[3], "paused"), (ids[4], "running")):
        clock = reply.get(case_id=pk)
        clock.pk, clock.name, clock.state, clock.target = None, "delivery", state, pk == ids[4]
        clock.due_day, clock.due_at, clock.stopped_at = before.date(), before, world.at if state == "stopped" else None
        clock.save()
    reply.filter(case_id=ids[3]).update(**stopped, due_at=before)
    reply.filter(case_id=ids[5]).update(**stopped)
    reply.filter(case_id=ids[6]).update(**stopped)
    SharingRequest.objects.filter(pk__in=ids[3:6]).update(started_on="2025-12-31")
    SharingRequest.objects.filter(pk__in=[ids[3], ids[5], ids[6]]).update(state="refused")
    state = seen(world)
    figures = {
        one.limit: (one.total, one.in_time, one.overdue, one.open, one.past)
        for one in state.cases
        if one.workflow == "sharing_request"
    }
    assert figures == {"": (6, 2, 4, 4, 1), "reply": (6, 3, 3, 3, 1), "delivery": (4, 2, 2, 2, 0)}
    authority, asked = world.actor("authority.reviewer"), {"first": state.first, "last": state.last, "at": world.at}
    for limit, figure in figures.items():
        for how, count in zip(("", *HOWS), figure, strict=False):
            behind = queries.cases(authority, "sharing_request", **asked, limit=limit, how=how)
            assert behind[1].total == count, (limit, how)


@covers(partly=["R-OVR-037"])
def test_what_was_provided_and_used_leads_to_the_grants_and_no_further_statement_is_made_for_more_cases(
    world: World, django_assert_max_num_queries: Any
) -> None:
    grant = granted(world)
    services.take_usage(
        [Usage(str(grant), "1", world.at, "online_query", "administrative_basis", 5, 2, 90)], node="local", at=world.at
    )
    state = seen(world)
    assert [(one.side, one.grants, one.calls, one.called_rows) for one in state.volumes] == [
        ("provided", 1, 3, 90), ("used", 1, 3, 90),
    ]  # fmt: skip
    rows, meta = queries.moved_grants(world.actor("authority.chief"), "used", state.first, state.last)
    assert (meta.total, rows[0].grant_id, rows[0].called_rows) == (1, grant, 90)
    chief = world.actor("authority.chief")
    with django_assert_max_num_queries(9):  # one for all kinds, entries, volumes, the area
        queries.state(chief, state.first, state.last, at=world.at)
    with clock.frozen(world.at):
        page = world.client("audit.auditor").get("/oversight/grants/?side=used").content.decode()
    assert f"/usage/ledger/{grant}/" in page
