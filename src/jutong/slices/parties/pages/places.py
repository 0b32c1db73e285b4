"""Regions, competent authorities and sector lines."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.faces import actor_of, page, posted
from jutong.slices.parties import actions, queries
from jutong.slices.parties.pages import forms
from jutong.slices.parties.pages.answering import crumbs, filled, may
from jutong.slices.parties.workflow import LEADERS, REGISTRARS


@require_GET
def regions(request: HttpRequest) -> HttpResponse:
    """Show the divisions and their competent authorities."""
    actor = actor_of(request)
    return page(
        request,
        "parties/regions.html",
        title=_("行政区划与主管部门"),
        rows=queries.regions_with_authorities(),
        may_register=may(REGISTRARS, actor),
        crumbs=crumbs(here=_("行政区划与主管部门")),
    )


def region_new(request: HttpRequest) -> HttpResponse:
    """Register or rename a division."""
    return filled(
        request,
        forms.Region(posted(request)),
        lambda given: actions.ensure_regions({given["code"]: given["name"]}, by=actor_of(request), at=clock.now()),
        who=REGISTRARS,
        title=_("登记行政区划"),
        sentence=_("行政区划已登记。"),
        to=reverse("regions"),
    )


def authority_new(request: HttpRequest) -> HttpResponse:
    """Name the competent authority of a region."""
    return filled(
        request,
        forms.Authority(posted(request), initial={"region": request.GET.get("region", "")}),
        lambda given: actions.name_authority(**given, by=actor_of(request), at=clock.now()),
        who=REGISTRARS,
        title=_("登记共享主管部门"),
        sentence=_("共享主管部门已登记。"),
        to=reverse("regions"),
    )


@require_GET
def sectors(request: HttpRequest) -> HttpResponse:
    """Show the sector lines."""
    actor = actor_of(request)
    return page(
        request,
        "parties/sectors.html",
        title=_("行业条线"),
        rows=queries.sectors(),
        may_register=may(REGISTRARS, actor),
        crumbs=crumbs(here=_("行业条线")),
    )


@require_GET
def sector(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a sector line's departments and guidance."""
    actor = actor_of(request)
    seen = queries.sector(pk, actor, clock.now())
    return page(
        request,
        "parties/sector.html",
        title=seen.line.name,
        seen=seen,
        may_guide=may(LEADERS, actor, seen.line),
        crumbs=crumbs((_("行业条线"), reverse("sectors")), here=seen.line.name),
    )


def sector_new(request: HttpRequest) -> HttpResponse:
    """Register a sector line."""
    return filled(
        request,
        forms.Sector(posted(request)),
        lambda given: actions.start_sector(**given, by=actor_of(request), at=clock.now()),
        who=REGISTRARS,
        title=_("登记行业条线"),
        sentence=_("行业条线已登记。"),
        to=reverse("sectors"),
    )


def sector_guide(request: HttpRequest, pk: int) -> HttpResponse:
    """Give guidance to a sector line."""
    return filled(
        request,
        forms.Guidance(posted(request)),
        lambda given: actions.guide_sector(pk, **given, by=actor_of(request), at=clock.now()),
        who=LEADERS,
        place=queries.sector(pk, actor_of(request), clock.now()).line.lead_id,
        title=_("印发指导意见"),
        sentence=_("指导意见已送达条线各部门。"),
        to=reverse("sector", args=[pk]),
        button=_("印发"),
    )


urlpatterns: list[URLPattern] = [
    path("regions", regions, name="regions"),
    path("regions/new", region_new, name="region_new"),
    path("authorities/new", authority_new, name="authority_new"),
    path("sectors", sectors, name="sectors"),
    path("sectors/new", sector_new, name="sector_new"),
    path("sectors/<int:pk>", sector, name="sector"),
    path("sectors/<int:pk>/guide", sector_guide, name="sector_guide"),
]
