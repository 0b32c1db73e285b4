"""Rows that no division claims: counted at the source of a back-flow, so that nobody takes them for delivered."""

from __future__ import annotations

from dataclasses import replace

from jutong.dataplane.engines.base import Reading
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.policy import Predicate
from jutong.dataplane.transfer.runs import Run
from jutong.wire.grants import Masking, Operator


async def unassigned(run: Run, reading: Reading) -> int:
    """Return how many rows of the whole table have no division, in the state that this reading sees; 0 for other orders.

    RuleBroken where the order names an item that is not granted, or masked.
    """
    item = run.order.division_item
    if not item:
        return 0
    if run.heading is not None:  # the sending half has counted them
        return run.heading.unassigned
    field = next((f for f in run.plan.fields if f.item == item and f.masking is Masking.NONE), None)
    if field is None:
        raise RuleBroken(f"行政区划数据项“{item}”不在授权范围内或已脱敏，不能按行政区划回流，请调整授权。")
    empty = Predicate(field.item, field.column, field.kind, Operator.EQ, ("",), or_missing=True)
    reading.narrow(replace(run.plan, where=(empty,), parts=()))
    found = await reading.tally(reading.methods[0])
    reading.narrow(run.plan)
    return found.rows
