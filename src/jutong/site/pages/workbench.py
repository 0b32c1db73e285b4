"""The workbench: what waits, what is overdue, what was done, notices and running work, in panels of every slice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from jutong.kernel import agenda, clock, faces, inbox, jobs, panels
from jutong.kernel.actors import ADMINISTRATORS, DECIDING, Actor
from jutong.kernel.faces import pieces
from jutong.kernel.panels import Filled, Panel
from jutong.kernel.terms import N_

PLACES: Final = ("workbench", "workbench_side")


@dataclass(frozen=True, slots=True)
class Desk:
    """A filled workbench: figures on top, the main column, the side."""

    figures: tuple[pieces.Figure, ...]
    main: tuple[Filled, ...]
    side: tuple[Filled, ...]
    decides: bool


def desk(actor: Actor, at: datetime) -> Desk:
    """Fill the workbench of an actor; the figures are counted from the to-do panel."""
    main, side = (tuple(panels.filled(place, actor, at)) for place in PLACES)
    waits = next((one.content for one in main if isinstance(one.content, agenda.ToDo)), None)
    decides = bool(DECIDING & {post.role for post in actor.posts})
    return Desk(_figures(waits) if waits else (), main, side, decides)


def _figures(waits: agenda.ToDo) -> tuple[pieces.Figure, ...]:
    there = reverse("todo")
    return (
        _figure(_("待办"), waits, "total", "neutral", there),
        _figure(_("已超期"), waits, "late", "bad", f"{there}?urgency=late"),
        _figure(_("今日到期"), waits, "today", "bad", f"{there}?urgency=today"),
        _figure(_("两个工作日内到期"), waits, "soon", "wait", f"{there}?urgency=soon"),
    )


def _figure(label: str, waits: agenda.ToDo, name: str, tone: pieces.Tone, url: str) -> pieces.Figure:
    shown = agenda.count_in_words(waits, name)
    return pieces.Figure(label, shown, _("件"), tone if getattr(waits, name) else "neutral", url)


@require_safe
def workbench(request: HttpRequest) -> HttpResponse:
    """Show the workbench (/)."""
    actor = faces.actor_of(request)
    now = clock.now()
    shown = desk(actor, now)
    lead = _("%(department)s · %(day)s") % {"department": actor.department_name, "day": _today(now)}
    return faces.page(request, "joined/workbench.html", title=_("工作台"), lead=lead, desk=shown)


def _today(at: datetime) -> str:
    from jutong.kernel.faces.templatetags.jutong import long_day

    return long_day(at)


def notices(request: HttpRequest) -> HttpResponse:
    """Show the inbox (/inbox/); posting marks everything read."""
    actor = faces.actor_of(request)
    if request.method == "POST":
        inbox.mark_read(actor, at=clock.now())
        return faces.done(request, _("已全部标为已读。"), to=reverse("inbox"))
    rows = inbox.notices(actor, limit=200)
    unread = sum(not row.read for row in rows)
    lead = ngettext("%d 条未读", "%d 条未读", unread) % unread if unread else _("没有未读消息")
    return faces.page(
        request,
        "joined/inbox.html",
        title=_("消息"),
        lead=lead,
        crumbs=[(_("工作台"), reverse("workbench")), (_("消息"), "")],
        notices=rows,
        unread=unread,
    )


def _does_business(actor: Actor) -> bool:
    return not actor.roles <= ADMINISTRATORS


def register_panels() -> None:
    """Offer the workbench's own panels."""
    to_do = Panel("todo", N_("待办"), 0, _does_business, agenda.todo, "panels/todo.html")
    late = Panel("overdue", N_("本部门超期事项"), 10, _does_business, _overdue, "panels/overdue.html")
    done = Panel("done", N_("已办"), 90, _does_business, agenda.done, "panels/done.html")
    told = Panel("notices", N_("消息"), 0, _anyone, _newest, "panels/notices.html")
    work = Panel("work", N_("后台任务"), 10, _anyone, _own_work, "panels/work.html")
    for panel in (to_do, late, done):
        panels.register("workbench", panel)
    for panel in (told, work):
        panels.register("workbench_side", panel)


def _anyone(_actor: Actor) -> bool:
    return True


def _overdue(actor: Actor, at: datetime) -> agenda.Late | None:
    late = agenda.overdue(actor, at)
    return late if late.rows else None


def _newest(actor: Actor, _at: datetime) -> list[inbox.Notice]:
    return inbox.notices(actor, limit=8)


def _own_work(actor: Actor, at: datetime) -> list[jobs.ProgressRow] | None:
    return jobs.own_work(actor, at) or None


urlpatterns: list[URLPattern] = [
    path("", workbench, name="workbench"),
    path("inbox/", notices, name="inbox"),
]
