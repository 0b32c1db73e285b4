"""The census of information resources: the list, opening one, its progress and results beside the one before, gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.actors import Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, NotThere
from jutong.kernel.faces import Form, actor_of, done, page, posted, signed, told
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.forms import Day, Line
from jutong.kernel.faces.pieces import Chart, Figure, Series, Tab
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages.forms import asked_number, asked_text
from jutong.slices.catalogue.pages.sources import Nothing, Why, act, moved
from jutong.slices.catalogue.rules.census import QUANTITIES
from jutong.slices.catalogue.workflow import GAP_STATES
from jutong.slices.parties import queries as parties

MOST_DRAWN: Final = 15
"""Departments that the chart shows; the table has all."""


class OpenCensus(Form):
    """What a census is called, on which decision it rests, whose day's figures it asks, and until when."""

    region = forms.ChoiceField(label=gettext_lazy("普查地区"))
    title = Line(label=gettext_lazy("普查名称"), max_length=200)
    document = Line(label=gettext_lazy("文号"), max_length=100, required=False)
    counted_on = Day(label=gettext_lazy("数据截止日期"), help_text=gettext_lazy("填报截至这一天的数据"))
    due_on = Day(label=gettext_lazy("填报期限"), help_text=gettext_lazy("到期仍未填报的部门列为未填报"))

    def __init__(self, regions: list[tuple[str, str]], *args: Any) -> None:
        super().__init__(*args)
        self.fields["region"].choices = regions  # type: ignore[attr-defined]


class Prolong(Form):
    """Until which day."""

    due_on = Day(label=gettext_lazy("新的填报期限"))


_FORMS: Final[dict[str, type[Form]]] = {"prolong": Prolong, "close": Nothing}
_ACTS: Final[dict[str, Callable[..., Any]]] = {"prolong": actions.prolong_census, "close": actions.close_census}


def tabs(current: str) -> list[Tab]:
    """Return the pages of the census."""
    names = {"catalogue_censuses": _("普查"), "catalogue_census_gaps": _("补编任务")}
    return [Tab(label, reverse(name), current=name == current) for name, label in names.items()]


@require_GET
def censuses(request: HttpRequest) -> HttpResponse:
    """List the censuses; the authority opens one where its profile has them."""
    actor, at = actor_of(request), clock.now()
    rows, meta = queries.censuses(actor, at=at, number=asked_number(request))
    return page(
        request,
        "catalogue/censuses.html",
        title=_("信息资源普查"),
        tabs=tabs("catalogue_censuses"),
        rows=rows,
        meta=meta,
        may_open=bool(queries.may_open_census(actor, at)),
        without=queries.without_census(actor, at),
    )


def new(request: HttpRequest) -> HttpResponse:
    """Open a census of a region."""
    regions = [(code, parties.region_name(code)) for code in queries.may_open_census(actor_of(request), clock.now())]
    if not regions:
        raise NotAllowed(_("您不能开展普查：须由统筹管理部门在政策规则设有普查的地区开展。"))
    form, back = OpenCensus(regions, posted(request)), reverse("catalogue_censuses")
    if form.is_bound and form.is_valid():
        with told(form):
            made = actions.open_census(by=signed(request), at=clock.now(), **form.cleaned_data)
            said = _("普查已开展，正在从目录推算各部门数据。")
            return done(request, said, to=reverse("catalogue_census", args=[made.pk]))
    lead = _("每个部门都会收到填报任务，已编目的资源由系统推算六项数据，部门核对即可。")
    return act(request, _("开展普查"), form, back, lead=lead)


