"""代办: acting in somebody's post while they are away."""

from datetime import timedelta

import pytest

from jutong.kernel import clock, inbox
from jutong.kernel.actors import Role, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, Unauthenticated
from jutong.kernel.models import AuditEntry
from jutong.kernel.settings import settings
from jutong.slices.parties import actions, queries


def post_of(world, key):
    return queries.posts(person_id=world.person(key))[0].id


def delegated(world, key="market.head", to="market.clerk", **more):
    today = beijing_day(world.at)
    given = {"since": today, "until": today + timedelta(days=3)} | more
    return actions.delegate(post_of(world, key), to_id=world.person(to), **given, by=world.actor(key), at=world.at)


def test_the_deputed_person_acts_in_the_post_and_the_audit_names_both(world):
    delegated(world)
    actor = world.actor("market.clerk")
    post = actor.post(Role.SHARING_UNIT_HEAD, world.department("market"))
    assert post is not None
    assert post.acting_for == world.account("market.head")
    actions.set_goals(world.department("market"), goals="按时更新目录", by=actor, at=world.at)
    entry = AuditEntry.objects.get(verb="parties.set_goals")
    assert (entry.actor_id, entry.acting_for) == (world.account("market.clerk"), world.account("market.head"))


def test_it_holds_only_on_its_days_and_ends_when_either_says_so(world):
    delegation = delegated(world)
    late = world.at + timedelta(days=4)
    assert not world.actor("market.clerk", at=late).holds(Role.SHARING_UNIT_HEAD)
    with pytest.raises(NotThere):
        actions.end_delegation(delegation.pk, by=world.actor("market.officer"), at=world.at)
    actions.end_delegation(delegation.pk, by=world.actor("market.clerk"), at=world.at)
    assert not world.actor("market.clerk").holds(Role.SHARING_UNIT_HEAD)


def test_it_ends_with_the_post(world):
    delegated(world)
    actions.release(post_of(world, "market.head"), by=world.actor("admin.security"), at=world.at)
    assert not world.actor("market.clerk").holds(Role.SHARING_UNIT_HEAD)


def test_nobody_delegates_anothers_post(world):
    today = beijing_day(world.at)
    with pytest.raises(NotThere):
        actions.delegate(
            post_of(world, "market.head"),
            to_id=world.person("market.clerk"), since=today, until=today, by=world.actor("market.officer"), at=world.at,
        )  # fmt: skip


@pytest.mark.parametrize(
    "key", ["admin.system", "admin.security", "admin.audit", "audit.auditor", "authority.operator"]
)
def test_administrators_do_not_delegate(world, key):
    with pytest.raises(RuleBroken, match="不得委托"):
        delegated(world, key, "authority.clerk")


def test_it_goes_to_an_active_colleague_and_never_to_an_administrator(world):
    with pytest.raises(RuleBroken, match="本部门"):
        delegated(world, to="hr.clerk")
    with pytest.raises(RuleBroken, match="本部门"):
        delegated(world, to="market.head")
    with pytest.raises(RuleBroken, match="三员分立"):
        delegated(world, "authority.head", "admin.audit")


def test_its_days_make_sense(world):
    today = beijing_day(world.at)
    for since, until in (
        (today, today - timedelta(days=1)),
        (today - timedelta(days=9), today - timedelta(days=1)),
        (today, today + timedelta(days=400)),
    ):
        with pytest.raises(RuleBroken, match="日期"):
            delegated(world, since=since, until=until)


def test_a_deputy_for_chosen_duties_acts_in_them_and_in_nothing_else(world):
    delegated(world, duties=["sharing_request"])
    actor = world.actor("market.clerk")
    department = world.department("market")
    assert not actor.holds(Role.SHARING_UNIT_HEAD)
    assert actor.within("sharing_request").holds(Role.SHARING_UNIT_HEAD, department_id=department)
    assert not actor.within("dispute").holds(Role.SHARING_UNIT_HEAD)
    with pytest.raises(NotAllowed):
        actions.set_goals(department, goals="按时更新目录", by=actor, at=world.at)
    with pytest.raises(RuleBroken, match="不属于该岗位"):
        delegated(world, "market.liaison", "market.clerk", duties=["security_incident"])


def test_there_is_one_deputy_for_the_same_business_at_a_time(world):
    delegated(world, duties=["sharing_request"])
    with pytest.raises(Conflict, match="同一时间只能有一名代办人"):
        delegated(world, to="market.officer")
    delegated(world, to="market.officer", duties=["use_change"])
    told = inbox.notices(world.actor("market.officer"))
    assert [notice.title for notice in told if "委托您代办" in notice.title]


def test_who_leaves_the_department_or_becomes_an_administrator_acts_for_nobody(world):
    delegated(world)
    actions.end(world.person("market.clerk"), by=system_actor("test"), at=world.at)
    with pytest.raises(Unauthenticated):
        world.actor("market.clerk")
    delegated(world, "market.liaison", "market.engineer")
    for post in queries.posts(person_id=world.person("market.engineer")):
        actions.release(post.id, by=world.actor("admin.security"), at=world.at)
    assert world.actor("market.engineer").holds(Role.LIAISON)
    actions.appoint(world.person("market.engineer"), role="audit_admin", by=world.actor("admin.security"), at=world.at)
    assert not world.actor("market.engineer").holds(Role.LIAISON)


def test_where_heads_are_not_represented_a_delegation_of_theirs_counts_for_nothing(world, monkeypatch):
    delegated(world)
    monkeypatch.setattr(settings(), "represented_heads", False)
    assert not world.actor("market.clerk").holds(Role.SHARING_UNIT_HEAD)
    with pytest.raises(RuleBroken, match="不得委托"):
        delegated(world, to="market.officer")


def test_own_delegations_by_page_and_api(world):
    today = beijing_day(clock.now())
    client = world.client("market.head")
    page = client.get("/parties/me/delegations/new").content.decode()
    assert "限于办理的事项" in page
    assert 'value="sharing_request"' in page
    body = {
        "post_id": post_of(world, "market.head"), "to_id": world.person("market.clerk"), "since": today.isoformat(),
        "until": today.isoformat(), "duties": ["sharing_request"],
    }  # fmt: skip
    made = client.post("/api/v1/parties/me/delegations", body, content_type="application/json")
    assert made.status_code == 201
    (row,) = world.client("market.clerk").get("/api/v1/parties/me/delegations").json()
    assert (row["given"], row["duties"]) == (False, ["共享申请"])
    assert "共享申请" in client.get("/parties/me").content.decode()
    ended = world.client("hr.head").post(f"/api/v1/parties/me/delegations/{row['id']}/end")
    assert ended.status_code == 404
    assert client.post(f"/api/v1/parties/me/delegations/{row['id']}/end").status_code == 204
