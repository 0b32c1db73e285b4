"""Duties to update the catalogue: the list with figures and Excel, registering a change, one duty and its moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import Form, actor_of, done, page, posted, signed, told
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.forms import Day, Line, Paragraph, Whole
from jutong.kernel.faces.pieces import Tab
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages.forms import asked_number, asked_text
from jutong.slices.catalogue.pages.narrowing import of_department
from jutong.slices.catalogue.rules.updates import MOST_OCCASION, TRIGGERS
from jutong.slices.catalogue.workflow import CATALOG_UPDATE, UPDATE_STATES
from jutong.slices.parties import queries as parties


class Change(Form):
    """What changed, when, and which entries of the department it affects."""

    kind = forms.ChoiceField(
        label=gettext_lazy("触发情形"), choices=[(code, gettext_lazy(label)) for code, label in TRIGGERS.items()]
    )
    event_on = Day(label=gettext_lazy("发生日期"), help_text=gettext_lazy("更新期限从这一天起算，当天不计"))
    occasion = Line(
        label=gettext_lazy("变化的依据"), max_length=MOST_OCCASION, help_text=gettext_lazy("例如文件名称和文号")
    )
    entries = forms.TypedMultipleChoiceField(
        label=gettext_lazy("受影响的目录"), coerce=int, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, choices: list[tuple[int, str]], *args: object) -> None:
        super().__init__(*args)
        self.fields["entries"].choices = choices  # type: ignore[attr-defined]


class AskDays(Form):
    """How many more days, and why."""

    days = Whole(label=gettext_lazy("延长工作日数"), min_value=1, max_value=366)
    reason = Paragraph(label=gettext_lazy("特殊原因"), max_length=1000)


class GiveDays(Form):
    """How many more days the authority consents to."""

    days = Whole(label=gettext_lazy("同意延长的工作日数"), min_value=1, max_value=366)


class Refuse(Form):
    """Why no more time is given."""

    reason = Paragraph(label=gettext_lazy("理由"), max_length=1000)


class Report(Form):
    """What the authority should know of the update."""

    note = Paragraph(label=gettext_lazy("更新情况说明"), max_length=1000, required=False)


UPDATE_FORMS: Final[dict[str, type[Form]]] = {
    "ask_extension": AskDays,
    "extend": GiveDays,
    "refuse_extension": Refuse,
    "report": Report,
}
"""What each move asks of the person who makes it."""


class Period(Form):
    """From which day to which changes are counted."""

    first = Day(label=gettext_lazy("日期自"), required=False)
    last = Day(label=gettext_lazy("日期至"), required=False)


def period_of(request: HttpRequest) -> tuple[Form, date, date]:
    """Return the period that a page asks for as form and days; this year up to today where it asks for none."""
    today = beijing_day(clock.now())
    form = Period(request.GET)
    form.is_valid()
    first = form.cleaned_data.get("first") or today.replace(month=1, day=1)
    last = form.cleaned_data.get("last") or today
    return form if form.errors else Period({"first": first, "last": last}), first, last


def _chosen(request: HttpRequest) -> queries.Chosen:
    """Return what a link from the figures asks for: a department, an outcome, a period."""
    form = Period(request.GET)
    form.is_valid()
    first, last = form.cleaned_data.get("first"), form.cleaned_data.get("last")
    return queries.Chosen(asked_number(request, "department", 0), asked_text(request, "outcome"), first, last)


@require_GET
def updates(request: HttpRequest) -> HttpResponse:
    """List duties to update, of the own departments and of those the authority watches."""
    state, text = asked_text(request, "state"), asked_text(request, "q")
    actor, at = actor_of(request), clock.now()
    chosen = _chosen(request)
    rows, meta = queries.catalog_updates(
        actor, at=at, state=state, text=text, chosen=chosen, number=asked_number(request)
    )
    return page(
        request,
        "catalogue/updates.html",
        title=_("目录更新任务"),
        rows=rows,
        chosen=chosen,
        narrowed=of_department(chosen.department),
        outcomes=[(code, _(label)) for code, label in queries.OUTCOMES.items()],
        meta=meta,
        state=state,
        text=text,
        states=[(code, _(label)) for code, label in UPDATE_STATES.items()],
        may_register=bool(_departments(actor)),
    )


def supervision_tabs(current: str) -> list[Tab]:
    """Return the pages of supervision."""
    names = {
        "catalogue_supervision": _("按部门监督"),
        "catalogue_health": _("目录体检"),
        "catalogue_update_figures": _("更新及时率"),
        "catalogue_turns": _("审核用时"),
    }
    return [Tab(label, reverse(name), current=name == current) for name, label in names.items()]


@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """Show per department how many changes were answered in time, late or not at all (R-CAT-026)."""
    form, first, last = period_of(request)
    rows = queries.update_figures(actor_of(request), first=first, last=last, at=clock.now())
    return page(
        request,
        "catalogue/update_figures.html",
        title=_("目录更新及时率"),
        tabs=supervision_tabs("catalogue_update_figures"),
        rows=rows,
        form=form,
        first=first,
        last=last,
        crumbs=[(_("目录更新任务"), reverse("catalogue_updates")), (_("目录更新及时率"), "")],
    )


@require_GET
def export(request: HttpRequest, what: str) -> HttpResponseBase:
    """Answer with the duties, or with the figures per department, as Excel."""
    actor, day = actor_of(request), f"{beijing_day(clock.now()):%Y%m%d}"
    if what == "tasks":
        headers = [
            _("变化的依据"), _("触发情形"), _("发生日期"), _("提供部门"), _("状态"), _("受影响目录数"), _("已更新目录数"),
            _("提交日期"), _("办结日期"), _("逾期提交"), _("期限"),
        ]  # fmt: skip
        lines = queries.update_lines(
            actor, at=clock.now(), state=asked_text(request, "state"), text=asked_text(request, "q"),
            chosen=_chosen(request),
        )  # fmt: skip
        return xlsx(_("目录更新任务-%s.xlsx") % day, headers, _task_lines(lines), sheet=_("目录更新任务"))
    if what == "figures":
        _form, first, last = period_of(request)
        rows = queries.update_figures(actor, first=first, last=last, at=clock.now())
        headers = [_("部门"), _("变化次数"), _("按期更新"), _("逾期更新"), _("逾期未更新"), _("期限内待更新")]
        cells = ([r.department, r.triggers, r.on_time, r.late, r.missed, r.open] for r in rows)
        return xlsx(_("目录更新及时率-%s.xlsx") % day, headers, cells, sheet=_("目录更新及时率"))
    raise NotThere(_("没有这种导出格式，请从页面上的按钮导出。"))


def _task_lines(rows: Iterator[queries.UpdateRow]) -> Iterator[list[object]]:
    for row in rows:
        limits = "；".join(f"{_(one.label)} {one.text}（{one.due_day}）" for one in row.clocks)
        yield [
            row.occasion, row.kind_label, row.event_on, row.provider_name, row.state_label, row.affected, row.done,
            row.submitted_on, row.completed_on, row.late, limits,
        ]  # fmt: skip


def _departments(actor: Actor) -> list[int]:
    """Return the departments for which the actor may register changes of their own."""
    roles = {Role.DATA_OFFICER, Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY}
    return sorted({p.department_id for p in actor.posts if p.role in roles and p.department_id is not None})


def register(request: HttpRequest) -> HttpResponse:
    """Register a change for the own department; the authority names the department in the address."""
    actor = actor_of(request)
    own = _departments(actor)
    provider = asked_number(request, "department", own[0] if own else actor.department_id or 1)
    department = parties.department(provider)
    form = Change(queries.update_choices(provider), posted(request))
    if form.is_bound and form.is_valid():
        with told(form):
            update = actions.register_change(
                by=signed(request), at=clock.now(), provider_id=provider, **form.cleaned_data
            )
            return done(request, _("已登记，期限自发生之日起算。"), to=reverse("catalogue_update", args=[update.pk]))
    return page(
        request,
        "catalogue/update_form.html",
        title=_("登记变化"),
        form=form,
        department=department,
        back=reverse("catalogue_updates"),
        crumbs=[(_("目录更新任务"), reverse("catalogue_updates")), (_("登记变化"), "")],
    )


@require_GET
def update(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one duty with its limits, its entries and what can be done."""
    seen = queries.catalog_update(pk, actor=actor_of(request), at=clock.now())
    way = [(_("目录更新任务"), reverse("catalogue_updates")), (seen.row.occasion, "")]
    return page(request, "catalogue/update.html", title=seen.row.occasion, seen=seen, crumbs=way)


def update_deed(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Show the form of a move of a duty, or make the move."""
    if verb not in UPDATE_FORMS:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb[:40])
    back = reverse("catalogue_update", args=[pk])
    seen = queries.catalog_update(pk, actor=actor_of(request), at=clock.now())
    asked: dict[str, Any] = {"days": seen.extension.get("days")} if verb == "extend" else {}
    form = UPDATE_FORMS[verb](posted(request), initial=asked)
    if form.is_bound and form.is_valid():
        with told(form):
            CATALOG_UPDATE.do(verb, pk, by=signed(request), at=clock.now(), **form.cleaned_data)
            return done(request, _("已办理。"), to=back)
    button = next((b for b in seen.buttons if b.verb == verb), None)
    return page(
        request,
        "catalogue/update_form.html",
        title=button.label if button else _("办理"),
        form=form,
        seen=seen,
        back=back,
        refused=button is None,
    )
