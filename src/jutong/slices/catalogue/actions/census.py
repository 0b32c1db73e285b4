"""The census of information resources: opening it, what departments declare, and how it ends (inner-mongolia-2018#28)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actors import Actor, Role, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, RuleBroken, WrongState
from jutong.kernel.workflow import open_many
from jutong.slices.catalogue.models import Census, Declaration
from jutong.slices.catalogue.queries.census import asked_departments, previous_of, summed
from jutong.slices.catalogue.queries.proposing import propose_lines
from jutong.slices.catalogue.rules.census import check_census, check_later
from jutong.slices.catalogue.rules.sources import check_reason
from jutong.slices.catalogue.workflow import CENSUS, DECLARATION
from jutong.slices.parties import queries as parties

PLATFORM: Final = system_actor("catalogue")
REMINDED_BEFORE: Final = 3
"""Days before the last one from which departments that have not declared are reminded, once a day."""


def _assign(case: Census, *, by: Actor, at: datetime) -> None:
    """Give every department of the region its task, in the same transaction as the census."""
    tasks = [
        Declaration(region=case.region, census=case, department_id=pk, authority_id=case.authority_id)
        for pk in asked_departments(case.region)
    ]
    open_many(DECLARATION, "assign", tasks, at=at)


@CENSUS.opens("open", then=_assign)
def open_census(
    *, by: Actor, at: datetime, region: str, title: str, document: str, counted_on: date | None, due_on: date | None
) -> Census:
    """Open a census of a region: every active department gets a task, its lines are proposed from the catalogue.

    RuleBroken without name or days; Conflict while another one is open.
    """
    counted, due = check_census(title, counted_on, due_on, today=beijing_day(at))
    if Census.objects.filter(region=region, state="open").exists():
        raise Conflict(_("本地区已有一次普查正在填报，请先结束。"))
    newest = Census.objects.filter(region=region).aggregate(newest=Max("number"))["newest"]
    return Census(
        region=region,
        authority_id=parties.authority_of(region),
        number=int(newest or 0) + 1,
        title=title.strip()[:200],
        document=document.strip()[:100],
        counted_on=counted,
        due_on=due,
        at=at,
    )


def fill_census(census_id: int, *, at: datetime) -> None:
    """Propose the lines of a census from the catalogue once, and tell the departments of their task."""
    with transaction.atomic():
        case = Census.objects.select_for_update().filter(pk=census_id, filled_at=None).first()
        if case is None:
            return
        before = previous_of(case)
        propose_lines(case.pk, before=before.pk if before else 0)
        case.filled_at = at
        case.save(update_fields=["filled_at"])
        _tell(case, _("请填报信息资源普查：%(title)s，期限 %(day)s"), at)


def _tell(case: Census, title: str, at: datetime) -> None:
    for pk, department in case.declarations.filter(state="assigned").values_list("pk", "department").order_by("pk"):
        inbox.tell(
            department_id=department,
            role=Role.DATA_OFFICER,
            title=title % {"title": case.title, "day": case.due_on},
            link=f"/catalogue/census/declarations/{pk}/",
            at=at,
        )


@CENSUS.action("prolong")
def prolong_census(case: Census, *, by: Actor, at: datetime, due_on: date | None) -> None:
    """Give the departments until a later day."""
    case.due_on = check_later(due_on, case.due_on, today=beijing_day(at))
    case.reminded_on = None


@CENSUS.action("close")
def close_census(case: Census, *, by: Actor, at: datetime) -> None:
    """End a census; departments without a declaration are listed as not having responded."""
    case.closed_on = beijing_day(at)
    _lapse(case, at)


def _lapse(case: Census, at: datetime) -> None:
    waiting = case.declarations.filter(state="assigned").order_by("pk").values_list("pk", flat=True)
    DECLARATION.advance_many("lapse", waiting, by=PLATFORM, at=at)


def end_censuses(*, at: datetime) -> int:
    """End the censuses whose last day has passed; returns how many."""
    over = list(Census.objects.filter(state="open", due_on__lt=beijing_day(at)).order_by("pk"))
    for case in over:
        with transaction.atomic():
            _lapse(case, at)
            CENSUS.advance_many("close", [case.pk], by=PLATFORM, at=at, closed_on=beijing_day(at))
    return len(over)


def remind_of_census(*, at: datetime) -> int:
    """Remind the departments that have not declared, once a day in the last days; returns of how many censuses."""
    today = beijing_day(at)
    told = 0
    for case in Census.objects.filter(state="open", filled_at__isnull=False).exclude(reminded_on=today).order_by("pk"):
        if 0 <= (case.due_on - today).days <= REMINDED_BEFORE:
            _tell(case, _("信息资源普查即将截止：%(title)s，期限 %(day)s"), at)
            Census.objects.filter(pk=case.pk).update(reminded_on=today)
            told += 1
    return told


def tell_of_end(census_id: int, *, at: datetime) -> None:
    """Tell the authority how a census ended."""
    case = Census.objects.get(pk=census_id)
    words = {"title": case.title, "silent": case.declarations.filter(state="not_responded").count()}
    inbox.tell(
        department_id=case.authority_id,
        title=_("信息资源普查已结束：%(title)s，未填报部门 %(silent)d 个") % words,
        link=f"/catalogue/census/{case.pk}/",
        at=at,
    )


@DECLARATION.action("declare")
def declare(case: Declaration, *, by: Actor, at: datetime) -> None:
    """Declare a department's resources: every line is confirmed or said to be gone, the sums are written down.

    WrongState while the lines are not proposed yet; RuleBroken with the number of lines that wait.
    """
    if case.census.filled_at is None:
        raise WrongState(_("正在从目录推算普查数据，请稍后再提交。"))
    if waiting := case.resources.filter(kind="proposed").count():
        raise RuleBroken(_("还有 %d 条资源没有确认，请逐条核对，或一次确认全部推算数据。") % waiting, field="lines")
    for name, value in summed(case.pk).items():
        setattr(case, name, value)
    case.declared_at, case.declared_by = at, by.name[:100]
    case.sent_back, case.refused = "", []


@DECLARATION.action("send_back")
def send_back_declaration(case: Declaration, *, by: Actor, at: datetime, reason: str) -> None:
    """Have a department declare again, while the census is open: WrongState afterwards, RuleBroken without a reason."""
    if case.census.state != "open":
        raise WrongState(_("普查已结束，不能再退回填报。"))
    case.sent_back = check_reason(reason)[:500]
    case.declared_at = None


def tell_of_return(declaration_id: int, *, at: datetime) -> None:
    """Tell a department that its declaration came back."""
    case = Declaration.objects.select_related("census").get(pk=declaration_id)
    inbox.tell(
        department_id=case.department_id,
        role=Role.DATA_OFFICER,
        title=_("普查填报被退回：%(title)s") % {"title": case.census.title},
        text=case.sent_back,
        link=f"/catalogue/census/declarations/{case.pk}/",
        at=at,
    )
