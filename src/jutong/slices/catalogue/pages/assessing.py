"""Assessments of entries: the short form of the move, the list with Excel, one with its questionnaire, recording one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from jutong.kernel import clock, files
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.faces import Form, actor_of, done, page, posted, signed, told
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.downloads import attachment, xlsx
from jutong.kernel.faces.forms import Day, Line, Paragraph, Upload
from jutong.kernel.faces.navigation import Entry, Group, register
from jutong.kernel.faces.pieces import Fact, Tab
from jutong.kernel.terms import N_
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages.forms import BLANK, Note, asked_number, asked_text
from jutong.slices.catalogue.pages.sources import Why
from jutong.slices.catalogue.queries import assessments as assessed
from jutong.slices.catalogue.rules.assessments import ANSWERS, KINDS, PERSONAL, QUESTIONS, RESULTS, USUAL_VALIDITY
from jutong.slices.catalogue.workflow import ASSESSMENT, ASSESSMENT_STATES

MOST_REPORT: Final = 20 * 1024 * 1024
_ASKED: Final = "answer_"


def _named(words: dict[str, str]) -> list[tuple[str, Any]]:
    return [BLANK, *((code, gettext_lazy(label)) for code, label in words.items())]


def add_questions(form: Form, kind: str) -> None:
    """Give a form the questions of one kind of assessment."""
    for name, text in QUESTIONS[kind].items():
        form.fields[_ASKED + name] = forms.ChoiceField(label=_(text), choices=_named(ANSWERS), required=False)


def answers_of(form: Form) -> dict[str, str]:
    """Return what was answered, by question."""
    given = form.cleaned_data.items()
    return {name.removeprefix(_ASKED): value for name, value in given if name.startswith(_ASKED) and value}


class Assess(Form):
    """Secrecy risk and the impact on personal information, in short; what still holds from before may be left out."""

    secret = forms.TypedChoiceField(
        label=gettext_lazy("是否涉及国家秘密、工作秘密"),
        choices=[("no", gettext_lazy("不涉及")), ("yes", gettext_lazy("涉及"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    secrecy = Paragraph(label=gettext_lazy("保密风险评估结论"), max_length=1000, required=False)
    personal_information = Paragraph(label=gettext_lazy("个人信息保护影响评估结论"), max_length=1000, required=False)
    number = Line(label=gettext_lazy("评估报告编号"), max_length=64, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        add_questions(self, PERSONAL)
        self.order_fields(["secret", "secrecy", "personal_information", *self._questions(), "number"])

    def _questions(self) -> list[str]:
        return [name for name in self.fields if name.startswith(_ASKED)]

    def ask(self, standing: Sequence[assessed.Standing]) -> None:
        """Ask for no impact on personal information where none is due; say which assessments still hold."""
        if PERSONAL not in {one.kind for one in standing}:
            for name in ("personal_information", *self._questions()):
                del self.fields[name]
        for one in standing:
            if one.holds and one.row is not None:
                field = self.fields["personal_information" if one.kind == PERSONAL else "secrecy"]
                field.help_text = _("已有有效评估，至 %s；内容没有变化的可以留空") % one.row.valid_until

    def stated(self) -> dict[str, Any]:
        """Return what `assess` takes."""
        given = {name: value for name, value in self.cleaned_data.items() if not name.startswith(_ASKED)}
        return given | {"answers": answers_of(self)}


class Record(Form):
    """A whole assessment with its questionnaire."""

    result = forms.ChoiceField(label=gettext_lazy("评估结果"), choices=_named(RESULTS))
    conclusion = Paragraph(label=gettext_lazy("评估结论"), max_length=2000)
    measures = Paragraph(label=gettext_lazy("采取的措施"), max_length=2000, required=False)
    responsible = Line(label=gettext_lazy("评估责任人"), max_length=100)
    valid_until = Day(label=gettext_lazy("有效期至"))
    number = Line(label=gettext_lazy("评估报告编号"), max_length=64, required=False)
    attachment = Upload(label=gettext_lazy("评估报告"), most_bytes=MOST_REPORT, required=False)

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        add_questions(self, kind)
        names = [name for name in self.fields if not name.startswith(_ASKED)]
        self.order_fields([name for name in self.fields if name.startswith(_ASKED)] + names)

    def stated(self) -> dict[str, Any]:
        """Return what `record_assessment` takes."""
        given = {name: value for name, value in self.cleaned_data.items() if not name.startswith(_ASKED)}
        file = given["attachment"]
        return given | {"answers": answers_of(self), "file_name": file.name if file else ""}


_FORMS: Final[dict[str, type[Form]]] = {"approve": Note, "send_back": Why}
_ACTS: Final[dict[str, Callable[..., Any]]] = {
    "approve": actions.approve_assessment,
    "send_back": actions.send_back_assessment,
}


def tabs(current: str) -> list[Tab]:
    """Return the pages about the grades of data and the assessments of sharing them."""
    names = {
        "catalogue_assessments": _("目录评估"),
        "catalogue_grading_sheet": _("批量分级"),
        "catalogue_important_data": _("重要数据目录"),
        "catalogue_security": _("共享安全性评估"),
    }
    return [Tab(label, reverse(name), current=name == current) for name, label in names.items()]


@require_GET
def assessments(request: HttpRequest) -> HttpResponse:
    """List the assessments of the own departments and of what the authority reviews."""
    state, kind, text = (asked_text(request, name) for name in ("state", "kind", "q"))
    rows, meta = assessed.assessments(
        actor_of(request), at=clock.now(), state=state, kind=kind, text=text, number=asked_number(request)
    )
    return page(
        request,
        "catalogue/assessments.html",
        title=_("目录评估"),
        tabs=tabs("catalogue_assessments"),
        rows=rows,
        meta=meta,
        state=state,
        kind=kind,
        text=text,
        states=[*((code, _(label)) for code, label in ASSESSMENT_STATES.items()), ("expiring", _("一个月内到期"))],
        kinds=[(code, _(label)) for code, label in KINDS.items()],
    )


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """Answer with the assessments as Excel."""
    state, kind, text = (asked_text(request, name) for name in ("state", "kind", "q"))
    rows = assessed.assessment_lines(actor_of(request), at=clock.now(), state=state, kind=kind, text=text)
    headers = [
        _("目录"), _("提供部门"), _("评估种类"), _("评估结果"), _("状态"), _("目录版本"), _("评估人"), _("评估责任人"),
        _("评估报告编号"), _("评估时间"), _("有效期至"),
    ]  # fmt: skip
    cells = (
        [r.title, r.provider_name, r.kind_label, r.result_label, r.state_label, r.version, r.assessor, r.responsible,
         r.number, r.at, r.valid_until]
        for r in rows
    )  # fmt: skip
    name = _("目录评估-%s.xlsx") % f"{beijing_day(clock.now()):%Y%m%d}"
    return xlsx(name, headers, cells, sheet=_("目录评估"))


@require_GET
def assessment(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one assessment."""
    seen = assessed.assessment(pk, actor=actor_of(request))
    row = seen.row
    facts = [
        Fact(_("评估结果"), row.result_label),
        Fact(_("评估结论"), seen.conclusion),
        Fact(_("采取的措施"), seen.measures),
        Fact(_("评估人"), row.assessor),
        Fact(_("评估责任人"), row.responsible),
        Fact(_("目录版本"), str(row.version)),
        Fact(_("有效期至"), str(row.valid_until or "")),
        Fact(_("评估报告编号"), row.number),
        Fact(_("部门负责人"), seen.approved_by),
        Fact(_("负责人意见"), seen.remark),
    ]
    return page(
        request,
        "catalogue/assessment.html",
        title=row.kind_label,
        seen=seen,
        facts=[fact for fact in facts if fact.value],
        crumbs=[(_("目录评估"), reverse("catalogue_assessments")), (row.title, "")],
    )


