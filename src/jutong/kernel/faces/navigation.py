"""The navigation: entries that slices register, shown to those who may open them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.faces.shell import address_of
from jutong.kernel.terms import N_


class Group(Enum):
    """The six groups of the left navigation, in their order; the value is the Chinese heading."""

    WORKBENCH = N_("工作台")
    CATALOGUE = N_("目录")
    SHARING = N_("共享")
    EXCHANGE = N_("交换")
    GOVERNANCE = N_("治理")
    ADMIN = N_("管理")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation.

    label: Chinese msgid (N_). icon: a Tabler icon name without "ti-". allow: who may open it (the page still decides
    for itself). order: within its group. count: how many things wait there for this actor, shown when above zero.
    also: url names of pages that belong to it although their addresses do not begin with its own.
    """

    group: Group
    label: str
    url_name: str
    icon: str
    allow: Callable[[Actor], bool]
    order: int = 50
    count: Callable[[Actor], int] | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as drawn: translated label, address, icon, count, and whether it is the page being looked at."""

    label: str
    url: str
    icon: str
    count: int
    current: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A group as drawn."""

    label: str
    lines: tuple[Line, ...]


_entries: Final[dict[str, Entry]] = {}


def register(*entries: Entry) -> None:
    """Add entries; one registered again under the same url name replaces the first."""
    for entry in entries:
        _entries[entry.url_name] = entry


def registered() -> tuple[Entry, ...]:
    """Return every entry, in the order of the navigation."""
    groups = list(Group)
    return tuple(sorted(_entries.values(), key=lambda e: (groups.index(e.group), e.order, e.url_name)))


def sections_for(actor: Actor, path: str) -> tuple[Section, ...]:
    """Return what the actor may open, grouped; the entry with the longest address that `path` begins with is current."""
    open_entries = [(entry, address_of(entry.url_name)) for entry in registered() if entry.allow(actor)]
    places = [
        (place, address)
        for entry, address in open_entries
        for place in (address, *map(address_of, entry.also))
        if place and path.startswith(place)
    ]
    here = max(places, key=lambda pair: len(pair[0]), default=("", ""))[1]
    sections = []
    for group in Group:
        lines = tuple(
            Line(_(entry.label), address, entry.icon, entry.count(actor) if entry.count else 0, address == here)
            for entry, address in open_entries
            if entry.group is group and address
        )
        if lines:
            sections.append(Section(_(group.value), lines))
    return tuple(sections)
