"""Security assessments of sharing: the list, departments without one, one with its findings."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from jutong.kernel import clock, files
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import Form, actor_of, done, page, posted, signed, told
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.downloads import attachment, xlsx
from jutong.kernel.faces.forms import Day, Line, Paragraph, Upload
from jutong.kernel.faces.pieces import Fact
from jutong.kernel.settings import settings
from jutong.slices.catalogue import actions
from jutong.slices.catalogue.pages.assessing import MOST_REPORT, tabs
from jutong.slices.catalogue.pages.forms import Note, asked_number, asked_text
from jutong.slices.catalogue.pages.sources import act
from jutong.slices.catalogue.queries import security as secured
from jutong.slices.catalogue.workflow import SECURITY_STATES
from jutong.slices.catalogue.workflow.security import UNIT_ROLES
from jutong.slices.parties import queries as parties

_PARTS: Final = 3


class Plan(Form):
    """What is to be assessed, and when."""

    department_id = forms.TypedChoiceField(label=gettext_lazy("部门"), coerce=int)
    scope = Paragraph(label=gettext_lazy("评估范围"), max_length=1000)
    planned_on = Day(label=gettext_lazy("计划评估日期"))

    def __init__(self, choices: list[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department_id"].choices = choices  # type: ignore[attr-defined]


class Conclude(Form):
    """What the assessment found; a finding a line."""

    conductor = Line(label=gettext_lazy("评估人或评估机构"), max_length=200)
    done_on = Day(label=gettext_lazy("评估完成日期"))
    summary = Paragraph(label=gettext_lazy("评估结论"), max_length=2000)
    findings = Paragraph(
        label=gettext_lazy("发现的问题"),
        max_length=20_000,
        required=False,
        help_text=gettext_lazy(
            "每行一个，写作“问题；整改责任人；整改期限”，例如：日志保存不足六个月；王伟；2026-06-30"
        ),
    )
    report = Upload(label=gettext_lazy("评估报告"), most_bytes=MOST_REPORT, required=False)

    def stated(self) -> dict[str, Any]:
        """Return what `conclude_security_assessment` takes."""
        given = dict(self.cleaned_data)
        lines = [line for line in given["findings"].split("\n") if line.strip()]
        file = given["report"]
        return given | {"findings": [_finding(line) for line in lines], "file_name": file.name if file else ""}


def _finding(line: str) -> actions.FindingGiven:
    parts = [part.strip() for part in line.replace(";", "；").split("；")]
    text, owner, day = [*parts, "", "", ""][:_PARTS]
    try:
        due: date | None = Day().clean(day)
    except forms.ValidationError:
        due = None
    return actions.FindingGiven(text, owner, due)


class Settle(Form):
    """How a finding was put right."""

    result = Paragraph(label=gettext_lazy("整改结果"), max_length=1000)


def _units(actor: Actor) -> list[tuple[int, str]]:
    mine = {post.department_id for post in actor.posts if post.role in UNIT_ROLES and post.department_id is not None}
    return sorted((pk, row.name) for pk, row in parties.departments(mine).items())


@require_GET
def assessments(request: HttpRequest) -> HttpResponse:
    """List the assessments, and the departments without one in the interval."""
    actor, state, text = actor_of(request), asked_text(request, "state"), asked_text(request, "q")
    rows, meta = secured.security_assessments(actor, state=state, text=text, number=asked_number(request))
    return page(
        request,
        "catalogue/security_assessments.html",
        title=_("共享安全性评估"),
        tabs=tabs("catalogue_security"),
        rows=rows,
        meta=meta,
        state=state,
        text=text,
        states=[(code, _(label)) for code, label in SECURITY_STATES.items()],
        unassessed=secured.unassessed(actor, at=clock.now()),
        months=settings().security_assessment_months,
        may_plan=bool(_units(actor)),
    )


@require_GET
def export(request: HttpRequest, what: str) -> HttpResponseBase:
    """Answer with the assessments, or with the departments without one, as Excel."""
    actor, at = actor_of(request), clock.now()
    if what == "unassessed":
        late = secured.unassessed(actor, at=at)
        name = _("未按期评估部门-%s.xlsx") % f"{beijing_day(at):%Y%m%d}"
        return xlsx(name, [_("部门"), _("上次评估日期")], ([row.department, row.last] for row in late))
    if what != "assessments":
        raise NotThere(_("没有这种导出，请从页面上的按钮下载。"))
    rows = secured.security_lines(actor, state=asked_text(request, "state"), text=asked_text(request, "q"))
    headers = [_("部门"), _("评估范围"), _("状态"), _("计划评估日期"), _("评估完成日期"), _("问题数"), _("未整改")]
    cells = ([r.department, r.scope, r.state_label, r.planned_on, r.done_on, r.findings, r.left] for r in rows)
    return xlsx(_("共享安全性评估-%s.xlsx") % f"{beijing_day(at):%Y%m%d}", headers, cells, sheet=_("共享安全性评估"))


def plan(request: HttpRequest) -> HttpResponse:
    """Plan an assessment of the own department."""
    units, at = _units(actor_of(request)), clock.now()
    form = Plan(units, posted(request), initial={"planned_on": beijing_day(at)})
    if form.is_bound and form.is_valid():
        with told(form):
            made = actions.plan_security_assessment(by=signed(request), at=at, **form.cleaned_data)
            return done(request, _("已列入计划。"), to=reverse("catalogue_security_assessment", args=[made.pk]))
    return act(request, _("计划安全性评估"), form, reverse("catalogue_security"), refused=not units)


@require_GET
def assessment(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one assessment with its findings."""
    seen = secured.security_assessment(pk, actor=actor_of(request), at=clock.now())
    row = seen.row
    facts = [
        Fact(_("评估范围"), row.scope),
        Fact(_("计划评估日期"), str(row.planned_on)),
        Fact(_("评估完成日期"), str(row.done_on or "")),
        Fact(_("评估人或评估机构"), seen.conductor),
        Fact(_("评估结论"), seen.summary),
    ]
    return page(
        request,
        "catalogue/security_assessment.html",
        title=row.department,
        seen=seen,
        facts=[fact for fact in facts if fact.value],
        crumbs=[(_("共享安全性评估"), reverse("catalogue_security")), (row.department, "")],
    )


