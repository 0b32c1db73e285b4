"""A file order: files as they are from a provider's folder into a consumer's, each exactly once, with one signed receipt.

The book keeps which file arrived under which task; a later order of the task brings what is new or changed. A file that
was delivered before the runner died is recognised by its content. The order's manifest lies in the target folder beside
the files (`jutong-manifest-ORDER.json`); the receipt carries its SM3.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol

import msgspec

from jutong.crypto import sm3
from jutong.dataplane.book import Arrival
from jutong.dataplane.engines.base import Engine
from jutong.dataplane.engines.files import Files, Listing, pattern_of
from jutong.dataplane.errors import NotAllowed, RuleBroken, Unavailable, at_source
from jutong.dataplane.files.courier import Changed, Checkpoint, Courier, Stopped, Throttle
from jutong.dataplane.files.stores import Entry, Store, check_name, printable
from jutong.dataplane.transfer.runs import Run
from jutong.wire.grants import Grant, Masking
from jutong.wire.transfers import RunState, Tally

METHOD = "files-sm3-sum"
"""Number of files, and the sum of the first 56 bits of SHA-256 over each name, size and SM3."""

THREADS = 4
NOTED_FILES = 200
"""Files after which the book is told, at the latest."""

TELL_SECONDS = 1.0


class ListedFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a manifest. raw: hex of the name's bytes, only where they are no text."""

    name: str
    bytes: int
    sm3: str
    raw: str = ""


class FolderManifest(msgspec.Struct, frozen=True):
    """What accompanies exchanged files (R-EXC-007)."""

    order_id: str
    grant_id: str
    resource_title: str
    entry_code: str
    made_at: datetime
    files: tuple[ListedFile, ...]
    bytes: int


def tally_of(arrivals: Iterable[Arrival]) -> Tally:
    """Return the tally of delivered files; every one of them was proved at both ends before it became visible."""
    total, rows = 0, 0
    for each in arrivals:
        text = f"{each.name}\0{each.size}\0{each.sm3}".encode("utf-8", "surrogatepass")
        total += int.from_bytes(sha256(text).digest()[:7])
        rows += 1
    return Tally(rows, str(total), METHOD)


def check_whole_grant(grant: Grant) -> None:
    """Refuse a grant that shows less than everything: a file can be handed over as it is, or not at all."""
    if grant.conditions:
        raise NotAllowed("授权限定了行范围，文件不能原样交换，请改用按表传输或批量文件。")
    if any(column.masking is not Masking.NONE for column in grant.columns):
        raise NotAllowed("授权要求脱敏，文件不能原样交换，请改用按表传输或批量文件。")


def check_whole(run: Run) -> None:
    """Refuse such a grant where its columns can be held against those of the mount, too."""
    plan = run.plan
    mount = run.guard.snapshot.mounts[run.guard.grant.resource_id]
    check_whole_grant(run.guard.grant)
    if {column.column for column in plan.fields} != {column.column for column in mount.columns}:
        raise NotAllowed("授权只含部分数据项，文件不能原样交换，请改用按表传输或批量文件。")


class BookNotes:
    """Checkpoints in the run's book, asked for from threads."""

    def __init__(self, run: Run) -> None:
        self._book = run.book
        self._loop = asyncio.get_running_loop()

    def checkpoint(self, tag: str) -> Checkpoint | None:
        """See `Notes.checkpoint`."""
        found = asyncio.run_coroutine_threadsafe(self._book.file_part(tag), self._loop).result(30)
        return Checkpoint(*found) if found else None

    def note(self, tag: str, found: Checkpoint) -> None:
        """See `Notes.note`."""
        work = self._book.keep_file_part(tag, found.offset, found.sm3, at=datetime.now(UTC))
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


class Counting(Protocol):
    """Work that counts the files it is done with."""

    done: int


