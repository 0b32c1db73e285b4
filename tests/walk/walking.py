"""What the regulations give, kept by hand in tables beside this file, and the cases and people that are walked past it.

moves.csv: each move of each workflow – from, verb, to, who, and the rule of the profiles it hangs on (workflows.md).
rules.csv: what each profile gives before 2025-08-01 and since (policy-profiles.md). who.csv: posts behind each name.
known.csv: which sides know that a case exists. Nothing here is derived from the code.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jutong.kernel.actors import ADMINISTRATORS, Actor, Post, Role, system_actor
from jutong.kernel.workflow import Workflow, workflows

HERE = Path(__file__).parent
PROFILES = (
    "national-2025", "jiangxi-2017", "inner-mongolia-2018", "neijiang-2020", "liyang-2020", "national-project-opinion",
)  # fmt: skip
DAYS = {"before": date(2025, 6, 3), "since": date(2026, 3, 2)}
SIDES = {"consumer": 1, "provider": 2, "authority": 3, "government": 4, "carrier": 5, "stranger": 6}
"""Departments by what they are in a case; the stranger is none of it."""
CONDITIONED = tuple(
    f"{kind} of {sort}" for kind in ("scope", "purpose", "third party") for sort in ("conditional", "unconditional")
)
SORTS: dict[str, tuple[str, ...]] = {
    "sharing_request": ("conditional", "unconditional"), "dispute": ("here", "elsewhere"), "use_change": CONDITIONED,
    "agreement": ("ordinary", "joint"), "misuse_case": ("of the provider", "of the authority"),
}  # fmt: skip
"""Sorts of cases that a table tells apart; all others have one."""


@dataclass(frozen=True)
class Under:
    """Which rules a case lives under: a profile, before the decree or since."""

    profile: str
    when: str

    @property
    def reference(self) -> str:
        """As a case keeps it."""
        return f"{self.profile}@1"

    @property
    def day(self) -> date:
        """The Beijing day on which the case started."""
        return DAYS[self.when]


UNDERS = tuple(Under(profile, when) for profile in PROFILES for when in DAYS)


@dataclass(frozen=True)
class Row:
    """One move as the regulations give it. who: in order; a button stands where the platform is not the first."""

    verb: str
    to: str
    who: tuple[str, ...]
    rule: str

    @property
    def shown(self) -> bool:
        """Whether people are offered it as a button."""
        return self.who[0] != "platform"

    def given(self, under: Under, sort: str) -> bool:
        """Whether the profile gives the move for this sort of case."""
        return not self.rule or _rules()[self.rule, sort][under]

    def permits(self, person: Person, sort: str) -> bool:
        """Whether the person is among those who may make the move."""
        return any(person.counts_as(who, sort) for who in self.who)

    def leads(self, state: str, before: str) -> str:
        """The state afterwards."""
        return {"=": state, "previous": before}.get(self.to, self.to)


def _read(name: str) -> Iterator[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@functools.cache
def moves() -> dict[str, dict[tuple[str, str], Row]]:
    """Every move by workflow, state and verb."""
    found: dict[str, dict[tuple[str, str], Row]] = {}
    for line in _read("moves.csv"):
        row = Row(line["verb"], line["to"], tuple(line["who"].split("; ")), line["rule"])
        place = found.setdefault(line["workflow"], {})
        assert (line["from"], row.verb) not in place, line
        place[line["from"], row.verb] = row
    return found


class _Any(dict[Any, dict[Under, bool]]):
    def __missing__(self, key: tuple[str, str]) -> dict[Under, bool]:
        return self[key[0], "any"] if key[1] != "any" else super().__missing__(key)  # type: ignore[misc]


@functools.cache
def _rules() -> _Any:
    return _Any({
        (line["rule"], line["case"]): {under: line[f"{under.profile} {under.when}"] == "yes" for under in UNDERS}
        for line in _read("rules.csv")
    })  # fmt: skip


@functools.cache
def _who() -> dict[str, tuple[str, frozenset[str]]]:
    return {line["name"]: (line["side"], frozenset(line["posts"].split())) for line in _read("who.csv")}


def side_of(who: str) -> str:
    """A side that a name of who.csv stands on; none for the platform."""
    return {"parties": "consumer", "keeper": "provider"}.get(_who()[who][0], _who()[who][0])


@functools.cache
def known_to(workflow: str, state: str) -> frozenset[str]:
    """The sides that know of a case in a state."""
    told = {(line["workflow"], line["state"]): frozenset(line["known to"].split()) for line in _read("known.csv")}
    return told.get((workflow, state)) or told[workflow, "any"]


@dataclass(frozen=True)
class Person:
    """Somebody with one post on one side. post: the Role's code; empty for the platform."""

    actor: Actor
    side: str
    post: str

    def counts_as(self, who: str, sort: str) -> bool:
        """Whether this is one of those whom a name of who.csv means, in this sort of case."""
        if who == "platform" or not self.post:
            return who == "platform" and not self.post
        side, posts = _who()[who]
        keeper = {"of the authority": ()}.get(sort, ("provider",))
        sides = {"parties": ("consumer", "provider"), "keeper": keeper}.get(side, (side,))
        return self.side in sides and self.post in posts

    def knows(self, workflow: str, state: str) -> bool:
        """Whether the person knows of a case: by the department's business, as an auditor; never as an administrator."""
        if not self.post or self.post == "auditor":
            return True
        return self.side in known_to(workflow, state) and Role(self.post) not in ADMINISTRATORS


def person(role: Role, side: str, *, home: str = "", **delegated: Any) -> Person:
    """Somebody with a post. home: the department they come from, where it is another. delegated: in whose place, for what."""
    post = Post(role, SIDES[side], **delegated)
    actor = Actor(100, "某人", SIDES[home or side], home or side, "511000", frozenset({post}))
    return Person(actor, side, str(role))


PLATFORM = Person(system_actor("walk"), "", "")
EVERYBODY = (*(person(role, side) for side in SIDES for role in Role), PLATFORM)
"""Every role in every department that a case can have to do with, and the platform."""


def walked() -> dict[str, Workflow[Any]]:
    """The workflows of the slices that ask, answer, use and correct, as they are registered, and back-flow (W27)."""
    found = workflows().items()
    return {name: flow for name, flow in found if name == "backflow" or flow.case_path.split(".")[0] in SLICES}


SLICES = {"sharing", "agreements", "grants", "usage", "correction"}
