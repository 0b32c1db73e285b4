"""W26 and W30 walked: every move × every state × every role is open exactly to whom the tables give it."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from jutong.kernel import jurisdiction
from jutong.kernel.errors import NotAllowed, NotThere, WrongState
from jutong.slices.usage import actions
from jutong.slices.usage.models import Copy, Disposal, UseRecord
from jutong.slices.usage.pages.disposals import DEEDS
from jutong.slices.usage.workflow import DISPOSAL, USE_RECORD

if TYPE_CHECKING:
    from world import World

PEOPLE = (
    "hr.clerk", "hr.officer", "hr.head", "civil.clerk", "civil.officer", "civil.head", "authority.reviewer", "authority.chief",
    "market.head", "admin.system", "audit.auditor",
)  # fmt: skip
USERS, KEEPERS = ("hr.clerk", "hr.officer", "hr.head"), ("civil.officer", "civil.head")
OFFICE = ("authority.reviewer", "authority.chief")
RUNNING = ("open", "complete", "incomplete")
RECORDS = {
    "fill": ((*RUNNING, "final"), USERS), "lengthen": ((*RUNNING, "final", "retained"), ("hr.head", *OFFICE)),
}  # fmt: skip
"""W30 written down once more: verb, from which states, by whom of the tests' city."""
DISPOSALS = {
    "instruct": (("ended", "instructed"), KEEPERS), "report": (("instructed",), USERS), "accept": (("reported",), KEEPERS),
    "send_back": (("reported",), KEEPERS),
}  # fmt: skip
"""W26 written down once more."""


def made(world: World, flow: Any, state: str, **given: Any) -> Any:
    """Put a case into a state past all moves, as the walk asks about one move alone."""
    profile = jurisdiction.policy_for(world.region, world.at.date()).reference
    parties = {"consumer_id": world.department("hr"), "provider_id": world.department("civil"),
               "authority_id": world.department("authority")}  # fmt: skip
    case = flow.model(region=world.region, profile=profile, started_on=world.at.date(), **parties, **given)
    setattr(case, "st" + "ate", state)
    case.save()
    return case


def kept(world: World, state: str = "open") -> UseRecord:
    number = UseRecord.objects.count() + 1
    found: UseRecord = made(world, USE_RECORD, state, grant_id=number, reference=f"G-{number:06d}", resource_id=1,
                            resource_title="低保", entry_code="X", opened_at=world.at)  # fmt: skip
    return found


def disposal(world: World, state: str) -> Disposal:
    record = kept(world)
    copy = Copy.objects.create(
        record=record, kind="own", source="own:1", title="备份盘", first_at=world.at, obtained_at=world.at
    )
    found: Disposal = made(
        world, DISPOSAL, state, record=record, copy=copy, grant_id=record.grant_id, resource_title="低保", copy_title="备份盘",
        ground="expired", began_at=world.at, instruction="" if state == "ended" else "destroy", due_on=date(2026, 3, 20),
        instructed_on=world.at.date(),
    )  # fmt: skip
    return found


def test_every_button_in_every_state_for_every_role_is_what_the_tables_say(world: World) -> None:
    people = {name: world.actor(name) for name in PEOPLE}
    for flow, table, make in ((USE_RECORD, RECORDS, kept), (DISPOSAL, DISPOSALS, disposal)):
        for state in flow.states:  # type: ignore[attr-defined]
            case = make(world, state)
            for name, actor in people.items():
                shown = {button.verb for button in flow.open_to(actor, case)}  # type: ignore[attr-defined]
                assert shown == {verb for verb, (states, who) in table.items() if state in states and name in who}, (
                    state,
                    name,
                )
    assert set(DEEDS) == set(DISPOSALS)


def words(world: World, verb: str, copy_id: int) -> dict[str, Any]:
    """What one says with a move."""
    said: dict[str, dict[str, Any]] = {
        "instruct": {"instruction": "destroy", "due_on": date(2026, 3, 20)},
        "report": {
            "report": actions.Report("destroyed", world.at.date(), "王芳"),
            "proof": (io.BytesIO(b"proof"), "销毁.txt"),
        },
        "accept": {},
        "send_back": {"reason": "看不清编号", "due_on": date(2026, 3, 20)},
    }
    return {"copies": [copy_id], **said[verb]}


def test_every_move_of_a_disposal_comes_off_for_its_person_in_its_states_and_for_nobody_else(world: World) -> None:
    at = world.at + timedelta(hours=1)
    for verb, (states, who) in DISPOSALS.items():
        for state in DISPOSAL.states:
            case = disposal(world, state)
            call = DEEDS[verb].call
            if state not in states:
                with pytest.raises(WrongState):
                    call(case.grant_id, by=world.actor(who[0]), at=at, **words(world, verb, case.copy_id))
                continue
            for stranger, refusal in (("market.head", NotThere), ("authority.reviewer", NotAllowed)):
                with pytest.raises(refusal):
                    call(case.grant_id, by=world.actor(stranger), at=at, **words(world, verb, case.copy_id))
            (moved,) = call(case.grant_id, by=world.actor(who[0]), at=at, **words(world, verb, case.copy_id))
            move = next(move for move in DISPOSAL.moves if move.verb == verb)
            assert moved.state == move.target, (state, verb)