@dataclass
class Delivery:
    """The work of one attempt, done by threads that each have stores of their own."""

    run: Run
    source: Store
    target: Store
    prefix: str
    known: dict[str, Arrival]
    notes: BookNotes
    stop: threading.Event = field(default_factory=threading.Event)
    done: int = 0
    changed: list[str] = field(default_factory=list)
    bytes_done: int = 0
    total: int = 0

    def may(self) -> None:
        """Ask once more whether the order may go on."""
        self.run.guard.check(datetime.now(UTC))

    def passed(self, size: int) -> None:
        """Count bytes that passed."""
        self.bytes_done += size

    def courier(self, throttle: Throttle) -> Courier:
        """Return a courier for one thread."""
        return Courier(
            source=self.source.another(),
            target=self.target.another(),
            folder=folder_of(self.run),
            stream=stream_of(self.run),
            order_id=self.run.order.id,
            notes=self.notes,
            throttle=throttle,
            may=self.may,
            stopped=self.stop.is_set,
            passed=self.passed,
        )

    def deliver(self, entries: Sequence[Entry], arrived: Callable[[Arrival], None]) -> None:
        """Deliver files with several threads, telling of each as it has arrived; the first refusal ends all."""
        waiting, lock = iter(entries), threading.Lock()
        throttle = Throttle(self.run.settings.file_bytes_per_second)

        def work() -> None:
            courier = self.courier(throttle)
            try:
                while not self.stop.is_set():
                    with lock:
                        entry = next(waiting, None)
                    if entry is None:
                        return
                    if (arrival := self._one(courier, entry)) is not None:
                        arrived(arrival)
            except BaseException:
                self.stop.set()
                raise
            finally:
                courier.source.close()
                courier.target.close()

        count = min(THREADS, max(1, len(entries)))
        with ThreadPoolExecutor(count) as pool:
            works = [pool.submit(work) for _ in range(count)]
        failures = [failure for each in works if (failure := each.exception()) is not None]
        for failure in sorted(failures, key=lambda each: isinstance(each, Stopped)):
            raise failure

    def _one(self, courier: Courier, entry: Entry) -> Arrival | None:
        shown = entry.name[len(self.prefix) :]
        try:
            return courier.deliver(entry, shown, self.known.get(entry.name), look=self.run.attempt > 1)
        except Changed:
            self.changed.append(entry.name)
            return None


def stream_of(run: Run) -> str:
    """Return what arrivals are kept under: the task, or the order alone."""
    return f"task:{run.order.task_id}" if run.order.task_id else f"order:{run.order.id}"


def folder_of(run: Run) -> str:
    """Return the folder below the target's own into which files go, empty for that one."""
    folder = run.order.target_schema if run.order.target_schema not in ("", ".", "public") else ""
    return check_name(folder) if folder else ""


def placed(folder: str, name: str) -> str:
    """Return where a file goes."""
    return f"{folder}/{name}" if folder else name


def store_of(engine: Engine) -> Store:
    """Return the store of a file data source; `RuleBroken` for any other."""
    if not isinstance(engine, Files):
        raise RuleBroken("文件交换的来源和目标都应是文件数据源，请改选数据源或改用按表传输。")
    return engine.store


async def run_files(run: Run) -> None:
    """Run a file order to its release; every other end is an exception.

    What was delivered before an exception stays delivered and noted; the order then goes on from there.
    """
    check_whole(run)
    async with run.source() as source, run.target() as sink:
        plan = run.plan
        with at_source():
            listing = await asyncio.to_thread(Listing.of, store_of(source), pattern_of(plan.schema, plan.table))
        known = {each.name: each for each in await run.book.arrivals(stream_of(run))}
        todo = [entry for entry in listing.entries if is_new(entry, known.get(entry.name))]
        prefix = "" if plan.schema in ("", ".") else plan.schema + "/"
        delivery = Delivery(run, store_of(source), store_of(sink), prefix, known, BookNotes(run), total=len(todo))
        await _delivered(run, delivery, todo)
        arrived = [each for each in await run.book.arrivals(stream_of(run)) if each.order_id == run.order.id]
        arrived.sort(key=lambda each: each.name)
        manifest = await asyncio.to_thread(write_manifest, run, delivery.target.another, prefix, arrived)
    tally = tally_of(arrived)
    size = sum(each.size for each in arrived)
    receipt = await run.compare([(tally, tally)], digest=manifest, size=size)
    run.guard.seal(datetime.now(UTC))
    message = f"已交付 {tally.rows} 个文件，共 {size} 字节，两端摘要一致。"
    run.tell(RunState.RELEASED, message, done=tally.rows, total=tally.rows, receipt=receipt, bytes_done=size)


