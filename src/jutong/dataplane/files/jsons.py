"""JSON as rows: one object a line, or arrays of objects, also several arrays back to back; numbers keep their digits."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import msgspec

from jutong.dataplane.dirty import Dirty
from jutong.dataplane.files.encodings import MARK, marked, utf8
from jutong.wire.grants import Column

LONGEST_OBJECT = 4 << 20
"""Characters after which an object that did not end counts as broken."""

DEEPEST = 4
"""Levels of nested objects whose members are offered as columns."""

_BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")
_SCANNER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)

Found = tuple[int, Sequence[str | None]] | Dirty


def text_of(value: Any) -> str | None:
    """Return a JSON value as a text: null is missing, what is nested stays JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def pointed(found: Any, pointer: str) -> Any:
    """Return what a JSON pointer (RFC 6901) points at, or None."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(name)
        elif isinstance(found, list) and name.isascii() and name.isdigit() and len(name) < 10:  # noqa: PLR2004 - digits
            found = found[int(name)] if int(name) < len(found) else None
        else:
            return None
    return found


def member(found: dict[str, Any], name: str) -> Any:
    """Return an object's member by its name, or by a JSON pointer into it; None where it is not there."""
    return pointed(found, name) if name.startswith("/") and name not in found else found.get(name)


def members(found: dict[str, Any], before: str = "") -> Iterator[str]:
    """Yield the names of an object's members, and JSON pointers to those of the objects nested in it."""
    for name, value in found.items():
        path = f"{before}/{name.replace('~', '~0').replace('/', '~1')}"
        yield path if before else name
        if isinstance(value, dict) and path.count("/") < DEEPEST:
            yield from members(value, path)


def _row(number: int, found: Any, wanted: Sequence[Column]) -> Found:
    """Return an object's wanted members, or why it is no row; a member that is not there is missing."""
    if not isinstance(found, dict):
        return Dirty(number, "", str(found), "不是 JSON 对象", (str(found),))
    cells = [text_of(member(found, column.column)) for column in wanted]
    for cell, column in zip(cells, wanted, strict=True):
        if cell and marked(cell):
            shown = cell.encode("utf-8", "replace").decode()
            return Dirty(number, column.column, shown, f"“{column.column}”含有无法解码的字节或残缺字符", (shown,))
    return number, cells


class Broken(str):
    """The text of an object that cannot be read."""

    __slots__ = ()


def rows(objects: Iterator[tuple[int, Any]], wanted: Sequence[Column]) -> Iterator[Found]:
    """Return objects (`lines` or `arrays`) as rows and dirty rows."""
    for number, found in objects:
        if isinstance(found, Broken):
            yield Dirty(number, "", found, "不是完整的 JSON 对象", (str(found),))
        else:
            yield _row(number, found, wanted)


def lines(file: BinaryIO, codec: str) -> Iterator[tuple[int, Any]]:
    """Return the values of JSON lines, numbered by line; an empty line is none, a broken one costs itself only."""
    decoder = msgspec.json.Decoder(float_hook=str)
    rest, number = b"", 0
    for piece in _pieces(file, codec):
        *whole, rest = (rest + piece).split(b"\n")
        if len(rest) > LONGEST_OBJECT:
            whole, rest = [*whole, rest], b""
        for line in whole:
            number += 1
            if not line.strip():
                continue
            try:
                yield number, decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                yield number, Broken(line.decode("utf-8", "replace").strip())


def _pieces(file: BinaryIO, codec: str) -> Iterator[bytes]:
    """Return the pieces of a file and a last line end."""
    yield from utf8(file, codec)
    yield b"\n"


class _Window:
    """The part of a text that is being looked at."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._decoder = codecs.getincrementaldecoder("utf-8")(MARK)
        self.text = ""
        self.ended = False

    def more(self) -> None:
        """Take in another piece; a character that it cuts off comes with the next."""
        piece = next(self._pieces, None)
        self.ended = piece is None
        self.text += self._decoder.decode(piece or b"", final=self.ended)

    def cut(self, at: int) -> None:
        """Forget what lies before a place."""
        self.text = self.text[at:]


def arrays(file: BinaryIO, codec: str) -> Iterator[tuple[int, Any]]:
    """Return the objects of one or more JSON arrays, numbered from 1. What is between objects is not looked at closely.

    Behind a broken object reading goes on at the next one that begins, at the earliest after its fault.
    """
    window, number = _Window(utf8(file, codec)), 0
    while True:
        window.cut(_BETWEEN.match(window.text).end())  # type: ignore[union-attr]
        if not window.text:
            if window.ended:
                return
            window.more()
            continue
        try:
            found, end = _SCANNER.raw_decode(window.text)
        except (json.JSONDecodeError, RecursionError) as error:
            if not window.ended and len(window.text) < LONGEST_OBJECT:
                window.more()
                continue
            number += 1
            fault = max(1, getattr(error, "pos", 1))
            yield number, Broken(window.text[:200].encode("utf-8", "replace").decode())
            begins = window.text.find("{", fault)
            window.cut(begins if begins >= 0 else len(window.text))
            continue
        if end == len(window.text) and not window.ended and not isinstance(found, dict):
            window.more()
            continue
        number += 1
        yield number, found
        window.cut(end)


def begins_as_array(head: bytes) -> bool:
    """Tell whether a JSON file consists of arrays (or of one object over several lines), not of lines."""
    text = head.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if text.startswith("["):
        return True
    line = text.partition("\n")[0]
    try:
        json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        return text.startswith("{") and not line.rstrip().endswith("}")
    return False
