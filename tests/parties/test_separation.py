"""The three administrators, and that none of them does another's work or any business."""

import itertools

import pytest

from covers import covers
from jutong.kernel.actors import ADMINISTRATORS, Role
from jutong.kernel.errors import NotAllowed, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry
from jutong.slices.parties import actions, queries
from jutong.slices.parties.models import PostHeld
from jutong.slices.parties.rules import duties

PAIRS = list(itertools.permutations(Role, 2))


@pytest.mark.parametrize(("held", "wanted"), PAIRS, ids=[f"{a}+{b}" for a, b in PAIRS])
def test_an_administrator_or_auditor_holds_nothing_else(held, wanted):
    alone = ADMINISTRATORS | {Role.AUDITOR}
    if held in alone or wanted in alone:
        with pytest.raises(RuleBroken):
            duties.check_together([held], wanted)
    else:
        duties.check_together([held], wanted)


@covers(partly=["R-SEC-001"])
def test_only_the_security_administrator_grants_posts(world):
    person = world.person("market.clerk")
    for key in world.keys:
        if key == "admin.security":
            continue
        with pytest.raises(NotAllowed):
            actions.appoint(person, role=Role.DATA_OFFICER, by=world.actor(key), at=world.at)
    actions.appoint(person, role=Role.DATA_OFFICER, by=world.actor("admin.security"), at=world.at)
    assert world.actor("market.clerk").holds(Role.DATA_OFFICER, department_id=world.department("market"))


def test_nobody_grants_a_post_to_themselves(world):
    with pytest.raises(NotAllowed, match="不能给自己"):
        actions.appoint(world.person("admin.security"), role=Role.CLERK, by=world.actor("admin.security"), at=world.at)


@pytest.mark.parametrize("admin", ["admin.system", "admin.audit"])
@pytest.mark.parametrize("role", [Role.SECURITY_ADMIN, Role.CLERK, Role.PLATFORM_OPERATOR])
def test_an_administrator_is_not_given_a_second_post(world, admin, role):
    with pytest.raises(RuleBroken, match="三员分立"):
        actions.appoint(world.person(admin), role=role, by=world.actor("admin.security"), at=world.at)


def test_a_business_person_is_not_made_an_administrator(world):
    with pytest.raises(RuleBroken, match="三员分立"):
        actions.appoint(
            world.person("market.head"), role=Role.AUDIT_ADMIN, by=world.actor("admin.security"), at=world.at
        )


def test_a_refused_grant_leaves_a_refusal_in_the_audit_and_no_post(world):
    before = PostHeld.objects.count()
    with pytest.raises(NotAllowed):
        actions.appoint(world.person("market.clerk"), role=Role.LIAISON, by=world.actor("admin.system"), at=world.at)
    entry = AuditEntry.objects.latest("id")
    assert (entry.verb, entry.outcome, entry.code) == ("parties.appoint", "refused", "forbidden")
    assert entry.subject_id == str(world.person("market.clerk"))
    assert PostHeld.objects.count() == before


def test_the_first_administrators_are_made_once(world):
    from jutong.kernel.actors import system_actor

    with pytest.raises(WrongState, match="已有管理员"):
        actions.establish_administrators(
            regions={}, region="511000", department="内江市数据局", people={}, by=system_actor("setup"), at=world.at
        )
    with pytest.raises(NotAllowed):
        actions.establish_administrators(
            regions={}, region="511000", department="x", people={}, by=world.actor("admin.system"), at=world.at
        )


def test_the_system_administrator_registers_and_the_others_do_not(world):
    for key in ("admin.security", "admin.audit", "market.head", "audit.auditor"):
        with pytest.raises(NotAllowed):
            actions.register_department(name="新局", region="511000", by=world.actor(key), at=world.at)
    row = actions.register_department(name="新局", region="511000", by=world.actor("admin.system"), at=world.at)
    assert queries.department(row.pk).name == "新局"
