"""Sources of items: the register, an entry against it, designations with opinions, and tasks that support a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import Form, actor_of, done, page, posted, signed, told
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.forms import Day, Line, Paragraph
from jutong.kernel.faces.pieces import Tab
from jutong.kernel.workflow import Button
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages.forms import asked_number, asked_text
from jutong.slices.catalogue.workflow import DESIGNATION_STATES, TASK_STATES
from jutong.slices.parties import queries as parties

MOST_OFFERED: Final = 300
"""Departments of a region offered for choice."""


class Why(Form):
    """A reason."""

    reason = Paragraph(label=gettext_lazy("理由"), max_length=500)


class Opinion(Form):
    """What a department thinks."""

    opinion = Paragraph(label=gettext_lazy("意见"), max_length=1000)


class Settle(Form):
    """Which claims the authority is asked to settle, and why the own department ought to be the source."""

    items = forms.MultipleChoiceField(label=gettext_lazy("信息项"), widget=forms.CheckboxSelectMultiple)
    reason = Paragraph(label=gettext_lazy("本部门应为权威来源的理由"), max_length=500)

    def __init__(self, names: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["items"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


class Overlap(Form):
    """Items that departments of a region collect."""

    items = Paragraph(label=gettext_lazy("信息项"), max_length=4000, help_text=gettext_lazy("每行一个"))
    departments = forms.TypedMultipleChoiceField(
        label=gettext_lazy("收集这些信息项的部门"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    reason = Paragraph(label=gettext_lazy("情况说明"), max_length=500)

    def __init__(self, region: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["departments"].choices = departments_of(region)  # type: ignore[attr-defined]

    def clean_items(self) -> list[str]:
        """Return one name per line."""
        return [line for line in self.cleaned_data["items"].split("\n") if line.strip()]


class Designate(Form):
    """Who is the source from when on, by which decision, in place of which earlier one."""

    source_id = forms.TypedChoiceField(label=gettext_lazy("数源部门"), coerce=int)
    document = Line(label=gettext_lazy("文号"), max_length=100)
    effective_on = Day(label=gettext_lazy("生效日期"))
    replaces = forms.TypedChoiceField(label=gettext_lazy("替代的认定"), coerce=int, required=False, empty_value=None)

    def __init__(self, seen: queries.DesignationDetail, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: list[tuple[object, str]] = [(row.department_id, row.department) for row in seen.parties]
        self.fields["source_id"].choices = choices  # type: ignore[attr-defined]
        self.fields["replaces"].choices = [("", "—"), *seen.replaceable]  # type: ignore[attr-defined]


class Ask(Form):
    """What a department has to correct or supplement, and by when."""

    holder_id = forms.TypedChoiceField(label=gettext_lazy("办理部门"), coerce=int)
    items = forms.MultipleChoiceField(label=gettext_lazy("信息项"), widget=forms.CheckboxSelectMultiple)
    text = Paragraph(label=gettext_lazy("需要补充或更正的内容"), max_length=1000)
    due_on = Day(label=gettext_lazy("办理期限"))

    def __init__(self, seen: queries.DesignationDetail, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {row.department_id: row.department for row in seen.parties if row.department_id != seen.source_id}
        others = [pair for pair in departments_of(seen.row.region) if pair[0] != seen.source_id]
        self.fields["holder_id"].choices = list((known | dict(others)).items())  # type: ignore[attr-defined]
        self.fields["items"].choices = [(name, name) for name in seen.names]  # type: ignore[attr-defined]


class Result(Form):
    """What was corrected or supplemented."""

    note = Paragraph(label=gettext_lazy("办理结果"), max_length=1000)


def departments_of(region: str) -> list[tuple[int, str]]:
    """Return the departments of exactly this region for a form's choice, at most `MOST_OFFERED`."""
    found = parties.search_departments(region=region, limit=MOST_OFFERED)
    return [(row.id, row.name) for row in found if row.region == region]


def tabs(current: str) -> list[Tab]:
    """Return the pages about who collects and provides what."""
    names = {
        "catalogue_sources": _("数源目录"),
        "catalogue_designations": _("数源认定"),
        "catalogue_source_tasks": _("数源更新任务"),
        "catalogue_duties": _("采集责任清单"),
        "catalogue_collections": _("采集登记"),
    }
    return [Tab(label, reverse(name), current=name == current) for name, label in names.items()]


@require_GET
def sources(request: HttpRequest) -> HttpResponse:
    """List the authoritative sources, or only the stale ones of the own departments and area."""
    text, stale = asked_text(request, "q"), asked_text(request, "stale") == "1"
    rows, meta = queries.sources(
        actor_of(request), at=clock.now(), text=text, stale=stale, number=asked_number(request)
    )
    return page(
        request,
        "catalogue/sources.html",
        title=_("数源目录"),
        tabs=tabs("catalogue_sources"),
        rows=rows,
        meta=meta,
        text=text,
        stale=stale,
    )


