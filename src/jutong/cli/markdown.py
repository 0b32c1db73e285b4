"""Tables of the generated pages of the manual."""

from __future__ import annotations


def head(*heads: str) -> list[str]:
    """Return the lines that begin a table."""
    return ["", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]


def row(*cells: object) -> str:
    """Return one line of a table; bars and line feeds inside a cell do no harm."""
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
