"""Rounds of file orders: folders change, files go from one store to another, both are compared byte for byte."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from chaos.ground import Ground
from chaos.score import Score
from jutong.wire.bundle import Access, Mount
from jutong.wire.grants import Column
from jutong.wire.transfers import OrderKind

CONTENT = (Column("文件内容", "content"),)
LARGE = 6 << 20


@dataclass(frozen=True)
class Folders:
    """File orders from one kind of store into another."""

    source: str
    target: str

    @property
    def name(self) -> str:
        """Return how the mode is called in the score."""
        return f"files {self.source}>{self.target}"

    @property
    def lines(self) -> tuple[str, ...]:
        """Return what a run talks over."""
        return ("ssh",)

    def _id(self, side: str) -> str:
        return f"files-{self.source}-{self.target}-{side}"

    def _folder(self, made: Ground, side: str) -> Path:
        return made.folder / "files" / self._id(side)

    def prepared(self, made: Ground) -> None:
        """Make both folders and grant the one."""
        for side, store in (("in", self.source), ("out", self.target)):
            folder = self._folder(made, side)
            folder.mkdir(parents=True)
            local = Access(database=str(folder), options={"store": "local"})
            remote = msgspec.structs.replace(made.through("ssh", made.ssh), database=str(folder))
            made.behind(self._id(side), "files", local if store == "local" else remote)
        made.granted(self._id("grant"), Mount("", self._id("in"), ".", "**/*", CONTENT, ()))

    def begun(self, made: Ground, rng: random.Random, number: int) -> str:
        """Add files, change some, send the order and return its id."""
        folder = self._folder(made, "in")
        there = sorted(folder.rglob("*.txt"))
        for path in rng.sample(there, min(3, len(there))):
            path.write_bytes(rng.randbytes(500))
        inner = folder / f"第{number}轮"
        inner.mkdir()
        for n in range(30):
            (inner / f"{n}.txt").write_bytes(rng.randbytes(rng.randrange(20_000)))
        (inner / "large.bin").write_bytes(rng.randbytes(LARGE))
        asked = {"target_source_id": self._id("out"), "target_schema": "收", "target_table": ""}
        grant = {"grant_id": self._id("grant"), "kind": OrderKind.FILES, "task_id": self._id("task")}
        return made.order(f"round-{number}", **asked, **grant).id

    def judged(self, made: Ground, number: int, score: Score) -> None:
        """Hold the folders against each other: a file that did not change is still the one that was delivered once."""
        ours = _contents(self._folder(made, "in"))
        theirs = _contents(self._folder(made, "out") / "收")
        score.lost += len(ours.keys() - theirs.keys())
        score.doubled += len(theirs.keys() - ours.keys())
        score.green += any(found[1] != ours[name][1] for name, found in theirs.items() if name in ours)
        before: dict[str, Any] = made.seen.setdefault(self.name, {})
        again = [name for name, found in theirs.items() if name in before and _delivered_anew(before[name], found)]
        score.doubled += len(again)
        made.seen[self.name] = theirs


def _delivered_anew(before: tuple[int, bytes], now: tuple[int, bytes]) -> bool:
    return before[1] == now[1] and before[0] != now[0]


def _contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return inode and bytes of every file, by name; parts that were left behind count as files."""
    return {
        os.fspath(path.relative_to(folder)): (path.stat().st_ino, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("jutong-manifest")
    }


MODES = (Folders("local", "local"), Folders("local", "sftp"), Folders("sftp", "local"))
