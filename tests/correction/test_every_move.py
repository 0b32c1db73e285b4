"""Every move of the four tables × every state × every role × every profile: who may does it, all others are refused rightly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from correction_world import entered, rules
from jutong.kernel.errors import NotAllowed, NotThere, WrongState
from jutong.slices.catalogue.models import Entry
from jutong.slices.correction import actions
from jutong.slices.correction.api.cases import DEEDS as ENDPOINTS
from jutong.slices.correction.models import Concern
from jutong.slices.correction.pages.deeds import DEEDS
from jutong.slices.correction.workflow import WORKFLOWS
from world import World

PROFILES = (
    "national-2025", "jiangxi-2017", "inner-mongolia-2018", "neijiang-2020", "liyang-2020", "national-project-opinion",
)  # fmt: skip
PEOPLE = (
    "hr.clerk", "hr.head", "civil.officer", "civil.head", "civil.principal", "civil.leader", "authority.reviewer",
    "authority.chief", "authority.operator", "market.clerk", "admin.system", "audit.auditor",
)  # fmt: skip
ROWS = [actions.Corrected("姓名", "甲", "乙")]
WORDS: dict[str, dict[str, Any]] = {
    "ask_extension": {"days": 1, "reason": "须外调档案"}, "extend": {"days": 1}, "confirm": {"reason": "确属录入错误"},
    "find_unfounded": {"reason": "与底册一致"}, "correct": {"rows": ROWS, "note": "已在源库更正"},
    "decide_department": {"decision": "correct", "reason": "登记有误"}, "decide": {"decision": "correct", "reason": "登记有误"},
    "agree": {"value": "新的内容"}, "refuse": {"reason": "与内容相符", "basis": "编目规范第三条"},
    "resolve": {"finding": "founded", "examined": "已查日志与陈述", "reason": "情况属实"}, "link": {"no_link": "已当场改正"},
    "convert": {"to": "objection", "detail": "error"},
}  # fmt: skip


def test_each_move_that_people_make_has_its_place_on_the_page_and_in_the_interface() -> None:
    for kind, flow in WORKFLOWS.items():
        made = {move.verb for move in flow.moves if move.who.others or not move.who.system} - {
            move.verb for move in flow.moves if "-" in move.sources
        }
        assert set(DEEDS[kind]) == set(ENDPOINTS[kind]) == made


def case_in(world: World, kind: str, state: str, resource: int, result: str = "") -> Concern:
    """Put a case into a state past all moves, as the walk asks about one move alone."""
    flow = WORKFLOWS[kind]
    entry = Entry.objects.get(pk=resource)
    serial = flow.model._default_manager.count()
    given: dict[str, Any] = {
        "number": f"{kind}-{serial}", "channel": "sharing", "title": entry.title, "text": "某处有误", "resource_id": resource,
        "provider_id": world.department("civil"), "authority_id": world.department("authority"), "region": "511000",
        "received_at": world.at, "received_on": world.at.date(), "started_on": world.at.date(), "result": result,
    }  # fmt: skip
    given |= {"first_department_id": world.department("civil"), "right": "隐私"} if kind == "complaint" else {}
    from jutong.kernel import jurisdiction

    given["profile"] = jurisdiction.policy_for("511000", world.at.date()).reference
    case = flow.model(**given)
    setattr(case, "st" + "ate", state)
    case.save()
    return case


@pytest.mark.parametrize("profile", PROFILES)
def test_every_button_in_every_state_for_every_role_is_what_the_table_says(world: World, profile: str) -> None:
    """A move is offered exactly to whom the table gives it, in the states it gives, whatever the profile."""
    resource = entered(world, open_type="conditional", open_conditions="实名登记")
    rules(profile)
    people = {name: world.actor(name) for name in PEOPLE}
    for kind, flow in WORKFLOWS.items():
        for state in flow.states:
            case = case_in(world, kind, state, resource)
            for name, actor in people.items():
                shown = {button.verb for button in flow.open_to(actor, case)}
                wanted = {verb for verb, (states, who) in TABLE[kind].items() if state in states and name in who}
                assert shown == wanted, (kind, state, name)


CIVIL, BOSS = ("civil.officer", "civil.head"), ("civil.principal",)
OFFICE = ("authority.reviewer", "authority.chief")
PENDING = ("in_verification", "extended")
ASKED = ("received", "extended")
TABLE: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "verification": {
        "ask_extension": (PENDING, CIVIL), "extend": (PENDING, BOSS), "confirm": (PENDING, CIVIL),
        "find_unfounded": (PENDING, CIVIL), "correct": (("confirmed",), CIVIL), "close": (("confirmed", "unfounded"), CIVIL),
        "urge": ((*PENDING, "confirmed", "unfounded"), OFFICE), "convert": (PENDING, OFFICE),
    },
    "objection": {
        "mark": (("received",), OFFICE), "take": (("marked",), OFFICE), "transfer": (("marked",), OFFICE),
        "decide_department": (("transferred",), CIVIL), "decide": (("own_decision",), OFFICE),
        "record_result": (("department_decided",), OFFICE), "correct": (("decided",), (*OFFICE, *CIVIL)),
        "notify": (("decided",), OFFICE), "close": (("notified",), OFFICE), "urge": (("transferred", "decided"), OFFICE),
        "convert": (("received", "marked"), OFFICE),
    },
    "open_correction": {
        "ask_extension": (ASKED, CIVIL), "extend": (ASKED, BOSS), "agree": (ASKED, CIVIL), "refuse": (ASKED, CIVIL),
        "request_change": (("agreed",), CIVIL), "change": (("change_requested",), OFFICE), "urge": (ASKED, OFFICE),
        "convert": (ASKED, (*CIVIL, *OFFICE)),
    },
    "complaint": {
        "transfer": (("received",), CIVIL), "examine": (("received", "transferred"), CIVIL),
        "resolve": (("examining",), CIVIL), "link": (("resolved", "notified"), CIVIL), "notify": (("resolved",), CIVIL),
        "close": (("notified",), CIVIL), "convert": (("received", "transferred", "examining"), CIVIL),
    },
}  # fmt: skip
"""The tables of W10, W11, W12 and W29 written down once more: verb, from which states, by whom of the tests' city."""


