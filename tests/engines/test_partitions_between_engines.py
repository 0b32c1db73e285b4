"""Partitions and marks between any two engines: the same names, the same sums, held back, repaired, remembered."""

# ruff: noqa: S608 - the statements are the test's own
from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from covers import covers
from engineworld import COLUMNS, REAL, ROWS, Base, fresh, peopled
from jutong.dataplane import engines, policy
from jutong.dataplane.engines.base import Target
from jutong.dataplane.partitions import Cut, paired, whole
from jutong.dataplane.reconcile import PORTABLE, RunningTally, row_digest
from jutong.dataplane.transfer.guard import together
from jutong.wire.grants import Kind, Operator
from jutong.wire.transfers import SplitBy, TableMode, Tally

PAIRS = [(source, sink) for source in REAL for sink in REAL]
CUTS = [
    Cut(1, "name", SplitBy.VALUE),
    Cut(2, "born", SplitBy.YEAR),
    Cut(5, "changed", SplitBy.MONTH),
    Cut(0, "id_no", SplitBy.PREFIX, 17),
    Cut(1, "name", SplitBy.PREFIX, 2),
    Cut(6, "n", SplitBy.HASH, 3),
    Cut(1, "name", SplitBy.HASH, 5),
]


@pytest.fixture(params=PAIRS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[Base, Base]]:
    with fresh(request.param[0]) as provider, fresh(request.param[1]) as consumer:
        yield peopled(provider), consumer


def plan(base: Base, **changes: Any) -> policy.Plan:
    return replace(policy.Plan(base.schema, "people", COLUMNS, unique=("id_no",)), **changes)


def carried(
    ends: tuple[Base, Base],
    asked: policy.Plan,
    order_id: str,
    *,
    held: Sequence[str] = (),
    mark: str = "",
    **target: Any,
) -> tuple[dict[str, Tally], dict[str, Tally], str]:
    """Move a plan's rows as canonical lines; return both ends' partitions and the mark that was found."""
    chosen = {"mode": TableMode.UPSERT, "unique": ("id_no",), "cut": asked.cut, "parts": asked.parts} | target
    goal = Target(order_id=order_id, grant_id="g", schema=ends[1].schema, table="copy", **chosen)

    async def main() -> tuple[dict[str, Tally], dict[str, Tally], str]:
        first = await engines.open(ends[0].source(), ends[0].access)
        second = await engines.open(ends[1].source(), ends[1].access)
        try:
            async with first.reading(asked) as reading, second.landing(goal, reading.shapes) as landing:
                reading.narrow(asked)
                queue: asyncio.Queue[bytes | None] = asyncio.Queue()

                async def read() -> None:
                    sent.append(await reading.lines(queue.put))
                    await queue.put(None)

                async def chunks() -> Any:
                    while (chunk := await queue.get()) is not None:
                        yield chunk

                sent: list[int] = []
                _, taken = await together(read(), landing.receive(chunks(), binary=False))
                assert taken == sent[0]
                cut = asked.cut or CUTS[0]
                source, arrived = await reading.parts(PORTABLE, cut), await landing.parts(PORTABLE, cut)
                rest = {name: tally for name, tally in arrived.items() if name not in held}
                await landing.settle(whole(rest, PORTABLE), at=datetime.now(UTC), mark=mark, held=held)
                return source, arrived, landing.mark
        finally:
            await first.close()
            await second.close()

    return asyncio.run(main())


@covers(partly=["R-EXC-019"])
@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: f"{cut.column}-{cut.by}")
def test_both_ends_name_and_sum_partitions_as_python_does(ends: tuple[Base, Base], cut: Cut) -> None:
    source, target, _ = carried(ends, plan(ends[0], cut=cut), "order-1")
    expected = RunningTally()
    expected.add([row_digest(row) for row in ROWS], [cut.name(row[cut.place]) for row in ROWS])
    assert source == target == expected.parts()
    assert all(part.source == part.target for part in paired(source, target, PORTABLE))


def numbers(base: Base) -> dict[str, int]:
    """Return what the target holds: identity number to number."""
    return {row[0]: row[1] for row in base.run(f"select id_no, n from {base.named('copy')} where n is not null")}


@pytest.mark.parametrize("mode", [TableMode.REPLACE, TableMode.UPSERT])
def test_what_is_held_back_stays_as_it_was_and_a_repair_moves_it_alone(
    ends: tuple[Base, Base], mode: TableMode
) -> None:
    cut = Cut(2, "born", SplitBy.YEAR)
    whole_plan = plan(ends[0], cut=cut)
    carried(ends, whole_plan, "first", mode=mode)
    before = numbers(ends[1])
    ends[0].run("update people set n = n + 100")
    carried(ends, whole_plan, "second", mode=mode, held=("2026", "1986"))
    after = numbers(ends[1])
    assert {key for key in before if before[key] == after[key]} == {ROWS[n][0] for n in (5, 6, 7)}
    repair = plan(ends[0], cut=cut, parts=("2026", "1986"))
    source, target, _ = carried(ends, repair, "third", mode=mode)
    assert set(source) == set(target) == {"2026", "1986"}
    assert numbers(ends[1]) == {key: n + 100 for key, n in before.items()}
    table = ends[1].named("jutong_position")
    orders = [row[0] for row in ends[1].run(f"select order_id from {table} order by order_id")]
    assert orders == ["first", "third"]


def test_the_mark_of_a_task_moves_with_the_data_and_narrows_the_next_reading(ends: tuple[Base, Base]) -> None:
    assert carried(ends, plan(ends[0]), "first", task_id="task", mark="9")[2] == ""
    newer = policy.Predicate("编号", "n", Kind.INTEGER, Operator.GE, ("9",), or_missing=True)
    source, _, mark = carried(ends, plan(ends[0], where=(newer,)), "second", task_id="task", mark="10")
    assert mark == "9"
    assert whole(source, PORTABLE).rows == 3
    assert carried(ends, plan(ends[0]), "third", task_id="other")[2] == ""
    assert carried(ends, plan(ends[0]), "fourth", task_id="task")[2] == "10"


@pytest.mark.parametrize("engine", REAL)
def test_the_greatest_value_and_a_missing_one_are_found(engine: str) -> None:
    async def main(base: Base) -> list[tuple[str | None, bool]]:
        source = await engines.open(base.source(), base.access)
        try:
            async with source.reading(plan(base)) as reading:
                found = [await reading.highest(column) for column in ("n", "changed", "born")]
                none = policy.Predicate("编号", "n", Kind.INTEGER, Operator.GT, ("999",))
                reading.narrow(plan(base, where=(none,)))
                return [*found, await reading.highest("n")]
        finally:
            await source.close()

    with fresh(engine) as base:
        assert asyncio.run(main(peopled(base))) == [
            ("10", True), ("9999-12-31 23:59:59.999999", True), ("9999-12-31", True), (None, False),
        ]  # fmt: skip