@require_GET
def report(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Answer with the report of an assessment."""
    seen = assessed.assessment(pk, actor=actor_of(request))
    if seen.attachment_id is None:
        raise NotThere(_("该评估没有上传评估报告。"))
    file = files.row(seen.attachment_id)
    return attachment(files.chunks(file.id), file.name, file.media_type)


def record(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Record an assessment of an entry's present version with its questionnaire."""
    if kind not in KINDS:
        raise NotThere(_("没有这种评估，请从目录页上的按钮进入。"))
    actor, at = actor_of(request), clock.now()
    seen = queries.entry(pk, actor=actor, at=at)
    start = {"responsible": actor.name, "valid_until": beijing_day(at) + USUAL_VALIDITY - timedelta(days=1)}
    form = Record(kind, posted(request), posted_files(request), initial=start)
    if form.is_bound and form.is_valid():
        with told(form):
            made = actions.record_assessment(by=signed(request), at=at, entry_id=pk, kind=kind, **form.stated())
            return done(
                request, _("评估已登记，等待部门负责人批准。"), to=reverse("catalogue_assessment", args=[made.pk])
            )
    refused = seen.row.provider_id not in actor.serves
    return _act(request, _(KINDS[kind]), form, reverse("catalogue_entry", args=[pk]), seen.row.title, refused=refused)


def deed(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Show the form of a move of an assessment, or make the move."""
    if verb not in _FORMS:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb[:40])
    actor, back = actor_of(request), reverse("catalogue_assessment", args=[pk])
    form, words = _FORMS[verb](posted(request)), None
    if form.is_bound and form.is_valid():
        words = dict(form.cleaned_data)
        with told(form):
            by = signed(request)
            if by.signature or ASSESSMENT.signing(verb, pk, by, words) is None:
                _ACTS[verb](pk, by=by, at=clock.now(), **words)
                return done(request, _("已办理。"), to=back)
    signing = ASSESSMENT.signing(verb, pk, actor, words)
    seen = assessed.assessment(pk, actor=actor)
    button = next((b for b in seen.buttons if b.verb == verb), None)
    title = button.label if button else _("办理")
    status = RuleBroken.status if signing and words is not None else None
    return _act(request, title, form, back, seen.row.title, refused=button is None, signing=signing, status=status)


def _act(request: HttpRequest, title: str, form: Form, back: str, lead: str, **more: Any) -> HttpResponse:
    return page(
        request, "catalogue/act.html", title=title, form=form, back=back, lead=lead,
        crumbs=[(lead, back), (title, "")], **more,
    )  # fmt: skip


def _knows(actor: Actor) -> bool:
    return actor.holds(
        Role.DATA_OFFICER, Role.SECRECY_OFFICER, Role.DEPARTMENT_LEADER, Role.PRINCIPAL, Role.SHARING_UNIT_HEAD,
        Role.SHARING_UNIT_DEPUTY, Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD, Role.AUDITOR,
    )  # fmt: skip


register(
    Entry(
        Group.CATALOGUE, N_("分级与安全评估"), "catalogue_assessments", "shield-check", _knows, order=43,
        also=("catalogue_grading_sheet", "catalogue_important_data", "catalogue_security"),
    )
)  # fmt: skip
