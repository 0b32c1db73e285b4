"""Under the decree an agreement opens nothing by itself: requests keep to its lines, and its grants share its limits and end."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from agreement_world import active, before_the_decree, line, refused, signed, written
from test_requests import asked, filed, reply

from covers import covers
from jutong.kernel.errors import RuleBroken
from jutong.kernel.models import InboxItem
from jutong.slices.agreements import actions, queries
from jutong.slices.agreements.models import Agreement
from jutong.slices.agreements.rules import Given
from jutong.slices.grants import queries as grants
from jutong.slices.sharing import actions as sharing
from jutong.wire.grants import Condition, Masking, Operator
from published import published
from world import World

NEIJIANG = Condition("户籍行政区划", Operator.PREFIX, ("5110",))
ITEMS = ("公民身份号码", "姓名")
WANTED: dict[str, Any] = {"items": ITEMS, "modes": ("online_query",), "conditions": (NEIJIANG,)}
GIVEN: dict[str, Any] = {"modes": ("online_query",), "confirm_items": (), "conditions": (NEIJIANG,)}


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


def agreed(world: World, resource: int, **changes: Any) -> Agreement:
    """An agreement in force: hr may have two items of civil's entry, of people of Neijiang."""
    return active(world, line(world, resource, conditions=(NEIJIANG,), **changes))


def granted_under(world: World, case: Agreement, resource: int) -> int:
    """Let hr ask under the agreement, and civil grant it."""
    request = filed(world, resource, agreement=case.number, **WANTED)
    sharing.prepare_reply(request, by=world.actor("civil.officer"), at=world.at, reply=reply(**GIVEN))
    return sharing.agree(request, by=world.actor("civil.head"), at=world.at).grant_id or 0


@covers("R-SHR-027", partly=["R-SHR-035"])
def test_the_last_signature_is_the_effect_and_a_request_under_the_agreement_opens_its_grant(world: World) -> None:
    resource = published(world)
    case = agreed(world, resource)
    hr = world.actor("hr.clerk")
    (row,) = queries.agreement(case.pk, hr, world.at).lines
    assert (case.state, row.grant_id, row.may_ask) == ("active", None, True)
    assert InboxItem.objects.filter(title__contains="可以依协议", department_id=world.department("hr")).exists()
    for changes, field in (
        ({"items": (*ITEMS, "收入")}, "items"),
        ({"modes": ("front_end_node",)}, "modes"),
        ({"purposes": ("data_verification",)}, "purposes"),
        ({"conditions": ()}, "conditions"),
        ({"agreement": "XY-2026-000099"}, "agreement"),
    ):
        wrong = asked(resource, **{**WANTED, "agreement": case.number, **changes})
        with pytest.raises(RuleBroken) as told:
            sharing.write_request(by=hr, at=world.at, asked=wrong)
        assert told.value.field == field
    request = filed(world, resource, agreement=case.number, **WANTED)
    officer = world.actor("civil.officer")
    plain = (sharing.GrantedItem(ITEMS[0]), sharing.GrantedItem(ITEMS[1]))
    with refused(RuleBroken, "比协议"):
        sharing.prepare_reply(request, by=officer, at=world.at, reply=reply(**{**GIVEN, "items": plain}))
    sharing.prepare_reply(request, by=officer, at=world.at, reply=reply(**GIVEN))
    held = sharing.agree(request, by=world.actor("civil.head"), at=world.at).grant_id or 0
    (row,) = queries.agreement(case.pk, hr, world.at).lines
    assert (row.grant_id, row.may_ask) == (held, False)
    assert grants.wire_grant(held).conditions == (NEIJIANG,)
    assert "责任人 hr负责人" in world.client("hr.clerk").get(f"/grants/{held}/").content.decode()


