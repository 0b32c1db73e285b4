"""Which encoding a text file has, told honestly, and its bytes as UTF-8 with every byte that does not decode marked.

A mark is the lone surrogate U+DC00 plus the byte, which no strict UTF-8 decoder takes: the row that holds one is dirty,
the rows around it are not.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from jutong.dataplane.errors import RuleBroken

MARK = "jutong-mark"
CHUNK = 512 << 10
HEAD = 1 << 20
"""How much of a file a guess looks at, in bytes."""

CODECS = {
    "utf-8": "utf-8",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "big5": "cp950",
    "big5-hkscs": "big5hkscs",
}
"""Encodings that may be declared, by the names people use; each GB standard is read by its superset."""

_COMMON = 0.9
_RARE = 0.75
_LEVEL_ONE = {"gb18030": (b"\xb0\xa1", b"\xd7\xf9", 0xA1), "cp950": (b"\xa4\x40", b"\xc6\x7e", 0x40)}
"""First and last of each standard's common characters and their least second byte: real text consists mostly of them."""


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Replace the first byte that does not decode by its mark and go on behind it."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return chr(0xDC00 + error.object[error.start]), error.start + 1


codecs.register_error(MARK, _mark)


def marked(text: str) -> bool:
    """Tell whether a text holds a byte that did not decode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _decodes(head: bytes, codec: str) -> str | None:
    """Return a head decoded strictly, a character cut off at its end forgiven; None when it is not in this encoding."""
    try:
        return codecs.getincrementaldecoder(codec)("strict").decode(head)
    except UnicodeDecodeError:
        return None


def _commonness(text: str, codec: str) -> float:
    """Return the share of common characters among the ideographs of a text."""
    first, last, second = _LEVEL_ONE[codec]
    signs = [sign.encode(codec) for sign in text if "\u3400" <= sign <= "\u9fff"]
    common = sum(first <= sign <= last and sign[1] >= second for sign in signs)
    return common / len(signs) if signs else 0.0


def codec_of(head: bytes, declared: str = "") -> str:
    """Return the codec of a text file by its first bytes. declared: its encoding by name, which is then believed.

    Many a Big5 text decodes as GB18030 and the other way round; where both are possible and neither reads clearly like
    language, RuleBroken asks for a declaration: a wrong guess would turn good names into other good names.
    """
    if declared:
        if declared.lower() not in CODECS:
            raise RuleBroken(f"不支持的文件编码“{declared}”，支持：{'、'.join(CODECS)}。")
        return CODECS[declared.lower()]
    if head.startswith(codecs.BOM_UTF8) or _decodes(head, "utf-8") is not None:
        return "utf-8"
    texts = {codec: text for codec in ("gb18030", "cp950") if (text := _decodes(head, codec)) is not None}
    shares = {codec: _commonness(text, codec) for codec, text in texts.items()}
    clear = [codec for codec, share in shares.items() if share >= _COMMON]
    if len(clear) == 1 and all(share < _RARE for codec, share in shares.items() if codec != clear[0]):
        return clear[0]
    raise RuleBroken("无法可靠判断文件编码（可能是 UTF-8、GB18030 或 Big5），请在数据源中声明编码。")


def utf8(file: BinaryIO, codec: str, *, chunk: int = CHUNK) -> Iterator[bytes]:
    """Return a file's bytes as UTF-8 without BOM, piece by piece; UTF-8 passes as it is, its faults included."""
    decoder = codecs.getincrementaldecoder(codec)(MARK)
    first = True
    while piece := file.read(chunk):
        if first and codec == "utf-8":
            piece = piece.removeprefix(codecs.BOM_UTF8)
        first = False
        yield piece if codec == "utf-8" else decoder.decode(piece).encode("utf-8", "surrogatepass")
    if codec != "utf-8":
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
