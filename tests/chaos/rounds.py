"""One round: the source changes, an order runs in some mode, something breaks at some moment; then both ends are compared."""

# ruff: noqa: S608 - the names in these statements are the rounds' own
from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from chaos.proxy import Proxy
from jutong.dataplane.transfer.following import feed_name
from jutong.wire.bundle import Mount
from jutong.wire.grants import Column, Kind, Masking
from jutong.wire.transfers import Check, Progress, Read, RunState, Split, SplitBy, TableMode, Watermark
from transferworld import World, world

COLUMNS = (
    Column("编号", "n", Kind.INTEGER),
    Column("姓名", "name", masking=Masking.NAME),
    Column("区划", "region"),
    Column("金额", "amount", Kind.NUMBER),
    Column("更新", "changed", Kind.INTEGER),
)
ROWS = 20_000
MAKE = f"""
create sequence moment;
create table ledger (n bigint primary key, name text, region text, amount numeric(12,2), changed bigint, secret text);
insert into ledger select i, '张' || i, (110100 + i % 5)::text, i / 7.0, nextval('moment'), repeat('s', 50)
from generate_series(1, {ROWS}) i
"""
UPSERT = TableMode.UPSERT
MODES: dict[str, dict[str, Any]] = {
    "replace": {},
    "stream": {"check": Check.STREAM},
    "parts": {"split": Split("区划", SplitBy.VALUE)},
    "append": {"target_mode": TableMode.APPEND},
    "upsert": {"target_mode": UPSERT},
    "watermark": {"target_mode": UPSERT, "read": Read.WATERMARK, "watermark": Watermark("更新", 5)},
    "compare": {"target_mode": UPSERT, "read": Read.COMPARE},
    "changes": {"target_mode": UPSERT, "read": Read.CHANGES},
}
DELETING = ("replace", "stream", "parts", "compare", "changes")
"""Modes after which a row that left the source has left the target too."""

PATIENCE = 120.0


@dataclass
class Score:
    """What the rounds came to."""

    rounds: int = 0
    lost: int = 0
    doubled: int = 0
    green: int = 0
    modes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def line(self) -> str:
        """Return the summary."""
        return f"chaos: {self.rounds} rounds, {self.lost} lost, {self.doubled} doubled, {self.green} wrongly green"


