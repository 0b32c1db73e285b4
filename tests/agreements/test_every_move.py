"""The table of W09, move by move: every state × every role of the tests' city; what the table does not give is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from agreement_world import digest, drafted, written

from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, WrongState
from jutong.slices.agreements import actions, api
from jutong.slices.agreements.models import Agreement
from jutong.slices.agreements.pages.cases import DEEDS, ON_PAGES
from jutong.slices.agreements.workflow import AGREEMENT
from world import World

PEOPLE = (
    "civil.officer", "civil.clerk", "civil.engineer", "civil.head", "civil.deputy", "civil.principal", "civil.leader",
    "hr.head", "hr.clerk", "authority.reviewer", "authority.chief", "authority.operator", "authority.head", "market.head",
    "admin.system", "audit.auditor",
)  # fmt: skip
HEADS = ("civil.head", "civil.deputy", "civil.principal", "civil.leader", "hr.head")
STAFF = ("civil.officer", "civil.clerk", *HEADS, "hr.clerk")
OFFICE = ("authority.reviewer", "authority.chief")
RUNNING = ("active", "amending", "suspended")
TABLE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "revise": (("draft", "amending"), STAFF),
    "send": (("draft",), STAFF),
    "send_back": (("signing",), STAFF),
    "withdraw": (("draft", "signing"), HEADS),
    "sign": (("signing", "amending"), HEADS),
    "attest": (("signing", "amending"), OFFICE),
    "amend": (("active",), STAFF),
    "abandon": (("amending",), HEADS),
    "suspend": (("active", "amending"), (*HEADS, *OFFICE)),
    "resume": (("suspended",), (*HEADS, *OFFICE)),
    "terminate": (RUNNING, (*HEADS, *OFFICE)),
}
"""W09 written down once more: verb, from which states, by whom of the tests' city (civil and hr are the parties)."""
SYSTEM = {"conclude": ("signing", "amending"), "expire": RUNNING}


def case_in(world: World, state: str) -> Agreement:
    """Put an agreement into a state past all moves, as the walk asks about one move alone; a joint document is there."""
    case = drafted(world)
    versions = {"draft": (0, 1), "signing": (0, 1), "amending": (1, 2), "withdrawn": (0, 0)}
    case.version, case.pending = versions.get(state, (1, 0))
    if case.pending == 2:
        other = case.versions.get(number=1)
        other.pk, other.number, other.digest = None, 2, "ab" * 32
        other.content = {**other.content, "stated": {**other.content["stated"], "quantity": "约 13 万条"}}
        other.save()
    case.unsigned_ids = list(case.party_ids) if state in {"signing", "amending"} else []
    case.joint = state in {"signing", "amending"}
    case.stopped_by = world.department("civil") if state == "suspended" else None
    setattr(case, "st" + "ate", state)
    case.save()
    return case


def test_each_move_that_people_make_has_its_place_on_the_page_and_in_the_interface() -> None:
    made = {move.verb for move in AGREEMENT.moves if not move.who.system and "-" not in move.sources}
    assert made == set(TABLE) == {*DEEDS, *ON_PAGES}
    assert all(callable(getattr(api, verb)) for verb in made)
    assert {move.verb for move in AGREEMENT.moves if move.who.system} == set(SYSTEM)


def test_every_button_in_every_state_for_every_role_is_what_the_table_says(world: World) -> None:
    people = {name: world.actor(name) for name in PEOPLE}
    for state in AGREEMENT.states:
        case = case_in(world, state)
        for name, actor in people.items():
            shown = {button.verb for button in AGREEMENT.open_to(actor, case)}
            wanted = {verb for verb, (states, who) in TABLE.items() if state in states and name in who}
            assert shown == wanted, (state, name)


def words(world: World, verb: str, case: Agreement) -> dict[str, Any]:
    """What goes with a move."""
    if verb == "sign":
        return {"digest": digest(case) if case.pending else ""}
    if verb in {"revise", "amend"}:
        more = {"why": "业务调整"} if verb == "amend" else {}
        return {"written": written(world, quantity="约 14 万条"), **more}
    return {} if verb in {"send", "attest"} else {"reason": "按约定办理"}


@pytest.mark.parametrize("verb", [*TABLE, *SYSTEM])
def test_every_move_comes_off_for_its_person_in_its_states_and_for_nobody_else(world: World, verb: str) -> None:
    """Through the actions: the right person moves the case; a wrong one and every wrong state are refused, unchanged."""
    from jutong.kernel.actors import system_actor

    states, who = TABLE.get(verb) or (SYSTEM[verb], ())
    by = world.actor(who[0]) if who else system_actor("test")
    move = next(m for m in AGREEMENT.moves if m.verb == verb)
    call, at = getattr(actions, verb), world.at + timedelta(hours=1)
    for state in AGREEMENT.states:
        case = case_in(world, state)
        given = words(world, verb, case)
        if verb in SYSTEM:
            given = {}
        if state not in states:
            hidden = who == OFFICE and state in {"draft", "withdrawn"}
            with pytest.raises(NotThere if hidden else WrongState):
                call(case.pk, by=by, at=at, **given)
            assert Agreement.objects.get(pk=case.pk).state == state
            continue
        for stranger in ("market.head", "civil.engineer"):
            with pytest.raises((NotAllowed, NotThere)):
                call(case.pk, by=world.actor(stranger), at=at, **given)
        if "reason" in given and verb != "resume":
            with pytest.raises(RuleBroken):
                call(case.pk, by=by, at=at, reason=" ")
        moved = call(case.pk, by=by, at=at, **given)
        assert moved.state == move.leads_to(state, "")
