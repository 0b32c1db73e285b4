"""代办: acting in somebody's post while they are away."""

from datetime import timedelta

import pytest

from jutong.kernel.actors import Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.models import AuditEntry
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
