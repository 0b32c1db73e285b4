"""What completes a grave combination is held back in the transaction that opens it: no bundle, no order, not for a moment."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from agreement_world import refused
from django.db import connection, transaction
from test_deliveries import delivered, mounted
from test_requests import _node, filed, reply  # noqa: F401 - a fixture among them

from covers import covers
from jutong.kernel.actors import system_actor
from jutong.kernel.errors import WrongState
from jutong.kernel.models import InboxItem, OutboxEvent
from jutong.slices.exchange import actions as exchange
from jutong.slices.grants import actions as granting
from jutong.slices.sharing import actions as sharing
from jutong.slices.sharing.models import SharingRequest
from jutong.slices.sharing.workflow import SHARING_REQUEST
from jutong.slices.usage import actions
from jutong.slices.usage.models import AggregationReview
from misuse_world import granted, told
from published import published
from world import World

PLATFORM = system_actor("test")


def prepared(world: World, resource: int, **said: Any) -> int:
    """Return a request whose reply waits for the head."""
    case = filed(world, resource)
    return sharing.prepare_reply(case, by=world.actor("civil.officer"), at=world.at, reply=reply(**said)).pk


def agreed(world: World, *cases: int) -> list[int]:
    """Let the head agree to requests in one set; return their grants."""
    done = SHARING_REQUEST.advance_many("agree", cases, by=world.actor("civil.head"), at=world.at)
    assert done.done == list(cases)
    held = dict(SharingRequest.objects.values_list("pk", "grant_id"))
    return [held[pk] or 0 for pk in cases]


def states(world: World, *given: int) -> list[str]:
    """Return grants' states as the bundle says them."""
    return [told(pk, world.at).state for pk in given]


def admit(world: World, grant: int) -> None:
    review = AggregationReview.objects.get(grant_id=grant)
    actions.admit_delivery(review.pk, by=world.actor("authority.secrecy"), at=world.at, opinion="用途明确，可以提供")


@covers("R-SEC-031")
def test_of_a_set_only_what_completes_a_grave_combination_waits_and_goes_on_once_admitted(world: World) -> None:
    granted(world)
    grave = mounted(world, "优抚对象信息", security_level="important")
    cases = [prepared(world, pk) for pk in (grave, mounted(world, "殡葬服务信息", personal=False), grave)]
    first, ordinary, again = agreed(world, *cases)
    assert states(world, first, ordinary, again) == ["suspended", "active", "suspended"], "no event was heard so far"
    with refused(WrongState, "已暂停"):
        exchange.order_batch(by=world.actor("hr.clerk"), at=world.at, grant_id=first)
    delivered(world)
    obtainable = InboxItem.objects.filter(title__endswith="的数据已可获取")
    assert list(SharingRequest.objects.order_by("pk").values_list("state", flat=True)[1:]) == [
        "suspended",
        "granted",
        "suspended",
    ]
    OutboxEvent.objects.filter(name="grant.granted").update(state="pending", done_at=None)
    delivered(world)
    says: dict[str, Any] = {"duty": "优抚待遇核验", "statement": "待遇须按月核发", "grant_id": first}
    dispute = sharing.open_dispute(by=world.actor("hr.head"), at=world.at, kind="suspension", **says)
    outcome = sharing.Outcome(result="restore", text="双方同意恢复共享")
    sharing.propose(dispute.pk, by=world.actor("hr.head"), at=world.at, outcome=outcome)
    with refused(WrongState, "请先由主管部门或其保密审查员同意提供"):
        sharing.settle(dispute.pk, by=world.actor("civil.head"), at=world.at)
    assert obtainable.count() == 1, "an opening that is heard late, or twice, delivers nothing that was suspended since"
    admit(world, first)
    assert states(world, first, again) == ["active", "suspended"]
    delivered(world)
    assert SharingRequest.objects.get(pk=cases[0]).state == "granted"
    assert obtainable.count() == 2
    (later,) = agreed(world, prepared(world, grave))
    assert states(world, later) == ["active"], "an admitted combination is not looked at twice"


@covers(partly=["R-SEC-031"])
def test_a_grant_that_is_widened_into_a_grave_combination_waits_from_its_widening_on(world: World) -> None:
    granted(world)
    grave = published(world, title="优抚对象信息", security_level="important")
    bare = {"items": (sharing.GrantedItem("姓名"),), "key_items": ("姓名",), "confirm_items": ()}
    (held,) = agreed(world, prepared(world, grave, **bare))
    assert states(world, held) == ["active"], "a name joins nothing"
    wider = granting.Wider(items=(granting.Kept("公民身份号码"),))
    granting.widen_grant(held, by=PLATFORM, at=world.at, wider=wider, origin="BG-1")
    assert states(world, held) == ["suspended"]
    admit(world, held)
    assert [column.item for column in told(held, world.at).columns] == ["姓名", "公民身份号码"]
    assert states(world, held) == ["active"]


@pytest.mark.django_db(transaction=True)
def test_of_two_openings_at_once_the_later_sees_the_earlier(world: World) -> None:
    grave = published(world, title="优抚对象信息", security_level="important")
    one, other = prepared(world, published(world)), prepared(world, grave)
    head, inside, failures = world.actor("civil.head"), threading.Event(), []

    def beside() -> None:
        try:
            inside.set()
            sharing.agree(other, by=head, at=world.at)
        except Exception as error:  # noqa: BLE001 - told to the test
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=beside)
    with transaction.atomic():
        (first,) = agreed(world, one)
        thread.start()
        inside.wait()
        thread.join(0.5)
        assert thread.is_alive(), "it waits for the one that opens before it"
    thread.join()
    assert failures == []
    second = SharingRequest.objects.get(pk=other).grant_id or 0
    assert states(world, first, second) == ["active", "suspended"]
