"""The region's demands together: issuing its list, and publishing the procedure of matching supply and demand."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Max
from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.errors import Conflict, RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import DemandList, MatchingProcedure
from jutong.slices.catalogue.queries.demand_figures import demand_conflicts, own_regions, unlisted
from jutong.slices.catalogue.rules.demands import Step, check_steps
from jutong.slices.catalogue.workflow import AUTHORITY
from jutong.slices.parties import queries as parties


@action("catalogue.issue_demands", label=N_("印发需求清单"), allow=AUTHORITY)
def issue_demands(*, by: Actor, at: datetime, authority_id: int, region: str, document: str) -> DemandList:
    """Issue the demands of a region that no list has taken up yet as its next list; departments concerned are told.

    Conflict while demands have neither entry nor provider, point to withdrawn entries or to two providers of one thing.
    """
    _check_own(region, authority_id, by)
    if not document.strip():
        raise RuleBroken(_("请填写文号。"), field="document")
    if blocks := demand_conflicts(region):
        words = {"count": len(blocks), "wanted": blocks[0].wanted, "why": blocks[0].sentence}
        raise Conflict(_("有 %(count)d 个冲突，不能印发：“%(wanted)s”%(why)s") % words)
    waiting = list(unlisted(region).select_for_update(of=("self",)).values_list("pk", "consumer", "provider"))
    if not waiting:
        raise RuleBroken(_("没有待印发的数据需求。"), field="document")
    newest = DemandList.objects.filter(region=region).aggregate(newest=Max("number"))["newest"] or 0
    made = DemandList.objects.create(
        region=region,
        authority_id=authority_id,
        number=newest + 1,
        document=document.strip()[:100],
        lines=len(waiting),
        account_name=by.name[:100],
        at=at,
    )
    unlisted(region).filter(pk__in=[pk for pk, _consumer, _provider in waiting]).update(listed=made)
    _tell_departments(made, {pk for row in waiting for pk in row[1:] if pk is not None}, at)
    return made


def _check_own(region: str, authority_id: int, by: Actor) -> None:
    if region not in own_regions(by) or parties.authority_of(region) != authority_id:
        raise RuleBroken(_("只能办理本地区的需求清单和供需对接流程。"), field="region")


def _tell_departments(made: DemandList, departments: set[int], at: datetime) -> None:
    for department in sorted(departments):
        inbox.tell(
            department_id=department,
            title=_("需求清单已印发（%(document)s），共 %(count)d 项")
            % {"document": made.document, "count": made.lines},
            link=f"/catalogue/demands/lists/{made.pk}/",
            at=at,
        )


@action("catalogue.publish_procedure", label=N_("发布供需对接流程"), allow=AUTHORITY)
def publish_procedure(
    *,
    by: Actor,
    at: datetime,
    authority_id: int,
    region: str,
    steps: Sequence[Step],
    answer_days: int | None = None,
    note: str = "",
) -> MatchingProcedure:
    """Publish a region's workflow of matching: steps, owners, limits, forms (national-2025#20, R-SHR-039).

    answer_days: working days for the answer of a department that was given a demand. Demands under way keep the
    version, and the limit, they began under.
    """
    _check_own(region, authority_id, by)
    kept = check_steps(steps, answer_days)
    newest = MatchingProcedure.objects.filter(region=region).aggregate(newest=Max("version"))["newest"] or 0
    return MatchingProcedure.objects.create(
        region=region,
        authority_id=authority_id,
        version=newest + 1,
        steps=[dataclasses.asdict(step) for step in kept],
        answer_days=answer_days,
        note=note.strip()[:1000],
        account_name=by.name[:100],
        at=at,
    )
