"""Who answers for what: lead departments of libraries and themes, catalogue offices, and what an office has to submit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, NotThere
from jutong.kernel.faces import Form, actor_of, done, page, posted, signed, told
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.forms import Line
from jutong.kernel.faces.pieces import Tab
from jutong.kernel.paging import LARGEST, every
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages.forms import asked_number, asked_text
from jutong.slices.catalogue.pages.picking import chosen_ids, told_of_set
from jutong.slices.catalogue.pages.sources import Why, act, departments_of


class NameLead(Form):
    """Which department leads which libraries or themes of one class, by which decision."""

    categories = forms.MultipleChoiceField(
        label=gettext_lazy("基础库类别或主题领域"), widget=forms.CheckboxSelectMultiple
    )
    department_id = forms.TypedChoiceField(label=gettext_lazy("牵头部门"), coerce=int)
    document = Line(label=gettext_lazy("文号"), max_length=100)

    def __init__(self, seen: queries.LeadTable, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(row.category, row.label) for row in seen.rows if row.resource_class == kind]
        self.fields["categories"].choices = choices  # type: ignore[attr-defined]
        self.fields["department_id"].choices = departments_of(seen.region)  # type: ignore[attr-defined]


class NameOffice(Form):
    """For whom which unit is the catalogue office, by which decision."""

    scope = forms.ChoiceField(label=gettext_lazy("适用于"))
    unit_id = forms.TypedChoiceField(label=gettext_lazy("目录管理部门"), coerce=int)
    document = Line(label=gettext_lazy("文号"), max_length=100)

    def __init__(self, scopes: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope"].choices = scopes  # type: ignore[attr-defined]
        units: dict[int, str] = {}
        for scope, _name in scopes:
            units |= dict(queries.office_units(scope))
        self.fields["unit_id"].choices = sorted(units.items(), key=lambda pair: pair[1])  # type: ignore[attr-defined]

    def stated(self) -> dict[str, Any]:
        """Return what `name_office` takes."""
        given = dict(self.cleaned_data)
        return given | queries.office_scope(given.pop("scope"))


def tabs(current: str) -> list[Tab]:
    """Return the pages about who answers for what."""
    names = {
        "catalogue_leads": _("牵头部门"),
        "catalogue_offices": _("目录管理部门"),
        "catalogue_filings": _("目录备案"),
        "catalogue_faults": _("目录问题与整改"),
    }
    return [Tab(label, reverse(name), current=name == current) for name, label in names.items()]


@require_GET
def leads(request: HttpRequest) -> HttpResponse:
    """Show which department leads each base library and theme of a region, and who led before."""
    seen = queries.lead_table(actor_of(request), at=clock.now(), region=asked_text(request, "region")[:12])
    return page(request, "catalogue/leads.html", title=_("牵头部门"), tabs=tabs("catalogue_leads"), seen=seen)


def lead_new(request: HttpRequest, kind: str) -> HttpResponse:
    """Name the lead of libraries or themes of a region."""
    if kind not in ("base", "theme"):
        raise NotThere(_("没有这类目录的牵头部门，请从页面上的按钮进入。"))
    actor, at = actor_of(request), clock.now()
    seen = queries.lead_table(actor, at=at, region=asked_text(request, "region")[:12])
    form = NameLead(seen, kind, posted(request), initial={"categories": request.GET.getlist("category")[:1]})
    back = f"{reverse('catalogue_leads')}?region={seen.region}"
    if form.is_bound and form.is_valid():
        with told(form):
            actions.name_leads(
                by=signed(request), at=at, authority_id=seen.authority_id, region=seen.region, resource_class=kind,
                **form.cleaned_data,
            )  # fmt: skip
            return done(request, _("牵头部门已指定。"), to=back)
    return act(request, _("指定牵头部门"), form, back, lead=seen.region_name, refused=not seen.may_name)


def lead_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a lead."""
    form, back = Why(posted(request)), reverse("catalogue_leads")
    if form.is_bound and form.is_valid():
        with told(form):
            actions.end_lead(pk, by=signed(request), at=clock.now(), **form.cleaned_data)
            return done(request, _("已终止。"), to=back)
    return act(request, _("终止牵头"), form, back, lead=_("终止后，须另行指定牵头部门才能继续编入目录。"))


