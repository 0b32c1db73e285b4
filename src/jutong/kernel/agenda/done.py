"""What an actor did on cases that stand on workbenches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.actions import actions
from jutong.kernel.actors import Actor
from jutong.kernel.agenda.chores import address, cases_of, chores
from jutong.kernel.faces import turned_away
from jutong.kernel.models import AuditEntry
from jutong.kernel.workflow import workflows

MOST_DONE: Final = 15


@dataclass(frozen=True, slots=True)
class Done:
    """Something the actor did."""

    at: datetime
    kind: str
    verb: str
    title: str
    url: str
    acting: bool


def done(actor: Actor, at: datetime) -> list[Done]:
    """Return what the actor did on registered cases in the last 90 days, newest deed first."""
    known = chores()
    since = at - timedelta(days=90)
    rows = AuditEntry.objects.filter(
        actor_id=actor.account_id, outcome="success", at__gte=since, subject_kind__in=list(known)
    ).order_by("-at", "-id")[:MOST_DONE]
    entries = list(rows.values_list("at", "subject_kind", "subject_id", "verb", "acting_for"))
    titles = _titles({(kind, subject) for _at, kind, subject, _verb, _acting in entries})
    return [
        Done(
            when,
            _(workflows()[kind].title),
            verb_label(kind, verb),
            titles.get((kind, subject), ""),
            address(known[kind], int(subject)) if subject.isdigit() else "",
            acting is not None,
        )
        for when, kind, subject, verb, acting in entries
    ]


def _titles(subjects: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    titles: dict[tuple[str, str], str] = {}
    for name, chore in chores().items():
        ids = [int(subject) for kind, subject in subjects if kind == name and subject.isdigit()]
        if ids:
            titles |= {(name, str(pk)): chore.title(case) for pk, case in cases_of(chore, ids).items()}
    return titles


def verb_label(kind: str, verb: str) -> str:
    """Return the Chinese name of a verb as the audit writes it ("sharing_request.agree", "parties.unlock"), translated."""
    if verb == turned_away.VERB:
        return _("访问被拒")
    if (face := actions().get(verb)) and face.label:
        return _(face.label)
    workflow = workflows().get(kind)
    short = verb.rpartition(".")[2]
    moves = workflow.moves if workflow else ()
    return next((_(move.label) for move in moves if move.verb == short), verb)
