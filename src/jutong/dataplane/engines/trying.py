"""Rows tried against a table in stretches: whole ones at once, halved where one row refuses, until the rows are found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from jutong.dataplane.dirty import RowRefused

STRETCH = 2000
"""Rows that are tried at once."""

Trial = Callable[[int, int], Awaitable[RowRefused | None]]
"""Puts the lines from the first to the last into the table; the refusal when it does not take all, which leaves none."""


async def refused(first: int, last: int, most: int, trial: Trial) -> list[tuple[int, RowRefused]]:
    """Return the lines that a table refuses, each with its refusal; the others are in the table then.

    One more than `most` of them is enough: the search ends there, since nothing will land.

    A line that needs another one behind it (a parent in the same table) is tried again when all have been tried.
    """
    found = list[tuple[int, RowRefused]]()
    waiting = [(n, min(n + STRETCH - 1, last)) for n in range(first, last + 1, STRETCH)][::-1]
    while waiting and len(found) <= most:
        begin, end = waiting.pop()
        refusal = await trial(begin, end)
        if refusal and begin == end:
            found.append((begin, refusal))
        elif refusal:
            half = (begin + end) // 2
            waiting += [(half + 1, end), (begin, half)]
    before = 0
    while 0 < len(found) <= most and len(found) != before:
        before = len(found)
        again = [(line, await trial(line, line)) for line, _ in found]
        found = [(line, refusal) for line, refusal in again if refusal]
    return found
