"""The folders of a node's file exchange: an outbox and an inbox for each grant, and the queue of packed parcels.

outbox/G-000012/…            what is dropped here goes to the consuming department of grant 12
inbox/G-000012/…             what arrived under it; inbox/G-000012/.manifests/ID.json says what and from whom
.parcels/taken/ID/           files taken from an outbox, until they are packed
.parcels/out/ID.slip, .body  parcels that wait to leave, or for their receipt
.parcels/sent/ID.receipt     what the receiver signed
.parcels/in/ID.slip, .body   parcels on their way in
.parcels/orders/ORDER.…      of an order between two nodes: .parcel names the one that its sending half packs; .slip and
                             .body have come and wait for its receiving half
"""

from __future__ import annotations

import heapq
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from jutong.dataplane.envelopes import opened
from jutong.wire.envelope import Envelope
from jutong.wire.nodes import Slip

STILL_SECONDS: Final = 2.0
"""A file that somebody is still writing is left alone: its last change must be this long ago."""
UNFINISHED: Final = (".part", ".tmp", ".crdownload")
ID: Final = re.compile(r"[0-9]{20}-[0-9a-f]{8}")
ORDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,79}")


def reference(grant_id: str) -> str:
    """Return a grant's name as people see it, which is also the name of its folders."""
    return f"G-{int(grant_id):06d}" if grant_id.isdecimal() else grant_id


class Boxes:
    """The folders below one root; every deed is durable when it returns."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._work = root / ".parcels"
        for name in ("taken", "out", "sent", "in", "orders"):
            (self._work / name).mkdir(mode=0o700, parents=True, exist_ok=True)

    def outbox(self, grant_id: str) -> Path:
        """Return the folder into which a grant's files are dropped, made where it is missing."""
        return self._made(self.root / "outbox" / reference(grant_id))

    def inbox(self, grant_id: str) -> Path:
        """Return the folder in which a grant's files arrive."""
        return self._made(self.root / "inbox" / reference(grant_id))

    @staticmethod
    def _made(path: Path) -> Path:
        path.mkdir(mode=0o750, parents=True, exist_ok=True)
        return path

    def dropped(self, grant_id: str, *, now: float | None = None) -> list[Path]:
        """Return the files of an outbox that are complete, the oldest first."""
        limit = (now or time.time()) - STILL_SECONDS
        found = []
        for path in self._plain(self.outbox(grant_id)):
            stat = path.stat()
            if stat.st_mtime <= limit and not path.name.endswith(UNFINISHED):
                found.append((stat.st_mtime, path))
        return [path for _when, path in sorted(found)]

    @staticmethod
    def _plain(folder: Path) -> Iterator[Path]:
        for place, folders, names in os.walk(folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in names:
                path = Path(place) / name
                if not name.startswith(".") and path.is_file() and not path.is_symlink():
                    yield path

    def take(self, grant_id: str, files: list[Path], parcel: str) -> Path:
        """Move files out of an outbox into a folder of their own, names kept; a crash leaves each in one place."""
        folder = self._work / "taken" / parcel
        folder.mkdir(mode=0o700)
        (folder / "grant").write_text(grant_id, encoding="utf-8")
        for path in files:
            place = folder / "files" / path.relative_to(self.outbox(grant_id))
            place.parent.mkdir(parents=True, exist_ok=True)
            path.rename(place)
        return folder

    def taken(self) -> list[tuple[str, str, Path]]:
        """Return (parcel, grant, folder of files) of what was taken and not yet packed, oldest first."""
        found = []
        for folder in sorted((self._work / "taken").iterdir()):
            mark = folder / "grant"
            if mark.exists():
                found.append((folder.name, mark.read_text(encoding="utf-8"), folder / "files"))
        return found

    def packed(self, parcel: str) -> None:
        """Forget the files of a parcel that is packed."""
        shutil.rmtree(self._work / "taken" / parcel, ignore_errors=True)

    def body(self, box: str, parcel: str) -> Path:
        """Return where a parcel's sealed body lies; box: out or in."""
        return self._work / box / f"{parcel}.body"

    def slip(self, box: str, parcel: str) -> Path:
        """Return where a parcel's slip lies."""
        return self._work / box / f"{parcel}.slip"

    def order(self, order_id: str, what: str) -> Path:
        """Return where something of an order lies; what: parcel, slip or body."""
        return self._work / "orders" / f"{order_id}.{what}"

    def orders(self) -> list[str]:
        """Return the orders of which a body may lie here: packed here and not yet handed over, or waiting to land."""
        found = [path.stem for path in (self._work / "orders").glob("*.body")]
        for path in (self._work / "orders").glob("*.parcel"):
            parcel = path.read_text(encoding="ascii")
            if self.body("out", parcel).exists() and not self.slip("out", parcel).exists():
                found.append(path.stem)
        return [order_id for order_id in found if ORDER.fullmatch(order_id)]

    def queue(self) -> list[str]:
        """Return the parcels that wait to leave or for their receipt, oldest first."""
        return sorted(path.stem for path in (self._work / "out").glob("*.slip") if ID.fullmatch(path.stem))

    def weight(self) -> int:
        """Return the bytes of the queue's bodies."""
        return sum(path.stat().st_size for path in (self._work / "out").glob("*.body"))

    def settle(self, parcel: str, receipt: bytes) -> None:
        """Keep the receiver's receipt, and let the parcel go."""
        write(self._work / "sent" / f"{parcel}.receipt", receipt)
        self.body("out", parcel).unlink(missing_ok=True)
        self.slip("out", parcel).unlink(missing_ok=True)

    def receipt(self, parcel: str) -> bytes | None:
        """Return the receipt of a parcel that arrived."""
        path = self._work / "sent" / f"{parcel}.receipt"
        return path.read_bytes() if path.exists() else None

    def manifest(self, grant_id: str, parcel: str) -> Path:
        """Return where the manifest of a landed parcel lies; it is there exactly when the parcel has landed."""
        return self._made(self.inbox(grant_id) / ".manifests") / f"{parcel}.json"

    def last(self, most: int) -> list[tuple[str, str]]:
        """Return the newest parcels as (id, box), newest first; box: out (waits), sent (arrived there), landed (here)."""
        found = [(parcel, "out") for parcel in self.queue()]
        found += [(path.stem, "sent") for path in (self._work / "sent").glob("*.receipt")]
        found += [(path.stem, "landed") for path in (self.root / "inbox").glob("*/.manifests/*.json")]
        return heapq.nlargest(most, [one for one in found if ID.fullmatch(one[0])])

    def next_number(self, receiver: str) -> int:
        """Return the next number of a parcel to a receiver: 1, 2, 3 … so that it can name what is missing."""
        path = self._work / f"numbers-{receiver}"
        number = (int(path.read_text()) if path.exists() else 0) + 1
        write(path, str(number).encode())
        return number


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and flush it to disk."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def put(path: Path, content: Path) -> None:
    """Put a file into its place whole or not at all; it is moved where it can be, else copied, and durable."""
    if content.parent.parent == path.parent.parent:  # one of ours, not on a disc
        content.replace(path)
        return
    temporary = path.with_name(f".{path.name}.new")
    shutil.copyfile(content, temporary)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)


def slip_of(envelope: Envelope, public: bytes, key_id: str) -> Slip:
    """Return a slip after checking the sender's signature (`Unauthenticated` otherwise)."""
    return msgspec.json.decode(opened(envelope, "slip", {key_id: public}), type=Slip)
