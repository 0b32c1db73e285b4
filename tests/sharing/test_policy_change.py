"""A change of the rules meets new cases only; what started before keeps its limits (R-OVR-036)."""

from __future__ import annotations

from copy import copy as copy_of
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from test_requests import clock, filed, reply

from covers import covers
from jutong.dataplane import identity
from jutong.kernel import jurisdiction
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken
from jutong.kernel.models import Clock, PolicyAssignment
from jutong.kernel.settings import settings
from jutong.slices.sharing import actions
from jutong.slices.sharing.models import SharingRequest
from jutong.slices.sharing.workflow import SHARING_REQUEST
from jutong.slices.standards import actions as standards
from published import published
from world import World


@pytest.fixture(autouse=True)
def _fresh_rules() -> None:
    jurisdiction._policy.cache_clear()


def assign(world: World, **overrides: Any) -> None:
    tomorrow = beijing_day(world.at) + timedelta(days=1)
    standards.assign_profile(
        region=world.region, profile="national-2025", effective_from=tomorrow, overrides=overrides, confirm=True,
        by=world.actor("authority.chief"), at=world.at,
    )  # fmt: skip


@covers("R-OVR-036")
def test_a_case_keeps_the_limits_it_started_with_and_new_ones_get_the_new(world: World) -> None:
    first, second = published(world), published(world, title="临时救助信息")
    before = filed(world, first)
    assign(world, request_reply_days=5, request_reply_extension_days=3)
    later = world.at + timedelta(days=1)
    after = filed(world, second, at=later)
    assert (before.profile, after.profile) == ("national-2025@1", f"national-2025:{world.region}@2")
    assert (clock(before, "reply").days, clock(after, "reply").days) == (10, 5)
    officer, chief = world.actor("civil.officer"), world.actor("authority.chief")
    actions.ask_extension(before, by=officer, at=later, days=8, reason="需核对口径")
    actions.extend(before, by=chief, at=later, days=8)
    assert (clock(before, "reply").days, clock(before, "reply").extended) == (10, 8)
    with pytest.raises(RuleBroken, match="1 至 3 个工作日"):
        actions.ask_extension(after, by=officer, at=later, days=8, reason="需核对口径")


COPIES = 999


def _copied(case: SharingRequest, started: date) -> list[SharingRequest]:
    """Multiply a request with its reply clock, as a busy department has them."""
    runs = clock(case, "reply")
    rows = []
    for place in range(COPIES):
        copy = SharingRequest.objects.get(pk=case.pk) if not place else copy_of(rows[0])
        copy.pk, copy.number, copy.state = None, f"SR-2026-9{place:05d}", "reply_prepared"
        copy.reply = msgspec.to_builtins(reply())
        rows.append(copy)
    made = SharingRequest.objects.bulk_create(rows)
    clocks = []
    for row in made:
        one = copy_of(runs)
        one.pk, one.case_id = None, row.pk
        clocks.append(one)
    Clock.objects.bulk_create(clocks)
    assert {row.started_on for row in made} == {started}
    return made


@covers("R-OVR-036")
def test_a_thousand_running_cases_keep_their_rules_through_a_change_and_move_together(
    world: World, django_assert_max_num_queries: Any
) -> None:
    identity.establish(settings().home / "nodes" / "local", at=world.at)
    first = filed(world, published(world))
    ids = [row.pk for row in _copied(first, beijing_day(world.at))]
    assign(world, request_reply_days=5, delivery_days=8)
    later = world.at + timedelta(days=1)
    fresh = filed(world, published(world, title="临时救助信息"), at=later)
    assert (clock(fresh, "reply").days, set(Clock.objects.filter(case_id__in=ids).values_list("days", flat=True))) == (
        5,
        {10},
    )
    with django_assert_max_num_queries(80):
        moved = SHARING_REQUEST.advance_many("agree", ids, by=world.actor("civil.head"), at=later)
    assert (len(moved.done), moved.refused) == (COPIES, {})
    delivery = Clock.objects.filter(case_kind="sharing_request", name="delivery", case_id__in=ids)
    assert set(delivery.values_list("days", "explanation")) == {
        (20, "20 个工作日 — 政务数据共享条例第二十二条（国家规定）")
    }
    assert Clock.objects.filter(name="reply", case_id__in=ids, state="stopped").count() == COPIES


@covers("R-OVR-036")
@pytest.mark.parametrize(
    "overrides", [{"reply_within_days": 5}, {"request_reply_days": -1}, {"request_reply_days": "五"}]
)
def test_a_profile_with_an_unknown_parameter_or_negative_days_is_refused(
    world: World, overrides: dict[str, Any]
) -> None:
    with pytest.raises(RuleBroken) as refused:
        assign(world, **overrides)
    assert refused.value.code == "validation_error"
    assert set(refused.value.remarks) == set(overrides)
    assert not PolicyAssignment.objects.exists()