@require_GET
def leads_export(request: HttpRequest) -> HttpResponseBase:
    """Answer with the leads of a region and their history as Excel."""
    at = clock.now()
    seen = queries.lead_table(actor_of(request), at=at, region=asked_text(request, "region")[:12])
    headers = [_("分类"), _("名称"), _("牵头部门"), _("文号"), _("起始日期"), _("终止日期"), _("终止理由"), _("目录数")]
    cells = (
        [r.class_label, r.label, r.department, r.document, r.since, r.until, r.ended_for, r.entries]
        for r in (*seen.rows, *seen.former)
    )
    return xlsx(_("牵头部门-%s.xlsx") % f"{beijing_day(at):%Y%m%d}", headers, cells, sheet=_("牵头部门"))


def offices(request: HttpRequest) -> HttpResponse:
    """List the catalogue offices, and what the actor's own office has to check and submit; submit a set of it."""
    if request.method == "POST":
        moved = actions.submit_entries(chosen_ids(request), by=signed(request), at=clock.now())
        return told_of_set(request, moved, "catalogue_offices")
    actor, at, ended = actor_of(request), clock.now(), asked_text(request, "ended") == "1"
    rows, meta = queries.offices(actor, ended=ended, number=asked_number(request))
    text = asked_text(request, "q")
    waiting, waiting_meta = queries.to_register(actor, text=text, size=LARGEST)
    return page(
        request,
        "catalogue/offices.html",
        title=_("目录管理部门"),
        tabs=tabs("catalogue_offices"),
        rows=rows,
        meta=meta,
        ended=ended,
        waiting=waiting,
        waiting_meta=waiting_meta,
        text=text,
        may_name=bool(queries.office_scopes(actor, at=at)),
    )


def office_new(request: HttpRequest) -> HttpResponse:
    """Designate the catalogue office of a government or of a provincial department."""
    at, back = clock.now(), reverse("catalogue_offices")
    scopes = queries.office_scopes(actor_of(request), at=at)
    form = NameOffice(scopes, posted(request))
    if form.is_bound and not scopes:
        raise NotAllowed(_("只有市、县主管部门和省级部门的负责人可以指定目录管理部门，且须当地政策设此部门。"))
    if form.is_bound and form.is_valid():
        with told(form):
            actions.name_office(by=signed(request), at=at, **form.stated())
            return done(request, _("目录管理部门已指定，今后由其登记、核对和提交目录。"), to=back)
    lead = _("一个政府或部门只能有一个目录管理部门；指定后只有该部门的数据专员可以提交目录。")
    return act(request, _("指定目录管理部门"), form, back, lead=lead, refused=not scopes)


def office_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a designation."""
    form, back = Why(posted(request)), reverse("catalogue_offices")
    if form.is_bound and form.is_valid():
        with told(form):
            actions.end_office(pk, by=signed(request), at=clock.now(), **form.cleaned_data)
            return done(request, _("已终止，今后由各部门自行提交目录。"), to=back)
    return act(request, _("终止目录管理部门"), form, back, lead=_("终止后，各部门自行提交目录。"))


@require_GET
def offices_export(request: HttpRequest) -> HttpResponseBase:
    """Answer with the catalogue offices, ended ones included, as Excel."""
    actor, at = actor_of(request), clock.now()
    headers = [_("地区"), _("部门"), _("目录管理部门"), _("文号"), _("起始日期"), _("终止日期"), _("终止理由")]
    cells = (
        [r.region_name, r.department, r.unit, r.document, r.since, r.until, r.ended_for]
        for ended in (False, True)
        for r in every(lambda n, e=ended: queries.offices(actor, ended=e, number=n, size=LARGEST))  # type: ignore[misc]
    )
    return xlsx(_("目录管理部门-%s.xlsx") % f"{beijing_day(at):%Y%m%d}", headers, cells, sheet=_("目录管理部门"))
