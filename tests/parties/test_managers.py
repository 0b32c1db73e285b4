"""Information managers: reported, confirmed, active, ended (W23)."""

import pytest

from covers import covers
from jutong.kernel.actors import Channel, Role
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, Unauthenticated, WrongState
from jutong.kernel.models import InboxItem, OutboxEvent
from jutong.slices.parties import actions, queries
from jutong.slices.parties.models import Account, Person
from jutong.slices.parties.workflow import MANAGER


@pytest.fixture
def reported(world):
    return actions.report(
        department_id=world.department("market"),
        name="新人",
        phone="08321234567",
        by=world.actor("market.liaison"),
        at=world.at,
    )


@covers(partly=["R-OVR-008"])
def test_a_reported_person_gets_an_account_only_after_the_operators_confirmation(world, reported):
    operator = world.actor("authority.operator")
    with pytest.raises(WrongState, match="已报送"):
        actions.activate(reported, username="xinren", by=operator, at=world.at)
    actions.confirm(reported, by=operator, at=world.at)
    actions.activate(reported, username="xinren", password="Chuci-2026-kl", by=operator, at=world.at)
    reported.refresh_from_db()
    assert reported.state == "active"
    account = Account.objects.get(person=reported)
    assert account.must_change
    assert OutboxEvent.objects.filter(
        name="information_manager.active", subject=f"information_manager:{reported.pk}"
    ).exists()


@covers("R-OVR-008")
def test_when_a_person_is_replaced_the_former_is_out_at_once_and_the_follower_waits(world):
    client = world.client("market.officer")
    assert client.get("/parties/me").status_code == 200
    follower = actions.replace(
        world.person("market.officer"), name="接任者", by=world.actor("market.liaison"), at=world.at
    )
    assert client.get("/parties/me").status_code == 302  # signed out by the act itself
    with pytest.raises(Unauthenticated):
        queries.actor_for(world.account("market.officer"), "", Channel.API, at=world.at)
    assert queries.posts(person_id=world.person("market.officer")) == []
    assert (follower.state, follower.replaces_id) == ("reported", world.person("market.officer"))
    with pytest.raises(WrongState):
        actions.activate(follower, username="jieren", by=world.actor("admin.system"), at=world.at)
    actions.confirm(follower, by=world.actor("authority.operator"), at=world.at)
    actions.activate(follower, username="jieren", by=world.actor("admin.system"), at=world.at)
    assert Account.objects.get(username="jieren").is_active
    assert InboxItem.objects.filter(title__contains="接任者").exists()


@covers("R-OVR-008")
def test_an_account_of_somebody_who_left_cannot_be_switched_on_again(world):
    actions.end(world.person("market.clerk"), by=world.actor("market.liaison"), at=world.at)
    with pytest.raises(WrongState, match="未关联在岗人员"):
        actions.enable_account(world.account("market.clerk"), by=world.actor("admin.security"), at=world.at)


def test_only_the_operator_confirms(world, reported):
    for key in ("market.liaison", "market.principal", "admin.system", "admin.security", "authority.chief"):
        with pytest.raises(NotAllowed):
            actions.confirm(reported, by=world.actor(key), at=world.at)


def test_another_department_neither_reports_nor_ends_nor_sees_the_person(world, reported):
    stranger = world.actor("hr.liaison")
    with pytest.raises(NotAllowed):
        actions.report(department_id=world.department("market"), name="外人", by=stranger, at=world.at)
    with pytest.raises(NotThere):
        actions.end(reported, by=stranger, at=world.at)
    with pytest.raises(NotThere):
        queries.person(reported.pk, stranger)
    assert reported.pk not in {row.id for row in queries.people_page(stranger, size=200)[0]}


