"""Rounds of table and batch orders: the source changes, an order runs in some mode, both ends are compared row by row."""

# ruff: noqa: S608 - the names in these statements are the rounds' own
from __future__ import annotations

import asyncio
import csv
import io
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chaos.ground import Ground
from chaos.score import Score
from jutong.crypto import sm4
from jutong.dataplane.book import open_book
from jutong.wire.bundle import Mount
from jutong.wire.grants import Column, Kind, Masking
from jutong.wire.transfers import Check, OrderKind, Read, Split, SplitBy, TableMode, Watermark

COLUMNS = (
    Column("编号", "n", Kind.INTEGER),
    Column("姓名", "name", masking=Masking.NAME),
    Column("区划", "region"),
    Column("金额", "amount", Kind.NUMBER),
    Column("更新", "changed", Kind.INTEGER),
)
ROWS = 20_000
MAKE = {
    "postgresql": "create table ledger (n bigint primary key, name text, region text, amount numeric(12,2),"
    " changed bigint, secret text)",
    "mysql": "create table ledger (n bigint primary key, name varchar(100), region varchar(10), amount decimal(12,2),"
    " changed bigint, secret varchar(60))",
}
SERIES = {"postgresql": "generate_series({}, {}) i", "mysql": "(select seq i from seq_{}_to_{}) s"}
SHOWN = "select n, concat(left(name, 1), repeat('*', char_length(name) - 1)), region, amount, changed from ledger"
UPSERT = TableMode.UPSERT


def made_ledger(made: Ground, engine: str) -> None:
    """Make the source of an engine, grant it, and note that its rows were never changed."""
    end = made.ends[f"{engine}-source"]
    end.run(MAKE[engine])
    series = SERIES[engine].format(1, ROWS)
    row = "i, concat('张', i), concat('', 110100 + i % 5), round(i / 7.0, 2), 1, repeat('s', 50)"
    end.run(f"insert into ledger select {row} from {series}")
    for side in ("source", "target"):
        name = f"{engine}-{side}"
        made.behind(name, engine, made.through(name, made.ends[name].access))
    made.granted(f"ledger-{engine}", Mount("", f"{engine}-source", end.schema, "ledger", COLUMNS, ("n",)))


def stirred(made: Ground, engine: str, rng: random.Random, moment: int) -> None:
    """Change a source a little: rows added, changed, moved to another key, removed. moment: grows with every round."""
    run, at = made.ends[f"{engine}-source"].run, rng.randrange(1, ROWS)
    n = run("select max(n) + 1 from ledger")[0][0]
    run(f"update ledger set amount = amount + 1, changed = {moment} where n between {at} and {at + 300}")
    row = f"{n} + i, concat('新人', i), '110107', i, {moment}, 's'"
    run(f"insert into ledger select {row} from {SERIES[engine].format(0, 50)}")
    run(f"delete from ledger where n between {at + 400} and {at + 440}")
    run(f"update ledger set n = {n + 60}, changed = {moment} where n = {at + 500}")


@dataclass(frozen=True)
class Table:
    """A mode of a table order between two engines. deletes: a row that left the source leaves the target too."""

    mode: str
    source: str
    target: str
    deletes: bool
    asked: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """Return how the mode is called in the score."""
        return f"{self.mode} {self.source}>{self.target}"

    @property
    def lines(self) -> tuple[str, ...]:
        """Return what a run talks over."""
        return f"{self.source}-source", f"{self.target}-target"

    def _table(self, number: int) -> str:
        every = f"_{number}" if self.mode == "append" else ""
        return f"copy_{self.source}_{self.mode}{every}"

    def begun(self, made: Ground, rng: random.Random, number: int) -> str:
        """Change the source, send the order and return its id."""
        stirred(made, self.source, rng, number + 2)
        order = made.order(
            f"round-{number}",
            **{
                "grant_id": f"ledger-{self.source}",
                "target_source_id": self.lines[1],
                "target_schema": made.ends[self.lines[1]].schema,
                "target_table": self._table(number),
                "task_id": self.name.replace(">", "-"),
                "rows_per_second": rng.choice([0, ROWS]),
            }
            | self.asked,
        )
        return order.id

    def judged(self, made: Ground, number: int, score: Score) -> None:
        """Hold the target against the source."""
        ours = Counter(made.ends[self.lines[0]].run(SHOWN))
        theirs = Counter(
            made.ends[self.lines[1]].run(f"select n, name, region, amount, changed from {self._table(number)}")
        )
        keys, held = {row[0] for row in ours}, {row[0] for row in theirs}
        if not self.deletes:
            theirs = Counter({row: count for row, count in theirs.items() if row[0] in keys})
        score.lost += len(keys - held)
        score.doubled += sum(theirs.values()) - len({row[0] for row in theirs})
        score.green += theirs != ours


