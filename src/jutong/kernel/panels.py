"""Panels: what a slice offers to a page that joins slices (workbench, entry page, calendar)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from jutong.kernel.actors import Actor

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Panel:
    """A piece of a joined page: its title (Chinese), order, who may see it, one query, one template.

    query(actor, at, **about) returns frozen rows or None (nothing to show); `about` is the page's subject: its id, or, on
    the page of an entry, what was read of it already (`entry=`), and there the query returns what is `Said`.
    """

    name: str
    title: str
    order: int
    allow: Callable[[Actor], bool]
    query: Callable[..., Any]
    template: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A panel with what its query returned."""

    panel: Panel
    content: Any


@dataclass(frozen=True, slots=True)
class Light:
    """One thing that is looked at, how it stands (good, wait, bad, neutral), and the sentence that says why, translated."""

    label: str
    tone: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Linked:
    """One end of a way that data takes: side "from" or "to", who or what, in which way, since when; url where it has a page.

    hidden: how many more there are that the reader may not know by name.
    """

    side: str
    label: str
    detail: str = ""
    how: str = ""
    since: datetime | None = None
    url: str = ""
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Amount:
    """One figure, as the pieces draw it."""

    label: str
    value: int
    unit: str = ""
    tone: str = "neutral"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """All that a slice says of an entry, asked once: what its card shows (None: no card), lights, figures, ways of the data."""

    card: Any = None
    lights: tuple[Light, ...] = ()
    figures: tuple[Amount, ...] = ()
    ways: tuple[Linked, ...] = ()


_PANELS: Final[dict[str, dict[str, Panel]]] = defaultdict(dict)
_ASKED: Final[ContextVar[dict[tuple[str, int], Any] | None]] = ContextVar("asked", default=None)
"""What the panels of the page that is being filled have asked already."""


def once(name: str, about: int, ask: Callable[[], T]) -> T:
    """Return what several panels of a page ask about the same thing: asked once a page, outside of pages every time."""
    asked = _ASKED.get()
    if asked is None:
        return ask()
    if (name, about) not in asked:
        asked[name, about] = ask()
    found: T = asked[name, about]
    return found


def register(place: str, panel: Panel) -> None:
    """Offer a panel to a place ("workbench", "entry", "department" …)."""
    _PANELS[place][panel.name] = panel


def filled(place: str, actor: Actor, at: datetime, **about: Any) -> list[Filled]:
    """Return a place's panels that the actor may see and that have something to show, in order."""
    wanted = sorted((p for p in _PANELS[place].values() if p.allow(actor)), key=lambda p: p.order)
    asked = _ASKED.set({})
    try:
        answers = [(panel, panel.query(actor, at, **about)) for panel in wanted]
    finally:
        _ASKED.reset(asked)
    return [Filled(panel, content) for panel, content in answers if content is not None]
