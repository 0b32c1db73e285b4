"""Looking for rows marked as secret in a file, before anything of it is kept (R-CAT-015)."""

from __future__ import annotations

from collections.abc import Mapping

from jutong.slices.catalogue.formats.raw import Source
from jutong.slices.catalogue.rules.values import flag


def first_secret(source: Source, mapping: Mapping[str, str]) -> int:
    """Return the line of the first entry or item that a file marks as secret, 0 where it marks none.

    mapping: {element: header} of a file without a known template.
    """
    for entry in source.entries:
        if flag(entry.values.get("secret")) or any(flag(item.get("classified")) for item in entry.items):
            return entry.number
    header = mapping.get("secret", "")
    if source.table is None or header not in source.headers:
        return 0
    place = source.headers.index(header)
    marked = (line for line in source.table.lines if place < len(line.cells) and flag(line.cells[place]))
    return next((line.number for line in marked), 0)
