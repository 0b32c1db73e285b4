"""Moving a set of cases: set-based SQL under the same rules as one by one, and the same refusals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils.translation import gettext as _

from jutong.kernel import outbox, signing
from jutong.kernel.actions import acting
from jutong.kernel.actors import Actor, Post
from jutong.kernel.audit import Act, columns_of, digest_of, digest_of_columns, record
from jutong.kernel.errors import NotAllowed, NotThere, Refusal, RuleBroken, WrongState
from jutong.kernel.models import Case
from jutong.kernel.workflow import clocks as clockwork
from jutong.kernel.workflow import deputies
from jutong.kernel.workflow.moved import Moved
from jutong.kernel.workflow.saving import changed, save_set
from jutong.kernel.workflow.table import PREVIOUS, STAY, BadTable, Move

if TYPE_CHECKING:
    from jutong.kernel.workflow.engine import Workflow

Refusals = Mapping[int, Refusal]


def advance_many(
    workflow: Workflow[Any],
    verb: str,
    ids: Sequence[int],
    by: Actor,
    at: datetime,
    *,
    one_audit_row: bool,
    values: Mapping[str, Any],
    words: Mapping[str, Any] | None = None,
) -> Moved:
    """Move every case of `ids` that may be moved by `verb`; the others are refused one by one, with a sentence each.

    values: columns set on every moved case. words: what is said with the move, given to its set action and covered by a
    signature. one_audit_row: a single audit row for the set (imports); otherwise one per case, refusals included (legal
    acts). Moves to "previous" are not for sets.
    """
    by = by.within(workflow.name)
    with acting(Act(f"{workflow.name}.{verb}", by, at, workflow.name)) as act:
        found = _moved(workflow, verb, ids, act, values, words or {})
        if one_audit_row:
            act.detail |= {"moved": len(found.ready), "refused": len(found.refused)}
            record([act])
        else:
            refusals = [refusal_act(act, str(pk), refusal) for pk, refusal in found.refused.items()]
            record([one.act(act) for one in found.ready.values()] + refusals)
            for refusal in found.refused.values():
                refusal.audited = True
        outbox.publish_many([one.event(workflow.name) for one in found.ready.values()], at=at, by=by)
    return Moved(list(found.ready), found.refused, found.barred)


def advance_one(workflow: Workflow[Any], verb: str, pk: int, by: Actor, at: datetime, words: Mapping[str, Any]) -> Case:
    """Move one case by the action of its set; its refusal is raised."""
    by = by.within(workflow.name)
    with acting(Act(f"{workflow.name}.{verb}", by, at, workflow.name, str(pk))) as act:
        found = _moved(workflow, verb, [pk], act, {}, words)
        if found.refused:
            raise found.refused[pk]
        (one,) = found.ready.values()
        record([one.act(act)])
        outbox.publish_many([one.event(workflow.name)], at=at, by=by)
    return one.case


@dataclass(slots=True)
class Ready:
    """A case that may move: by which row and post, and what it was before (nothing, where it is new)."""

    case: Case
    move: Move
    post: Post
    came_from: str = ""
    columns: Mapping[str, Any] = field(default_factory=dict)
    before: str = ""

    def act(self, act: Act) -> Act:
        """Return the audit row of this case."""
        detail = {
            "from": self.came_from,
            "to": self.case.state,
            "profile": self.case.profile,
            **deputies.named(self.post),
        }
        return Act(
            act.verb,
            act.by,
            act.at,
            act.subject_kind,
            str(self.case.pk),
            self.post.acting_for,
            detail,
            self.before,
            digest_of(self.case),
        )

    def event(self, name: str) -> tuple[str, str, dict[str, Any]]:
        """Return the event of this case's move."""
        case = self.case
        payload = {"id": case.pk, "verb": self.move.verb, "from": self.came_from, "to": case.state}
        return f"{name}.{case.state}", f"{name}:{case.pk}", payload | case.event_payload()


@dataclass(slots=True)
class _Found:
    """The cases of a set by id: those that may still move, and why the others may not. barred: see `Moved`."""

    ready: dict[int, Ready] = field(default_factory=dict)
    refused: dict[int, Refusal] = field(default_factory=dict)
    barred: bool = False

    @property
    def cases(self) -> list[Any]:
        return [one.case for one in self.ready.values()]

    def refuse(self, refusals: Refusals) -> None:
        for pk, refusal in refusals.items():
            del self.ready[pk]
            self.refused[pk] = refusal


def refusal_act(act: Act, subject: str, refusal: Refusal) -> Act:
    """Return the audit row of a refused case of a set."""
    return Act(
        act.verb,
        act.by,
        act.at,
        act.subject_kind,
        subject,
        outcome="refused",
        code=refusal.code,
        reason=refusal.sentence,
    )


