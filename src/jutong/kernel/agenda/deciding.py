"""Deciding from the telephone, and the same move made on several cases: always by the existing moves, one act per case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import DECIDING, Actor
from jutong.kernel.agenda.chores import (
    FAR,
    Chore,
    Decision,
    Waiting,
    address,
    cases_of,
    chores,
    most_urgent,
    workflow_of,
)
from jutong.kernel.agenda.queries import Asked
from jutong.kernel.agenda.waiting import nearest
from jutong.kernel.errors import Conflict, NotThere, RuleBroken
from jutong.kernel.queries import ClockRow, clocks_of
from jutong.kernel.workflow import Button, Moved, each

MOST_TOGETHER: Final = 100
"""Cases moved by one click."""
SHOWN: Final = 30
"""Cases on one telephone page, the most urgent ones."""


@dataclass(frozen=True, slots=True)
class Gist:
    """A case that awaits a decision, in a few words; like: others that say the same, by id and name.

    agree, back: buttons; agree is None where the decision is made on the case's own page, by the move `opens`. says:
    whether agreeing needs a sentence. read: what agreeing takes over from the case as it is shown here.
    """

    workflow: str
    kind: str
    id: int
    title: str
    facts: tuple[tuple[str, str], ...]
    url: str
    clock: ClockRow | None
    agree: Button | None
    back: Button | None
    like: tuple[tuple[int, str], ...]
    says: bool = False
    read: str = ""
    opens: Button | None = None


@dataclass(frozen=True, slots=True)
class _Ready:
    """A case that the actor can decide now, with its buttons, limits and those like it."""

    chore: Chore
    decision: Decision
    case: Any
    buttons: Mapping[str, Button]
    clock: ClockRow | None
    alike: Sequence[tuple[int, str]]

    @property
    def place(self) -> tuple[int, str, int]:
        return (self.clock.left if self.clock else FAR, self.chore.workflow, self.case.pk)

    def gist(self) -> Gist:
        """Return what a head reads of it."""
        chore, decision, case, workflow = self.chore, self.decision, self.case, workflow_of(self.chore)
        agree, opens, back = (_first(verbs, self.buttons) for verbs in (decision.agree, decision.opens, decision.back))
        return Gist(
            workflow=workflow.name,
            kind=_(workflow.title),
            id=case.pk,
            title=chore.title(case),
            facts=tuple((label, value) for label, value in decision.gist(case) if value),
            url=address(chore, case.pk),
            clock=self.clock,
            agree=agree,
            back=back,
            like=tuple(one for one in self.alike if agree and one[0] != case.pk),
            says=agree is not None and agree.verb in decision.says,
            read=decision.read(agree.verb, case) if agree else "",
            opens=None if agree else opens,
        )


def _first(verbs: Iterable[str], buttons: Mapping[str, Button]) -> Button | None:
    return next((buttons[verb] for verb in verbs if verb in buttons), None)


def awaiting(actor: Actor, at: datetime) -> list[Gist]:
    """Return the cases that await the actor's consent, most urgent first (SHOWN at most), each with those like it.

    Of every kind that is registered with a `Decision`; what an actor could do in a post that decides nothing waits on
    the workbench only.
    """
    head = replace(actor, posts=frozenset(post for post in actor.posts if post.role in DECIDING))
    deciding = {name: (chore, chore.decision) for name, chore in chores().items() if chore.decision is not None}
    asked = [Asked(chore, (*decision.agree, *decision.opens)) for chore, decision in deciding.values()]
    found = nearest(head, asked, at, most=MOST_TOGETHER)
    clocks = clocks_of(found, at) if found else {}
    ready = [one for name, ids in found.items() for one in _ready(*deciding[name], head, ids, clocks)]
    return [one.gist() for one in sorted(ready, key=lambda one: one.place)[:SHOWN]]


def _ready(
    chore: Chore,
    decision: Decision,
    actor: Actor,
    ids: Sequence[int],
    clocks: Mapping[tuple[str, int], Sequence[ClockRow]],
) -> list[_Ready]:
    workflow = workflow_of(chore)
    alike: dict[str, list[tuple[int, str]]] = {}
    found = []
    for case in cases_of(chore, ids).values():
        buttons = {b.verb: b for b in workflow.open_to(actor, case) if decision.fits(actor, case, b.verb)}
        if buttons.keys() & {*decision.agree, *decision.opens}:
            same = alike.setdefault(decision.like(case), [])
            same.append((case.pk, chore.who(case) or chore.title(case)))
            clock = most_urgent(clocks.get((workflow.name, case.pk), ()))
            found.append(_Ready(chore, decision, case, buttons, clock, same))
    return found


def decide(
    workflow: str, verb: str, ids: Iterable[int], *, by: Actor, at: datetime, remark: str = "", read: str = ""
) -> Moved:
    """Make one move on several cases, in a set where the workflow says what it does to one; each has its own audit entry, refusals are told case by case, and raised where nothing moved.

    Only moves that the slice offers for this: those without words, those with one sentence, and a head's return; `remark`
    goes with each. read: what the move takes over from the case as the head read it. NotThere for another workflow or
    verb; RuleBroken for none or more than MOST_TOGETHER cases; Conflict where a case reads otherwise by now.
    """
    chore = chores().get(workflow)
    if chore is None or not _offered(chore, verb):
        raise NotThere(_("没有这项可批量办理的操作，请从页面上的按钮进行。"))
    chosen = list(dict.fromkeys(ids))
    if not 1 <= len(chosen) <= MOST_TOGETHER:
        raise RuleBroken(_("请选择 1 至 %d 件事项后再办理。") % MOST_TOGETHER, field="ids")
    flow = workflow_of(chore)
    if len(chosen) > 1 and flow.set_body_of(verb) and not _reads(chore, verb):
        return flow.advance_many(verb, chosen, by=by, at=at, words=_words(chore, verb, 0, remark, read)).some()
    return each(chosen, lambda pk: flow.do(verb, pk, by=by, at=at, **_words(chore, verb, pk, remark, read))).some()


def _offered(chore: Chore, verb: str) -> bool:
    decision = chore.decision
    return verb in chore.together or (decision is not None and (verb in decision.agree or verb in decision.back))


def _reads(chore: Chore, verb: str) -> bool:
    return chore.decision is not None and verb in chore.decision.reads


def _words(chore: Chore, verb: str, pk: int, remark: str, read: str) -> dict[str, Any]:
    """Return what goes with a move: the remark, and what is taken over from the case, which must be what was read."""
    decision = chore.decision
    if decision is None or verb in chore.together:
        return {}
    taker = decision.says.get(verb) or decision.back.get(verb)
    words: dict[str, Any] = {taker: remark} if taker else {}
    if verb in decision.reads:
        argument, value_of = decision.reads[verb]
        case = workflow_of(chore).model._default_manager.filter(pk=pk).first()
        words[argument] = value_of(case) if case else None
        if case and str(words[argument]) != read:
            raise Conflict(_("该事项的内容在您阅读之后有了变化，请刷新页面，阅读最新内容后再办理。"))
    return words


def together(kind: str, rows: Iterable[Waiting]) -> tuple[Button, ...]:
    """Return the moves without words that some of these cases of one kind are open to, in the table's order."""
    chore = chores()[kind]
    offered = {*chore.together, *(chore.decision.silent if chore.decision else ())}
    open_now = {label for row in rows for label in row.verbs}
    workflow = workflow_of(chore)
    found = {
        move.verb: Button(move.verb, _(move.label), "", kind)
        for move in workflow.moves
        if move.verb in offered and _(move.label) in open_now
    }
    return tuple(found.values())
