"""Moving one case: lock, state, permission, profile condition, business, clocks, audit and event, in that order."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Concatenate, Final, Generic, ParamSpec, Protocol, TypeVar, cast

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction, outbox, signing
from jutong.kernel.actions import acting
from jutong.kernel.actors import Actor, Post
from jutong.kernel.audit import Act, digest_of, record
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, NotThere, Refusal, WrongState
from jutong.kernel.models import Case
from jutong.kernel.workflow import clocks as clockwork
from jutong.kernel.workflow import deputies
from jutong.kernel.workflow.many import Refusals, advance_many, advance_one
from jutong.kernel.workflow.moved import Moved
from jutong.kernel.workflow.opening import open_set
from jutong.kernel.workflow.table import NOWHERE, STAY, BadTable, Button, ClockRule, Move, Row, read_moves

C = TypeVar("C", bound=Case)
P = ParamSpec("P")
Guard = Callable[..., Mapping[int, str]]

_WORKFLOWS: Final[dict[str, Workflow[Any]]] = {}


def workflows() -> Mapping[str, Workflow[Any]]:
    """Return every declared workflow by name."""
    return _WORKFLOWS


class Visible(Protocol):
    """Tells whether an actor may know that a case exists."""

    def __call__(self, actor: Actor, case: Any, /) -> bool:
        """Answer for one case."""


class Workflow(Generic[C]):
    """A declared table of moves over one kind of case, and the only door to its `state`.

    name: identifier, as in workflows.md. title: Chinese. case: model as "app.Model". start: state of a new case.
    visible: who may know of a case; others are told that it is not there. signed: verbs of legal effect, each with the
    digest of what the case says then: where the actor's department demands it, they need the person's signature.
    """

    def __init__(
        self,
        name: str,
        title: str,
        *,
        case: str,
        start: str,
        moves: Sequence[Row],
        clocks: Sequence[ClockRule] = (),
        states: Mapping[str, str] | None = None,
        visible: Visible | None = None,
        signed: Mapping[str, Callable[[Any], str]] | None = None,
    ) -> None:
        if name in _WORKFLOWS:
            raise BadTable(f"workflow {name} is declared twice")
        self.name = name
        self.title = title
        self.start = start
        self.case_path = case
        self.clocks = {clock.name: clock for clock in clocks}
        self.moves = read_moves(name, moves, clocks, start)
        self.states = dict(states or {})
        self.visible = visible
        self.signed = dict(signed or {})
        self._bodies: dict[str, Callable[..., Any]] = {}
        self._guards: dict[str, Guard] = {}
        self._sets: dict[str, Callable[..., Refusals]] = {}
        _WORKFLOWS[name] = self

    @property
    def model(self) -> type[C]:
        """The case's table."""
        return cast("type[C]", apps.get_model(self.case_path))

    def state_label(self, state: str) -> str:
        """Return the Chinese name of a state, translated."""
        return _(self.states[state]) if state in self.states else state

    # -- declaring -----------------------------------------------------------------------------------------------

    def opens(
        self, verb: str, *, then: Callable[..., None] | None = None
    ) -> Callable[[Callable[P, C]], Callable[P, C]]:
        """Dress a function that makes a new case: it returns the case, the engine gives state, profile, audit, event.

        then: `follow(case, *, by, at)` runs once the case has its id and state, in the same transaction.
        """
        move = self._declared(verb, opening=True)

        def dress(body: Callable[P, C]) -> Callable[P, C]:
            @functools.wraps(body)
            def opened(*args: P.args, **values: P.kwargs) -> C:
                by, at = cast("tuple[Actor, datetime]", (values["by"], values["at"]))
                by = by.within(self.name)
                with acting(Act(f"{self.name}.{verb}", by, at, self.name)) as act:
                    case = self._open(body(*args, **{**values, "by": by}), move, by, at, act)  # type: ignore[arg-type]
                    if then is not None:
                        then(case, by=by, at=at)
                    return case

            self._bodies[verb] = opened
            return opened

        return dress

    def action(
        self, verb: str, *, then: Callable[..., None] | None = None
    ) -> Callable[[Callable[Concatenate[C, P], object]], Callable[Concatenate[C | int, P], C]]:
        """Dress the business of a move: `body(case, *, by, at, …)` runs on the locked case and may change its fields.

        then: `follow(case, *, by, at)` runs once the move is made, in the same transaction: a further move, if need be.
        """
        self._declared(verb, opening=False)

        def dress(body: Callable[Concatenate[C, P], object]) -> Callable[Concatenate[C | int, P], C]:
            @functools.wraps(body)
            def moved(case: C | int, /, *args: P.args, **given: P.kwargs) -> C:
                pk = case if isinstance(case, int) else case.pk
                values: dict[str, Any] = dict(given)
                by, at = values.pop("by").within(self.name), values.pop("at")
                with acting(Act(f"{self.name}.{verb}", by, at, self.name, str(pk))) as act:
                    done = self._advance(pk, verb, body, by, at, act, values)
                    if then is not None:
                        then(done, by=by, at=at)
                    return done

            self._bodies[verb] = moved
            return moved

        return dress

    def set_action(
        self, verb: str
    ) -> Callable[[Callable[Concatenate[list[C], P], Refusals]], Callable[Concatenate[C | int, P], C]]:
        """Dress the business of a move on a set: `body(cases, *, by, at, …) -> {id: refusal}` runs on the locked cases.

        It checks first and acts then: it changes fields of the cases it lets pass, by assignment, and a refused case leaves
        nothing behind. `advance_many` moves a set, with what is said (…) as `words`; the action on one case, which this
        returns, is the set of one, and its refusal is raised.
        """
        self._declared(verb, opening=False)

        def dress(body: Callable[Concatenate[list[C], P], Refusals]) -> Callable[Concatenate[C | int, P], C]:
            @functools.wraps(body)
            def moved(case: C | int, /, *_none: P.args, **given: P.kwargs) -> C:
                words: dict[str, Any] = dict(given)
                by, at = words.pop("by"), words.pop("at")
                return cast("C", advance_one(self, verb, case if isinstance(case, int) else case.pk, by, at, words))

            self._sets[verb] = body
            self._bodies[verb] = moved
            return moved

        return dress

    def opens_many(
        self, verb: str, *, then: Callable[..., None] | None = None
    ) -> Callable[[Callable[P, Iterable[C | Refusal]]], Callable[P, list[C | Refusal]]]:
        """Dress a function that makes a set of new cases: for each thing asked it returns the case, or why there is none.

        then: `follow(cases, *, by, at)` runs once the cases have ids and states, in the same transaction.
        """
        move = self._declared(verb, opening=True)

        def dress(body: Callable[P, Iterable[C | Refusal]]) -> Callable[P, list[C | Refusal]]:
            @functools.wraps(body)
            def opened(*args: P.args, **values: P.kwargs) -> list[C | Refusal]:
                by, at = cast("tuple[Actor, datetime]", (values["by"], values["at"]))
                by = by.within(self.name)
                with acting(Act(f"{self.name}.{verb}", by, at, self.name)) as act:
                    made = open_set(self, move, body(*args, **{**values, "by": by}), act)  # type: ignore[arg-type]
                    if then is not None and (cases := [one for one in made if not isinstance(one, Refusal)]):
                        then(cases, by=by, at=at)
                    return made

            return opened

        return dress

    def guard(self, verb: str) -> Callable[[Guard], Guard]:
        """Declare the check that `advance_many` makes for a whole set: `guard(cases, *, by, at) -> {id: sentence}`."""

        def dress(check: Guard) -> Guard:
            self._guards[verb] = check
            return check

        return dress

    # -- doing ---------------------------------------------------------------------------------------------------

    def do(self, verb: str, case: C | int, *, by: Actor, at: datetime, **values: Any) -> C:
        """Call a move's action by the verb of a button."""
        body = self._bodies.get(verb)
        if body is None:
            raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb)
        return cast("C", body(case, by=by, at=at, **values))

    def advance_many(
        self,
        verb: str,
        ids: Iterable[int],
        *,
        by: Actor,
        at: datetime,
        one_audit_row: bool = False,
        words: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> Moved:
        """Move a set of cases with set-based SQL under the same guards; see `workflow.many`."""
        return advance_many(self, verb, list(ids), by, at, one_audit_row=one_audit_row, values=values, words=words)

    def _open(self, case: C, move: Move, by: Actor, at: datetime, act: Act) -> C:
        post = self.permit(move, by, case)
        case.started_on = beijing_day(at)
        case.profile = jurisdiction.policy_for(case.region, case.started_on).reference
        self.check_profile(move, case)
        case.state = move.target
        case.save()
        clockwork.wind(self, [case], move.clocks, at, {})
        self._write(case, move, "", act, post, by, at)
        return case

    def _advance(
        self, pk: int, verb: str, body: Callable[..., Any], by: Actor, at: datetime, act: Act, values: dict[str, Any]
    ) -> C:
        # rows that refer to the case may be written meanwhile: a lock on its key would wait for them, and they for it
        found = self.model._default_manager.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
        case, move, post = self.admit(verb, found, by)
        self.check_signed(verb, case, post, by, at, values)
        act.before = digest_of(case)
        body(case, by=by, at=at, **values)
        came_from = case.state
        case.state = move.leads_to(came_from, case.previous_state)
        if move.target != STAY:
            case.previous_state = came_from
        case.revision += 1
        case.save()
        clockwork.wind(self, [case], move.clocks, at, values)
        self._write(case, move, came_from, act, post, by, at)
        return case

    def admit(self, verb: str, case: C | None, by: Actor) -> tuple[C, Move, Post]:
        """Return the case, the row and the post by which the actor may make a move on it now.

        Refused in this order: NotThere for who may not know of it, WrongState out of place, NotAllowed for the wrong person
        and for what the profile does not offer.
        """
        if case is None or (self.visible and not self.visible(by, case)):
            raise NotThere(_("没有找到该%s，或您无权知悉。") % _(self.title))
        move = self.move_from(case, verb)
        post = self.permit(move, by, case)
        deputies.check_two_persons(self.name, case.pk, post, by)
        self.check_profile(move, case)
        return case, move, post

    def move_from(self, case: C, verb: str) -> Move:
        """Return the row of the table by which a verb moves a case now; WrongState where there is none."""
        candidates = [m for m in self.moves if m.verb == verb]
        for move in candidates:
            if case.state in move.sources:
                return move
        raise WrongState(
            _("当前状态为“%(state)s”，不能%(verb)s；请刷新页面查看最新状态。")
            % {"state": self.state_label(case.state), "verb": _(candidates[0].label)}
        )

    def permit(self, move: Move, by: Actor, case: C) -> Post:
        """Return the post by which the actor makes a move; NotAllowed where none permits it."""
        post = self.permits(move, by, case)
        if post is None:
            raise NotAllowed(
                _("您没有“%(what)s”的权限：需要%(who)s。") % {"what": _(move.label), "who": _(move.who.label)}
            )
        return post

    def permits(self, move: Move, actor: Actor, case: Any) -> Post | None:
        """Return the post by which the actor may make a move of this workflow on the case, or None.

        What a deputy's move does further below is done in the same post: the duty was to make the move.
        """
        return move.who.permits(actor.within(self.name), case)

    def check_profile(self, move: Move, case: C) -> None:
        """Refuse a move that the profile the case started under does not know (NotAllowed)."""
        if move.when and not move.when(case.policy, case):
            raise NotAllowed(
                _("现行政策规则（%(profile)s）不提供“%(what)s”。") % {"profile": case.profile, "what": _(move.label)}
            )

    def statement(self, verb: str, case: C, words: Mapping[str, Any]) -> bytes:
        """Return what is signed for a move of legal effect, with the words given with it."""
        return signing.statement(verb, f"{self.name}:{case.pk}", signing.digest_with(self.signed[verb](case), words))

    def check_signed(self, verb: str, case: C, post: Post, by: Actor, at: datetime, words: Mapping[str, Any]) -> None:
        """Keep the actor's signature under a move of legal effect; RuleBroken where one is demanded and not right."""
        if verb in self.signed and (by.signature or signing.demanded(post.department_id)):
            said, subject = self.statement(verb, case, words), f"{self.name}:{case.pk}"
            signing.check(said, department_id=post.department_id, subject=subject, by=by, at=at)

    def _write(self, case: C, move: Move, came_from: str, act: Act, post: Post, by: Actor, at: datetime) -> None:
        act.subject_id = str(case.pk)
        act.acting_for = post.acting_for
        act.detail |= deputies.named(post)
        act.after = digest_of(case)
        act.detail |= {"from": came_from, "to": case.state, "profile": case.profile}
        record([act])
        payload = {"id": case.pk, "verb": move.verb, "from": came_from, "to": case.state, **case.event_payload()}
        outbox.publish(f"{self.name}.{case.state}", f"{self.name}:{case.pk}", payload, at=at, by=by)

    def _declared(self, verb: str, *, opening: bool) -> Move:
        for move in self.moves:
            if move.verb == verb and (NOWHERE in move.sources) == opening:
                return move
        raise BadTable(f"{self.name} has no move “{verb}”")

    # -- asking --------------------------------------------------------------------------------------------------

    def guard_of(self, verb: str) -> Guard | None:
        """Return the set-based check of a verb, if one is declared."""
        return self._guards.get(verb)

    def set_body_of(self, verb: str) -> Callable[..., Refusals] | None:
        """Return what a verb does to a set of cases, if it is declared."""
        return self._sets.get(verb)

    def open_to(self, actor: Actor, case: C) -> list[Button]:
        """Return the moves the actor may make on this case now, in the table's order."""
        actor = actor.within(self.name)
        return [
            Button(move.verb, _(move.label), move.leads_to(case.state, case.previous_state), self.name)
            for move in self.moves
            if case.state in move.sources
            and not move.who.system
            and move.who.permits(actor, case)
            and (move.when is None or move.when(case.policy, case))
        ]

    def signing(self, verb: str, pk: int, by: Actor, words: Mapping[str, Any] | None) -> signing.Signing | None:
        """Return what the actor has to sign for a move; None where no signature is demanded or the move is not open.

        words: what is given with the move; None as long as that is not known.
        """
        case = self.model._default_manager.filter(pk=pk).first() if verb in self.signed else None
        if case is None or (self.visible and not self.visible(by, case)):
            return None
        move = next((m for m in self.moves if m.verb == verb and case.state in m.sources), None)
        post = self.permits(move, by, case) if move else None
        if post is None or not signing.demanded(post.department_id):
            return None
        return signing.asked(b"" if words is None else self.statement(verb, case, words), by)

    def waiting_for(self, actor: Actor, *verbs: str) -> models.Q:
        """Return the condition of the cases that the actor may move (by these verbs): the workbench's question."""
        wanted = models.Q(pk__in=[])
        actor = actor.within(self.name)
        for move in self.moves:
            if NOWHERE in move.sources or (verbs and move.verb not in verbs):
                continue
            for who in move.who.each():
                if not who.roles or not who.of:
                    continue
                several = isinstance(self.model._meta.get_field(who.of), ArrayField)
                named = f"{who.of}__contains" if several else who.of
                departments = {p.department_id for p in actor.posts if p.role in who.roles}
                turn = [(named, [one] if several else one) for one in departments]
                if turn:
                    wanted |= models.Q(*turn, _connector=models.Q.OR) & models.Q(state__in=move.sources)
        return wanted