def _moved(
    workflow: Workflow[Any],
    verb: str,
    ids: Collection[int],
    act: Act,
    values: Mapping[str, Any],
    words: Mapping[str, Any],
) -> _Found:
    """Lock, sort, check, do the business and save; audit and events are the caller's."""
    moves = [move for move in workflow.moves if move.verb == verb]
    if not moves:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb)
    if any(move.target == PREVIOUS for move in moves):
        raise BadTable(f"{workflow.name}.{verb} cannot move a set")
    by, at = act.by, act.at
    found = _sorted(workflow, verb, ids, by)
    if guard := workflow.guard_of(verb):
        told = guard(found.cases, by=by, at=at)
        found.refuse({pk: WrongState(sentence) for pk, sentence in told.items()})
    if verb in workflow.signed:
        found.refuse(_unsigned(workflow, verb, found.ready, by, at, alone=len(ids) == 1, words=words))
    if (body := workflow.set_body_of(verb)) and found.ready:
        found.refuse(body(found.cases, by=by, at=at, **words))
    for move in moves:
        _move_set(workflow, [one for one in found.ready.values() if one.move is move], move, at, values, words)
    return found


def _unsigned(
    workflow: Workflow[Any],
    verb: str,
    ready: Mapping[int, Ready],
    by: Actor,
    at: datetime,
    *,
    alone: bool,
    words: Mapping[str, Any],
) -> dict[int, Refusal]:
    """Return the cases that lack a demanded signature: a signature is under one case, so several are not for sets."""
    departments = {one.post.department_id for one in ready.values()}
    strict = {department for department in departments if signing.demanded(department)}
    if not alone:
        sentence = _("本部门要求对该操作进行电子签名，不能成批办理，请逐条签名办理。")
        return {pk: RuleBroken(sentence) for pk, one in ready.items() if one.post.department_id in strict}
    return _refusals(
        ready.values(), lambda one: workflow.check_signed(verb, one.case, one.post, by, at, words), RuleBroken
    )


def _refusals(
    ready: Iterable[Ready], check: Callable[[Ready], None], kind: type[Refusal] = Refusal
) -> dict[int, Refusal]:
    refused: dict[int, Refusal] = {}
    for one in ready:
        try:
            check(one)
        except kind as refusal:
            refused[one.case.pk] = refusal
    return refused


def _sorted(workflow: Workflow[Any], verb: str, ids: Collection[int], by: Actor) -> _Found:
    """Lock the cases and sort them into those that may move and those refused."""
    cases = list(
        workflow.model._default_manager.select_for_update(of=("self",), no_key=True).filter(pk__in=ids).order_by("pk")
    )
    known = [case for case in cases if workflow.visible is None or workflow.visible(by, case)]
    unknown = sorted(set(ids) - {case.pk for case in known})
    found = _Found(refused={pk: NotThere(_("没有找到该%s，或您无权知悉。") % _(workflow.title)) for pk in unknown})
    for case in known:
        try:
            move = workflow.move_from(case, verb)
            post = workflow.permit(move, by, case)
        except (WrongState, NotAllowed) as refusal:
            found.refused[case.pk] = refusal
            continue
        columns = columns_of(case)
        found.ready[case.pk] = Ready(case, move, post, case.state, columns, digest_of_columns(columns))
    rows = [move for move in workflow.moves if move.verb == verb]
    found.barred = not found.ready and not any(workflow.permits(row, by, case) for case in known for row in rows)
    for post in {one.post for one in found.ready.values()}:
        own = [pk for pk, one in found.ready.items() if one.post == post]
        prepared = deputies.prepared(workflow.name, own, post, by)
        found.refuse({pk: NotAllowed(deputies.sentence(post)) for pk in prepared})
    found.refuse(_refusals(found.ready.values(), lambda one: workflow.check_profile(one.move, one.case)))
    return found


def _move_set(
    workflow: Workflow[Any],
    ready: Sequence[Ready],
    move: Move,
    at: datetime,
    values: Mapping[str, Any],
    words: Mapping[str, Any],
) -> None:
    """Save what the business changed together with the new state, and wind the clocks."""
    if not ready:
        return
    names = set().union(*(changed(one.case, one.columns) for one in ready))
    also: dict[str, Any] = {**values, "revision": F("revision") + 1}
    if move.target != STAY:
        also |= {"previous_state": F("state"), "state": move.target}
    save_set([one.case for one in ready], names - set(values), also)
    for one in ready:
        for name, value in values.items():
            setattr(one.case, name, value)
        one.case.revision += 1
        one.case.state = move.leads_to(one.came_from, one.case.previous_state)
        if move.target != STAY:
            one.case.previous_state = one.came_from
    clockwork.wind(workflow, [one.case for one in ready], move.clocks, at, {**values, **words})
