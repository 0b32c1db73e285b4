"""The coordinating body's and the government's side of a dispute: records, decision, the step upwards (W07)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel import inbox, jurisdiction
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role, Who
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.kernel.workdays import add_workdays
from jutong.slices.parties import queries as parties
from jutong.slices.sharing.actions import outcomes
from jutong.slices.sharing.actions.disputing import Uploads, heard, note, tell
from jutong.slices.sharing.models import Dispute, DisputeBody
from jutong.slices.sharing.rules import disputes as rules
from jutong.slices.sharing.rules.disputes import Outcome
from jutong.slices.sharing.workflow import DISPUTE

NAMER: Final = Who("authority_head", N_("主管部门负责人"), (Role.AUTHORITY_HEAD,))
MOST: Final = 500


@DISPUTE.action("record")
def record(
    case: Dispute,
    *,
    by: Actor,
    at: datetime,
    sort: str,
    text: str,
    side: str = "",
    source: str = "",
    uploads: Uploads = (),
) -> None:
    """Record minutes, an expert's or another department's opinion, or that a side made no statement."""
    rules.check_note(sort, side, source, text)
    note(case, sort, text, by=by, at=at, side=side, source=source, uploads=uploads)
    _acted(case, at)


@DISPUTE.action("decide")
def decide(case: Dispute, *, by: Actor, at: datetime, outcome: Outcome) -> None:
    """Decide after both sides were heard or their absence is recorded; the outcome is carried out at once (R-SHR-013)."""
    rules.check_heard(heard(case))
    outcomes.carry_out(case, outcome, by=by, at=at)
    _acted(case, at)


@DISPUTE.action("close_without")
def close_without(case: Dispute, *, by: Actor, at: datetime, opinion: str) -> None:
    """Close the coordination without agreement, with the authority's own opinion (national-2025#28)."""
    rules.check_heard(heard(case))
    if not opinion.strip():
        raise RuleBroken(_("请写明主管部门的意见。"), field="opinion")
    case.opinion = opinion.strip()
    _acted(case, at)
    tell(case, _("争议 %s 经协调未达成一致，将报本级人民政府决定") % case.number, at, text=case.opinion)


@DISPUTE.action("submit")
def submit_to_government(case: Dispute, *, by: Actor, at: datetime) -> None:
    """Submit to the people's government of the authority's level, with both positions, opinion and record (R-SHR-053).

    WrongState without a coordination record; RuleBroken where no government is registered for the region.
    """
    rules.check_heard(heard(case))
    rules.check_submission(set(case.notes.values_list("sort", flat=True)))
    region = parties.department(case.authority_id or 0).region
    case.government_id = outcomes.body(region, "government")
    _acted(case, at)
    tell(
        case,
        _("争议 %s 已报本级人民政府决定") % case.number,
        at,
        to=(case.government_id, case.consumer_id, case.provider_id),
    )


@DISPUTE.action("government_decide")
def record_government_decision(
    case: Dispute, *, by: Actor, at: datetime, number: str, decided_on: date, outcome: Outcome
) -> None:
    """Record the government's decision with number and date; it is carried out on the platform at once (R-SHR-053)."""
    rules.check_decision(number, decided_on, beijing_day(at))
    case.decision_number, case.decided_on = number.strip(), decided_on
    outcomes.carry_out(case, outcome, by=by, at=at)


def _acted(case: Dispute, at: datetime) -> None:
    case.acted_on, case.idle_since = beijing_day(at), None


def flag_idle(at: datetime) -> int:
    """Show disputes that lie at an authority without any act beyond the internal target to the superior; returns how many."""
    today, calendar = beijing_day(at), jurisdiction.calendar()
    waiting = Dispute.objects.filter(state__in=("coordinating", "no_agreement"), idle_since=None)
    found = [
        case
        for case in waiting.exclude(acted_on=None).order_by("acted_on")[:MOST]
        if case.acted_on and add_workdays(case.acted_on, settings().dispute_days, calendar).day < today
    ]
    for case in found:
        Dispute.objects.filter(pk=case.pk).update(idle_since=today)
        title = _("争议 %(number)s 自 %(day)s 起没有办理，已超过内部时限") % {
            "number": case.number,
            "day": case.acted_on,
        }
        tell(case, title, at, to=(case.authority_id, case.superior_id))
    return len(found)


@action("sharing.name_dispute_body", label=N_("登记争议决定机构"), allow=NAMER)
def name_dispute_body(*, by: Actor, at: datetime, sort: str, department_id: int) -> DisputeBody:
    """Name which department stands for the people's government or the leading group of one's own region.

    The earlier one ends, its row stays. NotAllowed outside the own region; RuleBroken for an unknown sort.
    """
    if sort not in rules.BODIES:
        raise RuleBroken(_("请选择机构种类：本级人民政府或者领导小组。"), field="sort")
    department = parties.department(department_id)
    if not by.holds(Role.AUTHORITY_HEAD, department_id=parties.authority_of(department.region)):
        raise NotAllowed(_("只能登记本级区划的机构。"))
    DisputeBody.objects.filter(region=department.region, sort=sort, ended_at=None).update(ended_at=at)
    inbox.tell(
        department_id=department_id,
        title=_("本部门已登记为共享争议的%s") % _(rules.BODIES[sort]),
        link="/sharing/disputes/",
        at=at,
    )
    return DisputeBody.objects.create(
        region=department.region, sort=sort, department_id=department_id, named_by=by.name[:100], named_at=at
    )
