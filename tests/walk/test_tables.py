"""Every workflow × profile × date × state × role × department: what is open, and which refusal meets everybody else."""

from __future__ import annotations

from typing import Any

import pytest
from walking import EVERYBODY, PLATFORM, SIDES, SORTS, UNDERS, Person, Under, moves, person, walked

from covers import covers
from jutong.kernel.actors import Role
from jutong.kernel.errors import NotAllowed, NotThere, Refusal, WrongState
from jutong.kernel.workflow import Workflow

NAMES = tuple(moves())
CHORUS = (
    person(Role.CLERK, "consumer"), person(Role.SHARING_UNIT_HEAD, "consumer"), person(Role.DATA_OFFICER, "provider"),
    person(Role.SHARING_UNIT_HEAD, "provider"), person(Role.AUTHORITY_REVIEWER, "authority"),
    person(Role.SHARING_UNIT_HEAD, "stranger"), person(Role.SYSTEM_ADMIN, "provider"), person(Role.AUDITOR, "stranger"),
    PLATFORM,
)  # fmt: skip
"""One of each kind, who try every move in every state."""
SEATED = tuple(one for one in CHORUS if one.side in {"provider", "authority", ""} and one.post != "system_admin")
"""Those who know of the end of a service by their seat; who else was told of it stands in the database (test_moves)."""


def test_the_tables_of_the_regulations_and_of_the_code_have_the_same_moves() -> None:
    """A workflow or a move that is new stands in moves.csv first."""
    assert set(walked()) == set(NAMES)
    for name, flow in walked().items():
        drawn = {(state, move.verb): move.target for move in flow.moves for state in move.sources}
        assert drawn == {place: row.to for place, row in moves()[name].items()}, name


def case_of(flow: Workflow[Any], sort: str) -> Any:
    """Return a case of a sort between the departments; its state and rules are set as one goes."""
    given: dict[str, Any] = {f"{side}_id": pk for side, pk in SIDES.items() if side != "stranger"}
    given |= {"applicant_id": SIDES["consumer"], "first_department_id": SIDES["provider"]}
    given |= {"party_ids": [1, 2], "unsigned_ids": [1, 2], "parts": [{"provider_id": SIDES["provider"]}]}
    given |= {"keeper_id": None if sort == "of the authority" else SIDES["provider"], "joint": sort == "joint"}
    given |= {"elsewhere_id": 9 if sort == "elsewhere" else None}
    kind, _of, share_type = sort.rpartition(" of ")
    given |= {"share_type": share_type, "kind": kind.replace(" ", "_")}
    fields = {field.attname for field in flow.model._meta.concrete_fields}
    return flow.model(**{name: value for name, value in given.items() if name in fields})


def put(case: Any, under: Under, state: str) -> None:
    case.profile, case.started_on = under.reference, under.day
    case.state, case.previous_state = state, "before"
    case.received_at = None if state in {"draft", "head_consented"} else under.day


@covers(partly=["R-SHR-004", "R-SHR-006", "R-SHR-016", "R-SHR-018", "R-SHR-048", "R-SHR-051", "R-SHR-053"])
@pytest.mark.parametrize("name", NAMES)
def test_everybody_is_offered_exactly_what_the_regulation_gives_them(name: str) -> None:
    flow, table = walked()[name], moves()[name]
    for sort in SORTS.get(name, ("any",)):
        case = case_of(flow, sort)
        for state in flow.states:
            rows = [row for (start, _verb), row in table.items() if start == state and row.shown]
            may = {one: [row for row in rows if row.permits(one, sort)] for one in EVERYBODY}
            for under in UNDERS:
                put(case, under, state)
                for one in EVERYBODY:
                    wanted = [(row.verb, row.leads(state, "before")) for row in may[one] if row.given(under, sort)]
                    offered = [(button.verb, button.to) for button in flow.open_to(one.actor, case)]
                    assert sorted(offered) == sorted(wanted), (sort, state, under, one)


@covers(partly=["R-SEC-001"])
@pytest.mark.parametrize("name", NAMES)
def test_whoever_tries_something_else_meets_the_refusal_of_the_table(name: str) -> None:
    """In this order: who may not know of the case finds nothing, out of place, the wrong person, not under this profile."""
    flow, table = walked()[name], moves()[name]
    verbs = {verb for state, verb in table if state != "-"}
    chorus = SEATED if name == "service_change" else CHORUS
    for sort in SORTS.get(name, ("any",)):
        case = case_of(flow, sort)
        for state in flow.states:
            for under in UNDERS:
                put(case, under, state)
                for one in chorus:
                    for verb in verbs:
                        wanted = refusal(flow, state, table.get((state, verb)), one, under, sort)
                        assert met(flow, verb, case, one) == wanted, (sort, state, verb, under, one)


