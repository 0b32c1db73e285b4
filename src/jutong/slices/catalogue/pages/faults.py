"""Findings about catalogues: the list, recording and reporting one, the check of who provides none, and putting right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, NotThere
from jutong.kernel.faces import Form, actor_of, done, page, posted, signed, told
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.forms import Day, Paragraph
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages.forms import Note, asked_id, asked_number, asked_text
from jutong.slices.catalogue.pages.leading import tabs
from jutong.slices.catalogue.pages.sources import Result, Why, act, departments_of, moved
from jutong.slices.catalogue.rules.faults import INSPECTED, KINDS
from jutong.slices.catalogue.workflow.faults import FAULT_STATES

EVIDENCE: Final = gettext_lazy("例如检查记录、函件文号、截图说明或对照的数据")


class Record(Form):
    """What an inspection found of a department's catalogue, and on which evidence."""

    department_id = forms.TypedChoiceField(label=gettext_lazy("被检查部门"), coerce=int)
    kind = forms.ChoiceField(
        label=gettext_lazy("问题类型"), choices=[(code, gettext_lazy(KINDS[code])) for code in INSPECTED]
    )
    text = Paragraph(label=gettext_lazy("发现的问题"), max_length=2000)
    evidence = Paragraph(label=gettext_lazy("证据"), max_length=2000, required=False, help_text=EVIDENCE)
    wilful = forms.BooleanField(label=gettext_lazy("属于故意提供"), required=False)

    def __init__(self, region: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department_id"].choices = departments_of(region)  # type: ignore[attr-defined]


class Report(Form):
    """Which condition the provider applies that its entry does not list."""

    reporter_id = forms.TypedChoiceField(label=gettext_lazy("反映部门"), coerce=int)
    text = Paragraph(label=gettext_lazy("提供部门另行提出的条件"), max_length=2000)
    evidence = Paragraph(label=gettext_lazy("证据"), max_length=2000, required=False, help_text=EVIDENCE)

    def __init__(self, departments: list[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reporter_id"].choices = departments  # type: ignore[attr-defined]


class Order(Form):
    """What has to be put right, and by when."""

    demand = Paragraph(label=gettext_lazy("整改要求"), max_length=2000)
    due_on = Day(label=gettext_lazy("整改期限"))


class Again(Why):
    """Why it is not put right yet, and the new day."""

    due_on = Day(label=gettext_lazy("新的整改期限"))


_FORMS: Final[dict[str, type[Form]]] = {
    "confirm": Note, "reject": Why, "order": Order, "put_right": Result, "verify": Note, "demand_again": Again,
}  # fmt: skip
_ACTS: Final[dict[str, Callable[..., Any]]] = {
    "confirm": actions.confirm_finding, "reject": actions.reject_finding, "order": actions.order_rectification,
    "put_right": actions.put_right, "verify": actions.verify_rectification, "demand_again": actions.demand_again,
}  # fmt: skip


def _reviews(actor: Actor) -> bool:
    return actor.holds(Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD)


@require_GET
def faults(request: HttpRequest) -> HttpResponse:
    """List the findings that the actor may know of."""
    actor = actor_of(request)
    state, kind, text = asked_text(request, "state"), asked_text(request, "kind"), asked_text(request, "q")
    rows, meta = queries.faults(actor, state=state, kind=kind, text=text, number=asked_number(request))
    return page(
        request,
        "catalogue/faults.html",
        title=_("目录问题与整改"),
        tabs=tabs("catalogue_faults"),
        rows=rows,
        meta=meta,
        state=state,
        kind=kind,
        text=text,
        states=[(code, _(label)) for code, label in FAULT_STATES.items()],
        kinds=[(code, _(label)) for code, label in KINDS.items()],
        may_record=_reviews(actor),
    )


def record(request: HttpRequest) -> HttpResponse:
    """Record a finding of an inspection as the authority."""
    actor = actor_of(request)
    form = Record(actor.region, posted(request), initial={"department_id": asked_id(request, "department")})
    back = reverse("catalogue_faults")
    if form.is_bound and form.is_valid():
        with told(form):
            made = actions.record_finding(by=signed(request), at=clock.now(), **form.cleaned_data)
            return done(request, _("已登记。"), to=reverse("catalogue_fault", args=[made.pk]))
    lead = _("登记后须先认定，再责令限期整改；部门不能自行销号。")
    return act(request, _("登记目录问题"), form, back, lead=lead, refused=not _reviews(actor))


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Propose a finding for every department of the area that provides no catalogue."""
    actor = signed(request)
    post = actor.post(Role.AUTHORITY_REVIEWER) or actor.post(Role.AUTHORITY_HEAD)
    if post is None or post.department_id is None:
        raise NotAllowed(_("只有主管部门可以检查目录提供情况。"))
    many = actions.check_provision(by=actor, at=clock.now(), authority_id=post.department_id)
    return done(request, _("检查完毕，新提出 %d 个问题。") % many, to=reverse("catalogue_faults"))


@require_GET
def fault(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one finding with its evidence and what became of it."""
    seen = queries.fault(pk, actor=actor_of(request))
    way = [(_("目录问题与整改"), reverse("catalogue_faults")), (str(pk), "")]
    return page(request, "catalogue/fault.html", title=seen.row.kind_label, seen=seen, crumbs=way)


def deed(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Show the form of a move of a finding, or make the move."""
    if verb not in _FORMS:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb[:40])
    seen = queries.fault(pk, actor=actor_of(request))
    back, form = reverse("catalogue_fault", args=[pk]), _FORMS[verb](posted(request))
    return moved(
        request, verb, pk, form, _ACTS[verb], seen.buttons, back, lead=f"{seen.row.department} · {seen.row.kind_label}"
    )


def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Report a condition that an entry's provider applies and the entry does not list."""
    actor = actor_of(request)
    seen = queries.entry(pk, actor=actor, at=clock.now())
    mine = queries.reporting_departments(actor)
    form, back = Report(mine, posted(request)), reverse("catalogue_entry", args=[pk])
    if form.is_bound and form.is_valid():
        with told(form):
            actions.report_condition(by=signed(request), at=clock.now(), entry_id=pk, **form.cleaned_data)
            return done(request, _("已反映，由主管部门认定。"), to=reverse("catalogue_faults"))
    return act(request, _("反映目录外条件"), form, back, lead=seen.content.title, refused=not mine)


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """Answer with a list of findings as Excel."""
    headers = [
        _("部门"), _("问题类型"), _("故意"), _("依据"), _("发现的问题"), _("目录"), _("状态"), _("整改期限"), _("报告日期"),
        _("登记时间"),
    ]  # fmt: skip
    rows = queries.fault_lines(
        actor_of(request),
        state=asked_text(request, "state"),
        kind=asked_text(request, "kind"),
        text=asked_text(request, "q"),
    )
    cells = (
        [r.department, r.kind_label, _("是") if r.wilful else "", r.article, r.text, r.title, r.state_label, r.due_on,
         r.done_on, r.at]
        for r in rows
    )  # fmt: skip
    return xlsx(_("目录问题-%s.xlsx") % f"{beijing_day(clock.now()):%Y%m%d}", headers, cells, sheet=_("目录问题"))