@require_GET
def census(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one census: who has answered, what it comes to, and what changed since the one before."""
    seen = queries.census(pk, actor=actor_of(request), at=clock.now())
    names = [(name, _(label)) for name, label in QUANTITIES.items()]
    return page(
        request,
        "catalogue/census.html",
        title=seen.row.title,
        seen=seen,
        quantities=names,
        totals=[(label, seen.totals[name], seen.before[name]) for name, label in names],
        standing=_standing(seen),
        chart=_chart(seen),
        crumbs=[(_("信息资源普查"), reverse("catalogue_censuses")), (seen.row.title, "")],
    )


def _standing(seen: queries.CensusDetail) -> list[Figure]:
    """Return how far a census is: departments, and the gaps it found."""
    gaps = f"{reverse('catalogue_census_gaps')}?census={seen.row.id}"
    departments = [
        Figure(_("部门"), seen.row.departments),
        Figure(_("已填报部门"), seen.row.declared),
        Figure(_("未填报部门"), seen.row.silent, tone="bad" if seen.row.silent else "neutral"),
    ]
    found = [
        Figure(_("待编目"), seen.gaps.get("open", 0), tone="wait", url=f"{gaps}&state=open"),
        Figure(_("已编目"), seen.gaps.get("compiled", 0), url=f"{gaps}&state=compiled"),
        Figure(_("不需编目"), seen.gaps.get("waived", 0), url=f"{gaps}&state=waived"),
    ]
    return [*departments, *found] if seen.watches else found


def _chart(seen: queries.CensusDetail) -> Chart | None:
    """Return the records of the largest departments, stored and shared, beside those of the census before."""
    answered = [row for row in seen.rows if row.state == "declared" and row.sums["stored_records"]]
    most = sorted(answered, key=lambda row: -(row.sums["stored_records"] or 0))[:MOST_DRAWN]
    if not most:
        return None
    series = [Series(_("本次总数"), [_figure(row.sums["stored_records"]) for row in most])]
    series.append(Series(_("其中已共享"), [_figure(row.sums["shared_records"]) for row in most]))
    if seen.previous:
        before = [_figure((row.before or {}).get("stored_records")) for row in most]
        series.append(Series(_("上次总数"), before))
    return Chart(_("各部门结构化记录"), [row.department for row in most], series, kind="hbar", unit=_("万条"))


def _figure(value: Any) -> float | None:
    return None if value is None else float(value)


def deed(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Show the form of a move of a census, or make the move."""
    if verb not in _FORMS:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb[:40])
    seen = queries.census(pk, actor=actor_of(request), at=clock.now())
    back, form = reverse("catalogue_census", args=[pk]), _FORMS[verb](posted(request))
    return moved(request, verb, pk, form, _ACTS[verb], seen.buttons, back, lead=seen.row.title)


@require_GET
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Answer with a census's departments, their figures and those of the census before as Excel."""
    seen = queries.census(pk, actor=actor_of(request), at=clock.now())
    labels = [_(label) for label in QUANTITIES.values()]
    headers = [
        _("部门"), _("填报状态"), _("资源数"), _("目录中有"), _("目录中没有"), _("资源已不存在"), _("更正推算"), *labels,
        *(_("上次：%s") % label for label in labels),
    ]  # fmt: skip
    return xlsx(f"{seen.row.title}.xlsx", headers, _cells(seen), sheet=_("普查结果"))


def _cells(seen: queries.CensusDetail) -> Iterator[list[object]]:
    for row in seen.rows:
        before = row.before or dict.fromkeys(QUANTITIES)
        yield [
            row.department, row.state_label, row.lines, row.catalogued, row.missing, row.gone, row.corrected,
            *row.sums.values(), *(before[name] for name in QUANTITIES),
        ]  # fmt: skip


@require_GET
def gaps(request: HttpRequest) -> HttpResponse:
    """List the resources that censuses found and the catalogue lacks."""
    asked, state, text = asked_number(request, "census", 0), asked_text(request, "state"), asked_text(request, "q")
    actor = actor_of(request)
    rows, meta = queries.census_gaps(actor, census=asked, state=state, text=text, number=asked_number(request))
    return page(
        request,
        "catalogue/census_gaps.html",
        title=_("普查补编任务"),
        tabs=tabs("catalogue_census_gaps"),
        rows=rows,
        meta=meta,
        census=asked,
        own={post.department_id for post in actor.posts if post.role is Role.DATA_OFFICER},
        state=state,
        text=text,
        states=[(code, _(label)) for code, label in GAP_STATES.items()],
    )


def waive(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a declared resource stay out of the catalogue."""
    seen = queries.census_gap(pk, actor=actor_of(request))
    form, back = Why(posted(request)), reverse("catalogue_census_gaps")
    if form.is_bound and form.is_valid():
        with told(form):
            actions.waive_gap(pk, by=signed(request), at=clock.now(), **form.cleaned_data)
            return done(request, _("已办理。"), to=back)
    return act(request, _("认定不需编目"), form, back, lead=seen.title, refused=not seen.waivable)


@require_GET
def gaps_export(request: HttpRequest) -> HttpResponseBase:
    """Answer with the gaps of a list as Excel."""
    rows = queries.every_census_gap(
        actor_of(request), census=asked_number(request, "census", 0), state=asked_text(request, "state"),
        text=asked_text(request, "q"),
    )  # fmt: skip
    headers = [_("信息资源名称"), _("部门"), _("普查"), _("状态"), _("理由"), _("登记时间"), _("办结日期")]
    cells = ([r.title, r.department, r.census_title, r.state_label, r.reason, r.at, r.ended_on] for r in rows)
    name = _("普查补编任务-%s.xlsx") % f"{beijing_day(clock.now()):%Y%m%d}"
    return xlsx(name, headers, cells, sheet=_("补编任务"))
