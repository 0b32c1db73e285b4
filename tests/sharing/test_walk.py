"""Every workflow of sharing × profile × role × state: what is offered is what the tables of the regulations say, no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from rules_world import PROFILES
from test_requests import asked

from covers import covers
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotAllowed, NotThere, WrongState
from jutong.slices.sharing import actions
from jutong.slices.sharing.models import Dispute, SharingRequest, UseChange
from jutong.slices.sharing.workflow import DISPUTE, SHARING_REQUEST, USE_CHANGE
from published import published
from world import World

DECREE = date(2025, 8, 1)
DAYS = (date(2025, 6, 3), date(2026, 3, 2))
LOCAL = PROFILES[1:5]
STAFF = {"officer", "clerk", "liaison", "head", "deputy"}
HEADS = {"head", "deputy"}
WATCH = {"reviewer", "chief"}
POSTS = ("officer", "clerk", "head", "leader", "engineer", "secrecy")
PEOPLE = (
    *(f"{side}.{post}" for side in ("hr", "civil", "market") for post in POSTS),
    "authority.reviewer", "authority.chief", "authority.head", "admin.system", "admin.security", "audit.auditor",
    "court.principal", "court.clerk",
)  # fmt: skip


@dataclass(frozen=True)
class Under:
    """Which rules a case lives under."""

    profile: str
    day: date
    open_data: bool
    kind: str = ""

    @property
    def decreed(self) -> bool:
        """The decree binds the case: by its own profile, or beside the local text since 2025-08-01."""
        return self.profile == "national-2025" or self.day >= DECREE


Offered = Callable[[Under], bool]


def always(_under: Under) -> bool:
    return True


def decreed(under: Under) -> bool:
    return under.decreed


def local(under: Under) -> bool:
    return not under.decreed


def conditional(under: Under) -> bool:
    return not under.open_data


def both(*checks: Offered) -> Offered:
    return lambda under: all(check(under) for check in checks)


CONSUMER, PROVIDER = {f"hr.{post}" for post in STAFF}, {f"civil.{post}" for post in STAFF}
CONSUMER_HEAD, PROVIDER_HEAD = {"hr.head"}, {"civil.head"}
AUTHORITY = {"authority.reviewer", "authority.chief"}

W06: dict[tuple[str, str], tuple[str, set[str], Offered]] = {
    # state, verb: leads to, who, when (workflows.md W06)
    ("draft", "change"): ("draft", CONSUMER, always),
    ("draft", "consent"): ("head_consented", CONSUMER_HEAD, decreed),
    ("draft", "file_directly"): ("received", CONSUMER, local),
    ("draft", "withdraw"): ("withdrawn", CONSUMER, always),
    ("head_consented", "change"): ("draft", CONSUMER, always),
    ("head_consented", "file"): ("received", CONSUMER, always),
    ("head_consented", "withdraw"): ("withdrawn", CONSUMER, always),
    ("received", "ask_supplement"): ("supplement_requested", PROVIDER, decreed),
    ("received", "ask_extension"): ("received", PROVIDER, both(decreed, conditional)),
    ("received", "extend"): ("extended", AUTHORITY, both(decreed, conditional)),
    ("received", "decline"): ("not_accepted", PROVIDER_HEAD, conditional),
    ("received", "prepare_reply"): ("reply_prepared", PROVIDER, decreed),
    ("received", "agree_directly"): ("agreed", PROVIDER, local),
    ("received", "refuse_directly"): ("refused", PROVIDER, both(local, conditional)),
    ("received", "withdraw"): ("withdrawn", CONSUMER, always),
    ("extended", "ask_supplement"): ("supplement_requested", PROVIDER, decreed),
    ("extended", "decline"): ("not_accepted", PROVIDER_HEAD, conditional),
    ("extended", "prepare_reply"): ("reply_prepared", PROVIDER, decreed),
    ("extended", "withdraw"): ("withdrawn", CONSUMER, always),
    ("supplement_requested", "supplement"): ("received", CONSUMER, always),
    ("supplement_requested", "withdraw"): ("withdrawn", CONSUMER, always),
    ("not_accepted", "judge"): ("not_accepted", AUTHORITY, always),
    ("reply_prepared", "withhold_consent"): ("received", PROVIDER_HEAD, always),
    ("reply_prepared", "agree"): ("agreed", PROVIDER_HEAD, always),
    ("reply_prepared", "refuse"): ("refused", PROVIDER_HEAD, conditional),
}
GOVERNMENT = {"court.principal", "court.clerk"}
PARTIES = CONSUMER | PROVIDER
W07: dict[tuple[str, str], tuple[str, set[str], Offered]] = {
    ("negotiating", "state"): ("negotiating", PARTIES, always),
    ("negotiating", "propose"): ("negotiating", PARTIES, always),
    ("negotiating", "settle"): ("settled", CONSUMER_HEAD | PROVIDER_HEAD, always),
    ("negotiating", "fail"): ("failed", PARTIES, always),
    ("failed", "state"): ("failed", PARTIES, always),
    ("failed", "escalate"): ("coordinating", PARTIES, always),
    ("coordinating", "state"): ("coordinating", PARTIES, always),
    ("coordinating", "record"): ("coordinating", AUTHORITY, always),
    ("coordinating", "decide"): ("decided", AUTHORITY, always),
    ("coordinating", "close_without"): ("no_agreement", AUTHORITY, decreed),
    ("no_agreement", "record"): ("no_agreement", AUTHORITY, always),
    ("no_agreement", "submit"): ("before_government", AUTHORITY, always),
    ("before_government", "government_decide"): ("government_decided", GOVERNMENT, always),
}


def own_use(under: Under) -> bool:
    return under.kind != "third_party"


def outside(under: Under) -> bool:
    return under.kind == "third_party"


W08: dict[tuple[str, str], tuple[str, set[str], Offered]] = {
    ("applied", "consent"): ("consented", PROVIDER_HEAD, always),
    ("applied", "refuse"): ("refused", PROVIDER_HEAD, always),
    ("consented", "release"): ("released", CONSUMER, outside),
    ("consented", "close"): ("closed", CONSUMER, outside),
    ("released", "release"): ("released", CONSUMER, outside),
    ("released", "close"): ("closed", CONSUMER, outside),
}


@covers(partly=["R-SHR-004", "R-SHR-006", "R-SHR-016", "R-SHR-018", "R-SHR-051", "R-SHR-053"])
def test_every_table_offers_in_every_profile_state_and_role_what_the_regulation_says(world: World) -> None:
    people = {key: world.actor(key) for key in PEOPLE}
    ids = {name: world.department(name) for name in ("hr", "civil", "authority", "court")}
    looked = 0
    for profile in PROFILES:
        for day in DAYS:
            for open_data in (False, True):
                for kind in ("purpose", "third_party"):
                    under = Under(profile, day, open_data, kind)
                    looked += (
                        _walk(SHARING_REQUEST, W06, _request(under, ids), under, people) if kind == "purpose" else 0
                    )
                    looked += _walk(DISPUTE, W07, _dispute(under, ids), under, people) if kind == "purpose" else 0
                    looked += _walk(USE_CHANGE, W08, _change(under, ids), under, people)
    assert looked > 20_000


def _walk(workflow: Any, table: Any, case: Any, under: Under, people: dict[str, Actor]) -> int:
    looked = 0
    for state in workflow.states:
        case.state, case.previous_state = state, "received"
        rows = {verb: row for (start, verb), row in table.items() if start == state}
        for key, actor in people.items():
            expected = {verb: to for verb, (to, who, when) in rows.items() if key in who and when(under)}
            offered = {button.verb: button.to for button in workflow.open_to(actor, case)}
            assert offered == expected, (workflow.name, under, state, key)
            looked += 1
    return looked


def _common(under: Under, ids: dict[str, int]) -> dict[str, Any]:
    share_type = "unconditional" if under.open_data else "conditional"
    return {
        "profile": f"{under.profile}@1", "started_on": under.day, "consumer_id": ids["hr"], "provider_id": ids["civil"],
        "authority_id": ids["authority"], "share_type": share_type,
    }  # fmt: skip


def _request(under: Under, ids: dict[str, int]) -> SharingRequest:
    return SharingRequest(**_common(under, ids))


def _dispute(under: Under, ids: dict[str, int]) -> Dispute:
    given = {name: value for name, value in _common(under, ids).items() if name != "share_type"}
    return Dispute(**given, government_id=ids["court"], applicant_id=ids["hr"], kind="refusal")


def _change(under: Under, ids: dict[str, int]) -> UseChange:
    return UseChange(**_common(under, ids), kind=under.kind)


@covers(partly=["R-SEC-001"])
def test_every_other_move_is_refused_as_the_table_says(world: World) -> None:
    """Through the actions: out of place is invalid_state, the wrong person forbidden, and a stranger finds nothing there."""
    case = actions.write_request(by=world.actor("hr.clerk"), at=world.at, asked=asked(published(world)))
    SharingRequest.objects.filter(pk=case.pk).update(received_at=world.at, number="SR-2026-000009")
    verbs = {move.verb for move in SHARING_REQUEST.moves if "-" not in move.sources and not move.who.system}
    people = ("hr.clerk", "civil.head", "authority.reviewer", "market.head")
    for state in ("draft", "received", "reply_prepared", "granted", "refused"):
        SharingRequest.objects.filter(pk=case.pk).update(state=state)
        for key in people:
            for verb in sorted(verbs):
                row = W06.get((state, verb))
                offered = row is not None and row[2](Under("national-2025", DAYS[1], open_data=False))
                if row and key in row[1] and offered:
                    continue
                wanted = NotThere if key == "market.head" else WrongState if row is None else NotAllowed
                with pytest.raises(wanted):
                    SHARING_REQUEST.do(verb, case.pk, by=world.actor(key), at=world.at)
