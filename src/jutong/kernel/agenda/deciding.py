"""Deciding from the telephone, and the same move made on several cases: always by the existing moves, one act per case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.agenda.chores import Chore, Decision, Waiting, address, chores, most_urgent, workflow_of
from jutong.kernel.agenda.waiting import find
from jutong.kernel.errors import NotThere, Refusal, RuleBroken
from jutong.kernel.models import Case
from jutong.kernel.queries import ClockRow, clocks_of
from jutong.kernel.workflow import Button

MOST_TOGETHER: Final = 100
"""Cases moved by one click."""
SHOWN: Final = 30
"""Cases on one telephone page, the most urgent ones."""


@dataclass(frozen=True, slots=True)
class Gist:
    """A case that awaits a decision, in a few words; agree and back: buttons; like: others that say the same, by id and name."""

    workflow: str
    kind: str
    id: int
    title: str
    facts: tuple[tuple[str, str], ...]
    url: str
    clock: ClockRow | None
    agree: Button
    back: Button | None
    like: tuple[tuple[int, str], ...]


@dataclass(slots=True)
class Decided:
    """What became of several cases: those that moved, and why the others did not, by id."""

    done: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def awaiting(actor: Actor, at: datetime) -> list[Gist]:
    """Return the cases that await the actor's consent, most urgent first (SHOWN at most), each with those like it."""
    gists: list[Gist] = []
    for chore in chores().values():
        if chore.decision is not None:
            gists += _gists(chore, chore.decision, actor, at)
    gists.sort(key=lambda gist: (gist.clock.left if gist.clock else 10_000, gist.workflow, gist.id))
    return gists[:SHOWN]


def _gists(chore: Chore, decision: Decision, actor: Actor, at: datetime) -> list[Gist]:
    ids = list(find(replace(chore, verbs=decision.agree), actor, at).ids)
    if not ids:
        return []
    workflow = workflow_of(chore)
    cases = workflow.model._default_manager.select_related(*chore.related).in_bulk(ids)
    clocks = clocks_of({workflow.name: ids}, at)
    open_now = [(case, {b.verb: b for b in workflow.open_to(actor, case)}) for case in cases.values()]
    ready = [
        (case, verb, buttons)
        for case, buttons in open_now
        if (verb := next((v for v in decision.agree if v in buttons and decision.fits(case, v)), ""))
    ]
    alike: dict[str, list[tuple[int, str]]] = {}
    for case, _verb, _buttons in ready:
        alike.setdefault(decision.like(case), []).append((case.pk, chore.who(case) or chore.title(case)))
    return [
        _gist(
            chore,
            decision,
            case,
            buttons[verb],
            buttons,
            clocks.get((workflow.name, case.pk), []),
            alike[decision.like(case)],
        )
        for case, verb, buttons in ready
    ]


def _gist(
    chore: Chore,
    decision: Decision,
    case: Case,
    agree: Button,
    buttons: dict[str, Button],
    clocks: list[ClockRow],
    alike: list[tuple[int, str]],
) -> Gist:
    workflow = workflow_of(chore)
    return Gist(
        workflow=workflow.name,
        kind=_(workflow.title),
        id=case.pk,
        title=chore.title(case),
        facts=tuple((label, value) for label, value in decision.gist(case) if value),
        url=address(chore, case.pk),
        clock=most_urgent(clocks),
        agree=agree,
        back=next((buttons[verb] for verb in decision.back if verb in buttons), None),
        like=tuple((pk, name) for pk, name in alike if pk != case.pk),
    )


def decide(workflow: str, verb: str, ids: Iterable[int], *, by: Actor, at: datetime, remark: str = "") -> Decided:
    """Make one move on several cases, each by its own act with its own audit entry; refusals are told case by case, that of a single case is raised.

    Only moves that the slice offers for this: those without words, and a head's return, whose remark goes with each. NotThere
    for another workflow or verb; RuleBroken for none or more than MOST_TOGETHER cases.
    """
    chore = chores().get(workflow)
    words = _words(chore, verb, remark) if chore else None
    if chore is None or words is None:
        raise NotThere(_("没有这项可批量办理的操作，请从页面上的按钮进行。"))
    chosen = list(dict.fromkeys(ids))
    if not 1 <= len(chosen) <= MOST_TOGETHER:
        raise RuleBroken(_("请选择 1 至 %d 件事项后再办理。") % MOST_TOGETHER, field="ids")
    decided = Decided()
    for pk in chosen:
        try:
            workflow_of(chore).do(verb, pk, by=by, at=at, **words)
            decided.done.append(pk)
        except Refusal as refusal:
            if len(chosen) == 1:
                raise
            decided.refused[pk] = refusal.sentence
    return decided


def _words(chore: Chore, verb: str, remark: str) -> dict[str, Any] | None:
    """Return what goes with a move, or None for a move that is not offered here."""
    decision = chore.decision
    if verb in chore.together or (decision and verb in decision.agree):
        return {}
    if decision and verb in decision.back:
        return {decision.back[verb]: remark}
    return None


def together(kind: str, rows: Iterable[Waiting]) -> tuple[Button, ...]:
    """Return the moves without words that some of these cases of one kind are open to, in the table's order."""
    chore = chores()[kind]
    offered = {*chore.together, *(chore.decision.agree if chore.decision else ())}
    open_now = {label for row in rows for label in row.verbs}
    workflow = workflow_of(chore)
    found = {
        move.verb: Button(move.verb, _(move.label), "", kind)
        for move in workflow.moves
        if move.verb in offered and _(move.label) in open_now
    }
    return tuple(found.values())
