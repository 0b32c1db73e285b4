"""Opening a set of new cases: under the rules of one by one, or quietly inside an import that answers for the whole set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from jutong.kernel import jurisdiction, outbox
from jutong.kernel.actions import outermost
from jutong.kernel.audit import Act, record
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Refusal
from jutong.kernel.models import Case
from jutong.kernel.workflow import clocks as clockwork
from jutong.kernel.workflow.many import Ready, refusal_act
from jutong.kernel.workflow.table import NOWHERE

if TYPE_CHECKING:
    from datetime import datetime

    from jutong.kernel.workflow.engine import Workflow
    from jutong.kernel.workflow.table import Move

C = TypeVar("C", bound=Case)


def open_set(workflow: Workflow[C], move: Move, made: Iterable[C | Refusal], act: Act) -> list[C | Refusal]:
    """Open unsaved cases by one row of the table, each with its audit row and event; return them beside those refused.

    Refusals of a set that is nobody's step are told here, in the transaction of the set; otherwise by whose step it is.
    """
    told = list(made)
    day = beijing_day(act.at)
    profiles = _profiles((case for case in told if not isinstance(case, Refusal)), day)
    ready = []
    for place, case in enumerate(told):
        if isinstance(case, Refusal):
            continue
        try:
            post = workflow.permit(move, act.by, case)
            case.started_on, case.profile = day, profiles[case.region]
            workflow.check_profile(move, case)
        except Refusal as refusal:
            told[place] = refusal
            continue
        case.state = move.target
        ready.append(Ready(case, move, post))
    cases = [one for one in told if not isinstance(one, Refusal)]
    workflow.model._default_manager.bulk_create(cases, batch_size=500)
    clockwork.wind(workflow, cases, move.clocks, act.at, {})
    record([one.act(act) for one in ready] + _refusals(act, told))
    outbox.publish_many([one.event(workflow.name) for one in ready], at=act.at, by=act.by)
    return told


def _refusals(act: Act, told: Iterable[object]) -> list[Act]:
    if not outermost():
        return []
    refused = [one for one in told if isinstance(one, Refusal)]
    for one in refused:
        one.audited = True
    return [refusal_act(act, "", one) for one in refused]


def open_many(workflow: Workflow[C], verb: str, cases: Sequence[C], *, at: datetime) -> None:
    """Open a set of unsaved cases (region set) with one bulk insert: state, profile and start day are given here.

    Only inside an action that has permitted and audits the whole set, as an import does; no event per case.
    """
    move = next(m for m in workflow.moves if m.verb == verb and NOWHERE in m.sources)
    today = beijing_day(at)
    profiles = _profiles(cases, today)
    for case in cases:
        case.state, case.started_on, case.profile = move.target, today, profiles[case.region]
    workflow.model._default_manager.bulk_create(cases, batch_size=500)


def _profiles(cases: Iterable[Case], day: date) -> dict[str, str]:
    """Return the profile version that cases starting on a day keep, by region."""
    return {region: jurisdiction.policy_for(region, day).reference for region in {case.region for case in cases}}
