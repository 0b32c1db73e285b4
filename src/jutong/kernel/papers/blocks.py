"""What a paper is made of, and which signs its font can draw."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files

import msgspec


class Heading(msgspec.Struct, frozen=True, tag="heading"):
    """A heading; level 1 begins a part, level 2 a section of it."""

    text: str
    level: int = 1


class Text(msgspec.Struct, frozen=True, tag="text"):
    """A paragraph; line feeds in it begin new ones. small: a remark in smaller letters."""

    text: str
    small: bool = False


class Facts(msgspec.Struct, frozen=True, tag="facts"):
    """Names with their values, (name, value), in two ruled columns."""

    rows: tuple[tuple[str, str], ...]


class Table(msgspec.Struct, frozen=True, tag="table"):
    """A ruled table; its head is repeated on every page. widths: shares of the columns (empty: equal ones)."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...] = ()


class Signatures(msgspec.Struct, frozen=True, tag="signatures"):
    """Boxes in which parties sign or have signed: (party, what stands in its box)."""

    boxes: tuple[tuple[str, str], ...]


class Code(msgspec.Struct, frozen=True, tag="code"):
    """A QR code with the words beside it; `content` is what a camera reads (an address, a code to verify)."""

    content: str
    text: str


class Page(msgspec.Struct, frozen=True, tag="page"):
    """A page break."""


Block = Heading | Text | Facts | Table | Signatures | Code | Page


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A paper: title, its number or what stands under the title, the blocks, and what stands at the foot of each page.

    issuer: whose paper it is, above the title. made_at: UNIX seconds of its making, kept in the file: the same paper
    with the same moment is the same file, byte by byte.
    """

    title: str
    blocks: tuple[Block, ...]
    number: str = ""
    issuer: str = ""
    foot: str = ""
    made_at: int = 0


@cache
def _signs() -> frozenset[str]:
    listed = files(__package__).joinpath("fonts/signs.txt").read_text(encoding="utf-8")
    return frozenset(listed.replace("\n", ""))


def printable(text: str) -> str:
    """Return a text as paper can bear it: what the font cannot draw stands as its code, as 〔U+20BB7〕; controls go.

    Rare signs of names are never dropped or turned into an empty box that looks like any other.
    """
    known = _signs()
    if known.issuperset(text):
        return text
    return "".join(sign if sign in known or sign == "\n" else _named(sign) for sign in _plain(text))


def _plain(text: str) -> str:
    """Compose what can be composed, so that a letter with its accent is the one sign that the font has."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\t", " "))


def _named(sign: str) -> str:
    if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return ""
    return " " if sign.isspace() else f"〔U+{ord(sign):04X}〕"