@covers("R-SHR-029")
def test_an_amendment_narrows_what_was_granted_at_once_and_widens_it_only_by_a_request(world: World) -> None:
    resource = published(world)
    case = agreed(world, resource)
    held = granted_under(world, case, resource)
    wider = line(world, resource, items=(Given(ITEMS[0]), Given("收入"), Given(ITEMS[1], Masking.SUPPRESS)))
    text = written(world, lines=(wider,), scope="扩大到稽核科")
    actions.amend(case.pk, by=world.actor("hr.officer"), at=world.at, written=text, why="增加稽核业务")
    signed(world, case, "hr.head")
    assert grants.wire_grant(held).columns[1].masking is Masking.NAME, "until the last signature the old limits hold"
    signed(world, case, "civil.head")
    now = grants.wire_grant(held)
    assert [(one.item, one.masking) for one in now.columns] == [
        (ITEMS[0], Masking.NONE),
        (ITEMS[1], Masking.SUPPRESS),
    ]
    assert now.conditions == (NEIJIANG,)
    actions.amend(
        case.pk, by=world.actor("hr.officer"), at=world.at, written=written(world, scope="暂停"), why="业务调整"
    )
    signed(world, case, "civil.head", "hr.head")
    assert grants.states_of([held])[held] == "revoked"


@covers("R-SHR-030")
def test_a_grant_under_an_agreement_stops_with_it_and_goes_on_with_its_renewal(world: World) -> None:
    resource = published(world)
    case = active(world, line(world, resource, conditions=(NEIJIANG,)), until=date(2026, 6, 30))
    held = granted_under(world, case, resource)
    actions.suspend(case.pk, by=world.actor("civil.head"), at=world.at, reason="发现超范围查询")
    assert grants.states_of([held])[held] == "suspended"
    actions.resume(case.pk, by=world.actor("civil.head"), at=world.at)
    longer = written(world, lines=(line(world, resource, conditions=(NEIJIANG,)),), until=date(2026, 12, 31))
    actions.amend(case.pk, by=world.actor("hr.officer"), at=world.at, written=longer, why="续签")
    signed(world, case, "civil.head", "hr.head")
    july = world.at + timedelta(days=125)
    world.drain(july)
    assert grants.states_of([held])[held] == "granted", "the renewal was signed before the end"
    over = world.at + timedelta(days=305)
    world.drain(over)
    found = grants.grant(held, world.actor("hr.head"))
    assert (found.state, found.reason) == ("revoked", f"共享协议 {case.number} 期限届满。")


def test_an_agreement_from_before_the_decree_opens_nothing_new_by_an_amendment_since(world: World) -> None:
    resource, other, since = published(world), published(world, title="救助核查信息"), world.at
    before_the_decree(world)
    case = active(world, line(world, resource))
    (row,) = queries.agreement(case.pk, world.actor("hr.clerk"), world.at).lines
    assert row.grant_state == "granted", "the local text opened it by itself"
    world.at = since
    text = written(world, lines=(line(world, resource, items=(Given(ITEMS[0]),)), line(world, other)))
    actions.amend(case.pk, by=world.actor("hr.officer"), at=since, written=text, why="增加资源")
    signed(world, case, "civil.head", "hr.head")
    first, second = queries.agreement(case.pk, world.actor("hr.clerk"), since).lines
    assert [one.item for one in grants.wire_grant(first.grant_id or 0).columns] == [ITEMS[0]]
    assert (second.grant_id, second.may_ask) == (None, True)


def test_the_button_of_a_line_opens_a_request_that_is_filled_in_by_it(world: World) -> None:
    case = agreed(world, published(world))
    client = world.client("hr.clerk")
    page = client.get(f"/agreements/{case.pk}/").content.decode()
    (row,) = queries.agreement(case.pk, world.actor("hr.clerk"), world.at).lines
    link = f"/sharing/new/{row.line.resource_id}/?agreement={case.number}"
    assert link in page
    assert "户籍行政区划 开头是 5110" in page
    form = client.get(link).content.decode()
    assert f'name="agreement" value="{case.number}"' in form
    assert 'value="5110"' in form
    assert "不得超出协议" in form
    assert "依协议申请" in client.get(f"/sharing/new/{row.line.resource_id}/").content.decode()