def test_a_user_name_is_taken_once_and_has_a_shape(world, reported):
    operator = world.actor("authority.operator")
    actions.confirm(reported, by=operator, at=world.at)
    with pytest.raises(Conflict, match="已被使用"):
        actions.activate(reported, username="Market.Clerk", by=operator, at=world.at)
    for bad in ("ab", "1abc", "a b c", "a" * 41, "名字名字", "a\x00bc"):
        with pytest.raises(RuleBroken, match="用户名"):
            actions.activate(reported, username=bad, by=operator, at=world.at)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 61),
        ("name", "a\x00"),
        ("phone", "abc"),
        ("email", "no"),
        ("email", "a\x00@b.cn"),
        ("title", "y" * 61),
    ],
)
def test_bad_particulars_are_refused_by_field_and_nothing_is_stored(world, field, value):
    count = Person.objects.count()
    given = {"name": "某人", field: value}
    with pytest.raises(RuleBroken) as refused:
        actions.report(department_id=world.department("market"), **given, by=world.actor("market.liaison"), at=world.at)
    assert refused.value.field in {field, "name"}
    assert Person.objects.count() == count


def test_the_moves_are_those_of_the_workflow_page(world):
    states = {state for move in MANAGER.moves for state in (*move.sources, move.target)} - {"-", "="}
    assert states == {"reported", "confirmed", "active", "ended"}
    assert not [move for move in MANAGER.moves if "ended" in move.sources]


@covers("R-OVR-006")
def test_after_a_change_of_principal_only_the_new_one_holds_the_post_and_history_stays(world):
    admin, market = world.actor("admin.security"), world.department("market")
    assert queries.principal(market, world.at).person_id == world.person("market.principal")
    actions.appoint(world.person("market.leader"), role=Role.PRINCIPAL, by=admin, at=world.at)
    assert queries.principal(market, world.at).person_id == world.person("market.leader")
    assert not world.actor("market.principal").holds(Role.PRINCIPAL)
    former = [p for p in queries.posts(department_id=market, history=True) if p.ended_at and p.role == Role.PRINCIPAL]
    assert [p.person_id for p in former] == [world.person("market.principal")]


@covers("R-OVR-006")
def test_a_department_without_principal_is_named_when_one_is_asked_for(world):
    department = actions.register_department(
        name="新设局", region="511000", by=world.actor("admin.system"), at=world.at
    )
    with pytest.raises(RuleBroken, match="“新设局”尚未登记主要负责人"):
        queries.principal(department.pk, world.at)


@covers("R-OVR-042")
def test_without_sharing_unit_or_head_the_gap_is_named_and_a_second_unit_is_a_conflict(world):
    market, keeper = world.department("market"), world.actor("market.liaison")
    with pytest.raises(Conflict, match="已登记共享工作机构"):
        actions.open_sharing_unit(market, name="又一个", by=keeper, at=world.at)
    actions.close_sharing_unit(market, by=keeper, at=world.at)
    with pytest.raises(RuleBroken, match="尚未登记政务数据共享工作机构"):
        queries.sharing_unit_head(market, world.at)
    actions.open_sharing_unit(market, name="数据科", by=keeper, at=world.at)
    assert queries.sharing_unit_head(market, world.at).person_id == world.person("market.head")
    unit = queries.sharing_unit(market)
    assert unit is not None
    assert len(unit.duties) == 6


@covers("R-OVR-042")
def test_after_a_change_of_head_only_the_new_one_consents_and_the_deputy_stands_in(world):
    market, admin = world.department("market"), world.actor("admin.security")
    actions.appoint(world.person("market.leader"), role=Role.SHARING_UNIT_HEAD, by=admin, at=world.at)
    assert not world.actor("market.head").holds(Role.SHARING_UNIT_HEAD)
    head = queries.sharing_unit_head(market, world.at)
    assert head.person_id == world.person("market.leader")
    actions.release(head.id, by=admin, at=world.at)
    assert queries.sharing_unit_head(market, world.at).person_id == world.person("market.deputy")
    actions.release(queries.holders(Role.SHARING_UNIT_DEPUTY, market, world.at)[0].id, by=admin, at=world.at)
    with pytest.raises(RuleBroken, match="尚未登记负责人"):
        queries.sharing_unit_head(market, world.at)
