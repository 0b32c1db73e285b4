"""From the staging table into the target: one RENAME, or one transaction, with the order's position in it."""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value written by `literal`
from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from jutong.dataplane.dirty import LISTED, Dirty, RowRefused
from jutong.dataplane.engines.base import POSITION, TASK, Target
from jutong.dataplane.engines.mysql.connect import fetch
from jutong.dataplane.engines.mysql.keys import Foreign, broken, keys_of, keys_to
from jutong.dataplane.engines.mysql.sql import Native, among, digest, literal, qualified, quoted, summed
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.reconcile import PORTABLE, Unreconciled
from jutong.wire.transfers import TableMode, Tally

PLAIN = """
select (select count(*) from information_schema.tables
        where table_schema = {schema} and table_name = {table} and table_type <> 'BASE TABLE')
     + (select count(*) from information_schema.triggers
        where event_object_schema = {schema} and event_object_table = {table})
     + (select count(*) from information_schema.key_column_usage where referenced_table_name is not null
        and ((table_schema = {schema} and table_name = {table})
          or (referenced_table_schema = {schema} and referenced_table_name = {table})))
"""
"""Nothing hangs on the table that a table put in its place would lack: it is no view, has no trigger, no foreign key."""


class Merge:
    """How one order's staged rows reach the target: `swap` for a table that can be replaced whole."""

    def __init__(self, session: Any, target: Target, staging: str, names: Sequence[str]) -> None:
        self._session = session
        self._target = target
        self._names = names
        self._columns = ", ".join(map(quoted, names))
        self._staging = staging
        self._goal = qualified(target.schema, target.table)
        self._stage = qualified(target.schema, staging)
        self._old = qualified(target.schema, f"{staging}_old")
        self._marks = qualified(target.schema, f"{staging}_pos")
        self._worn = qualified(target.schema, f"{staging}_was")
        self._position = qualified(target.schema, POSITION)
        self._gone = qualified(target.schema, f"{staging}_key")
        self._giving = False
        self._task = qualified(target.schema, TASK)
        self._existing = False
        self._swap = True
        self._landed = True
        self._family = False  # whether rows of the target refer to each other
        self._by_key = False  # a replacement changes the rows that come again, since others refer to them
        self._referring: list[Foreign] = []
        self._stuck = ""
        self.text = "''"  # canonical text of the field that tells partitions apart

    async def _ask(self, statement: str) -> list[tuple[Any, ...]]:
        return await fetch(self._session, statement)

    async def make_staging(self, natives: Sequence[Native], *, existing: bool) -> None:
        """Make the staging table: the target's twin where it will be replaced by it, else its columns only.

        A task's mark cannot be renamed into place, so its target is made empty at once and then filled in one transaction.
        """
        self._existing = existing
        if not existing:
            await self._make(self._goal if self._target.task_id else self._stage, natives)
            if not self._target.task_id:
                return
        names = {"schema": literal(self._target.schema), "table": literal(self._target.table)}
        plain = (await self._ask(PLAIN.format(**names)))[0][0] == 0
        whole = self._target.mode is TableMode.REPLACE and not (self._target.parts or self._target.task_id)
        self._swap = whole and plain
        if self._swap:
            await self._ask(f"create table {self._stage} like {self._goal}")
            return
        await self._check_transactional(names)
        await self._look(names)
        if self._target.mode is TableMode.UPSERT and not await self._is_unique(names):
            raise RuleBroken("目标表在主键列上没有唯一约束，请先建立主键或改用其他写入方式。")
        await self._ask(f"create table {self._stage} engine=InnoDB as select {self._columns} from {self._goal} limit 0")

    async def _make(self, table: str, natives: Sequence[Native]) -> None:
        """Make a new table for the rows that come."""
        pairs = zip(self._names, natives, strict=True)
        columns = ", ".join(f"{quoted(name)} {native.full}" for name, native in pairs)
        if self._target.mode is TableMode.UPSERT or self._target.keyed:
            columns += f", primary key ({', '.join(map(quoted, self._target.unique))})"
        await self._ask(f"create table {table} ({columns}) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin")

    async def _check_transactional(self, names: dict[str, str]) -> None:
        """Refuse a table whose rows cannot be written together with the position."""
        question = "select engine from information_schema.tables where table_schema = {schema} and table_name = {table}"
        engine = (await self._ask(question.format(**names)))[0][0] or ""
        if engine.lower() in ("myisam", "aria", "memory", "csv", "archive", "federated", "merge"):
            message = (
                f"目标表 {self._target.table} 的存储引擎 {engine} 不支持事务，不能追加或更新，"
                "请改为 InnoDB，或改用替换方式。"
            )
            raise RuleBroken(message)

    async def _look(self, names: dict[str, str]) -> None:
        """Look at who refers to the target's rows: those that come again must not be deleted on the way.

        `RuleBroken` where a replacement would delete, or change, rows of other tables by the way of a foreign key.
        """
        self._referring = await keys_to(self._session, self._target.schema, self._target.table)
        self._family = any(key.own for key in self._referring)
        others = [key for key in self._referring if not key.own]
        if not others or self._target.mode is not TableMode.REPLACE:
            return
        self._by_key = await self._is_unique(names)
        following = next((key for key in others if not key.held), None)
        if following and not self._by_key:
            raise RuleBroken(
                f"表 {following.table[1]} 的外键 {following.name} 引用目标表并随之删改，整表替换会丢失其中的数据，"
                "请在目标表的主键列上建立唯一约束，或改用按主键更新方式。"
            )

    async def _is_unique(self, names: dict[str, str]) -> bool:
        """Tell whether a unique key of the target stands for the key columns, and all of them come."""
        found = await self._ask(
            "select group_concat(column_name order by column_name separator '\\n') from information_schema.statistics"
            " where table_schema = {schema} and table_name = {table} and non_unique = 0 group by index_name".format(
                **names
            )
        )
        wanted = set(self._target.unique)
        return wanted <= set(self._names) and any(set((row[0] or "").split("\n")) == wanted for row in found)

    async def giving_way(self) -> str:
        """Return the table for the keys whose rows give way to the staged ones, made when first asked for."""
        if not self._giving:
            keys = ", ".join(map(quoted, self._target.unique))
            await self._ask(f"create table {self._gone} engine=InnoDB as select {keys} from {self._goal} limit 0")
            self._giving = True
        return self._gone

    def _among(self, names: Sequence[str]) -> str:
        """Return the test that a row, staged or in the target, lies in one of these partitions."""
        return among(self.text, self._target.cut, names) if self._target.cut else "true"

    async def settle(self, position: str, rows: int, *, mark: str, held: Sequence[str]) -> None:
        """Prepare the one step that `commit` takes.

        position, mark: the rows' values, written as literals; empty when none is to be written. held: partitions whose
        staged rows are given up and whose old rows stay.
        """
        self._landed = bool(position)
        if held:
            await self._ask(f"delete from {self._stage} where {self._among(held)}")
        if self._swap:
            if held and self._existing:
                kept = f"select * from {self._goal} where {self._among(held)}"
                await self._ask(f"insert into {self._stage} {kept}")
            if not self._landed:
                return
            await self._ask(f"create table {self._marks} like {self._position}")
            await self._ask(f"insert into {self._marks} select * from {self._position}")
            await self._ask(f"insert into {self._marks} values ({position})")
            return
        async with self.begun():
            await self._merge(rows, held)
            if position:
                await self._ask(f"insert into {self._position} values ({position})")
            if mark:
                await self._ask(f"replace into {self._task} values ({mark})")

    @asynccontextmanager
    async def begun(self) -> AsyncIterator[None]:
        """Begin the transaction of a merge; its owner ends it, an error undoes it.

        Where rows of the target refer to each other the server would refuse a child before its parent: there the keys
        are looked at together (`_check_keys`) and not row by row.
        """
        await self._ask("start transaction")
        try:
            if self._family:
                await self._ask("set foreign_key_checks = 0")
            yield
        except BaseException:
            await self._ask("rollback")
            raise
        finally:
            if self._family:
                await self._ask("set foreign_key_checks = 1")

    async def _check_keys(self) -> None:
        """Refuse rows that refer to nothing, and rows of others that would be left referring to nothing."""
        if key := await broken(self._session, await keys_of(self._session, self._target.schema, self._target.table)):
            raise RowRefused(f"数据不满足目标表的外键 {key.name}，请核对关联数据。")
        if key := await broken(self._session, self._referring):
            raise RowRefused(f"表 {key.table[1]} 的外键 {key.name} 仍引用要删除的行，请先处理引用。")

    def _same(self, one: str, other: str) -> str:
        return " and ".join(f"{one}.{quoted(name)} = {other}.{quoted(name)}" for name in self._target.unique)

    def stays(self, came: str, row: str = "g") -> str:
        """Return the test that a row of the target stays beside those that come. came: these, as a table."""
        if not self._existing:
            return "false"
        if self._giving:
            return f"not exists (select 1 from {self._gone} k where {self._same('k', row)})"
        if self._target.parts and self._target.cut:
            column = quoted(self._target.cut.column)
            return f"not {among(self.text.replace(column, f'{row}.{column}'), self._target.cut, self._target.parts)}"
        if self._target.mode is TableMode.UPSERT:
            return f"not exists (select 1 from {came} s where {self._same('s', row)})"
        return "true" if self._target.mode is TableMode.APPEND else "false"

    def _goes(self, came: str, held: Sequence[str]) -> str:
        """Return the test that a row `g` of the target gives way and does not come again."""
        again = f" and not exists (select 1 from {came} s where {self._same('s', 'g')})"
        again = again if self._by_key or self._giving else ""
        spared = f" and not exists (select 1 from {self._stuck} k where {self._same('k', 'g')})" if self._stuck else ""
        if self._giving:
            return f"exists (select 1 from {self._gone} k where {self._same('k', 'g')}){again}{spared}"
        if self._target.parts:
            parts = [name for name in self._target.parts if name not in held]
            return f"{self._among(parts) if parts else 'false'}{again}{spared}"
        if self._target.mode is TableMode.REPLACE:
            return f"{f'not {self._among(held)}' if held else 'true'}{again}{spared}"
        return "false"

    async def clear(self, came: str, held: Sequence[str]) -> None:
        """Delete what gives way to the rows of a table. held: partitions that keep their rows."""
        await self._ask(f"delete g from {self._goal} g where {self._goes(came, held)}")

    async def hold_back(self, came: str, texts: Sequence[str], most: int) -> tuple[Tally, list[Dirty]]:
        """Let rows stay that should go but that others refer to, and return them: their sum, and the first of them.

        texts: the columns that come as canonical texts, of rows called `g`.
        """
        referring = [key for key in self._referring if key.held]
        if not referring or not (self._by_key or self._giving):
            return Tally(0, "0", PORTABLE), []
        stuck = qualified(self._target.schema, f"{self._staging}_stk")
        names = ", ".join(f"g.{quoted(name)}" for name in self._target.unique)
        await self._ask(
            f"create table {stuck} engine=InnoDB as select {names}, cast('' as char(500)) as jutong_reason"
            f" from {self._goal} g limit 0"
        )
        for key in referring:
            stays = self.stays(came, "c") if key.own else "true"
            reason = f"来源已没有这一行，但表 {key.table[1]} 的外键 {key.name} 仍引用它，未从目标表删除"
            child = f"exists (select 1 from {qualified(*key.table)} c where {stays} and {key.match('c', 'g')})"
            known = f"not exists (select 1 from {stuck} k where {self._same('k', 'g')})"
            await self._ask(
                f"insert into {stuck} select {names}, {literal(reason)} from {self._goal} g"
                f" where {self._goes(came, ())} and {child} and {known}"
            )
        self._stuck = stuck
        rows = f"{self._goal} g join {stuck} k on {self._same('k', 'g')}"
        count, checksum, _ = (await self._ask(summed(digest(texts), rows)))[0]
        listed = await self._ask(
            f"select k.jutong_reason, {', '.join(texts)} from {rows} limit {min(LISTED, most + 1)}"
        )
        dirty = [Dirty(0, "", "", reason, tuple(cells), masked=True) for reason, *cells in listed]
        return Tally(count, checksum, PORTABLE), dirty

    async def insert(self, came: str) -> int:
        """Let the rows of a table enter and return how many of them are there then."""
        done, missing = 0, " s"
        if self._target.mode is TableMode.UPSERT or self._by_key:
            match = self._same("t", "s")
            await self._check_single(came)
            rest = [name for name in self._names if name not in self._target.unique]
            if rest:
                changes = ", ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in rest)
                await self._ask(f"update {self._goal} t join {came} s on {match} set {changes}")
            done = (await self._ask(f"select count(*) from {self._goal} t join {came} s on {match}"))[0][0]
            missing = f" s where not exists (select 1 from {self._goal} t where {match})"
        cursor = self._session.cursor()
        await cursor.execute(f"insert into {self._goal} ({self._columns}) select {self._columns} from {came}{missing}")
        return int(done + cursor.rowcount)

    async def _merge(self, rows: int, held: Sequence[str]) -> None:
        """Write the staged rows into the target as its mode says; `Unreconciled` when not all of them are there."""
        await self.clear(self._stage, held)
        done = await self.insert(self._stage)
        if done != rows:
            message = (
                f"目标表实际写入 {done} 行，应为 {rows} 行（目标表可能有触发器），本次数据已隔离，原有数据保持不变。"
            )
            raise Unreconciled(message)
        if self._family:
            await self._check_keys()

    async def _check_single(self, came: str) -> None:
        """Refuse two rows with one key: which of them should win is nobody's guess."""
        keys = ", ".join(map(quoted, self._target.unique))
        if await self._ask(f"select 1 from {came} s group by {keys} having count(*) > 1 limit 1"):
            raise RowRefused("来源数据中主键重复，不能按主键更新，请清理重复记录。")

    async def commit(self) -> None:
        """Take the one step: data and position are there together, or neither."""
        if not self._swap:
            await self._ask("commit")
            return
        old = f"{self._goal} to {self._old}, " if self._existing else ""
        swapped = f", {self._position} to {self._worn}, {self._marks} to {self._position}" if self._landed else ""
        await self._ask(f"rename table {old}{self._stage} to {self._goal}{swapped}")

    async def sweep(self) -> None:
        """Undo what is not committed and drop every table of this order's own."""
        await self._ask("rollback")
        for name in filter(None, (self._stage, self._old, self._marks, self._worn, self._gone, self._stuck)):
            await self._ask(f"drop table if exists {name}")
