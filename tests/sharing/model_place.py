"""Where the model test happens: the city's rules, people, mounts and time, and how deeds are done and events delivered."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from model_doors import Doors
from model_paper import ENDED, Case, Held, beijing

from jutong.kernel import jurisdiction, outbox
from jutong.kernel.errors import Refusal, Unavailable
from jutong.kernel.models import OutboxEvent, PolicyAssignment
from jutong.slices.agreements import actions as agreements
from jutong.slices.datacentre import actions as datacentre
from jutong.slices.parties import actions as parties
from jutong.slices.parties.models import Person, PostHeld
from jutong.slices.sharing.models import SharingRequest
from jutong.slices.standards import actions as standards
from sourceworld import MAPPING
from world import AT, World

LEAVING = {"hr.head": "sharing_unit_head", "civil.head": "sharing_unit_head", "civil.deputy": "sharing_unit_deputy"}
PROFILES = ("national-2025", "jiangxi-2017")
CHANGES = 3
moments = st.sampled_from((1, 9 * 60, 24 * 60, 6 * 24 * 60, 25 * 24 * 60)).map(
    lambda minutes: timedelta(minutes=minutes)
)


def patiently(deed: Callable[..., Any]) -> Callable[..., Any]:
    """Return a deed that asks a source, done again where that did not answer in time: a busy machine is no finding."""

    def done(**said: Any) -> Any:
        for _again in range(3):
            with suppress(Unavailable):
                return deed(**said)
        return deed(**said)

    return done


@dataclass(frozen=True)
class City:
    """What is there before: a plain and a secret resource of civil's, mounted; a business system of hr's (its key id).

    secrecy: concludes an agreement of secrecy between the two at a moment and returns its id.
    """

    world: World
    source_id: int
    resources: dict[str, int]
    caller: str
    secrecy: Callable[[datetime], int]


class Place(RuleBasedStateMachine):
    """What every deed finds, and what happens beside requests and grants."""

    def __init__(self, city: City) -> None:
        super().__init__()
        self.city, self.world, self.at = city, city.world, AT
        self.frame = transaction.atomic()
        self.frame.__enter__()
        jurisdiction._policy.cache_clear()
        self.cases: list[Case] = []
        self.grants: list[Held] = []
        self.mounted = dict.fromkeys(city.resources, True)
        self.gone: set[str] = set()
        self.secrecy = 0
        self.profile, self.limits = "", [(date.min, 10, 20)]
        self.settled = True
        self.doors = Doors(city.caller)

    def teardown(self) -> None:
        """Take everything back, so that the next history begins in the same city."""
        transaction.set_rollback(True)
        self.frame.__exit__(None, None, None)
        jurisdiction._policy.cache_clear()

    def tries(self, deed: Callable[..., Any], *about: Any, by: str, ok: bool, **said: Any) -> Any:
        """Do a deed, which must come off exactly when the paper says so; return its result, or None for a refusal."""
        self.settled = False
        actor, refused = self.world.actor(by, at=self.at), ""
        try:
            done = deed(*about, by=actor, at=self.at, **said)
        except Refusal as refusal:
            done, refused = None, f"{type(refusal).__name__}: {refusal.sentence}"
        assert ok is not bool(refused), (deed, by, said, refused)
        return None if refused else done or True

    def next(self, *, delivered: bool) -> None:
        """Let the events of a deed be delivered before the next one, or not yet."""
        if delivered:
            self.everything_is_delivered()

    @initialize(profile=st.sampled_from(PROFILES), mounted=st.booleans())
    def under(self, profile: str, mounted: bool) -> None:
        """The city lives under a profile, and its resources are mounted or not yet."""
        self.profile = profile
        PolicyAssignment.objects.create(
            region=self.world.region, profile=profile, effective_from=date(2017, 1, 1), assigned_at=self.at
        )
        if not mounted:
            self.a_mount_changes("plain", delivered=True)

    @precondition(lambda self: len(self.limits) < CHANGES)
    @rule(reply=st.integers(3, 9), delivery=st.integers(6, 19))
    def limits_change(self, reply: int, delivery: int) -> None:
        """The authority sets stricter limits from tomorrow on, once a day."""
        day = beijing(self.at) + timedelta(days=1)
        fresh = day not in [since for since, *_limits in self.limits]
        given = {"request_reply_days": reply, "delivery_days": delivery}
        if self.tries(
            standards.assign_profile, by="authority.chief", ok=fresh, region=self.world.region, profile=self.profile,
            effective_from=day, overrides=given, confirm=True,
        ):  # fmt: skip
            self.limits.append((day, reply, delivery))

    @rule(who=st.sampled_from(sorted(LEAVING)))
    def one_leaves_or_comes_back(self, who: str) -> None:
        """A head or deputy is relieved of the post, or appointed again."""
        person, role = self.world.person(who), LEAVING[who]
        if who in self.gone:
            self.tries(parties.appoint, Person.objects.get(pk=person), by="admin.security", ok=True, role=role)
        else:
            post = PostHeld.objects.get(person_id=person, role=role, ended_at=None)
            self.tries(parties.release, post, by="admin.security", ok=True)
        self.gone ^= {who}

    @precondition(lambda self: self.profile == "jiangxi-2017" and not self.gone & {"hr.head", "civil.head"})
    @rule()
    def secrecy_begins_or_ends(self) -> None:
        """The agreement of secrecy that Jiangxi asks for is concluded or terminated."""
        if self.secrecy:
            self.tries(agreements.terminate, self.secrecy, by="civil.head", ok=True, reason="不再需要")
            self.secrecy = 0
        else:
            self.secrecy = self.city.secrecy(self.at)
            self.everything_is_delivered()

    @rule(resource=st.sampled_from(("plain", "plain", "secret")), delivered=st.booleans())
    def a_mount_changes(self, resource: str, delivered: bool) -> None:
        """The provider takes a resource off its table, unless somebody is served with it (W15), or mounts it again."""
        entry = self.city.resources[resource]
        if self.mounted[resource]:
            served = any(one.resource == resource and one.runs(self.at) for one in self.grants)
            if not self.tries(
                datacentre.unmount, by="civil.officer", ok=not served, resource_id=entry, note="库表改造"
            ):
                return
        else:
            self.tries(
                patiently(datacentre.mount), by="civil.officer", ok=True, resource_id=entry,
                source_id=self.city.source_id, schema="public", table="people", mapping=MAPPING,
            )  # fmt: skip
        self.mounted[resource] ^= True
        self.next(delivered=delivered)

    @rule(by=moments)
    def time_passes(self, by: timedelta) -> None:
        """Minutes, hours or weeks go by, and nobody does anything."""
        self.at += by
        self.settled = False

    @rule()
    def everything_is_delivered(self) -> None:
        """All that waits is done, what failed before included; clocks strike and terms end."""
        self.at += timedelta(hours=2)
        self.world.drain(self.at)
        for grant in self.grants:
            if grant.state not in ENDED and self.at >= grant.until:
                grant.state = "expired"
        for case in self.cases:
            case.settle(self.at, mounted=self.mounted[case.resource])
        self.settled = True

    @rule(data=st.data())
    def some_events_come_late(self, data: st.DataObject) -> None:
        """Events are delivered but those of some subjects, which are tried again later, as after a failure."""
        waiting = sorted(set(OutboxEvent.objects.filter(state="pending").values_list("subject", flat=True)))
        late = data.draw(st.lists(st.sampled_from(waiting), unique=True, max_size=4)) if waiting else []
        OutboxEvent.objects.filter(state="pending", subject__in=late).update(next_try=self.at + timedelta(hours=1))
        while outbox.drain(self.at):
            pass
        for case in self.cases:
            if case.held and not case.delivered and SharingRequest.objects.get(pk=case.id).delivered_at:
                assert self.mounted[case.resource], case
                assert case.held.state == "granted", case
                case.delivered = True
