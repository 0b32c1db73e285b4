"""Schema drift: the source's columns against the ones a person accepted; a difference is told, never guessed away."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from jutong.crypto import sm3
from jutong.dataplane.engines.base import Engine
from jutong.dataplane.errors import Refusal, RuleBroken
from jutong.dataplane.transfer.runs import Run
from jutong.wire.grants import Column
from jutong.wire.probe import FoundColumn
from jutong.wire.transfers import RunState


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """One granted item as it is found at the source; a column that is not there has no type."""

    item: str
    column: str
    type: str
    nullable: bool


class Drifted(Refusal):
    """The source's columns are not the accepted ones. digest: of the columns found; `sentence` says what changed."""

    status, code, title = 409, "drift", "来源结构已变化"

    def __init__(self, sentence: str, digest: str) -> None:
        super().__init__(sentence)
        self.digest = digest


def seen(fields: Sequence[Column], found: Sequence[FoundColumn]) -> tuple[Seen, ...]:
    """Return the granted items in their order as the source has them."""
    known = {column.name: column for column in found}
    return tuple(
        Seen(field.item, field.column, known[field.column].native, known[field.column].nullable)
        if field.column in known
        else Seen(field.item, field.column, "", nullable=True)
        for field in fields
    )


def digest(columns: Sequence[Seen]) -> str:
    """Return the SM3 (hex) of columns: item, column, type, whether values may be missing, in their order."""
    return sm3.hexdigest(msgspec.json.encode(columns))


def changes(before: Sequence[Seen], after: Sequence[Seen]) -> str:
    """Return what changed, for people."""
    old, new = {one.item: one for one in before}, {one.item: one for one in after}
    told = [f"新增数据项“{item}”" for item in new if item not in old]
    told += [f"减少数据项“{item}”" for item in old if item not in new]
    for item in old.keys() & new.keys():
        was, now = old[item], new[item]
        if not now.type and was.type:
            told.append(f"数据项“{item}”的列 {now.column} 已不存在")
            continue
        if was.column != now.column:
            told.append(f"数据项“{item}”的列由 {was.column} 改为 {now.column}")
        if was.type != now.type:
            told.append(f"数据项“{item}”的类型由 {was.type or '无'} 变为 {now.type}")
        if was.nullable != now.nullable:
            told.append(f"数据项“{item}”由{_may(was)}变为{_may(now)}")
    return "，".join(told) or "数据项的顺序有变化"


def _may(one: Seen) -> str:
    return "可为空" if one.nullable else "不可为空"


async def check_drift(run: Run, source: Engine, accepted: str = "") -> str:
    """Hold the source's columns against the accepted shape and return the digest found; `Drifted` with what changed.

    accepted: the shape that the run began with, where it looks again. An order without a shape has nothing to be held
    against; the digest found is reported, for a person to accept. Empty where there is no such table.
    """
    accepted = accepted or run.order.shape
    try:
        table = await source.describe(run.plan.schema, run.plan.table)
    except RuleBroken:  # no such table: the reading says what to do about it
        return ""
    columns = seen(run.plan.fields, table.columns)
    found = digest(columns)
    await run.book.keep_shape(found, msgspec.json.encode(columns))
    if not accepted:
        run.tell(RunState.SENT, "开始执行。", drift=found)
    elif accepted != found:
        kept = await run.book.shape(accepted)
        before = msgspec.json.decode(kept, type=tuple[Seen, ...]) if kept else ()
        told = changes(before, columns) if kept else f"现有的列：{'、'.join(one.column for one in columns)}"
        message = f"来源表结构与已确认的不一致（{told}），任务已停止，没有数据放行，请核对后确认新结构。"
        raise Drifted(message, found)
    return found
