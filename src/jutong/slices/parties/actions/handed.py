"""What a mail server took, written down at once beside the database: a killed process sends no letter twice and loses none."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from jutong.kernel.settings import settings

FOLDER: Final = "reminders"


def _folder() -> Path:
    return settings().home / FOLDER


class Slip:
    """The note of one batch: ids of reminders that the server took, a line for each letter."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def note(self, ids: Iterable[int]) -> None:
        """Write down that a letter was taken; it survives the end of the process, not that of the machine."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(self._file, (",".join(str(pk) for pk in ids) + "\n").encode("ascii"))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


@contextmanager
def slip() -> Iterator[Slip]:
    """Give a note for one batch; it goes once the batch is written down in the database, and stays when that failed."""
    path = _folder() / f"{uuid.uuid4().hex}.sent"
    one = Slip(path)
    try:
        yield one
    finally:
        one.close()
    path.unlink(missing_ok=True)


def left_behind() -> dict[Path, set[int]]:
    """Return what interrupted batches noted, by file; a last line that is not whole is no note."""
    found = {}
    for path in sorted(_folder().glob("*.sent")):
        lines = path.read_bytes().split(b"\n")[:-1]
        found[path] = {int(pk) for line in lines for pk in line.split(b",") if pk.isdigit()}
    return found
