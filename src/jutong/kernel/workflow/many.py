"""Moving a set of cases: set-based SQL under the same guards as one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction, outbox
from jutong.kernel.actions import acting
from jutong.kernel.actors import Actor, Post
from jutong.kernel.audit import Act, record
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.models import Case
from jutong.kernel.workflow import clocks as clockwork
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
) -> Moved:
    """Move every case of `ids` that may be moved by `verb`; the others are refused one by one, with a sentence each.

    values: columns set on every moved case. one_audit_row: a single audit row for the set (imports); otherwise one per
    case, refusals included (legal acts). Moves to "previous" are not for sets.
    """
    moves = [m for m in workflow.moves if m.verb == verb]
    if not moves:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb)
    if any(m.target == PREVIOUS for m in moves):
        raise BadTable(f"{workflow.name}.{verb} cannot move a set")
    with acting(Act(f"{workflow.name}.{verb}", by, at, workflow.name)) as act:
        cases = list(workflow.model._default_manager.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))
        refused = {pk: _("没有找到该%s。") % _(workflow.title) for pk in set(ids) - {c.pk for c in cases}}
        ready: dict[int, tuple[Case, Move, Post]] = {}
        for case in cases:
            _sort(workflow, moves, case, by, ready, refused)
        if guard := workflow.guard_of(verb):
            for pk, sentence in guard([case for case, _m, _p in ready.values()], by=by, at=at).items():
                ready.pop(pk)
                refused[pk] = sentence
        for move in moves:
            _move_set(workflow, [case for case, m, _p in ready.values() if m is move], move, at, values)
        _write(workflow, ready, refused, by, at, act, one_audit_row=one_audit_row)
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


def _sort(
    workflow: Workflow[Any],
    moves: Sequence[Move],
    case: Case,
    by: Actor,
    ready: dict[int, tuple[Case, Move, Post]],
    refused: dict[int, str],
) -> None:
    move = next((m for m in moves if case.state in m.sources), None)
    if move is None:
        refused[case.pk] = _("当前状态为“%(state)s”，不能%(verb)s。") % {
            "state": workflow.state_label(case.state),
            "verb": _(moves[0].label),
        }
        return
    post = move.who.permits(by, case)
    if post is None or (workflow.visible and not workflow.visible(by, case)):
        refused[case.pk] = _("您没有“%(what)s”的权限：需要%(who)s。") % {
            "what": _(move.label),
            "who": _(move.who.label),
        }
    elif move.when and not move.when(case.policy, case):
        refused[case.pk] = _("现行政策规则不提供“%s”。") % _(move.label)
    else:
        ready[case.pk] = (case, move, post)


def _move_set(
    workflow: Workflow[Any], cases: Sequence[Case], move: Move, at: datetime, values: Mapping[str, Any]
) -> None:
    if not cases:
        return
    changes: dict[str, Any] = {**values, "revision": F("revision") + 1}
    if move.target != STAY:
        changes |= {"previous_state": F("state"), "state": move.target}
    workflow.model._default_manager.filter(pk__in=[c.pk for c in cases]).update(**changes)
    for case in cases:
        for name, value in values.items():
            setattr(case, name, value)
    clockwork.wind(workflow, cases, move.clocks, at, dict(values))


def _write(
    workflow: Workflow[Any],
    ready: Mapping[int, tuple[Case, Move, Post]],
    refused: Mapping[int, str],
    by: Actor,
    at: datetime,
    act: Act,
    *,
    one_audit_row: bool,
) -> None:
    if one_audit_row:
        act.detail |= {"moved": len(ready), "refused": len(refused)}
        record([act])
    else:
        record(
            [
                Act(
                    act.verb,
                    by,
                    at,
                    workflow.name,
                    str(pk),
                    post.acting_for,
                    {"from": case.state, "profile": case.profile},
                )
                for pk, (case, _move, post) in ready.items()
            ]
            + [
                Act(act.verb, by, at, workflow.name, str(pk), outcome="refused", code="invalid_state", reason=sentence)
                for pk, sentence in refused.items()
            ]
        )
    outbox.publish_many(
        [
            (
                f"{workflow.name}.{move.leads_to(case.state, case.previous_state)}",
                f"{workflow.name}:{pk}",
                {
                    "id": pk,
                    "verb": move.verb,
                    "from": case.state,
                    "to": move.leads_to(case.state, case.previous_state),
                    **case.event_payload(),
                },
            )
            for pk, (case, move, _post) in ready.items()
        ],
        at=at,
        by=by,
    )
