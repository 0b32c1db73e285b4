"""Rows that an earlier run set aside, corrected by the provider: read from what that run sealed, checked, and delivered.

The order brings both sealed to this node: the rows as they were set aside, and the values that were put right. A row
lands as it would have landed then: filtered and masked by the grant as it stands now; what is still wrong comes back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pyarrow as pa

from jutong.crypto import CryptoRefused
from jutong.dataplane.dirty import Dirty
from jutong.dataplane.engines.base import Reading
from jutong.dataplane.engines.passing import PassReading
from jutong.dataplane.errors import RuleBroken, Unavailable
from jutong.dataplane.files import shaping
from jutong.dataplane.files.rows import Batch, from_rows
from jutong.dataplane.masking import mask
from jutong.dataplane.policy import Plan
from jutong.dataplane.transfer.runs import Run
from jutong.wire.grants import Column, Kind, Masking
from jutong.wire.transfers import CorrectedValue, KeptRow

ENGINE = "corrected"
"""What the rows come from, in place of an engine's name."""


@dataclass(slots=True)
class _Row:
    """A row that was set aside, its cells by column."""

    number: int
    cells: dict[str, str | None]
    masked: bool


@asynccontextmanager
async def reading(run: Run) -> AsyncIterator[Reading]:
    """Open the corrected rows of an order as a reading; see `PassReading` for what it counts and sets aside."""
    rows, plan = _corrected(run), run.plan
    fields = tuple(_plain(field) for field in plan.fields)
    shown = Plan(plan.schema, plan.table, fields, unique=plan.unique)

    def passed(wanted: Sequence[Column]) -> Iterator[Batch]:
        del wanted
        yield _batch(rows, plan, fields)

    yield PassReading(shown, ENGINE, passed)


def _plain(field: Column) -> Column:
    """Return a field as it is once its masking has been applied."""
    if field.masking is Masking.NONE:
        return field
    kind = field.kind if field.masking is Masking.SUPPRESS else Kind.TEXT
    return msgspec.structs.replace(field, masking=Masking.NONE, kind=kind)


def _corrected(run: Run) -> list[_Row]:
    """Return the rows with their corrected values, each once; `Unavailable` where this node cannot open them."""
    plan, order = run.plan, run.order
    try:
        signer = run.identity.signer
        kept = [
            [msgspec.json.decode(line, type=KeptRow) for line in signer.unseal(parcel).split(b"\n")]
            for parcel in order.corrects
        ]
        values = msgspec.json.decode(signer.unseal(order.corrections), type=list[CorrectedValue])
    except (CryptoRefused, msgspec.MsgspecError) as error:
        message = "本节点无法打开待更正的行（节点密钥可能已更换），请提供部门在来源更正后重新执行原任务。"
        raise Unavailable(message) from error
    layouts = {
        True: [field.column for field in plan.fields],
        False: [column.column for column in shaping.needed(plan)],
    }
    rows: dict[tuple[int, int], _Row] = {}
    for value in values:
        found = kept[value.parcel][value.place]
        if len(found.cells) != len(layouts[found.masked]):
            raise RuleBroken(
                f"第 {found.number} 行与现行授权的列不一致，不能更正后补送，请提供部门在来源更正后重新执行原任务。"
            )
        cells = dict(zip(layouts[found.masked], found.cells, strict=True))
        row = rows.setdefault((value.parcel, value.place), _Row(found.number, cells, found.masked))
        field = next((each for each in plan.fields if each.item == value.item), None)
        tested = {test.column for test in plan.where}
        if field is None or field.column in tested or (found.masked and field.masking is Masking.KEYED_HASH):
            raise RuleBroken(f"数据项“{value.item}”不能在此更正，请提供部门在来源更正后重新执行原任务。")
        row.cells[field.column] = mask(field.masking, value.value) if found.masked else value.value
    return list(rows.values())


def _batch(rows: Sequence[_Row], plan: Plan, fields: Sequence[Column]) -> Batch:
    """Return the rows as they land, and those that are still wrong, one by one: there are at most some thousand."""
    good: list[list[Any]] = []
    dirty: list[Dirty] = []
    for row in rows:
        wanted = fields if row.masked else shaping.needed(plan)
        texts = [row.cells[column.column] for column in wanted]
        found = from_rows([texts], wanted, [row.number])
        if found.dirty:
            dirty += [replace(each, masked=row.masked) for each in found.dirty]
            continue
        if row.masked:
            good.append([column.to_pylist()[0] for column in found.columns])
            continue
        named = {column.column: texts for column, texts in zip(wanted, found.columns, strict=True)}
        let = shaping.admitted(plan, named)
        if not len(next(iter(let.values()))):
            reason = "不在授权的数据范围内"
            dirty.append(Dirty(row.number, "", "", reason, tuple(texts)))
            continue
        good.append([column.to_pylist()[0] for column in shaping.shaped(plan, let, hashed=True)])
    columns = [pa.array([row[n] for row in good], pa.string()) for n in range(len(fields))]
    return Batch(columns, len(good), dirty)