def refusal(
    flow: Workflow[Any], state: str, row: Any, one: Person, under: Under, sort: str
) -> tuple[type[Refusal] | None, str]:
    """Return which refusal the table gives, and how its sentence begins; none where the move is open."""
    if not one.knows(flow.name, state):
        return NotThere, "没有找到该"
    if row is None:
        return WrongState, f"当前状态为“{flow.states[state]}”，不能"
    if not row.permits(one, sort):
        return NotAllowed, "您没有“"
    return (None, "") if row.given(under, sort) else (NotAllowed, "现行政策规则（")


def met(flow: Workflow[Any], verb: str, case: Any, one: Person) -> tuple[type[Refusal] | None, str]:
    try:
        flow.admit(verb, case, one.actor)
    except Refusal as told:
        said = told.sentence
        starts = ("没有找到该", f"当前状态为“{flow.states[case.state]}”，不能", "您没有“", "现行政策规则（")
        return type(told), next(start for start in starts if said.startswith(start))
    return None, ""


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_opened_by_whom_the_regulation_names_and_where_the_profile_has_it(name: str) -> None:
    flow = walked()[name]
    opening = {verb: row for (state, verb), row in moves()[name].items() if state == "-"}
    for sort in SORTS.get(name, ("any",)):
        case = case_of(flow, sort)
        for move in flow.moves:
            if "-" not in move.sources:
                continue
            row = opening[move.verb]
            for under in UNDERS:
                put(case, under, "")
                given = move.when is None or move.when(case.policy, case)
                assert given == row.given(under, sort), (sort, move.verb, under)
            for one in EVERYBODY:
                assert bool(flow.permits(move, one.actor, case)) == row.permits(one, sort), (sort, move.verb, one)


@pytest.mark.parametrize("name", NAMES)
def test_a_deputy_acts_in_the_heads_place_where_the_duty_was_given_and_a_post_counts_where_it_is_held(
    name: str,
) -> None:
    """Posts delegated for other duties open nothing; who comes from elsewhere acts by the post, not by where they come from."""
    flow, table, under = walked()[name], moves()[name], Under("national-2025", "since")
    for sort in SORTS.get(name, ("any",)):
        case = case_of(flow, sort)
        for side in ("consumer", "provider", "authority"):
            role = Role.AUTHORITY_HEAD if side == "authority" else Role.SHARING_UNIT_HEAD
            away: dict[str, Any] = {"acting_for": 7, "acting_for_name": "张处长"}
            able = (person(role, side, home="stranger"), person(role, side, home="stranger", duties=(name,), **away))
            unable = person(role, side, home=side, duties=("another",), **away)
            for state in flow.states:
                put(case, under, state)
                rows = [row for (start, _verb), row in table.items() if start == state and row.shown]
                wanted = {row.verb for row in rows if row.given(under, sort) and row.permits(able[0], sort)}
                for one in able:
                    assert {button.verb for button in flow.open_to(one.actor, case)} == wanted, (sort, state, side)
                assert flow.open_to(unable.actor, case) == [], (sort, state, side)


def test_each_move_that_people_make_has_its_place_on_the_page_and_in_the_interface() -> None:
    from jutong.slices.agreements import api as agreements
    from jutong.slices.agreements.pages.cases import DEEDS, ON_PAGES
    from jutong.slices.correction.api.cases import DEEDS as CORRECTING
    from jutong.slices.correction.pages.deeds import DEEDS as CORRECTED
    from jutong.slices.sharing.pages import deeds as asking
    from jutong.slices.usage.api.misuse import DEEDS as JUDGING
    from jutong.slices.usage.pages.deeds import DEEDS as JUDGED
    from jutong.slices.usage.pages.disposals import DEEDS as DISPOSED

    made = {
        name: {row.verb for (state, _verb), row in table.items() if state != "-" and set(row.who) != {"platform"}}
        for name, table in moves().items()
    }
    assert made["sharing_request"] == {*asking.DEEDS, *asking.PAGES}
    assert made["agreement"] == {*DEEDS, *ON_PAGES}
    assert all(callable(getattr(agreements, verb)) for verb in made["agreement"] - agreements.WITH_REASON.keys())
    assert made["misuse_case"] == set(JUDGED) == set(JUDGING)
    assert made["disposal"] == set(DISPOSED)
    for kind in ("verification", "objection", "open_correction", "complaint"):
        assert made[kind] == set(CORRECTED[kind]) == set(CORRECTING[kind]), kind
