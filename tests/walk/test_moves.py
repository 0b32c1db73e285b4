"""Every move of every workflow is really made, under every profile, by somebody to whom the regulation gives it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cases_asked import ASKED
from cases_used import USED
from django.db import transaction
from openings import MADE_ELSEWHERE, OPENINGS, Ground
from rules_world import BEFORE, under
from steps import Step
from walking import DAYS, PROFILES, UNDERS, Under, known_to, moves, side_of, walked

from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.errors import NotAllowed, NotThere, Refusal, WrongState
from world import World

CASES = {**ASKED, **USED}
WHO = {
    "consumer": "hr.clerk", "consumer unit": "hr.officer", "consumer users": "hr.clerk", "consumer head": "hr.head",
    "provider": "civil.officer", "provider unit": "civil.officer", "provider head": "civil.head",
    "provider principal": "civil.principal", "authority": "authority.reviewer", "coordinator": "authority.chief",
    "secrecy review": "authority.secrecy", "carrier": "authority.chief", "government": "court.principal",
    "keeper head": "civil.head", "party": "civil.officer", "party head": "civil.head",
}  # fmt: skip
"""Somebody of the tests' city for each name of who.csv."""


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


class Walk:
    """One workflow's case, put where a move begins, and made to move."""

    def __init__(self, world: World, name: str) -> None:
        make, self.steps = CASES[name]
        self.world, self.flow, self.at = world, walked()[name], world.at + timedelta(hours=1)
        self.pk = make(world).pk
        self._people: dict[str, Actor] = {"platform": system_actor("walk")}

    def person(self, who: str) -> Actor:
        """Somebody whom a name of who.csv means."""
        if who not in self._people:
            self._people[who] = self.world.actor(WHO.get(who, who))
        return self._people[who]

    def put(self, state: str, ruled: Under, step: Step) -> Any:
        """Put the case into a state under rules, past all moves."""
        case = self.flow.model._default_manager.get(pk=self.pk)
        before = step.before(self.world, case, state) if callable(step.before) else step.before
        ruled_by = {"profile": ruled.reference, "started_on": ruled.day, "previous_state": self.flow.start}
        for name, value in {"st" + "ate": state, **ruled_by, **before}.items():
            setattr(case, name, value)
        case.save()
        return case

    def make(self, verb: str, case: Any, who: str, step: Step) -> str:
        """Make a move and return the state it led to."""
        if verb in IN_SETS:
            done = self.flow.advance_many(verb, [self.pk], by=self.person(who), at=self.at).done
            assert done == [self.pk], verb
            case.refresh_from_db()
            return str(case.state)
        words = step.words(self.world, case) if callable(step.words) else step.words
        return str(self.flow.do(verb, case, by=self.person(who), at=self.at, **words).state)


IN_SETS = {"conclude", "announce", "stop", "switch"}
"""Moves that the platform makes of whole sets."""


@pytest.mark.parametrize("name", CASES)
def test_what_a_profile_gives_comes_off_and_what_it_does_not_give_is_refused(world: World, name: str) -> None:
    """Each verb once a profile, from each of its states and by each who may in turn, since the decree or before it."""
    walk, table = Walk(world, name), moves()[name]
    assert set(walk.steps) == {verb for state, verb in table if state != "-"}
    for turn, profile in enumerate(PROFILES):
        under(world, profile)
        for verb, step in walk.steps.items():
            rows = [(state, row) for (state, one), row in table.items() if one == verb]
            state, row = rows[turn % len(rows)]
            given = [when for when in reversed(DAYS) if row.given(Under(profile, when), step.sort)]
            ruled = Under(profile, given[0] if given else "since")
            who, told = step.by or row.who[turn % len(row.who)], (verb, state, ruled)
            with transaction.atomic():
                case = walk.put(state, ruled, step)
                if given and step.only in {"", profile}:
                    assert walk.make(verb, case, who, step) == row.leads(state, walk.flow.start), told
                else:
                    with pytest.raises((NotAllowed, WrongState)):
                        walk.make(verb, case, who, step)
                transaction.set_rollback(True)


@pytest.mark.parametrize("name", CASES)
def test_a_stranger_finds_nothing_and_out_of_place_nothing_moves(world: World, name: str) -> None:
    """Through the same actions; the case stays as it was."""
    walk, table, ruled = Walk(world, name), moves()[name], Under("national-2025", "since")
    for verb, step in walk.steps.items():
        sources = [state for state, one in table if one == verb]
        who = step.by or table[sources[0], verb].who[0]
        known = [state for state in walk.flow.states if side_of(who) in {"", *known_to(name, state)}]
        elsewhere = next(state for state in reversed(known) if state not in sources)
        for state, by, refusal in ((sources[0], "market.head", NotThere), (elsewhere, who, WrongState)):
            case = walk.put(state, ruled, Step())
            if verb in IN_SETS:
                assert not walk.flow.advance_many(verb, [walk.pk], by=walk.person(by), at=walk.at).done, verb
            else:
                words = {} if callable(step.words) else step.words
                with pytest.raises(refusal):
                    walk.flow.do(verb, case, by=walk.person(by), at=walk.at, **words)
            case.refresh_from_db()
            assert case.state == state, verb


def test_a_case_is_opened_wherever_a_profile_has_it_and_nowhere_else(world: World) -> None:
    ground = Ground(world)
    assert {*CASES, "backflow"} == set(moves())
    tried = {(name, verb) for name, verb, _sort in OPENINGS} | MADE_ELSEWHERE
    assert tried == {(name, verb) for name, table in moves().items() for state, verb in table if state == "-"}
    for ruled in UNDERS:
        under(world, ruled.profile)
        at = world.at if ruled.when == "since" else BEFORE
        for (name, verb, sort), opened in OPENINGS.items():
            row = moves()[name]["-", verb]
            with transaction.atomic():
                if row.given(ruled, sort):
                    case = opened(ground, at, ruled)
                    assert (case.state, case.profile) == (row.to, ruled.reference), (name, verb, sort, ruled)
                else:
                    with pytest.raises(Refusal) as told:
                        opened(ground, at, ruled)
                    assert isinstance(told.value, NotAllowed | WrongState), (name, verb, sort, ruled)
                transaction.set_rollback(True)
