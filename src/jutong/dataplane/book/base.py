"""The book's words and port: nonces, quotas, leases, receipts and artefacts that outlive a process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from importlib.resources import files
from typing import Protocol

import msgspec

BEIJING = timezone(timedelta(hours=8))


def beijing_day(at: datetime) -> date:
    """Return the Beijing day on which a quota of that instant counts."""
    return at.astimezone(BEIJING).date()


class Claim(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One call's wish to be the first and only use of its nonce and, where `quota` > 0, to count under its grant."""

    key_id: str
    nonce: str
    grant_id: str = ""
    quota: int = 0


class Verdict(Enum):
    """What the book says to a claim."""

    GIVEN = "given"
    REPLAYED = "replayed"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True)
class Run:
    """The state of one order at the runners: `attempt` counts from 1; `leased_until` is when another may take it."""

    order_id: str
    attempt: int
    runner: str
    leased_until: datetime
    state: str  # a wire RunState; `sent` while it is being worked on


@dataclass(frozen=True, slots=True)
class Attempt:
    """The newest attempt of an order. ended_at: None while it is at work. receipt: the receiver's, else the sender's, or empty."""

    order_id: str
    number: int
    state: str
    started_at: datetime
    ended_at: datetime | None
    receipt: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order works. task_id: whose runs never work at once. source_id: at which `most` runs work at once (0: any)."""

    task_id: str = ""
    source_id: str = ""
    most: int = 0


@dataclass(frozen=True, slots=True)
class Feed:
    """A source's change log that is held open for a task: a name at the source, and the last order that read it."""

    name: str
    source_id: str
    grant_id: str
    order_id: str
    used_at: datetime


@dataclass(frozen=True, slots=True)
class Artefact:
    """One encrypted batch file. sealed_key: its SM4 file key, SM2-sealed to this node. manifest: wire.Manifest as JSON."""

    id: str
    order_id: str
    grant_id: str
    consumer_id: str
    sealed_key: bytes
    manifest: bytes
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that was delivered. name: as in the source's listing; mark: the source's; sm3: of its bytes, hex."""

    name: str
    size: int
    mark: str
    sm3: str
    order_id: str


ANYWHERE = Place()


class Book(Protocol):
    """What both back ends do alike. Every deed is one transaction and durable when it returns."""

    async def claim(self, claims: Sequence[Claim], *, at: datetime) -> list[Verdict]:
        """Decide a batch of claims at once, across all processes; a replayed nonce never counts against a quota."""

    async def count_batch(self, grant_id: str, *, quota: int, at: datetime) -> bool:
        """Count one batch under its grant for the Beijing day; False when `quota` (0: none) is used up."""

    async def use_ticket(self, nonce: str, *, at: datetime) -> bool:
        """Return True for the first use of a download ticket, False ever after."""

    async def forget(self, *, before: datetime) -> None:
        """Delete nonces, tickets and quotas used before an instant at which their signatures are too old anyway."""

    async def lease(
        self, order_id: str, *, runner: str, at: datetime, until: datetime, place: Place = ANYWHERE
    ) -> int | None:
        """Take an order: its attempt number, or None while another runner holds it, its place is taken, or it is done."""

    async def renew(self, order_id: str, *, runner: str, attempt: int, until: datetime) -> bool:
        """Hold on to an order; False when the lease was lost to another runner (stop at once)."""

    async def close_run(self, order_id: str, *, runner: str, attempt: int, state: str, at: datetime) -> bool:
        """Write how an attempt ended; with a final state nobody leases it again. False when the lease was lost."""

    async def reopen(self, order_id: str) -> None:
        """Let a run that ended be leased again, because a person asked for a retry."""

    async def run(self, order_id: str) -> Run | None:
        """Return the state of one order here, or None when it was never taken."""

    async def latest(self, most: int) -> list[Attempt]:
        """Return the newest attempts of at most so many orders, newest first."""

    async def keep_shape(self, digest: str, columns: bytes) -> None:
        """Remember the columns of a source under their digest."""

    async def shape(self, digest: str) -> bytes | None:
        """Return the columns of a digest, where this book has seen them."""

    async def keep_feed(self, feed: Feed) -> None:
        """Enter a change log that is held open, or that it was used again."""

    async def feeds(self) -> list[Feed]:
        """Return every change log that is held open."""

    async def drop_feed(self, name: str) -> None:
        """Strike a change log that is closed."""

    async def keep_receipt(self, order_id: str, side: str, envelope: bytes, *, at: datetime) -> None:
        """Keep the signed receipt of one side (msgspec-JSON envelope); a later one of the same side replaces it."""

    async def receipts(self, order_id: str) -> dict[str, bytes]:
        """Return the receipts of an order by side."""

    async def add_artefact(self, artefact: Artefact) -> None:
        """Enter a finished file; from now on the gateway serves it. The same id again replaces the entry."""

    async def artefact(self, artefact_id: str) -> Artefact | None:
        """Return one file's entry."""

    async def artefacts(self, *, grants: Sequence[str]) -> list[Artefact]:
        """Return the files made under these grants, newest first."""

    async def artefacts_to_purge(self, *, at: datetime, ended: Sequence[str]) -> list[Artefact]:
        """Return files that expired by `at` or whose grant is among `ended`."""

    async def drop_artefact(self, artefact_id: str) -> None:
        """Strike a file from the book after its bytes are gone."""

    async def arrivals(self, stream: str) -> list[Arrival]:
        """Return the files delivered under a stream (a task, or an order without one), each in its newest version."""

    async def add_arrivals(self, stream: str, arrivals: Sequence[Arrival], *, at: datetime) -> None:
        """Enter delivered files; a newer version of a file replaces the older one."""

    async def drop_arrivals(self, stream: str) -> None:
        """Strike everything that was entered under a stream."""

    async def file_part(self, tag: str) -> tuple[int, str] | None:
        """Return how far an unfinished file has safely come, and the SM3 (hex) of that much of it."""

    async def keep_file_part(self, tag: str, offset: int, sm3: str, *, at: datetime) -> None:
        """Keep how far an unfinished file has come, in place of what was kept before."""

    async def close(self) -> None:
        """Give the connections back."""


FINAL = ("released", "rejected", "quarantined")
"""States after which a run is not leased again."""


def migrations(dialect: str) -> list[tuple[int, str]]:
    """Return the numbered migrations of a dialect ("postgresql", "sqlite") in order, as (number, SQL)."""
    folder = files(__package__) / "migrations" / dialect
    found = [(int(entry.name[:4]), entry.read_text(encoding="utf-8")) for entry in folder.iterdir()]
    return sorted(found)
