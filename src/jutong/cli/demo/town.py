"""The demo city as those see it who set its data going: its people, its database server, its addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jutong.cli.demo import city as people
from jutong.cli.demo import databases
from jutong.cli.postgres import Server

if TYPE_CHECKING:
    from jutong.cli.demo.city import City


@dataclass(frozen=True, slots=True)
class Town:
    """Where all this happens: the city's people, its database server, its gateway, and the folder of its files."""

    city: City
    server: Server
    web: str
    gateway: str
    folder: Path
    at: datetime


def person(town: Town, key: str) -> Any:
    """Return a person as actor."""
    return town.city.actor(key, town.at)


def own_entry(town: Town, department: str, title: str) -> int:
    """Return the id of a department's published entry."""
    from jutong.slices.catalogue import queries

    found, _meta = queries.entries_of(person(town, f"{department}.officer"), text=title)
    return next(row.id for row in found if row.title == title)


def granted(town: Town, provider: str, title: str) -> int:
    """Return the labour bureau's grant of a provider's entry, 0 for none."""
    from jutong.slices.grants import queries

    held = queries.between(town.city.departments["hr"], own_entry(town, provider, title))
    return held.id if held else 0


def database(town: Town, title: str, place: databases.Place, **more: Any) -> Any:
    """Return a department's database as its engineer states it."""
    from jutong.slices.sources.actions import Details

    return Details(
        title=title, host="127.0.0.1", port=town.server.port, database=place.database, user=place.role,
        password=databases.password(town.server, place), tls="disable", **more,
    )  # fmt: skip


def registered(town: Town, department: str, details: Any, tests: int = 1) -> int:
    """Register a department's data source, test it, and return its id; one that is there already stays."""
    from jutong.slices.sources import actions, queries

    by, own = person(town, engineer(department)), town.city.departments[department]
    known, _meta = queries.sources(by, text=details.title)
    for row in known:
        if row.title == details.title and row.department_id == own:
            return row.id
    source = actions.register(by=by, at=town.at, department_id=own, details=details)
    for turn in range(tests):
        actions.test_connection(source.pk, by=by, at=town.at - timedelta(hours=4 * (tests - turn)))
    return int(source.pk)


def engineer(department: str) -> str:
    """Return who looks after a department's sources."""
    return f"{department}.{'engineer' if department in people.STORY else 'officer'}"
