"""Days as an iCalendar file (RFC 5545): whole-day events that calendars of other programs read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

LINE: Final = 75
"""Octets of a line before it is folded (RFC 5545, 3.1)."""
MEDIA_TYPE: Final = "text/calendar; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Event:
    """A whole-day event. uid: the same in every export of the same thing; tentative: the day may still move."""

    uid: str
    day: date
    summary: str
    description: str = ""
    url: str = ""
    tentative: bool = False


def rendered(events: Iterable[Event], *, name: str, at: datetime) -> bytes:
    """Return a calendar with these events; `name` is what programs call it, `at` when it was made."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Jutong//Limits//ZH",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_text(name)}",
    ]
    for event in events:
        lines += _event(event, at)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line)).encode()


def _event(event: Event, at: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(event.uid)}"
    yield f"DTSTAMP:{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{event.day + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_text(event.summary)}"
    if event.description:
        yield f"DESCRIPTION:{_text(event.description)}"
    if event.url:
        yield f"URL:{event.url}"
    yield f"STATUS:{'TENTATIVE' if event.tentative else 'CONFIRMED'}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _text(words: str) -> str:
    """Escape what has a meaning in iCalendar; no control character gets through."""
    plain = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    plain = plain.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")
    return "".join(c for c in plain if c >= " ")


def _folded(line: str) -> Iterator[str]:
    """Break a line after at most 75 octets, never within a character; what follows begins with a blank."""
    part, size = "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > LINE:
            yield part
            part, size = " ", 1
        part += character
        size += octets
    yield part
