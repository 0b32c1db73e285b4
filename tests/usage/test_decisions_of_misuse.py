"""Decisions on misuse twice, and one that fails for a part."""

from __future__ import annotations

import pytest

from jutong.kernel.errors import RuleBroken, WrongState
from jutong.slices.grants import actions as grant_actions
from jutong.slices.usage.models import MisuseCase
from jutong.slices.usage.pages.deeds import DEEDS
from misuse_world import ORDER, granted, opened, suspended, told
from world import World


def test_the_same_decision_twice_is_refused_the_second_time(world: World) -> None:
    grant = granted(world)
    case = suspended(world, grant)
    with pytest.raises(WrongState):
        DEEDS["suspend"].call(case.pk, by=world.actor("authority.chief"), at=world.at, **ORDER, grant_ids=[grant])
    with pytest.raises(WrongState):
        DEEDS["dismiss"].call(case.pk, by=world.actor("civil.head"), at=world.at, reason="并无违规使用")
    assert told(grant, world.at).state == "suspended"


def test_a_suspension_that_fails_for_one_grant_leaves_all_as_they_were(world: World) -> None:
    first, second = granted(world), granted(world, "低保金发放信息")
    case = opened(world, first)
    grant_actions.suspend_grant(second, by=world.actor("civil.head"), at=world.at, reason="数据核查")
    with pytest.raises(RuleBroken, match="已经暂停"):
        DEEDS["suspend"].call(case.pk, by=world.actor("civil.head"), at=world.at, **ORDER, grant_ids=[first, second])
    assert told(first, world.at).state == "active"
    assert MisuseCase.objects.get(pk=case.pk).state == "alerted"
