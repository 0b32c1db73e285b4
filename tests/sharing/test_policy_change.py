"""A change of the rules meets new cases only; what started before keeps its limits (R-OVR-036)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from test_requests import clock, filed

from covers import covers
from jutong.kernel import jurisdiction
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken
from jutong.kernel.models import PolicyAssignment
from jutong.slices.sharing import actions
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
