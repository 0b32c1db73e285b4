"""The load of a department for its heads, and of the departments of a region for its authority."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from jutong.kernel import agenda, clock, faces
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotAllowed
from jutong.kernel.faces import downloads, pieces

MOST_BARS = 20


def may_see(actor: Actor) -> bool:
    """Tell whether the page has something for the actor."""
    return actor.holds(*agenda.HEADS, *agenda.AUTHORITY)


def _department(actor: Actor) -> int:
    held = sorted(
        post.department_id for post in actor.held if post.role in agenda.HEADS and post.department_id is not None
    )
    if not held:
        raise NotAllowed(_("本部门负荷只供本部门负责人和共享工作机构负责人查看。"))
    return actor.department_id if actor.department_id in held else held[0]


@require_safe
def load(request: HttpRequest) -> HttpResponse:
    """Show what waits in the actor's department: by kind, urgency, age and person, as charts and tables."""
    actor, now = faces.actor_of(request), clock.now()
    if not actor.holds(*agenda.HEADS) and actor.holds(*agenda.AUTHORITY):
        return region(request)
    found = agenda.load(actor, _department(actor), now)
    return faces.page(
        request,
        "joined/load.html",
        title=_("部门负荷"),
        lead=_("本部门各岗位待办的数量、紧急程度和积压时间；同一件可由多人办理的，计入每个人。"),
        crumbs=_crumbs(_("部门负荷")),
        load=found,
        figures=_figures(found),
        charts=_charts(found) if found.kinds else [],
        ages=_age_labels(),
        region_too=actor.holds(*agenda.AUTHORITY),
    )


def _crumbs(here: str) -> list[tuple[str, str]]:
    return [(_("工作台"), reverse("workbench")), (here, "")]


def _figures(found: agenda.Load) -> tuple[pieces.Figure, ...]:
    busy, unit = sum(person.busy for person in found.people), _("件")
    return (
        pieces.Figure(_("待办"), found.total, unit),
        pieces.Figure(_("已超期"), found.late, unit, "bad" if found.late else "neutral"),
        pieces.Figure(_("在岗人员"), len(found.people), _("人")),
        pieces.Figure(_("负荷过重"), busy, _("人"), "wait" if busy else "neutral"),
    )


def _age_labels() -> list[str]:
    first, second, third = agenda.AGES
    return [
        _("%d 天以内") % first,
        *(_("%(a)d 至 %(b)d 天") % {"a": a, "b": b} for a, b in ((first + 1, second), (second + 1, third))),
        _("超过 %d 天") % third,
    ]


def _charts(found: agenda.Load) -> list[tuple[str, pieces.Chart]]:
    kinds = [kind.label for kind in found.kinds]
    names = ((_("已超期"), "late"), (_("今日到期"), "today"), (_("两个工作日内到期"), "soon"), (_("尚不紧急"), "later"))
    by_urgency = [pieces.Series(label, [getattr(kind, name) for kind in found.kinds]) for label, name in names]
    by_urgency.append(pieces.Series(_("无法定期限"), [kind.unlimited for kind in found.kinds]))
    by_age = [pieces.Series(label, [kind.ages[n] for kind in found.kinds]) for n, label in enumerate(_age_labels())]
    laden = [person for person in found.people if person.waiting][:MOST_BARS]
    by_person = [
        pieces.Series(_("未超期"), [person.waiting - person.late for person in laden]),
        pieces.Series(_("已超期"), [person.late for person in laden]),
    ]
    unit = _("件")
    return [
        ("urgency", pieces.Chart(_("按类别和紧急程度"), kinds, by_urgency, "hbar", stacked=True, unit=unit)),
        ("age", pieces.Chart(_("按类别和积压时间"), kinds, by_age, "hbar", stacked=True, unit=unit)),
        (
            "people",
            pieces.Chart(_("按人员"), [person.name for person in laden], by_person, "hbar", stacked=True, unit=unit),
        ),
    ]


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Give the load of the department, person by person, as Excel."""
    actor = faces.actor_of(request)
    found = agenda.load(actor, _department(actor), clock.now())
    headers = [_("人员"), _("岗位"), _("可办理"), _("已超期"), _("近 30 天办理"), _("负荷过重")]
    rows = [
        (row.name, "、".join(row.posts), row.waiting, row.late, row.done, _("是") if row.busy else "")
        for row in found.people
    ]
    return downloads.xlsx(_("部门负荷.xlsx"), headers, rows, sheet=_("部门负荷"))


@require_safe
def region(request: HttpRequest) -> HttpResponse:
    """Show the authority what waits in each department of its region."""
    rows = agenda.load_of_region(faces.actor_of(request), clock.now())
    top = [row for row in rows if row.total][:MOST_BARS]
    series = [
        pieces.Series(_("未超期"), [row.total - row.late for row in top]),
        pieces.Series(_("已超期"), [row.late for row in top]),
    ]
    chart = pieces.Chart(_("待办最多的部门"), [row.name for row in top], series, "hbar", stacked=True, unit=_("件"))
    return faces.page(
        request,
        "joined/load_region.html",
        title=_("各部门负荷"),
        lead=_("本行政区域各部门的待办数量和超期数量，超期多的在前；不涉及具体人员。"),
        crumbs=_crumbs(_("各部门负荷")),
        rows=rows,
        chart=chart if top else None,
    )


@require_safe
def region_export(request: HttpRequest) -> HttpResponseBase:
    """Give the load of the region's departments as Excel."""
    rows = agenda.load_of_region(faces.actor_of(request), clock.now())
    lines = [(row.name, row.total, row.late) for row in rows]
    return downloads.xlsx(_("各部门负荷.xlsx"), [_("部门"), _("待办"), _("已超期")], lines, sheet=_("各部门负荷"))


urlpatterns: list[URLPattern] = [
    path("load/", load, name="load"),
    path("load/export/", export, name="load_export"),
    path("load/region/", region, name="load_region"),
    path("load/region/export/", region_export, name="load_region_export"),
]
