"""The region's demands together: what the next list takes up, issued lists, figures, and the matching procedure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import actor_of, done, page, posted, signed, told
from jutong.kernel.faces.downloads import xlsx
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages.demand_forms import IssueForm, ProcedureForm
from jutong.slices.catalogue.pages.demands import as_sheet, tabs
from jutong.slices.catalogue.pages.forms import asked_number, asked_text
from jutong.slices.catalogue.pages.sources import act
from jutong.slices.parties import queries as parties


def _region(request: HttpRequest, actor: Actor) -> str:
    """Return the region asked for, or the actor's own."""
    return asked_text(request, "region")[:12] or actor.region


@require_GET
def lists(request: HttpRequest) -> HttpResponse:
    """Show a region's demands together: figures, what blocks its next list, and the issued lists."""
    actor = actor_of(request)
    region = _region(request, actor)
    rows, meta = queries.demand_lists(number=asked_number(request))
    return page(
        request,
        "catalogue/demand_lists.html",
        title=_("需求清单汇总"),
        tabs=tabs(request, "catalogue_demand_lists"),
        seen=queries.aggregate(region, actor),
        figures=queries.demand_figures(region, at=clock.now()),
        scopes=queries.demand_scopes(region),
        rows=rows,
        meta=meta,
    )


@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """List what the next list of the own region takes up, to its authority and to auditors."""
    actor = actor_of(request)
    region = _watched(request, actor)
    text = asked_text(request, "q")
    rows, meta = queries.listed_demands(at=clock.now(), region=region, text=text, number=asked_number(request))
    name = parties.region_name(region)
    return page(
        request,
        "catalogue/demand_list.html",
        title=_("%s待印发的需求") % name,
        rows=rows,
        meta=meta,
        text=text,
        export_at=f"{reverse('catalogue_demand_waiting_export')}?region={region}",
        crumbs=[(_("需求清单汇总"), reverse("catalogue_demand_lists")), (_("待印发"), "")],
    )


def _watched(request: HttpRequest, actor: Actor) -> str:
    region = _region(request, actor)
    if region not in queries.watched_demands(actor):
        raise NotThere(_("只有本地区主管部门和审计人员可以查看待印发的需求。"))
    return region


@require_GET
def waiting_export(request: HttpRequest) -> HttpResponseBase:
    """Answer with what the next list takes up as Excel."""
    region = _watched(request, actor_of(request))
    return as_sheet(queries.listed_lines(at=clock.now(), region=region, text=asked_text(request, "q")), _("需求清单"))


@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one issued list with its demands as they stand now."""
    seen, text = queries.demand_list(pk), asked_text(request, "q")
    rows, meta = queries.listed_demands(at=clock.now(), list_id=pk, text=text, number=asked_number(request))
    return page(
        request,
        "catalogue/demand_list.html",
        title=_("%(region)s需求清单第 %(number)d 号") % {"region": seen.region_name, "number": seen.number},
        seen=seen,
        rows=rows,
        meta=meta,
        text=text,
        export_at=reverse("catalogue_demand_list_export", args=[pk]),
        crumbs=[(_("需求清单汇总"), reverse("catalogue_demand_lists")), (seen.document, "")],
    )


@require_GET
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Answer with an issued list as Excel."""
    queries.demand_list(pk)
    return as_sheet(queries.listed_lines(at=clock.now(), list_id=pk, text=asked_text(request, "q")), _("需求清单"))


@require_GET
def figures_export(request: HttpRequest) -> HttpResponseBase:
    """Answer with a region's fulfilment figures by department as Excel."""
    headers = [
        _("部门"), _("提出需求"), _("已满足"), _("未采纳或终结"), _("受分派"), _("已提供"), _("待提供"), _("答复超期"),
    ]  # fmt: skip
    name = _("需求办理情况-%s.xlsx") % f"{beijing_day(clock.now()):%Y%m%d}"
    return xlsx(name, headers, _cells(_region(request, actor_of(request))), sheet=_("需求办理情况"))


def _cells(region: str) -> Iterator[list[object]]:
    for row in queries.demand_figures(region, at=clock.now()):
        yield [row.department, row.wanted, row.met, row.over, row.given, row.given_met, row.given_open, row.given_late]


def issue(request: HttpRequest) -> HttpResponse:
    """Issue a region's next list."""
    actor = actor_of(request)
    region = _region(request, actor)
    seen, form, back = queries.aggregate(region, actor), IssueForm(posted(request)), reverse("catalogue_demand_lists")
    if form.is_bound and form.is_valid():
        with told(form):
            made = actions.issue_demands(
                by=signed(request), at=clock.now(), authority_id=actor.department_id or 0, region=region,
                document=form.cleaned_data["document"],
            )  # fmt: skip
            return done(request, _("已印发，并通知有关部门。"), to=reverse("catalogue_demand_list", args=[made.pk]))
    lead = _("%(region)s：%(count)d 项需求") % {"region": seen.region_name, "count": seen.waiting}
    return act(request, _("印发需求清单"), form, back, lead=lead, refused=not seen.may_issue)


@require_GET
def procedure(request: HttpRequest) -> HttpResponse:
    """Show the matching procedure of a region, in force or an earlier version: everybody signed in reads it."""
    actor = actor_of(request)
    region = _region(request, actor)
    return page(
        request,
        "catalogue/procedure.html",
        title=_("供需对接流程"),
        tabs=tabs(request, "catalogue_procedure"),
        seen=queries.procedure(region, version=asked_number(request, "version", 0)),
        versions=queries.procedure_versions(region),
        may_publish=region in queries.own_regions(actor),
    )


def publish(request: HttpRequest) -> HttpResponse:
    """Publish the next version of the own region's procedure; the form begins with the one in force."""
    actor = actor_of(request)
    region = _region(request, actor)
    seen, back = queries.procedure(region), reverse("catalogue_procedure")
    initial: dict[str, Any] = {"answer_days": seen.answer_days, "note": seen.note}
    form = ProcedureForm(seen.steps, posted(request), initial=initial)
    if form.is_bound and form.is_valid():
        with told(form):
            given = form.cleaned_data
            actions.publish_procedure(
                by=signed(request), at=clock.now(), authority_id=actor.department_id or 0, region=region,
                steps=form.steps, answer_days=given["answer_days"], note=given["note"],
            )  # fmt: skip
            return done(request, _("已发布，此后提交的需求适用新流程。"), to=back)
    return page(
        request, "catalogue/procedure_edit.html", title=_("发布供需对接流程"), form=form, seen=seen, back=back,
        refused=region not in queries.own_regions(actor),
        crumbs=[(_("供需对接流程"), back), (_("发布新版本"), "")],
    )  # fmt: skip
