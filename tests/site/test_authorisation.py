"""Every address × everybody: exactly those get in whom the reviewed table names (default deny, design.md §4)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from authorisation import PEOPLE, SOME, Answers, Key, asked, observed, read
from scene import Scene
from scene_fixture import civil_db, hr_db, node, probe, scene  # noqa: F401 - fixtures

from covers import covers

PARTS = 2
"""Everybody is asked by two workers at once where there are two."""


def compared(found: dict[Key, Answers], people: Sequence[str]) -> list[str]:
    """Return in words where what was observed differs from the table, for these people."""
    kept = read()
    lines = [f"unlisted: {' '.join(key)}" for key in sorted(set(found) - set(kept))]
    for key in sorted(set(found) & set(kept)):
        lines += [
            f"{' '.join(key)}: {who} gets {found[key][who]}, the table says {kept[key][who]}"
            for who in people
            if who in found[key] and found[key][who] != kept[key][who]
        ]
    return lines


@pytest.mark.long(seconds=70)
@covers(partly=["R-SEC-001"])
def test_those_get_in_whom_the_table_names(scene: Scene) -> None:  # noqa: F811 - the fixture
    found = observed(scene, SOME)
    assert not (differences := compared(found, SOME)), "\n".join(differences)
    assert not (gone := sorted(set(read()) - set(found))), gone


@pytest.mark.slow(seconds=130)
@pytest.mark.parametrize("part", range(PARTS))
@covers(partly=["R-SEC-001"])
def test_everybody_gets_in_where_the_table_says_and_nowhere_else(scene: Scene, part: int) -> None:  # noqa: F811
    people = asked(part, PARTS)
    found = observed(scene, people, by_turns=True)
    assert not (differences := compared(found, people)), "\n".join(differences)


@pytest.mark.slow(seconds=42)
@covers(partly=["R-SEC-001"])
def test_a_personal_key_opens_what_its_owner_may_open_and_nothing_else(scene: Scene) -> None:  # noqa: F811
    people = tuple(name for name in SOME if name in PEOPLE)
    found = observed(scene, people, by_key=True, only="api/")
    assert not (differences := compared(found, people)), "\n".join(differences)


@covers(partly=["R-SEC-001"])
def test_the_table_itself_keeps_the_administrators_out_of_business() -> None:
    """None of the three administrators writes in a slice of business; what they may read is public to every person.

    Live checks of a form store nothing and are left out; taking a node's certificate away is the security administrator's.
    """
    business = ("/catalogue", "/sources", "/datacentre", "/grants", "/services", "/exchange", "/sharing")
    administrators = ("admin.system", "admin.security", "admin.audit")
    for (method, address, case), answers in read().items():
        place = address.replace("/api/v1", "", 1)
        security = place.startswith("/sources/nodes/<") and case == "revoke"
        if (
            place.startswith(business)
            and method != "GET"
            and not place.endswith(("/check/", "/check"))
            and not security
        ):
            opened = [who for who in administrators if answers[who] == "open"]
            assert not opened, (method, address, case, opened)


@covers(partly=["R-SEC-001"])
def test_the_table_itself_keeps_strangers_out_of_cases() -> None:
    """Nobody of a third department reads or moves a request, a grant, a run, a source or a mount that is not theirs."""
    cases = ("/sharing/requests/<", "/grants/<", "/services/<", "/exchange/runs/<", "/sources/<")
    for (method, address, case), answers in read().items():
        place = address.replace("/api/v1", "", 1)
        if place.startswith(cases):
            assert {answers[f"market.{post}"] for post in ("head", "officer", "clerk", "engineer")} <= {"hidden"}, (
                method, address, case,
            )  # fmt: skip


def test_the_table_itself_leaves_nothing_open_without_sign_in() -> None:
    """Only the ways in (of people and of nodes), the language switch, what citizens ask and verify, and no address answer a stranger."""
    doors = ("/parties/sign-in", "/parties/certificate", "/parties/oidc", "/parties/second-factor", "/language",
             "/internal/anchor", "/internal/enrol", "/correction/public/", "/grants/proofs/", "/api/v1/grants/proofs/verify")  # fmt: skip
    for (method, address, case), answers in read().items():
        if not address.startswith(doors) and address != "/api/v1/":
            assert answers["nobody"] == "sign_in", (method, address, case)
