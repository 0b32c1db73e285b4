"""Changing or ending what an upper department returns: through W15 only, carried out on its day (national-2025#27)."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext as _

from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.errors import Conflict
from jutong.kernel.terms import N_
from jutong.slices.datacentre import actions as datacentre
from jutong.slices.datacentre.queries import MountRow
from jutong.slices.exchange.actions.watching import PLATFORM
from jutong.slices.exchange.models import Backflow
from jutong.slices.exchange.rules import backflow as rules
from jutong.slices.exchange.rules import in_words, next_times
from jutong.slices.exchange.rules.backflow import LISTERS, RUNNING, reference
from jutong.slices.exchange.workflow import BACKFLOW, may_know_backflow
from jutong.slices.grants import actions as grants


@BACKFLOW.action("propose_change")
def propose_change(
    case: Backflow, *, by: Actor, at: datetime, cause: str, stop_on: date, cron: str, security: str
) -> None:
    """Propose another schedule and other security measures from a day on: heard, filed and announced as W15 has it.

    RuleBroken as for an arrangement, without cause or a later day; Conflict while an earlier one is open.
    """
    _check_free(case)
    new_cron = rules.check_arrangement(cron, security)
    what = _("回流计划：%(when)s；安全措施：%(security)s") % {"when": in_words(new_cron), "security": security.strip()}
    made = grants.change_resource(
        by=by, at=at, resource_id=case.resource_id, cause=cause, stop_on=stop_on, what=what, case_ref=reference(case.pk)
    )
    case.change_id, case.new_cron, case.new_security = made.pk, new_cron, security.strip()


@BACKFLOW.action("propose_end")
def propose_end(case: Backflow, *, by: Actor, at: datetime, cause: str, stop_on: date) -> None:
    """Propose that nothing is returned from a day on: heard, filed and announced as W15 has it. Refusals as for a change."""
    _check_free(case)
    made = grants.end_resource(
        by=by, at=at, resource_id=case.resource_id, cause=cause, stop_on=stop_on, case_ref=reference(case.pk)
    )
    case.change_id = made.pk


def _check_free(case: Backflow) -> None:
    if case.change_id is not None:
        raise Conflict(N_("该回流已有停止或者变更事项在办，请在其上办理。"))


def carry_out_change(change_id: int, *, at: datetime) -> bool:
    """Run a back-flow by the schedule that was filed, from its day on; returns whether it was one's."""
    case = Backflow.objects.filter(change_id=change_id, state__in=RUNNING).select_related("task").first()
    if case is None or case.task is None:
        return False
    BACKFLOW.advance_many(
        "change", [case.pk], by=PLATFORM, at=at, cron=case.new_cron, security=case.new_security, new_cron="", new_security="",
        change_id=None,
    )  # fmt: skip
    case.task.cron, case.task.due_at = case.new_cron, next_times(case.new_cron, at, 1)[0]
    case.task.save(update_fields=["cron", "due_at"])
    return True


def forget_change(change_id: int) -> None:
    """A proposed change or end was cancelled: the back-flow goes on as it was arranged."""
    Backflow.objects.filter(change_id=change_id).update(change_id=None, new_cron="", new_security="")


@action(
    "exchange.list_unassigned",
    label=N_("列出未标明行政区划的记录"),
    allow=LISTERS,
    on=Backflow,
    visible=may_know_backflow,
)
def list_unassigned(case: Backflow, *, by: Actor, at: datetime) -> tuple[MountRow, tuple[tuple[str, ...], ...]]:
    """Return the first records that no division claims, masked, to the department that has to complete them (R-CAS-014)."""
    return datacentre.preview(case.resource_id, by=by, at=at, empty=case.division_item)
