"""Where files lie: one port for a local folder, SFTP and S3, and everything about names that keeps them in their folder.

Names are texts with slashes, below the store's folder. Bytes of a name that are none in the store's encoding travel as
lone surrogates, so a name comes out byte for byte as it went in. What is written is written beside its place under a name
that listings leave out, and becomes visible whole.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from jutong.crypto import sm3
from jutong.dataplane.errors import RuleBroken

MOST_FILES = 1_000_000
DEEPEST = 16
PIECE = 1 << 20
PART = ".jutong-{tag}.part"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as a listing shows it. mark: changes whenever the content may have changed (time, inode, version)."""

    name: str
    size: int
    mark: str


class Store(Protocol):
    """One folder somewhere. Calls block and are made from threads, each with a store of its own (`another`)."""

    resumes: bool  # an unfinished file can be gone on with

    def describe(self) -> str:
        """Connect and say what was found, for a connection test."""

    def entries(self, pattern: str) -> Iterator[Entry]:
        """Return the files whose names match, in no order."""

    def entry(self, name: str) -> Entry | None:
        """Return one file, or None when it is not there."""

    def reader(self, name: str) -> BinaryIO:
        """Open a file for reading, seekable."""

    def started(self, name: str, tag: str) -> int:
        """Return how many bytes of an unfinished file are there; 0 when it was not begun."""

    def part_reader(self, name: str, tag: str) -> BinaryIO:
        """Open an unfinished file for reading."""

    def writer(self, name: str, tag: str, offset: int) -> BinaryIO:
        """Open an unfinished file for writing from an offset on, forgetting what lies behind it; folders are made."""

    def publish(self, name: str, tag: str) -> None:
        """Make a finished file visible under its name, in place of an older one, durably."""

    def discard(self, name: str, tag: str) -> None:
        """Remove an unfinished file."""

    def another(self) -> Store:
        """Return a store on the same folder for another thread."""

    def close(self) -> None:
        """Give the connection back."""


def check_name(name: str) -> str:
    """Return a name that stays below its folder, or refuse it."""
    parts = name.split("/")
    if not name or len(name) > 4096 or len(parts) > DEEPEST:  # noqa: PLR2004 - the longest path of common systems
        raise RuleBroken("文件名为空、超过 4096 个字符或层级过深，请修改。")
    if any(part in ("", ".", "..") or "\0" in part or "\\" in part for part in parts):
        raise RuleBroken("文件名不能含有 ..、空层级、反斜杠或空字符，请修改。")
    return name


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return the test of a pattern: `*` and `?` within a name, `**/` over folders; names led by a dot never match."""
    check_name(pattern.replace("**/", "") or "*")
    wild = {"**/": "(?:[^/]+/)*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*|\?)", pattern)
    whole = re.compile("".join(wild.get(piece, re.escape(piece)) for piece in pieces), re.DOTALL)
    hidden = re.compile(r"(?:^|/)\.")
    return lambda name: whole.fullmatch(name) is not None and not hidden.search(name)


def depth(pattern: str) -> int:
    """Return how many folders deep a pattern can reach."""
    return DEEPEST if "**/" in pattern else pattern.count("/")


def split(name: str) -> tuple[str, str]:
    """Return the folder of a name, and its last part."""
    folder, _, last = name.rpartition("/")
    return folder, last


def part_name(name: str, tag: str) -> str:
    """Return where an unfinished file lies: beside its place, hidden."""
    folder, _ = split(check_name(name))
    return (folder + "/" if folder else "") + PART.format(tag=tag)


class Names:
    """Names as bytes and as texts, by the encoding that a store's names are in."""

    def __init__(self, encoding: str) -> None:
        known = {"": "utf-8", "utf-8": "utf-8", "gb18030": "gb18030", "gbk": "gb18030", "big5": "cp950"}
        if encoding.lower() not in known:
            raise RuleBroken(f"不支持的文件名编码“{encoding}”，支持：utf-8、gb18030、gbk、big5。")
        self._codec = known[encoding.lower()]

    def text(self, raw: bytes) -> str:
        """Return a name as text. RuleBroken for one that would not come back as the same bytes."""
        name = raw.decode(self._codec, "surrogateescape")
        if self.raw(name) != raw:
            raise RuleBroken("有文件名不能按声明的文件名编码还原，请在数据源中更正文件名编码。")
        return name

    def raw(self, name: str) -> bytes:
        """Return a name as bytes. RuleBroken for a character that the encoding does not have."""
        try:
            return name.encode(self._codec, "surrogateescape")
        except UnicodeEncodeError as error:
            shown = printable(name)
            raise RuleBroken(f"文件名“{shown}”不能用目标的文件名编码表示，请更改目标数据源的文件名编码。") from error


class Bounded(io.RawIOBase):
    """A file as far as it was long when it was listed: one that grows meanwhile is not followed for ever."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        super().__init__()
        self._file = file
        self._size = size

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that places can be gone to."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer."""
        piece = self._file.read(max(0, min(len(buffer), self._size - self._file.tell())))
        buffer[: len(piece)] = piece
        return len(piece)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return self._file.seek(self._size + offset) if whence == io.SEEK_END else self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()


def printable(name: str) -> str:
    """Return a name for people: bytes that are no text as backslash escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


def digest(file: BinaryIO, limit: int = -1, *, stopped: Callable[[], bool] = bool) -> tuple[str, int]:
    """Return the SM3 (hex) and size of a file's bytes from its place on, at most `limit`; ends early when stopped."""
    found, size = sm3.new(), 0
    while not stopped() and (piece := file.read(PIECE if limit < 0 else min(PIECE, limit - size))):
        found.update(piece)
        size += len(piece)
    return found.hexdigest(), size
