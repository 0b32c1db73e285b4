"""Reading what is newer than a task has landed: the mark in the target, and how far back to read again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from jutong.dataplane.engines.base import Reading
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.policy import Plan, Predicate
from jutong.dataplane.transfer.runs import Run
from jutong.wire.consignments import Heading
from jutong.wire.grants import Column, Kind, Masking, Operator
from jutong.wire.transfers import Order, Read, TableMode

DAY = 86_400
KINDS = (Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.TIMESTAMP)


def check(order: Order, plan: Plan) -> Column:
    """Return the field that is the watermark, or refuse an order that would lose or double rows."""
    if order.watermark is None or not order.task_id:
        raise RuleBroken("增量读取需要增量数据项和所属任务，请在任务中选择增量数据项。")
    if order.target_mode is TableMode.REPLACE:
        raise RuleBroken("增量读取不能与整表替换一起使用，请改用按主键更新或追加方式。")
    if order.target_mode is TableMode.APPEND and order.watermark.overlap:
        raise RuleBroken("追加方式不能识别重复读取的行，请把重叠范围设为 0，或改用按主键更新方式。")
    for field in plan.fields:
        if field.item == order.watermark.item and field.masking is Masking.NONE and field.kind in KINDS:
            return field
    raise RuleBroken(f"增量数据项“{order.watermark.item}”应为授权范围内、未脱敏的数值、日期或时间，请改选其他数据项。")


def back(kind: Kind, mark: str, overlap: int) -> str:
    """Return the mark moved back by the overlap (seconds for times and dates, units for numbers), as canonical text.

    Raises RuleBroken for a mark with which nothing can be reckoned, such as infinity.
    """
    try:
        if kind is Kind.INTEGER:
            return str(int(mark) - overlap)
        if kind is Kind.NUMBER:
            return str(Decimal(mark) - overlap)
        if kind is Kind.DATE:
            return (date.fromisoformat(mark) - timedelta(days=-(-overlap // DAY))).isoformat()
        return (datetime.fromisoformat(mark) - timedelta(seconds=overlap)).isoformat(sep=" ")
    except (ArithmeticError, ValueError) as error:
        raise RuleBroken(f"增量数据项的最大值“{mark}”不是有限的值，无法继续增量读取，请清理来源数据。") from error


def since(plan: Plan, field: Column, mark: str, order: Order) -> Plan:
    """Return the plan of what is newer than the mark.

    An upsert reads the mark itself again, its overlap before it, and whatever has no watermark: what comes twice stays
    one row, and what was committed late under an older value is found. Appending reads strictly newer rows only.
    """
    if not mark:
        return plan
    upsert = order.target_mode is TableMode.UPSERT
    overlap = order.watermark.overlap if order.watermark else 0
    operator = Operator.GE if upsert else Operator.GT
    newer = Predicate(
        field.item, field.column, field.kind, operator, (back(field.kind, mark, overlap),), or_missing=upsert
    )
    return replace(plan, where=(*plan.where, newer))


class Behind(RuleBroken):
    """The target has come to another mark than the one from which was read. position: where it is."""

    def __init__(self, sentence: str, position: str) -> None:
        super().__init__(sentence)
        self.position = position


async def narrowed(run: Run, reading: Reading, mark: str) -> str:
    """Narrow a reading to what is new to a target and return the mark to land with it; nothing for other orders.

    mark: how far the target has come. What came in a parcel was narrowed by its sending half: `Behind` where it went by
    another mark.
    """
    order = run.order
    if order.read is not Read.WATERMARK:
        return ""
    if run.heading is not None:
        return _carried(run.heading, mark)
    field = check(order, run.plan)
    reading.narrow(since(run.plan, field, mark, order))
    highest, missing = await reading.highest(field.column)
    if missing and order.target_mode is TableMode.APPEND:
        raise RuleBroken(f"增量数据项“{field.item}”有空值，追加方式会重复或遗漏这些行，请补全或改用按主键更新方式。")
    if highest is not None:
        back(field.kind, highest, 0)
    return highest or mark


def _carried(heading: Heading, mark: str) -> str:
    """Return up to where a parcel reads on from a mark."""
    if heading.since == mark:
        return heading.position
    here, there = mark or "（尚无）", heading.since or "（从头）"
    raise Behind(
        f"目标库已同步到“{here}”，而本次从“{there}”读取，两端的增量位置不一致，没有数据放行，"
        "请重新执行，将从目标库的位置继续。",
        mark,
    )
