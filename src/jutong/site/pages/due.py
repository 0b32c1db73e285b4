"""The calendar of limits: a month with every due day of the actor's departments, rest days marked."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from jutong.kernel import agenda, clock, faces
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_

FIRST_YEAR: Final = 2004
LAST_YEAR: Final = 2099
WEEKDAYS: Final = (N_("一"), N_("二"), N_("三"), N_("四"), N_("五"), N_("六"), N_("日"))


@require_safe
def month(request: HttpRequest) -> HttpResponse:
    """Show a month (?month=2026-03, by default the present one)."""
    actor, now = faces.actor_of(request), clock.now()
    first = _first_day(request.GET.get("month", ""), beijing_day(now))
    weeks = agenda.month(actor, first.year, first.month, now)
    return faces.page(
        request,
        "joined/due.html",
        title=_("期限日历"),
        lead=_("%(year)d 年 %(month)d 月") % {"year": first.year, "month": first.month},
        crumbs=[(_("工作台"), reverse("workbench")), (_("期限日历"), "")],
        weeks=weeks,
        weekdays=[_(name) for name in WEEKDAYS],
        due=[(day, due) for week in weeks for day in week for due in day.due if day.in_month],
        before=_month_text(first, -1),
        after=_month_text(first, 1),
        this=beijing_day(now).strftime("%Y-%m"),
    )


def _first_day(text: str, today: date) -> date:
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


urlpatterns: list[URLPattern] = [path("due/", month, name="calendar_due")]
