"""Watching back-flows: needs nobody answered, runs that are late, gaps that are reported and sent again; findings proposed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel import inbox, outbox
from jutong.kernel.actors import Actor, Role, system_actor
from jutong.kernel.clock import BEIJING
from jutong.kernel.errors import Refusal
from jutong.slices.exchange import events
from jutong.slices.exchange.actions.ordering import repair
from jutong.slices.exchange.models import Backflow, Run
from jutong.slices.exchange.queries.returns import arrived_of
from jutong.slices.exchange.rules import last_time
from jutong.slices.exchange.rules.backflow import RUNNING, numbered

PLATFORM: Final = system_actor("exchange")
GRACE: Final = timedelta(days=1)
"""How long after its time a run may still be on its way before the back-flow counts as late."""
MOST_LOOKED_AT: Final = 1000
ARTICLES: Final = {"not_returned": "national-2025#39(5)", "backflow_condition": "national-2025#24; national-2025#39(2)"}
"""The circumstance that each kind of finding falls under."""


def page_of(backflow_id: int) -> str:
    """Return the address of a back-flow's page."""
    return f"/exchange/backflows/{backflow_id}/"


def propose_finding(case: Backflow, kind: str, words: str, *, by: Actor, at: datetime) -> None:
    """Put a circumstance of the upper department forward as a possible finding; nothing is decided by it."""
    payload = {
        "kind": kind, "department_id": case.provider_id, "authority_id": case.authority_id, "subject": case.title,
        "words": words, "source": numbered(case.pk), "article": ARTICLES[kind],
    }  # fmt: skip
    outbox.publish(events.FINDING_PROPOSED, f"backflow:{case.pk}", payload, at=at, by=by)


def _tell(case: Backflow, to: Iterable[tuple[int | None, Role | None]], title: str, at: datetime) -> None:
    for department_id, role in to:
        if department_id is not None:
            inbox.tell(department_id=department_id, role=role, title=title[:200], link=page_of(case.pk), at=at)


def tell_of_move(backflow_id: int, state: str, *, at: datetime) -> None:
    """Tell the other side what it has to do now: arrange a need that was stated, start what was arranged."""
    case = Backflow.objects.get(pk=backflow_id)
    words = {"number": numbered(case.pk), "title": case.title}
    if state == "needed":
        _tell(case, ((case.provider_id, Role.SHARING_UNIT_HEAD),), _("收到回流需求 %(number)s：%(title)s") % words, at)
    else:
        officers = ((case.consumer_id, Role.DATA_OFFICER), (case.consumer_id, Role.SYSTEM_ENGINEER))
        _tell(case, officers, _("回流已安排，请选定目标表：%(number)s %(title)s") % words, at)


def show_unanswered(backflow_id: int, *, due_day: date, at: datetime) -> bool:
    """Show a need that was not answered within the internal target to the authority above both; returns whether it was now.

    The target is no statutory limit: no finding follows from it (R-OVR-039).
    """
    case = Backflow.objects.filter(pk=backflow_id, state="needed", unanswered_since=None).first()
    if case is None:
        return False
    Backflow.objects.filter(pk=case.pk).update(unanswered_since=due_day)
    words = {"number": numbered(case.pk), "day": due_day, "title": case.title}
    title = _("回流需求 %(number)s 超过内部目标（%(day)s）仍未安排：%(title)s") % words
    _tell(case, ((case.authority_id, None), (case.provider_id, Role.SHARING_UNIT_HEAD)), title, at)
    return True


def find_late_backflows(at: datetime) -> int:
    """Put running back-flows forward whose last time passed a day ago without a released run, once each; returns how many."""
    running = Backflow.objects.filter(state__in=RUNNING).exclude(task=None).select_related("task").order_by("pk")
    found = 0
    for case in running[:MOST_LOOKED_AT]:
        assert case.task is not None  # noqa: S101 - the filter's own promise
        due = last_time(case.task.cron or case.cron, at - GRACE)
        begun = case.started_at is not None and case.started_at < due
        done = Run.objects.filter(task_id=case.task_id, state="released", settled_at__gte=due).exists()
        late_since = due if begun and not done else None
        if (late_since is None) == (case.late_since is None):
            continue
        Backflow.objects.filter(pk=case.pk).update(late_since=late_since)
        if late_since is not None:
            found += 1
            _late(case, late_since, at)
    return found


def _late(case: Backflow, due: datetime, at: datetime) -> None:
    title = _("数据回流未按计划完成：%s") % case.title
    _tell(case, ((case.provider_id, Role.SHARING_UNIT_HEAD), (case.consumer_id, Role.DATA_OFFICER)), title, at)
    words = _("%(number)s %(title)s：应于 %(due)s 执行的回流逾一日没有完成。") % {
        "number": numbered(case.pk), "title": case.title, "due": f"{due.astimezone(BEIJING):%Y-%m-%d %H:%M}",
    }  # fmt: skip
    propose_finding(case, "not_returned", words, by=PLATFORM, at=at)


def report_gap(run_id: int, *, at: datetime) -> bool:
    """Report what a back-flow's run lacks to the upper department, and send the lacking divisions again, once (R-CAS-016).

    Returns whether the run was a back-flow's that did not reconcile. A second gap is left to people.
    """
    run = Run.objects.filter(pk=run_id, state="quarantined").first()
    case = Backflow.objects.filter(task_id=run.task_id).first() if run else None
    if run is None or case is None:
        return False
    sent, arrived = arrived_of(run)
    words = {"number": numbered(case.pk), "run": f"T-{run.pk:06d}", "sent": sent, "arrived": arrived}
    title = _("回流缺口 %(number)s（%(run)s）：来源计 %(sent)d 行，核对一致到达 %(arrived)d 行") % words
    _tell(case, ((case.provider_id, Role.DATA_OFFICER), (case.consumer_id, Role.DATA_OFFICER)), title, at)
    if run.differing and not run.repair:
        try:
            repair(run.pk, by=PLATFORM, at=at)
        except Refusal as refusal:
            _tell(case, ((case.consumer_id, Role.SYSTEM_ENGINEER),), refusal.sentence, at)
    return True