@pytest.mark.parametrize("kind", list(WORKFLOWS))
def test_every_move_comes_off_for_its_person_in_its_states_and_for_nobody_else(world: World, kind: str) -> None:
    """Through the actions: the right person moves the case; a wrong one and every wrong state are refused, unchanged."""
    rules("neijiang-2020")
    resource = entered(world, open_type="conditional", open_conditions="实名登记")
    flow = WORKFLOWS[kind]
    for verb, (states, who) in TABLE[kind].items():
        move = next(m for m in flow.moves if m.verb == verb)
        for state in flow.states:
            case = case_in(world, kind, state, resource, RESULTS.get((kind, verb), ""))
            call, at, words = DEEDS[kind][verb].call, world.at + timedelta(hours=1), words_of(world, kind, verb)
            if state in states:
                with pytest.raises((NotAllowed, NotThere)):
                    call(case.pk, by=world.actor("market.clerk"), at=at, **words)
                moved = call(case.pk, by=world.actor(who[0]), at=at, **words)
                assert moved.state == move.leads_to(state, ""), (state, verb)
                continue
            with pytest.raises(WrongState):
                call(case.pk, by=world.actor(who[0]), at=at, **words)
            assert flow.model._default_manager.get(pk=case.pk).state == state, (state, verb)


@pytest.mark.parametrize("profile", [name for name in PROFILES if name != "neijiang-2020"])
def test_under_every_other_profile_the_same_moves_come_off_but_for_what_only_neijiang_gives(
    world: World, profile: str
) -> None:
    """From the first state of each move; extensions and the ways into procedures that a profile lacks are refused, unchanged."""
    resource = entered(world, open_type="conditional", open_conditions="实名登记")
    rules(profile)
    for kind, flow in WORKFLOWS.items():
        for verb, (states, who) in TABLE[kind].items():
            move = next(m for m in flow.moves if m.verb == verb)
            case = case_in(world, kind, states[0], resource, RESULTS.get((kind, verb), ""))
            call, by, words = DEEDS[kind][verb].call, world.actor(who[0]), words_of(world, kind, verb)
            if refusal := ONLY_NEIJIANG.get((kind, verb)):
                with pytest.raises(refusal):
                    call(case.pk, by=by, at=world.at, **words)
                assert flow.model._default_manager.get(pk=case.pk).state == states[0], (kind, verb)
                continue
            assert call(case.pk, by=by, at=world.at, **words).state == move.leads_to(states[0], ""), (kind, verb)


def words_of(world: World, kind: str, verb: str) -> dict[str, Any]:
    """Return what a move is called with."""
    if verb == "transfer":
        return {"department_id": world.department("civil" if kind == "objection" else "hr")}
    if (kind, verb) == ("objection", "convert"):
        return {"to": "verification", "detail": "error"}
    return WORDS.get(verb, {})


ONLY_NEIJIANG: dict[tuple[str, str], type[Exception]] = {
    ("verification", "ask_extension"): WrongState, ("verification", "extend"): WrongState,
    ("open_correction", "ask_extension"): WrongState, ("open_correction", "extend"): WrongState,
    ("verification", "convert"): NotAllowed, ("open_correction", "convert"): NotAllowed,
    ("complaint", "convert"): NotAllowed, ("objection", "convert"): NotAllowed,
}  # fmt: skip
"""neijiang-2020#19, #31 give the public's cases an extension; #41 has objections, #19 lets the public ask for verification."""
RESULTS = {
    ("verification", "close"): "unfounded", ("objection", "correct"): "correct", ("objection", "notify"): "not_correct",
    ("complaint", "notify"): "founded", ("verification", "correct"): "confirmed",
}  # fmt: skip
"""What was found before, where a move rests on it."""
