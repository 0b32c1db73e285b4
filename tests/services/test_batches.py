"""What a gateway process counted is taken once, however often it has to send it."""

from __future__ import annotations

from datetime import timedelta

from jutong.slices.services import actions
from jutong.slices.services.models import UsageDay, UsageWriter
from jutong.wire.usage import Usage, UsageBatch
from world import World


def batch(world: World, writer: str = "aa", number: int = 1) -> UsageBatch:
    return UsageBatch(writer, number, (Usage("9", "7", world.at, "online_query", "x", 3, 1, 2),))


def test_a_batch_that_comes_again_counts_once(world: World) -> None:
    taken = [actions.take_batch(batch(world, number=number), node="local", at=world.at) for number in (1, 1, 2, 1, 2)]
    assert taken == [1, 0, 1, 0, 0]
    assert UsageDay.objects.get().calls == 6


def test_processes_count_each_for_itself_and_are_forgotten_after_a_month(world: World) -> None:
    for writer, node in (("aa", "local"), ("bb", "local"), ("aa", "other")):
        assert actions.take_batch(batch(world, writer), node=node, at=world.at) == 1
    actions.take_batch(batch(world, "cc"), node="local", at=world.at + timedelta(days=32))
    assert [row.writer for row in UsageWriter.objects.all()] == ["cc"]
