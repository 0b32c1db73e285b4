"""Cleaning of text as people and portals type it: widths, hidden characters, lists written as strings, title keys."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Sequence

_FULL = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_HIDDEN = dict.fromkeys(
    (0xAD, 0x34F, 0x61C, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))
)
_CONTROL = {code: " " if code in (9, 10, 11, 12, 13, 0x85) else None for code in (*range(32), *range(0x7F, 0xA0))}
FULL_WIDTH = frozenset(map(chr, _FULL))
"""Full-width digits and letters, which are narrowed."""
UNSEEN = frozenset(map(chr, (*_HIDDEN, *(code for code, to in _CONTROL.items() if to is None))))
"""Characters that nobody sees and that are taken out."""
_LINES = dict.fromkeys((10, 13, 133, 8232, 8233), "\n")
_ONE_LINE = _FULL | _HIDDEN | _CONTROL | {0x3000: " ", 0xA0: " ", 0x2028: " ", 0x2029: " "}
_MANY_LINES = _ONE_LINE | _LINES
_UNUSUAL = re.compile(f"[{re.escape(''.join(map(chr, _ONE_LINE)))}]")
_SPACES = re.compile(r"[ \t]+")
_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff]) +(?=[\u3400-\u9fff])")
_BREAKS = re.compile(r" *\n[ \n]*")
_NOT_WORD = re.compile(r"[\W_]+")
_SEPARATORS = re.compile(r"[,，、;；|\n]+")
_COUNTED = re.compile(r"^(?P<stem>.*?\D)(?P<number>\d{1,6})$", re.DOTALL)
PLACEHOLDERS = frozenset(
    {"", "-", "--", "—", "——", "/", "\\", "无", "暂无", "空", "none", "null", "nan", "n/a", "undefined"}
)
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(raw: object, *, lines: bool = False) -> str:
    r"""Return the text without hidden and control characters, full-width digits and letters narrowed, spaces trimmed.

    Chinese punctuation keeps its width. With `lines` line breaks survive as ``\n``, else they become spaces.
    A float that is whole loses its ``.0`` (numbers in cells); None is empty.
    """
    if raw is None:
        return ""
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    text = raw if isinstance(raw, str) else str(raw)
    if not text:
        return ""
    if not text.isprintable() or _UNUSUAL.search(text):
        text = _SURROGATES.sub("", text.translate(_MANY_LINES if lines else _ONE_LINE))
    if "  " in text:
        text = _SPACES.sub(" ", text)
    return (_BREAKS.sub("\n", text) if lines and "\n" in text else text).strip()


def clean_title(raw: object) -> str:
    """Return a title on one line without stray spaces between Chinese characters."""
    return _BETWEEN_HAN.sub("", clean(raw))


def is_blank(text: str) -> bool:
    """Tell whether a cleaned text says nothing: empty or one of the usual placeholders."""
    return text.casefold() in PLACEHOLDERS


def title_key(title: str) -> str:
    """Return the form in which two titles are the same: no punctuation or spaces, one width, one case."""
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", title).casefold())


def counted(title: str) -> tuple[str, int] | None:
    """Split a title that ends in a number into stem and number, else None (drag-fill leaves such runs)."""
    if not (found := _COUNTED.match(title)):
        return None
    return found["stem"], int(found["number"])


def listed(raw: object) -> tuple[str, ...]:
    """Return the distinct members of a list, whether it came as a list, as its Python or JSON text, or separated.

    >>> listed("['json', 'xls']"), listed("人口、法人"), listed([])
    (('json', 'xls'), ('人口', '法人'), ())
    """
    if raw is None:
        return ()
    if isinstance(raw, str):
        raw = _written_list(raw.strip())
    parts: Sequence[object] = raw if isinstance(raw, (list, tuple)) else (raw,)
    cleaned = (clean(part) for part in parts if not isinstance(part, (dict, list)))
    return tuple(dict.fromkeys(text for text in cleaned if not is_blank(text)))


def _written_list(text: str) -> Sequence[object]:
    if text.startswith("[") and text.endswith("]") and len(text) < 10_000:  # noqa: PLR2004 - a list typed as text is short
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return _SEPARATORS.split(text[1:-1])
        if isinstance(value, list):
            return value
    return _SEPARATORS.split(text)