def is_new(entry: Entry, known: Arrival | None) -> bool:
    """Tell whether a file was not delivered yet as it is now."""
    return known is None or (known.size, known.mark) != (entry.size, entry.mark)


async def _delivered(run: Run, delivery: Delivery, todo: Sequence[Entry]) -> None:
    """Deliver the files in threads, telling the book and the control plane; files that changed are for another time."""
    loop, arriving = asyncio.get_running_loop(), asyncio.Queue[Arrival | None]()

    def arrived(each: Arrival | None) -> None:
        loop.call_soon_threadsafe(arriving.put_nowait, each)

    def work() -> None:
        try:
            delivery.deliver(todo, arrived)
        finally:
            arrived(None)

    working = asyncio.ensure_future(asyncio.to_thread(work))
    telling = asyncio.ensure_future(_told(run, delivery))
    try:
        await noted(run, delivery, arriving)
        await working
    finally:
        delivery.stop.set()
        telling.cancel()
        await asyncio.gather(asyncio.shield(working), telling, return_exceptions=True)
    if delivery.changed:
        shown = "、".join(printable(name) for name in delivery.changed[:3])
        raise Unavailable(f"{len(delivery.changed)} 个文件在读取过程中发生变化（{shown}），稍后自动重新读取。")


async def noted(run: Run, delivery: Counting, arriving: asyncio.Queue[Arrival | None]) -> None:
    """Enter arrivals into the book until there are no more, whatever has come by then in one deed."""
    more = True
    while more:
        some = [await arriving.get()]
        while not arriving.empty() and len(some) < NOTED_FILES:
            some.append(arriving.get_nowait())
        known = [each for each in some if each is not None]
        more = len(known) == len(some)
        if known:
            await run.book.add_arrivals(stream_of(run), known, at=datetime.now(UTC))
            delivery.done += len(known)


def write_manifest(run: Run, target: Callable[[], Store], prefix: str, arrived: Sequence[Arrival]) -> str:
    """Write the order's manifest beside its files and return its SM3, hex.

    target: opens the store; prefix: what arrivals have before the files' names in the target.
    """
    listed = []
    for each in arrived:
        name = each.name[len(prefix) :]
        raw = name.encode("utf-8", "surrogateescape")
        shown = printable(name)
        listed.append(ListedFile(shown, each.size, each.sm3, "" if shown == name else raw.hex()))
    grant = run.guard.grant
    manifest = FolderManifest(
        order_id=run.order.id,
        grant_id=grant.id,
        resource_title=grant.resource_title,
        entry_code=grant.entry_code,
        made_at=run.order.ordered_at,
        files=tuple(listed),
        bytes=sum(each.size for each in arrived),
    )
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    name, store = placed(folder_of(run), f"jutong-manifest-{run.order.id}.json"), target()
    try:
        run.guard.check(datetime.now(UTC))
        with store.writer(name, "manifest", 0) as file:
            file.write(content)
        store.publish(name, "manifest")
    finally:
        store.close()
    return sm3.hexdigest(content)


async def _told(run: Run, delivery: Delivery) -> None:
    """Report how far the files have come, until cancelled."""
    while True:
        await asyncio.sleep(TELL_SECONDS)
        done, size = delivery.done, delivery.bytes_done
        run.tell(RunState.SENT, "正在交换文件。", done=done, total=delivery.total, bytes_done=size)