@require_GET
def designations(request: HttpRequest) -> HttpResponse:
    """List overlaps and designations; the authority can look for overlaps and report one."""
    actor, state, text = actor_of(request), asked_text(request, "state"), asked_text(request, "q")
    rows, meta = queries.designations(actor, at=clock.now(), state=state, text=text, number=asked_number(request))
    return page(
        request,
        "catalogue/designations.html",
        title=_("数源认定"),
        tabs=tabs("catalogue_designations"),
        rows=rows,
        meta=meta,
        state=state,
        text=text,
        states=[(code, _(label)) for code, label in DESIGNATION_STATES.items()],
        regions=queries.watched_regions(actor),
    )


@require_POST
def find(request: HttpRequest) -> HttpResponse:
    """Look for items that several departments collect."""
    by = signed(request)
    opened = actions.find_overlaps(by=by, at=clock.now(), authority_id=by.department_id or 0)
    said = _("检查完毕：新增认定任务 %d 项。") % opened
    return done(request, said, to=reverse("catalogue_designations"))


def report(request: HttpRequest) -> HttpResponse:
    """Report an overlap as the authority of a region."""
    actor = actor_of(request)
    mine = queries.watched_regions(actor)
    region = asked_text(request, "region") or (mine[0] if mine else "")
    form = Overlap(region, posted(request))
    if form.is_bound and form.is_valid():
        with told(form):
            by, authority = signed(request), parties.authority_of(region)
            case = actions.report_overlap(
                by=by, at=clock.now(), authority_id=authority, region=region, **form.cleaned_data
            )
            return done(request, _("已登记。"), to=reverse("catalogue_designation", args=[case.pk]))
    return act(request, _("登记多部门收集"), form, reverse("catalogue_designations"), lead=parties.region_name(region))


def act(
    request: HttpRequest, title: str, form: Form, back: str, *, lead: str = "", refused: bool = False
) -> HttpResponse:
    """Show a form of one act."""
    return page(request, "catalogue/act.html", title=title, form=form, back=back, lead=lead, refused=refused)


def moved(
    request: HttpRequest, verb: str, pk: int, form: Form, deed: Callable[..., Any], buttons: Sequence[Button], back: str,
    *, lead: str,
) -> HttpResponse:  # fmt: skip
    """Make the move that a form in order asks for, or show the form under the name of the move's button."""
    if form.is_bound and form.is_valid():
        with told(form):
            deed(pk, by=signed(request), at=clock.now(), **form.cleaned_data)
            return done(request, _("已办理。"), to=back)
    button = next((one for one in buttons if one.verb == verb), None)
    title = button.label if button else _("办理")
    return act(request, title, form, back, lead=lead, refused=button is None)


@require_GET
def designation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one designation: items, departments with opinions, tasks, what can be done."""
    seen = queries.designation(pk, actor=actor_of(request), at=clock.now())
    return page(
        request,
        "catalogue/designation.html",
        title=_("数源认定：%s") % "、".join(seen.row.items[:3]),
        seen=seen,
        crumbs=[(_("数源认定"), reverse("catalogue_designations")), (str(pk), "")],
    )


class Nothing(Form):
    """An act that asks for nothing."""


_FORMS: Final[dict[str, Callable[..., Form]]] = {
    "ask_opinions": lambda _seen, *given: Nothing(*given),
    "designate": Designate,
    "distinguish": lambda _seen, *given: Why(*given),
    "end": lambda _seen, *given: Why(*given),
}
_ACTS: Final[dict[str, Callable[..., Any]]] = {
    "ask_opinions": actions.ask_opinions,
    "designate": actions.designate,
    "distinguish": actions.distinguish,
    "end": actions.end_designation,
}


def designation_deed(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Show the form of a move of a designation, or make the move."""
    if verb not in _FORMS:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb[:40])
    seen = queries.designation(pk, actor=actor_of(request), at=clock.now())
    back, form = reverse("catalogue_designation", args=[pk]), _FORMS[verb](seen, posted(request))
    return moved(request, verb, pk, form, _ACTS[verb], seen.buttons, back, lead="、".join(seen.names[:20]))


def opinion(request: HttpRequest, pk: int, party: int) -> HttpResponse:
    """Give a department's opinion on a designation."""
    seen = queries.designation(pk, actor=actor_of(request), at=clock.now())
    back, form = reverse("catalogue_designation", args=[pk]), Opinion(posted(request))
    mine = next((row for row in seen.parties if row.id == party), None)
    if mine is None:
        raise NotThere(_("没有找到该征求意见记录，请刷新页面。"))
    if form.is_bound and form.is_valid():
        with told(form):
            actions.give_source_opinion(party, by=signed(request), at=clock.now(), **form.cleaned_data)
            return done(request, _("意见已提交。"), to=back)
    return act(request, _("提出意见"), form, back, lead=mine.department, refused=not mine.open)