@dataclass(frozen=True)
class Batch:
    """A batch order: the encrypted file that the gateway would hand out."""

    source: str
    format: str

    @property
    def name(self) -> str:
        """Return how the mode is called in the score."""
        return f"batch {self.source}>{self.format}"

    @property
    def lines(self) -> tuple[str, ...]:
        """Return what a run talks over."""
        return (f"{self.source}-source",)

    def begun(self, made: Ground, rng: random.Random, number: int) -> str:
        """Change the source, send the order and return its id."""
        stirred(made, self.source, rng, number + 2)
        asked = {"grant_id": f"ledger-{self.source}", "kind": OrderKind.BATCH, "format": self.format}
        return made.order(f"round-{number}", **asked).id

    def judged(self, made: Ground, number: int, score: Score) -> None:
        """Hold the file against the source; the folder holds whole files only."""
        ours = Counter(tuple(map(str, row)) for row in made.ends[self.lines[0]].run(SHOWN))
        theirs = Counter(_rows(_plain(made, f"round-{number}"), self.format))
        keys, held = {row[0] for row in ours}, {row[0] for row in theirs}
        score.lost += len(keys - held)
        score.doubled += sum(theirs.values()) - len(held)
        score.doubled += len(list(made.settings.artefact_folder.glob(".*")))
        score.green += theirs != ours


def _plain(made: Ground, order_id: str) -> bytes:
    """Return an order's file as its consumer reads it."""

    async def find() -> Any:
        book = await open_book(made.book)
        try:
            return await book.artefact(order_id)
        finally:
            await book.close()

    key = made.me.signer.unseal(asyncio.run(find()).sealed_key)
    with (made.settings.artefact_folder / f"{order_id}.sm4").open("rb") as file:
        return sm4.DecryptingReader(file, key).read()


def _rows(plain: bytes, shape: str) -> Iterator[tuple[str, ...]]:
    if shape == "jsonl":
        yield from (tuple(json.loads(line).values()) for line in plain.splitlines())
    else:
        yield from list(map(tuple, csv.reader(io.StringIO(plain.decode("utf-8-sig"), newline=""))))[1:]


def _modes() -> Iterator[Table | Batch]:
    """Return every mode of a table order over every pair of engines, and the batch files."""
    everywhere: tuple[tuple[str, bool, dict[str, Any]], ...] = (
        ("replace", True, {}),
        ("parts", True, {"split": Split("区划", SplitBy.VALUE)}),
        ("append", True, {"target_mode": TableMode.APPEND}),
        ("upsert", False, {"target_mode": UPSERT}),
        ("watermark", False, {"target_mode": UPSERT, "read": Read.WATERMARK, "watermark": Watermark("更新", 5)}),
        ("compare", True, {"target_mode": UPSERT, "read": Read.COMPARE}),
        ("changes", True, {"target_mode": UPSERT, "read": Read.CHANGES}),
    )
    for source in MAKE:
        for target in MAKE:
            yield from (Table(mode, source, target, deletes, asked) for mode, deletes, asked in everywhere)
    yield Table("stream", "postgresql", "postgresql", deletes=True, asked={"check": Check.STREAM})
    for source, shape in (("postgresql", "csv"), ("mysql", "jsonl")):
        yield Batch(source, shape)


MODES = tuple(_modes())
"""A new mode is a row of `_modes`."""
