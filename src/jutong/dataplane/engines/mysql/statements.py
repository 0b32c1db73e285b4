"""Statements that stand in a binlog beside rows: ends of transactions, definitions, and changes told as a statement."""

from __future__ import annotations

import re
from contextlib import suppress
from enum import Enum, auto

_LEAD = r"(?:\s|/\*.*?\*/|(?:--|#)[^\n]*\n)*"
ENCODINGS = ("utf-8", "gb18030", "big5")
"""In which clients name tables; the log has their statements byte for byte."""


class Deed(Enum):
    """What a statement does.

    PART: nothing by itself; ROWS: changes rows without saying which; DEFINE: makes another of our table; OTHER: nothing
    to us. The prepared ones are of the two phases of a transaction (XA).
    """

    PART = auto()
    ROWS = auto()
    DEFINE = auto()
    UNDO = auto()
    BEGIN_PREPARED = auto()
    COMMIT_PREPARED = auto()
    UNDO_PREPARED = auto()
    OTHER = auto()


_DEEDS = (
    (r"xa\s+(?:start|begin)\b(.*)", Deed.BEGIN_PREPARED),
    (r"xa\s+commit\b(.*)", Deed.COMMIT_PREPARED),
    (r"xa\s+rollback\b(.*)", Deed.UNDO_PREPARED),
    (r"(?:begin|savepoint|rollback\s+to|xa\s+end)\b()", Deed.PART),
    (r"rollback\s*()$", Deed.UNDO),
    (r"(?:insert|update|delete|replace|load|with|call)\b()", Deed.ROWS),
    (r"(?:analyze|optimize|flush|grant|revoke)\b()", Deed.OTHER),
    (r"drop\s+(?:database|schema)\b()", Deed.DEFINE),
)
DEEDS = tuple((re.compile(_LEAD + pattern, re.IGNORECASE | re.DOTALL), deed) for pattern, deed in _DEEDS)


class Statements:
    """Reads statements for the sake of one table."""

    def __init__(self, table: str) -> None:
        spelled = set[str]()
        for encoding in ENCODINGS:
            with suppress(UnicodeEncodeError):
                spelled.add(table.encode(encoding).decode("utf-8", "backslashreplace"))
        spelled |= {name.replace("`", "``") for name in spelled}
        self._named = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, spelled))})(?!\w)", re.IGNORECASE)
        self._plain = table.isascii()

    def told(self, query: str) -> tuple[Deed, str]:
        """Return what a statement does, with the server's word for a prepared transaction where it is about one.

        query: its text, with a backslash and the number of each byte that is no UTF-8. Rows changed by a statement may be
        rows of any table, by a trigger or a view; what cannot be read may name a table whose name is not ASCII.
        """
        for pattern, deed in DEEDS:
            if found := pattern.match(query):
                return deed, found[1].strip().lower()
        named = self._named.search(query) or (not self._plain and "\\x" in query)
        return (Deed.DEFINE if named else Deed.OTHER), ""