def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask another department for corrections or supplements, as the source."""
    seen = queries.designation(pk, actor=actor_of(request), at=clock.now())
    back, form = reverse("catalogue_designation", args=[pk]), Ask(seen, posted(request))
    if form.is_bound and form.is_valid():
        with told(form):
            task = actions.ask_support(by=signed(request), at=clock.now(), designation_id=pk, **form.cleaned_data)
            return done(request, _("已发出。"), to=reverse("catalogue_source_task", args=[task.pk]))
    return act(request, _("要求补充更正"), form, back, lead=seen.row.source, refused=not seen.may_ask)


@require_GET
def tasks(request: HttpRequest) -> HttpResponse:
    """List tasks between source departments and others."""
    state = asked_text(request, "state")
    rows, meta = queries.source_tasks(actor_of(request), state=state, number=asked_number(request))
    return page(
        request,
        "catalogue/source_tasks.html",
        title=_("数源更新任务"),
        tabs=tabs("catalogue_source_tasks"),
        rows=rows,
        meta=meta,
        state=state,
        states=[(code, _(label)) for code, label in TASK_STATES.items()],
    )


def task(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one task; the department asked records what it did."""
    seen = queries.source_task(pk, actor=actor_of(request))
    form = Result(posted(request))
    if form.is_bound and form.is_valid():
        with told(form):
            actions.do_task(pk, by=signed(request), at=clock.now(), **form.cleaned_data)
            return done(request, _("已办理。"), to=reverse("catalogue_source_task", args=[pk]))
    way = [(_("数源更新任务"), reverse("catalogue_source_tasks")), (str(pk), "")]
    return page(request, "catalogue/source_task.html", title=_("数源更新任务"), seen=seen, form=form, crumbs=way)


@require_GET
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an entry's items against the register, with claims that meet another department's."""
    seen = queries.stands(pk, actor=actor_of(request), at=clock.now())
    way = [(_("目录详情"), reverse("catalogue_entry", args=[pk])), (_("数源核对"), "")]
    return page(request, "catalogue/stands.html", title=_("数源核对"), seen=seen, crumbs=way)


@require_POST
def refer(request: HttpRequest, pk: int) -> HttpResponse:
    """Turn claims into references to the authoritative source."""
    chosen = [name[:128].replace("\x00", "") for name in request.POST.getlist("items")[:500]]
    actions.refer_items(pk, by=signed(request), at=clock.now(), items=chosen)
    return done(request, _("已改为引用权威来源。"), to=reverse("catalogue_entry_sources", args=[pk]))


def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the authority to settle who is the source of items that clash."""
    seen = queries.stands(pk, actor=actor_of(request), at=clock.now())
    names = [item.name for item in seen.conflicts]
    form = Settle(names, posted(request), initial={"items": names})
    if form.is_bound and form.is_valid():
        with told(form):
            actions.ask_settlement(pk, by=signed(request), at=clock.now(), **form.cleaned_data)
            return done(request, _("已提请主管部门裁定。"), to=reverse("catalogue_entry_sources", args=[pk]))
    back = reverse("catalogue_entry_sources", args=[pk])
    return act(request, _("提请裁定数源"), form, back, lead=seen.title, refused=not names)


@require_GET
def export(request: HttpRequest, what: str) -> HttpResponseBase:
    """Answer with the register, the designations or the tasks as Excel."""
    actor, at = actor_of(request), clock.now()
    day, state, text = f"{beijing_day(at):%Y%m%d}", asked_text(request, "state"), asked_text(request, "q")
    if what == "sources":
        found = queries.source_lines(actor, at=at, text=text, stale=asked_text(request, "stale") == "1")
        headers = [_("信息项"), _("数源部门"), _("目录"), _("代码"), _("依据"), _("起始日期"), _("超期天数")]
        return xlsx(_("数源目录-%s.xlsx") % day, headers, _source_cells(found), sheet=_("数源目录"))
    if what == "designations":
        rows = queries.designation_lines(actor, at=at, state=state, text=text)
        headers = [
            _("信息项"), _("信息项数"), _("收集部门"), _("状态"), _("数源部门"), _("文号"), _("生效日期"), _("内部时限"),
        ]  # fmt: skip
        return xlsx(_("数源认定-%s.xlsx") % day, headers, _designation_cells(rows), sheet=_("数源认定"))
    if what == "tasks":
        headers = [_("数源部门"), _("办理部门"), _("信息项"), _("内容"), _("期限"), _("状态"), _("办理日期"), _("结果")]
        lines = ([r.source, r.holder, "、".join(r.items), r.text, r.due_on, r.state_label, r.done_on, r.note]
                 for r in queries.task_lines(actor, state=state))  # fmt: skip
        return xlsx(_("数源更新任务-%s.xlsx") % day, headers, lines, sheet=_("数源更新任务"))
    raise NotThere(_("没有这种导出格式，请从页面上的按钮导出。"))


def _source_cells(rows: Iterator[queries.SourceRow]) -> Iterator[list[object]]:
    for row in rows:
        yield [row.name, row.provider_name, row.title, row.code, row.ground_label, row.since, row.days_late]


def _designation_cells(rows: Iterator[queries.DesignationRow]) -> Iterator[list[object]]:
    for row in rows:
        yield [
            "、".join(row.items), row.count, "、".join(row.departments), row.state_label, row.source, row.document,
            row.effective_on, row.target_on,
        ]  # fmt: skip
