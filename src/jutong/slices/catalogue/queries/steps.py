"""What has to be done next with an entry on its way to publication, and by whom: read from the workflow's own table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.queries.assessments import Standing
from jutong.slices.catalogue.workflow import ENTRY
from jutong.slices.catalogue.workflow.entries import FORWARD


@dataclass(frozen=True, slots=True)
class NextStep:
    """The move that an entry waits for; both words are translated."""

    who: str
    deed: str


def next_step(case: Entry, due: Collection[Standing]) -> NextStep | None:
    """Return the next move towards publication, None where none is open. due: the assessments that go before."""
    open_now = {
        move.verb: move
        for move in ENTRY.moves
        if case.state in move.sources and (move.when is None or move.when(case.policy, case))
    }
    order = FORWARD if due else ("submit_directly", *FORWARD)
    move = next((open_now[verb] for verb in order if verb in open_now), None)
    return NextStep(_(move.who.label), _(move.label)) if move else None
