"""What is tried against the rules of sharing, and how it fails: each refusal has its sentence and leaves nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from asking_world import FILLED, posted
from django.db import connection
from test_endpoints_of_sharing import BODY, REPLY, sent
from test_requests import answered, filed, reply

from covers import covers
from jutong.dataplane import identity
from jutong.kernel.errors import NotThere, Refusal, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry, OutboxEvent
from jutong.kernel.settings import settings
from jutong.slices.catalogue.models import Item
from jutong.slices.grants import queries as grants
from jutong.slices.grants.models import Grant
from jutong.slices.parties import actions as parties
from jutong.slices.parties.models import Person, PostHeld
from jutong.slices.sharing import actions
from jutong.slices.sharing.models import SharingRequest
from published import ITEMS, published
from world import World

SECRET = "收入"
WITHHELD = tuple(
    msgspec.structs.replace(item, share_type="withheld") if item.name == SECRET else item for item in ITEMS
)


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    identity.establish(settings().home / "nodes" / "local", at=world.at)


def withhold(resource: int, name: str) -> None:
    """Let a later version of an entry withhold an item."""
    for item in Item.objects.filter(version__entry=resource, name=name):
        item.share_type, item.detail = "withheld", {**item.detail, "share_type": "withheld"}
        item.save()


@covers(partly=["R-SHR-005"])
def test_a_withheld_item_comes_in_by_no_part_of_a_conditional_request_on_the_page_or_the_interface(
    world: World,
) -> None:
    resource = published(world, items=WITHHELD)
    clerk = world.client("hr.clerk")
    for smuggled in ({"items": ["姓名", SECRET]}, {"key_items": [SECRET]}, {"condition-0-item": SECRET}):
        assert posted(clerk, f"/sharing/new/{resource}/", **{**FILLED, **smuggled}).status_code == 422, smuggled
    condition = [{"item": SECRET, "operator": "gt", "values": ["5000"]}]
    for field, smuggled in (("items", ["姓名", SECRET]), ("key_items", [SECRET]), ("conditions", condition)):
        answer = sent(clerk, "/requests", {**BODY, "resource_id": resource, field: smuggled})
        assert (answer.status_code, list(answer.json()["remarks"])) == (422, [field])
    assert not SharingRequest.objects.exists()
    case = filed(world, resource, items=("公民身份号码", "姓名"))
    officer = world.client("civil.officer")
    for smuggled in ({"items": [{"item": SECRET}]}, {"key_items": [SECRET]}, {"confirm_items": [SECRET]}):
        answer = sent(officer, f"/requests/{case.pk}/prepare_reply", {**REPLY, **smuggled})
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_error"), smuggled
    case.refresh_from_db()
    assert (case.state, case.reply) == ("received", {})


def test_what_was_withheld_since_the_draft_is_neither_granted_nor_added_to_a_grant(world: World) -> None:
    resource, head = published(world), world.actor("civil.head")
    case = filed(world, resource)
    actions.prepare_reply(case, by=world.actor("civil.officer"), at=world.at, reply=reply())
    withhold(resource, "姓名")
    with pytest.raises(RuleBroken) as told:
        actions.agree(case, by=head, at=world.at)
    assert "“姓名”不予共享" in told.value.sentence
    assert not Grant.objects.exists()
    other = published(world, title="临时救助信息")
    grant = answered(world, other).grant_id or 0
    wanted = actions.Wanted(kind="scope", why="办理社保稽核确需使用", items=("户籍行政区划",))
    change = actions.apply_change(by=world.actor("hr.clerk"), at=world.at, grant_id=grant, wanted=wanted)
    withhold(other, "户籍行政区划")
    with pytest.raises(RuleBroken) as told:
        actions.consent_change(change, by=head, at=world.at)
    assert "“户籍行政区划”不予共享" in told.value.sentence
    assert [column.item for column in grants.wire_grant(grant).columns] == ["公民身份号码", "姓名"]


def test_a_decision_made_again_or_too_early_changes_nothing_and_is_on_the_trail(world: World) -> None:
    case = filed(world, published(world))
    head, officer = world.actor("civil.head"), world.actor("civil.officer")
    early: list[Callable[..., Any]] = [actions.agree, actions.refuse, actions.supplement, actions.file_request]
    for decide in early:
        said = {"text": "已补交"} if decide is actions.supplement else {}
        by = head if decide in (actions.agree, actions.refuse) else world.actor("hr.clerk")
        with pytest.raises(WrongState, match="当前状态为“已受理”"):
            decide(case, by=by, at=world.at, **said)
    actions.prepare_reply(case, by=officer, at=world.at, reply=reply())
    agreed = actions.agree(case, by=head, at=world.at)
    for decide in (actions.agree, actions.refuse):
        with pytest.raises(WrongState, match="当前状态为“同意共享”"):
            decide(case, by=head, at=world.at)
    trail = AuditEntry.objects.filter(subject_kind="sharing_request", subject_id=str(case.pk))
    assert trail.filter(outcome="refused", code="invalid_state").count() == 6
    assert (Grant.objects.get().pk, OutboxEvent.objects.filter(name="sharing_request.agreed").count()) == (
        agreed.grant_id, 1,
    )  # fmt: skip


@covers(partly=["R-SEC-001"])
def test_who_moved_to_another_department_yesterday_decides_nothing_of_the_former_one(world: World) -> None:
    case = filed(world, published(world))
    actions.prepare_reply(case, by=world.actor("civil.officer"), at=world.at, reply=reply())
    session, person = world.client("civil.head"), world.person("civil.head")
    assert session.get(f"/sharing/requests/{case.pk}/").status_code == 200
    security = world.actor("admin.security")
    post = PostHeld.objects.get(person_id=person, role="sharing_unit_head", ended_at=None)
    parties.release(post, by=security, at=world.at)
    parties.appoint(
        Person.objects.get(pk=person), role="sharing_unit_head", department_id=world.department("market"), by=security,
        at=world.at,
    )  # fmt: skip
    moved = world.actor("civil.head")
    assert moved.serves == {world.department("market")}
    for decide in (actions.agree, actions.refuse, actions.withhold_consent):
        said = {"remark": "请补充"} if decide is actions.withhold_consent else {}
        with pytest.raises(NotThere):
            decide(case, by=moved, at=world.at, **said)
    assert session.get(f"/sharing/requests/{case.pk}/approve/").status_code == 404
    assert session.post(f"/api/v1/sharing/requests/{case.pk}/agree").status_code == 404
    case.refresh_from_db()
    assert (case.state, case.grant_id) == ("reply_prepared", None)


@pytest.mark.slow(seconds=6)
@pytest.mark.django_db(transaction=True)
def test_of_a_heads_consent_and_a_deputys_return_at_the_same_moment_one_comes_off(world: World) -> None:
    case = filed(world, published(world))
    officer = world.actor("civil.officer")
    outcomes = []
    for turn in range(6):
        case.refresh_from_db()
        if case.state == "agreed":
            case = filed(world, published(world, title=f"救助信息{turn}"))
        actions.prepare_reply(case, by=officer, at=world.at, reply=reply())
        told = at_once(
            partial(actions.agree, case.pk, by=world.actor("civil.head"), at=world.at),
            partial(
                actions.withhold_consent, case.pk, by=world.actor("civil.deputy"), at=world.at, remark="请补充依据"
            ),
        )
        case.refresh_from_db()
        outcomes.append(
            (*sorted(told), case.state, Grant.objects.filter(case_ref=f"sharing_request:{case.pk}").count())
        )
    assert set(outcomes) <= {("", "invalid_state", "agreed", 1), ("", "invalid_state", "received", 0)}


def at_once(*deeds: Callable[[], Any]) -> list[str]:
    """Do deeds at the same moment, each on its own connection; return the code of each refusal, empty for what came off."""
    gate, told = threading.Barrier(len(deeds)), list[str]()

    def do(deed: Callable[[], Any]) -> None:
        gate.wait(10)
        try:
            deed()
            told.append("")
        except Refusal as refusal:
            told.append(refusal.code)
        finally:
            connection.close()

    people = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for one in people:
        one.start()
    for one in people:
        one.join(30)
    return told
