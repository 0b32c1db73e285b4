"""Moving a set of cases: set-based SQL under the same guards as one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction, outbox, signing
from jutong.kernel.actions import acting
from jutong.kernel.actors import Actor, Post
from jutong.kernel.audit import Act, digest_of, record
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.models import Case
from jutong.kernel.workflow import clocks as clockwork
from jutong.kernel.workflow import deputies
from jutong.kernel.workflow.table import NOWHERE, PREVIOUS, STAY, BadTable, Move

if TYPE_CHECKING:
    from jutong.kernel.workflow.engine import Workflow


@dataclass(frozen=True, slots=True)
class Moved:
    """Which cases moved, and why the others did not ({id: sentence})."""

    done: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


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

    values: columns set on every moved case. words: what is said with the move, covered by a signature. one_audit_row: a single audit row for the set (imports); otherwise one per
    case, refusals included (legal acts). Moves to "previous" are not for sets.
    """
    moves = [m for m in workflow.moves if m.verb == verb]
    if not moves:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb)
    if any(m.target == PREVIOUS for m in moves):
        raise BadTable(f"{workflow.name}.{verb} cannot move a set")
    with acting(Act(f"{workflow.name}.{verb}", by, at, workflow.name)) as act:
        ready, refused = _sorted(workflow, moves, ids, by)
        if guard := workflow.guard_of(verb):
            for pk, sentence in guard([r.case for r in ready.values()], by=by, at=at).items():
                ready.pop(pk)
                refused[pk] = sentence
        if verb in workflow.signed:
            for pk, sentence in _unsigned(
                workflow, verb, ready, by, at, alone=len(ids) == 1, words=words or {}
            ).items():
                ready.pop(pk)
                refused[pk] = sentence
        for move in moves:
            _move_set(workflow, [r for r in ready.values() if r.move is move], move, at, values)
        if one_audit_row:
            act.detail |= {"moved": len(ready), "refused": len(refused)}
            record([act])
        else:
            record([r.act(act) for r in ready.values()] + [_refusal(act, pk, why) for pk, why in refused.items()])
        outbox.publish_many([r.event(workflow.name) for r in ready.values()], at=at, by=by)
    return Moved(list(ready), refused)


def open_many(workflow: Workflow[Any], verb: str, cases: Sequence[Case], *, at: datetime) -> None:
    """Open a set of unsaved cases (region set) with one bulk insert: state, profile and start day are given here.

    Only inside an action that has permitted and audits the whole set, as an import does; no event per case.
    """
    move = next(m for m in workflow.moves if m.verb == verb and NOWHERE in m.sources)
    today = beijing_day(at)
    profiles = {region: jurisdiction.policy_for(region, today).reference for region in {case.region for case in cases}}
    for case in cases:
        case.state, case.started_on, case.profile = move.target, today, profiles[case.region]
    workflow.model._default_manager.bulk_create(cases, batch_size=500)


@dataclass(slots=True)
class _Ready:
    """A case that may move: by which row and post, and what it was before."""

    case: Case
    move: Move
    post: Post
    came_from: str
    before: str

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


def _unsigned(
    workflow: Workflow[Any],
    verb: str,
    ready: Mapping[int, _Ready],
    by: Actor,
    at: datetime,
    *,
    alone: bool,
    words: Mapping[str, Any],
) -> dict[int, str]:
    """Return the cases that lack a demanded signature: a signature is under one case, so several are not for sets."""
    departments = {r.post.department_id for r in ready.values()}
    strict = {department for department in departments if signing.demanded(department)}
    if not alone:
        sentence = _("本部门要求对该操作进行电子签名，不能成批办理，请逐条签名办理。")
        return {pk: sentence for pk, r in ready.items() if r.post.department_id in strict}
    for pk, r in ready.items():
        try:
            workflow.check_signed(verb, r.case, r.post, by, at, words)
        except RuleBroken as refusal:
            return {pk: refusal.sentence}
    return {}


def _refusal(act: Act, pk: int, sentence: str) -> Act:
    return Act(
        act.verb, act.by, act.at, act.subject_kind, str(pk), outcome="refused", code="invalid_state", reason=sentence
    )


def _sorted(
    workflow: Workflow[Any], moves: Sequence[Move], ids: Sequence[int], by: Actor
) -> tuple[dict[int, _Ready], dict[int, str]]:
    """Lock the cases and sort them into those that may move and those refused, with a sentence each."""
    cases = list(
        workflow.model._default_manager.select_for_update(of=("self",), no_key=True).filter(pk__in=ids).order_by("pk")
    )
    known = [case for case in cases if workflow.visible is None or workflow.visible(by, case)]
    refused = {pk: _("没有找到该%s。") % _(workflow.title) for pk in set(ids) - {case.pk for case in known}}
    ready: dict[int, _Ready] = {}
    for case in known:
        move = next((m for m in moves if case.state in m.sources), None)
        if move is None:
            refused[case.pk] = _("当前状态为“%(state)s”，不能%(verb)s。") % {
                "state": workflow.state_label(case.state),
                "verb": _(moves[0].label),
            }
            continue
        post = workflow.permits(move, by, case)
        if post is None:
            what = {"what": _(move.label), "who": _(move.who.label)}
            refused[case.pk] = _("您没有“%(what)s”的权限：需要%(who)s。") % what
        elif move.when and not move.when(case.policy, case):
            refused[case.pk] = _("现行政策规则不提供“%s”。") % _(move.label)
        else:
            ready[case.pk] = _Ready(case, move, post, case.state, digest_of(case))
    for post in {r.post for r in ready.values()}:
        own = [pk for pk, r in ready.items() if r.post == post]
        for pk in deputies.prepared(workflow.name, own, post, by):
            ready.pop(pk)
            refused[pk] = deputies.sentence(post)
    return ready, refused


def _move_set(
    workflow: Workflow[Any], ready: Sequence[_Ready], move: Move, at: datetime, values: Mapping[str, Any]
) -> None:
    if not ready:
        return
    changes: dict[str, Any] = {**values, "revision": F("revision") + 1}
    if move.target != STAY:
        changes |= {"previous_state": F("state"), "state": move.target}
    workflow.model._default_manager.filter(pk__in=[r.case.pk for r in ready]).update(**changes)
    for r in ready:
        for name, value in values.items():
            setattr(r.case, name, value)
        r.case.revision += 1
        r.case.state = move.leads_to(r.came_from, r.case.previous_state)
        if move.target != STAY:
            r.case.previous_state = r.came_from
    clockwork.wind(workflow, [r.case for r in ready], move.clocks, at, dict(values))