@require_GET
def report(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Answer with the report of an assessment."""
    seen = secured.security_assessment(pk, actor=actor_of(request), at=clock.now())
    if seen.report_id is None:
        raise NotThere(_("该评估没有上传评估报告。"))
    file = files.row(seen.report_id)
    return attachment(files.chunks(file.id), file.name, file.media_type)


def deed(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Show the form of a move, or make the move."""
    if verb not in {"conclude", "close"}:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb[:40])
    seen = secured.security_assessment(pk, actor=actor_of(request), at=clock.now())
    back, at = reverse("catalogue_security_assessment", args=[pk]), clock.now()
    form: Form = Note(posted(request)) if verb == "close" else Conclude(posted(request), posted_files(request))
    if form.is_bound and form.is_valid():
        with told(form):
            if isinstance(form, Conclude):
                actions.conclude_security_assessment(pk, by=signed(request), at=at, **form.stated())
            else:
                actions.close_security_assessment(pk, by=signed(request), at=at, **form.cleaned_data)
            return done(request, _("已办理。"), to=back)
    button = next((b for b in seen.buttons if b.verb == verb), None)
    title = button.label if button else _("办理")
    return act(request, title, form, back, lead=seen.row.department, refused=button is None)


def settle(request: HttpRequest, pk: int, finding: int) -> HttpResponse:
    """Record how a finding was put right."""
    seen = secured.security_assessment(pk, actor=actor_of(request), at=clock.now())
    row = next((one for one in seen.findings if one.id == finding), None)
    if row is None:
        raise NotThere(_("没有找到该问题，请刷新页面。"))
    back, form = reverse("catalogue_security_assessment", args=[pk]), Settle(posted(request))
    if form.is_bound and form.is_valid():
        with told(form):
            actions.settle_security_finding(finding, by=signed(request), at=clock.now(), **form.cleaned_data)
            return done(request, _("整改结果已登记。"), to=back)
    return act(request, _("登记整改结果"), form, back, lead=row.text, refused=not row.open)
