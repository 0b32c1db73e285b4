"""What must hold after every step of the model test, asked at the doors, the clocks, the trail and the events themselves."""

from __future__ import annotations

from collections import Counter

from hypothesis.stateful import invariant
from model_asking import MAIN
from model_holding import OTHER, Holding
from model_paper import ENDED, MOVES, Case, Held, clocks_of
from model_place import City

from jutong.kernel.errors import Refusal
from jutong.kernel.models import AuditEntry, Clock, OutboxEvent
from jutong.slices.exchange.actions.ordering import allowed
from jutong.slices.grants import queries as grants
from jutong.slices.sharing.models import SharingRequest, UseChange
from jutong.wire.transfers import OrderKind

VERBS = {"prepare_agree": "prepare_reply", "prepare_refuse": "prepare_reply"}
PEOPLES = {f"sharing_request.{VERBS.get(verb, verb)}" for verb in MOVES} | {"sharing_request.write"}
GRANTS = {f"grant.{verb}" for verb in ("open", "amend", "widen", "suspend", "restore", "revoke", "finish", "terminate")}
NO_MOVE = {"grants.version_opened", "grants.used", "clock.due_soon", "clock.overdue"}
"""Events about a case that are no moves of it."""


class Sharing(Holding):
    """The whole machine: deeds in any order, and what must hold whatever the order."""

    def __init__(self, city: City) -> None:
        super().__init__(city)
        self.seen = (AuditEntry.objects.latest("pk").pk, OutboxEvent.objects.latest("pk").pk)
        self.acts, self.told = Counter[tuple[str, str, str]](), Counter[str]()

    @invariant()
    def no_access_without_a_live_grant_and_none_live_without_access(self) -> None:
        """Interface, download and transfer show exactly what is granted now, to nobody and for nothing else."""
        self.doors.hear(self.at)
        for grant in self.grants:
            works, mounted = grant.works(self.at), self.mounted[grant.resource]
            shown = {purpose: self.doors.shown(grant.id, purpose, self.at) for purpose in (MAIN, OTHER)}
            fetched, carried = self.doors.carries(grant.id, MAIN, self.at)
            for purpose, items in shown.items():
                assert items is None or (works and purpose in grant.purposes and items == grant.masked), (grant, items)
            assert fetched == works, grant
            if self.settled:
                assert (shown[MAIN] is not None) == carried == (works and mounted), grant
                assert (shown[OTHER] is not None) == (works and mounted and OTHER in grant.purposes), grant
                assert self._may_order(grant) == (works and mounted), grant

    def _may_order(self, grant: Held) -> bool:
        try:
            allowed(grant.id, OrderKind.BATCH, self.world.actor("hr.clerk", at=self.at), self.at)
        except Refusal:
            return False
        return True

    @invariant()
    def terms_stay_within_what_the_head_agreed_to(self) -> None:
        """No version of a grant shows an item, a masking, a purpose or a day that nobody consented to."""
        for grant in self.grants:
            masked, purposes, until = grant.agreed
            wire = grants.wire_grant(grant.id)
            for column in wire.columns:
                assert str(column.masking) in {masked[column.item], "suppress"}, grant
            assert set(wire.purposes) <= purposes, grant
            assert wire.valid_until <= until, grant

    @invariant()
    def every_clock_is_as_the_state_of_its_case_says(self) -> None:
        """Clocks run, wait or have stopped with the state in the table; days are those counted on paper."""
        rows = {row.pk: row for row in SharingRequest.objects.filter(pk__in=[case.id for case in self.cases])}
        clocks = list(Clock.objects.filter(case_kind="sharing_request"))
        for case in self.cases:
            row = rows[case.id]
            now = {clock.name: clock for clock in clocks if clock.case_id == case.id}
            states = {name: str(clock.state) for name, clock in now.items()}
            expected = clocks_of(row.state, filed=case.reply is not None, delivered=row.delivered_at is not None)
            assert states == expected, (row.state, states)
            for name, limit in (("reply", case.reply), ("delivery", case.delivery)):
                if limit and states[name] == "running":
                    assert now[name].due_day == limit.due, (case, now[name].due_day)

    @invariant()
    def every_move_is_on_the_trail_and_told_once(self) -> None:
        """Each success and each refusal has its row, each move its event, and no event was given up."""
        first, last = self.seen
        acts = list(AuditEntry.objects.filter(pk__gt=first).order_by("pk"))
        events = list(OutboxEvent.objects.filter(pk__gt=last).order_by("pk"))
        self.seen = (acts[-1].pk if acts else first, events[-1].pk if events else last)
        for act in acts:
            people = "people" if act.verb in PEOPLES | GRANTS else "platform"
            self.acts[f"{act.subject_kind}:{act.subject_id}", act.outcome, people] += 1
        self.told.update(event.subject for event in events if event.name not in NO_MOVE)
        for kind, things in (("sharing_request", self.cases), ("grant", self.grants)):
            for one in things:
                self._check_trail(f"{kind}:{one.id}", one)
        assert not OutboxEvent.objects.exclude(error="").exists()

    def _check_trail(self, subject: str, one: Case | Held) -> None:
        made = self.acts[subject, "success", "people"]
        assert made == one.moves, (subject, made, one)
        assert self.acts[subject, "refused", "people"] == one.refusals, (subject, one)
        assert self.told[subject] == made + self.acts[subject, "success", "platform"], (subject, one)

    @invariant()
    def requests_and_changes_stand_where_their_grants_are(self) -> None:
        """Once all events are delivered, whatever their order was."""
        if not self.settled:
            return
        assert not OutboxEvent.objects.filter(state="pending").exists()
        states = dict(SharingRequest.objects.values_list("pk", "state"))
        assert {case.id: states[case.id] for case in self.cases} == {case.id: case.state for case in self.cases}
        now = grants.states_of([grant.id for grant in self.grants])
        assert now == {grant.id: grant.state for grant in self.grants}
        for grant in self.grants:
            expected = "ended" if grant.state in ENDED else "in_force"
            for state in UseChange.objects.filter(pk__in=grant.changes).values_list("state", flat=True):
                assert state == expected, grant
