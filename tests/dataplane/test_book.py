"""The book: nonces, quotas, leases, receipts and artefacts, alike in PostgreSQL and in SQLite."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from covers import covers
from jutong.dataplane.book import Artefact, Book, Claim, Verdict, open_book
from jutong.dataplane.errors import Unavailable
from postgres import database_url

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
GIVEN, REPLAYED, EXHAUSTED = Verdict.GIVEN, Verdict.REPLAYED, Verdict.EXHAUSTED


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def location(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('book') / 'book.sqlite3'}"
    else:
        with database_url() as url:
            yield url


def with_book(location: str, deed) -> object:
    async def run() -> object:
        book = await open_book(location)
        try:
            return await deed(book)
        finally:
            await book.close()

    return asyncio.run(run())


@covers(partly=["R-SEC-001"])
def test_a_nonce_is_given_once_even_within_one_batch_and_after_a_restart(location: str) -> None:
    twice = [Claim("k1", "nonce-0000000001"), Claim("k1", "nonce-0000000001"), Claim("k2", "nonce-0000000001")]
    assert with_book(location, lambda book: book.claim(twice, at=AT)) == [GIVEN, REPLAYED, GIVEN]
    assert with_book(location, lambda book: book.claim(twice[:1], at=AT)) == [REPLAYED]


def test_two_books_claiming_the_same_nonces_at_once_share_them_without_overlap(location: str) -> None:
    async def race() -> None:
        books = [await open_book(location) for _ in range(3)]
        claims = [Claim("race", f"nonce-{n:011d}", "race-grant", 150) for n in range(200)]
        verdicts = await asyncio.gather(*(book.claim(claims, at=AT) for book in books))
        for one in zip(*verdicts, strict=True):
            assert sum(v is REPLAYED for v in one) == 2
        assert sum(v is GIVEN for batch in verdicts for v in batch) == 150
        for book in books:
            await book.close()

    asyncio.run(race())


def test_a_quota_ends_at_its_number_and_starts_again_on_the_next_beijing_day(location: str) -> None:
    async def deed(book: Book) -> None:
        claims = [Claim("q", f"quota-nonce-{n:08d}", "g-day", 3) for n in range(5)]
        assert await book.claim(claims, at=AT) == [GIVEN, GIVEN, GIVEN, EXHAUSTED, EXHAUSTED]
        evening = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)  # 00:30 of the 21st in Beijing
        assert await book.claim([Claim("q", "quota-nonce-x0000009", "g-day", 3)], at=evening) == [GIVEN]
        raised = [Claim("q", f"quota-raised-{n:07d}", "g-day", 4) for n in range(2)]
        assert await book.claim(raised, at=AT) == [GIVEN, EXHAUSTED]

    with_book(location, deed)


def test_a_replayed_call_never_eats_the_quota(location: str) -> None:
    async def deed(book: Book) -> None:
        same = Claim("r", "replayed-nonce-0001", "g-replay", 2)
        assert await book.claim([same], at=AT) == [GIVEN]
        assert await book.claim([same] * 10, at=AT) == [REPLAYED] * 10
        assert await book.claim([Claim("r", "replayed-nonce-0002", "g-replay", 2)], at=AT) == [GIVEN]

    with_book(location, deed)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=12), max_size=6), st.integers(1, 20))
def test_batches_of_any_shape_give_each_nonce_once_and_never_more_than_the_quota(
    location: str, batches: list[list[int]], quota: int
) -> None:
    name = os.urandom(6).hex()

    async def deed(book: Book) -> None:
        seen: set[int] = set()
        given_calls = 0
        for batch in batches:
            verdicts = await book.claim([Claim(name, f"n{n:016d}", name, quota) for n in batch], at=AT)
            for n, verdict in zip(batch, verdicts, strict=True):
                assert (verdict is REPLAYED) == (n in seen)
                seen.add(n)
                given_calls += verdict is GIVEN
        assert given_calls == min(len(seen), quota)

    with_book(location, deed)


def test_forgetting_drops_only_what_is_too_old_to_be_replayed(location: str) -> None:
    async def deed(book: Book) -> None:
        old, new = Claim("f", "forgotten-nonce-001"), Claim("f", "forgotten-nonce-002")
        await book.claim([old], at=AT - timedelta(minutes=30))
        await book.claim([new], at=AT)
        await book.forget(before=AT - timedelta(minutes=20))
        assert await book.claim([old, new], at=AT) == [GIVEN, REPLAYED]

    with_book(location, deed)


def test_the_latest_attempts_are_named_with_their_receipts(location: str) -> None:
    async def deed(book: Book) -> None:
        soon = AT + timedelta(seconds=30)
        for name, minute in (("late-1", 1), ("late-2", 2)):
            at = AT + timedelta(days=400, minutes=minute)
            await book.lease(name, runner="a", at=at, until=at + timedelta(seconds=30))
        await book.keep_receipt("late-1", "sender", b"from", at=soon)
        await book.keep_receipt("late-1", "receiver", b"to", at=soon)
        ended = AT + timedelta(days=400, minutes=3)
        await book.close_run("late-1", runner="a", attempt=1, state="released", at=ended)
        found = [(one.order_id, one.number, one.state, one.ended_at, one.receipt) for one in await book.latest(2)]
        assert found == [("late-2", 1, "sent", None, b""), ("late-1", 1, "released", ended, b"to")]

    with_book(location, deed)


def test_a_ticket_is_used_once(location: str) -> None:
    async def deed(book: Book) -> None:
        assert await book.use_ticket("t-1", at=AT)
        assert not await book.use_ticket("t-1", at=AT)

    with_book(location, deed)


def test_an_order_has_one_holder_and_passes_on_only_after_its_lease_ran_out(location: str) -> None:
    async def deed(book: Book) -> None:
        soon = AT + timedelta(seconds=30)
        assert await book.lease("o1", runner="a", at=AT, until=soon) == 1
        assert await book.lease("o1", runner="b", at=AT, until=soon) is None
        assert await book.renew("o1", runner="a", attempt=1, until=soon + timedelta(seconds=30))
        assert await book.lease("o1", runner="b", at=soon, until=soon + timedelta(minutes=1)) is None
        late = soon + timedelta(minutes=2)
        assert await book.lease("o1", runner="b", at=late, until=late + timedelta(minutes=1)) == 2
        assert not await book.renew("o1", runner="a", attempt=1, until=late + timedelta(hours=1))
        assert not await book.close_run("o1", runner="a", attempt=1, state="released", at=late)
        assert await book.close_run("o1", runner="b", attempt=2, state="released", at=late)
        assert await book.lease("o1", runner="a", at=late + timedelta(days=1), until=late + timedelta(days=2)) is None
        run = await book.run("o1")
        assert run is not None
        assert (run.attempt, run.runner, run.state) == (2, "b", "released")
        await book.reopen("o1")
        assert await book.lease("o1", runner="a", at=late, until=late + timedelta(minutes=1)) == 3

    with_book(location, deed)


def test_two_runners_racing_for_an_order_leave_one_with_it(location: str) -> None:
    async def race() -> None:
        books = [await open_book(location) for _ in range(4)]
        until = AT + timedelta(minutes=1)
        for n in range(20):
            taken = await asyncio.gather(
                *(book.lease(f"race-{n}", runner=f"r{i}", at=AT, until=until) for i, book in enumerate(books))
            )
            assert sorted(taken, key=str) == [1, None, None, None]
        for book in books:
            await book.close()

    asyncio.run(race())


def test_batches_are_counted_by_day_and_receipts_kept_by_side(location: str) -> None:
    async def deed(book: Book) -> None:
        assert [await book.count_batch("g-b", quota=2, at=AT) for _ in range(3)] == [True, True, False]
        assert await book.count_batch("g-free", quota=0, at=AT)
        await book.keep_receipt("o2", "sender", b"one", at=AT)
        await book.keep_receipt("o2", "sender", b"two", at=AT)
        await book.keep_receipt("o2", "receiver", b"three", at=AT)
        assert await book.receipts("o2") == {"sender": b"two", "receiver": b"three"}

    with_book(location, deed)


def test_artefacts_are_found_by_grant_and_purged_by_expiry_or_end_of_grant(location: str) -> None:
    async def deed(book: Book) -> None:
        def made(name: str, grant: str, hours: int) -> Artefact:
            expires = AT + timedelta(hours=hours)
            return Artefact(name, "o", grant, "dep", b"key", b"{}", AT, expires)

        for artefact in (made("a1", "g1", 1), made("a2", "g1", 48), made("a3", "g2", 48)):
            await book.add_artefact(artefact)
        assert await book.artefact("a1") == made("a1", "g1", 1)
        assert await book.artefact("none") is None
        assert {one.id for one in await book.artefacts(grants=["g1"])} == {"a1", "a2"}
        due = await book.artefacts_to_purge(at=AT + timedelta(hours=2), ended=["g2"])
        assert {one.id for one in due} == {"a1", "a3"}
        await book.drop_artefact("a1")
        assert await book.artefact("a1") is None

    with_book(location, deed)


def test_many_processes_opening_a_new_book_at_once_migrate_it_once(tmp_path: Path) -> None:
    async def open_all(place: str) -> None:
        books = await asyncio.gather(*(open_book(place) for _ in range(5)))
        for book in books:
            await book.close()

    with database_url() as url:
        asyncio.run(open_all(url))
    asyncio.run(open_all(f"sqlite:///{tmp_path / 'deep' / 'book.sqlite3'}"))


def test_a_book_that_cannot_be_reached_is_refused_with_the_setting_to_look_at() -> None:
    with pytest.raises(Unavailable, match="JUTONG_BOOK_URL"):
        asyncio.run(open_book("postgresql://nobody@127.0.0.1:1/none"))
    with pytest.raises(Unavailable, match="运行账本文件"):
        asyncio.run(open_book("sqlite:////proc/nowhere/book.sqlite3"))