class Ground(World):
    """The world of the transfer tests, with a breakable line to everything a runner talks to."""

    def __init__(self, folder: Path, urls: tuple[str, str, str]) -> None:
        super().__init__(folder, urls)
        self.lines = {
            name: Proxy(parts.hostname or "127.0.0.1", parts.port or 5432)
            for name, parts in (
                ("source", urlsplit(self.provider)),
                ("target", urlsplit(self.consumer)),
                ("book", urlsplit(self.book)),
                ("control", urlsplit(self.control.url)),
            )
        }
        self.told = subprocess.DEVNULL
        self.runner: subprocess.Popen[bytes] | None = None

    def through(self, url: str, line: str) -> str:
        """Return an address by way of a breakable line."""
        parts = urlsplit(url)
        at = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        return urlunsplit(parts._replace(netloc=f"{at}127.0.0.1:{self.lines[line].port}"))

    def sealed(self, url: str) -> bytes:
        """Return the access to a database by way of its line."""
        return super().sealed(self.through(url, "source" if url == self.provider else "target"))

    def process(self) -> subprocess.Popen[bytes]:
        """Start a runner that talks by way of the lines."""
        book, self.book = self.book, self.through(self.book, "book")
        url, self.control.url = self.control.url, self.through(self.control.url, "control")
        try:
            return super().process()
        finally:
            self.book, self.control.url = book, url

    def revive(self) -> None:
        """Start a runner where none lives."""
        if self.runner is None or self.runner.poll() is not None:
            self.runner = self.process()

    def killed(self) -> None:
        """Kill the runner without a goodbye and start another."""
        if self.runner is not None:
            self.runner.send_signal(signal.SIGKILL)
            self.runner.wait()
        self.revive()


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Raise the ground and one runner on it."""
    with ExitStack() as closing:
        made = closing.enter_context(world(folder, people=1, kind=Ground))
        for line in made.lines.values():
            closing.callback(line.stop)
        made.sql(made.provider, f"drop publication if exists {feed_name('changes')}; drop sequence if exists moment")
        made.sql(made.provider, MAKE)
        made.mount = Mount("people", "source", "public", "ledger", COLUMNS, ("n",))
        made.publish(columns=COLUMNS)
        closing.callback(drop_slots, made)
        made.revive()
        closing.callback(lambda: made.runner and (made.runner.kill(), made.runner.wait()))
        yield made


def drop_slots(made: Ground) -> None:
    """Leave no slot behind in the shared server."""
    made.sql(
        made.provider,
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()"
        " and not active",
    )


def stirred(made: Ground, rng: random.Random) -> None:
    """Change the source a little: rows added, changed, moved to another key, removed."""
    at = rng.randrange(1, ROWS)
    n = made.sql(made.provider, "select max(n) + 1 from ledger")[0][0]
    made.sql(
        made.provider,
        f"""update ledger set amount = amount + 1, changed = nextval('moment') where n between {at} and {at + 300};
        insert into ledger select {n} + i, '新人' || i, '110107', i, nextval('moment'), 's' from generate_series(0, 50) i;
        delete from ledger where n between {at + 400} and {at + 440};
        update ledger set n = (select max(n) + 1 from ledger), changed = nextval('moment') where n = {at + 500}""",
    )


def faults(made: Ground, rng: random.Random) -> list[tuple[str, Callable[[], Any]]]:
    """Return every way in which something can break."""
    name = rng.choice(list(made.lines))
    line = made.lines[name]
    url = rng.choice([made.provider, made.consumer, made.book])

    def slow() -> None:
        line.delay = 0.01
        time.sleep(rng.uniform(0.2, 1))
        line.delay = 0.0

    def away() -> None:
        line.closed = True
        line.cut()
        time.sleep(rng.uniform(0.2, 1))
        line.closed = False

    def ended() -> None:
        made.sql(
            url,
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid()",
        )

    return [
        ("kill -9", made.killed),
        ("cut", line.cut),
        ("half-close", line.half_close),
        ("slow", slow),
        ("away", away),
        ("sessions ended", ended),
    ]


def played(made: Ground, rng: random.Random, score: Score) -> None:
    """Play one round and add what it came to."""
    mode = rng.choice(list(MODES))
    number = score.rounds
    table = f"copy_{mode}" if mode != "append" else f"copy_append_{number}"
    stirred(made, rng)
    asked: dict[str, Any] = {"target_table": table, "task_id": mode} | MODES[mode]
    order = made.order(f"round-{number}", **asked)
    for _ in range(rng.randrange(1, 4)):
        time.sleep(rng.uniform(0, 0.5))
        name, fault = rng.choice(faults(made, rng))
        score.faults[name] += 1
        fault()
    end = outcome(made, order.id)
    while end.state is not RunState.RELEASED:  # given up or red after too much trouble: a person asks again
        made.control.progress.clear()
        made.control.order(order)
        end = outcome(made, order.id)
    score.rounds += 1
    score.modes[mode] += 1
    judged(made, mode, table, score)


def outcome(made: Ground, order_id: str) -> Progress:
    """Wait for the end of an order, keeping a runner alive."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        made.revive()
        found = made.control.ended(order_id)
        if found:
            return found
        time.sleep(0.05)
    asked = "select left(query, 200), state, wait_event, now() - query_start from pg_stat_activity where datname = current_database()"
    held = {url.rpartition("/")[2]: made.sql(url, asked) for url in (made.provider, made.consumer, made.book)}
    said = [(p.state, p.message) for p in made.control.progress][-5:]
    raise AssertionError(f"{order_id} never ended: {said}; {held}")


def judged(made: Ground, mode: str, table: str, score: Score) -> None:
    """Hold the target against the source."""
    shown = "select n, left(name, 1) || repeat('*', length(name) - 1), region, amount, changed from ledger"
    ours = Counter(made.sql(made.provider, shown))
    theirs = Counter(made.sql(made.consumer, f"select n, name, region, amount, changed from {table}"))
    keys, held = {row[0] for row in ours}, {row[0] for row in theirs}
    if mode not in DELETING:
        theirs = Counter({row: count for row, count in theirs.items() if row[0] in keys})
    score.lost += len(keys - held)
    score.doubled += sum(theirs.values()) - len({row[0] for row in theirs})
    score.green += theirs != ours


def run(folder: Path, rounds: int, seed: int, *, told: Callable[[str], Any] = print) -> Score:
    """Play so many rounds and return the score; the seed says which."""
    rng, score = random.Random(seed), Score()
    with ground(folder) as made:
        for n in range(rounds):
            played(made, rng, score)
            if (n + 1) % 20 == 0:
                told(f"{score.line()} so far; {dict(score.modes)}; {dict(score.faults)}")
    return score
