"""W25 walked: every move × every state × every role, through the page's calls; and decisions twice and at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from jutong.kernel import jurisdiction
from jutong.kernel.errors import NotAllowed, NotThere, WrongState
from jutong.slices.grants import actions as grant_actions
from jutong.slices.usage.api.misuse import DEEDS as ENDPOINTS
from jutong.slices.usage.models import MisuseCase, MisuseGrant
from jutong.slices.usage.pages.deeds import DEEDS
from jutong.slices.usage.workflow import MISUSE_CASE
from misuse_world import ORDER, granted, suspended, told
from world import World

PEOPLE = (
    "hr.clerk", "hr.officer", "hr.head", "civil.clerk", "civil.officer", "civil.head", "civil.deputy", "civil.principal",
    "authority.reviewer", "authority.chief", "authority.head", "authority.operator", "market.head", "admin.system",
    "audit.auditor",
)  # fmt: skip
CIVIL, HEADS = ("civil.officer", "civil.head", "civil.deputy"), ("civil.head", "civil.deputy")
OFFICE, HR = ("authority.reviewer", "authority.chief"), ("hr.officer", "hr.head")
BODY = (*HEADS, *OFFICE)
TABLE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "dismiss": (("alerted",), BODY), "suspend": (("alerted",), BODY), "add": (("alerted", "suspended"), (*CIVIL, *OFFICE)),
    "report": (("suspended",), HR), "send_back": (("suspended",), BODY), "refuse": (("suspended",), ("hr.head", *BODY)),
    "verify": (("suspended",), BODY), "restore": (("rectified",), BODY), "find_insufficient": (("suspended",), BODY),
    "terminate": (("insufficient",), BODY),
}  # fmt: skip
"""W25 written down once more, for a case that the provider's head suspended: verb, from which states, by whom."""
WORDS: dict[str, dict[str, Any]] = {
    "dismiss": {"reason": "经核实并无违规"}, "add": {"text": "补充调用日志"}, "report": {"text": "已经整改完毕"},
    "send_back": {"text": "名单尚未删除"}, "refuse": {"text": "明确表示不整改"}, "verify": {"text": "现场核实到位"},
    "restore": {"decision": "准予恢复共享"}, "find_insufficient": {"text": "整改不够"}, "terminate": {"decision": "终止共享"},
}  # fmt: skip


def case_in(world: World, state: str, grant: int, *, by_provider: bool = True) -> MisuseCase:
    """Put a case into a state past all moves, as the walk asks about one move alone."""
    civil = world.department("civil")
    case = MisuseCase(
        number=f"WG-{MisuseCase.objects.count()}", title="城乡低保对象信息", provider_id=civil, region="511000",
        consumer_id=world.department("hr"), authority_id=world.department("authority"), source="provider", text="某事",
        category="abuse", opened_at=world.at, opened_by="某人", started_on=world.at.date(), reported_at=world.at,
        refused_at=world.at, keeper_id=civil if by_provider else None, limit_day=world.at.date(), limit_days=1,
        profile=jurisdiction.policy_for("511000", world.at.date()).reference,
    )  # fmt: skip
    setattr(case, "st" + "ate", state)
    case.save()
    MisuseGrant.objects.create(case=case, grant_id=grant)
    return case


def test_each_move_that_people_make_has_its_place_on_the_page_and_in_the_interface() -> None:
    made = {move.verb for move in MISUSE_CASE.moves if not move.who.system and "-" not in move.sources}
    assert set(DEEDS) == set(ENDPOINTS) == set(TABLE) == made


def test_every_button_in_every_state_for_every_role_is_what_the_table_says(world: World) -> None:
    grant = granted(world)
    people = {name: world.actor(name) for name in PEOPLE}
    for state in MISUSE_CASE.states:
        mine, theirs = case_in(world, state, grant), case_in(world, state, grant, by_provider=False)
        for name, actor in people.items():
            shown = {button.verb for button in MISUSE_CASE.open_to(actor, mine)}
            wanted = {verb for verb, (states, who) in TABLE.items() if state in states and name in who}
            assert shown == wanted, (state, name)
            left = {button.verb for button in MISUSE_CASE.open_to(actor, theirs)}
            kept = {verb for verb in wanted if name not in HEADS or verb in {"dismiss", "suspend", "add"}}
            assert left == kept, (state, name, "suspended by the authority")


def test_every_move_comes_off_for_its_person_in_its_states_and_for_nobody_else(world: World) -> None:
    """Through the actions: the right person moves the case; wrong ones and every wrong state are refused, unchanged."""
    grant, at = granted(world), world.at + timedelta(days=3)
    for verb, (states, who) in TABLE.items():
        words = WORDS.get(verb) or {**ORDER, "grant_ids": [grant]}
        move = next(m for m in MISUSE_CASE.moves if m.verb == verb)
        for state in MISUSE_CASE.states:
            case, call = case_in(world, state, grant), DEEDS[verb].call
            if state in states:
                for stranger in ("market.head", "civil.principal", "authority.operator"):
                    with pytest.raises((NotAllowed, NotThere)):
                        call(case.pk, by=world.actor(stranger), at=at, **words)
                assert call(case.pk, by=world.actor(who[0]), at=at, **words).state == move.leads_to(state, ""), verb
                continue
            knows = not who[0].startswith("hr.") or state not in {"alerted", "dismissed"}
            with pytest.raises(WrongState if knows else NotThere):
                call(case.pk, by=world.actor(who[0]), at=at, **words)
            assert MisuseCase.objects.get(pk=case.pk).state == state, (state, verb)


def test_the_same_decision_twice_is_refused_the_second_time(world: World) -> None:
    grant = granted(world)
    case = suspended(world, grant)
    with pytest.raises(WrongState):
        DEEDS["suspend"].call(case.pk, by=world.actor("authority.chief"), at=world.at, **ORDER, grant_ids=[grant])
    with pytest.raises(WrongState):
        DEEDS["dismiss"].call(case.pk, by=world.actor("civil.head"), at=world.at, reason="并无违规使用")
    assert told(grant, world.at).state == "suspended"


def test_a_suspension_that_fails_for_one_grant_leaves_all_as_they_were(world: World) -> None:
    first, second = granted(world), granted(world, "低保金发放信息")
    case = case_in(world, "alerted", first)
    grant_actions.suspend_grant(second, by=world.actor("civil.head"), at=world.at, reason="数据核查")
    from jutong.kernel.errors import RuleBroken

    with pytest.raises(RuleBroken, match="已经暂停"):
        DEEDS["suspend"].call(case.pk, by=world.actor("civil.head"), at=world.at, **ORDER, grant_ids=[first, second])
    assert told(first, world.at).state == "active"
    assert MisuseCase.objects.get(pk=case.pk).state == "alerted"
