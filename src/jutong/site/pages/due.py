"""The calendar of limits: a month with every due day of the actor's departments, rest days marked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from jutong.kernel import agenda, clock, faces
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken
from jutong.kernel.faces import downloads, icalendar
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_

FIRST_YEAR: Final = 2004
LAST_YEAR: Final = 2099
BACK: Final = timedelta(days=31)
AHEAD: Final = timedelta(days=366)
WEEKDAYS: Final = (N_("一"), N_("二"), N_("三"), N_("四"), N_("五"), N_("六"), N_("日"))


@require_safe
def month(request: HttpRequest) -> HttpResponse:
    """Show a month (?month=2026-03, by default the present one)."""
    actor, now = faces.actor_of(request), clock.now()
    first = first_day(request.GET.get("month", ""), beijing_day(now))
    weeks = agenda.month(actor, first.year, first.month, now)
    return faces.page(
        request,
        "joined/due.html",
        title=_("期限日历"),
        lead=_("%(year)d 年 %(month)d 月") % {"year": first.year, "month": first.month},
        crumbs=[(_("工作台"), reverse("workbench")), (_("期限日历"), "")],
        weeks=weeks,
        weekdays=[_(name) for name in WEEKDAYS],
        days=[day for week in weeks for day in week if day.in_month and (day.due or day.name or day.today)],
        provisional=any(due.clock.provisional for week in weeks for day in week for due in day.due),
        announced=all(day.announced for week in weeks for day in week if day.in_month),
        before=_month_text(first, -1),
        after=_month_text(first, 1),
        this=beijing_day(now).strftime("%Y-%m"),
    )


def first_day(text: str, today: date) -> date:
    """Return the first day of a month written 2026-03, the present month for nothing; RuleBroken for anything else."""
    if not text:
        return today.replace(day=1)
    try:
        year, number = (int(part) for part in text.split("-"))
        first = date(year, number, 1)
    except ValueError:
        raise RuleBroken(_("月份“%s”不正确，请按 2026-03 的样式填写。") % text[:20], field="month") from None
    if not FIRST_YEAR <= first.year <= LAST_YEAR:
        raise RuleBroken(_("月份须在 2004 年至 2099 年之间，请修改。"), field="month")
    return first


def _month_text(first: date, step: int) -> str:
    months = first.year * 12 + first.month - 1 + step
    return f"{months // 12:04d}-{months % 12 + 1:02d}"


@require_safe
def ical(request: HttpRequest) -> HttpResponseBase:
    """Give the limits of the last month and of the year to come as an iCalendar file."""
    actor, now = faces.actor_of(request), clock.now()
    return downloads.attachment([calendar_file(actor, now)], _("办理期限.ics"), icalendar.MEDIA_TYPE)


def calendar_file(actor: Actor, at: datetime) -> bytes:
    """Return the limits of the actor's departments as an iCalendar file: number, title, day and link, nothing else."""
    today, origin = beijing_day(at), settings().web_origin
    host = urlsplit(origin).hostname or "jutong"
    events = [
        icalendar.Event(
            uid=f"{due.workflow}-{due.id}-{due.clock.name}@{host}",
            day=due.clock.due_day,
            summary=_("%(label)s期限：%(title)s") % {"label": _(due.clock.label), "title": due.title},
            description="\n".join([f"{due.kind} {due.number}", due.clock.text, due.clock.explanation]),
            url=f"{origin}{due.url}" if due.url else "",
            tentative=due.clock.provisional,
        )
        for due in agenda.due_between(actor, today - BACK, today + AHEAD, at)
    ]
    return icalendar.rendered(events, name=_("聚通办理期限"), at=at)


urlpatterns: list[URLPattern] = [
    path("due/", month, name="calendar_due"),
    path("due/calendar.ics", ical, name="calendar_ics"),
]
