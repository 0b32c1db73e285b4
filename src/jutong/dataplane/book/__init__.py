"""The data plane's own book: one PostgreSQL schema shared by its processes, or one SQLite file on a node."""

from __future__ import annotations

from jutong.dataplane.book.base import (
    FINAL,
    Arrival,
    Artefact,
    Attempt,
    Book,
    Claim,
    Feed,
    Place,
    Run,
    Verdict,
    beijing_day,
)

__all__ = [
    "FINAL",
    "Arrival",
    "Artefact",
    "Attempt",
    "Book",
    "Claim",
    "Feed",
    "Place",
    "Run",
    "Verdict",
    "beijing_day",
    "open_book",
]


async def open_book(location: str) -> Book:
    """Open the book at postgresql://… or sqlite:///PATH, bringing its schema up to date first."""
    if location.startswith("sqlite:///"):
        from jutong.dataplane.book.sqlite import SqliteBook

        return await SqliteBook.open(location.removeprefix("sqlite:///"))
    from jutong.dataplane.book.postgresql import PostgresqlBook

    return await PostgresqlBook.open(location)
