"""Ending or changing the service of a published resource: the list, proposing it, and one with its consumers and moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from jutong.kernel import clock, faces
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.forms import Code, Day, Form, Line, Paragraph, Whole
from jutong.slices.grants import actions, queries
from jutong.slices.grants.rules import HEARD
from jutong.slices.grants.workflow import SERVICE_CHANGE


class Filter(Form):
    """What is looked for."""

    q = Line(label=gettext_lazy("资源名称或目录编号"), max_length=100, required=False)
    state = forms.ChoiceField(label=gettext_lazy("状态"), required=False)
    page = Whole(label=gettext_lazy("页码"), required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        states = [(name, _(label)) for name, label in SERVICE_CHANGE.states.items()]
        self.fields["state"].choices = [("", _("全部状态")), *states]  # type: ignore[attr-defined]


class Propose(Form):
    """Why a service ends, from which day on, and into which entry the resource is merged."""

    cause = Paragraph(label=gettext_lazy("停止提供的正当理由"), max_length=1000)
    stop_on = Day(label=gettext_lazy("停止日期"), help_text=gettext_lazy("从这一天起不再提供，须晚于备案日期"))
    successor = Code(
        label=gettext_lazy("并入的目录代码"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("合并时填写；原代码停用，查到它的人会被带到并入的目录"),
    )


class Change(Form):
    """Why a service changes, how it is served then, and from which day on."""

    cause = Paragraph(label=gettext_lazy("变更的正当理由"), max_length=1000)
    what = Paragraph(
        label=gettext_lazy("变更后的服务形式"),
        max_length=1000,
        help_text=gettext_lazy(
            "取消或者改变哪些信息项、接口怎样变。备案前在资源挂接页面准备变更后的挂接，到期由平台启用。"
        ),
    )
    stop_on = Day(label=gettext_lazy("变更日期"), help_text=gettext_lazy("从这一天起按新的形式提供，须晚于备案日期"))


class Heard(Form):
    """What came of the negotiation with a consumer."""

    result = forms.ChoiceField(
        label=gettext_lazy("协商结果"),
        choices=[(code, gettext_lazy(label)) for code, label in HEARD.items()],
        widget=forms.RadioSelect,
    )
    text = Paragraph(label=gettext_lazy("协商情况"), max_length=1000, required=False)


class Why(Form):
    """A reason."""

    reason = Paragraph(label=gettext_lazy("理由"), max_length=1000)


class Nothing(Form):
    """An act that asks for nothing."""


_FORMS: Final[dict[str, type[Form]]] = {
    "file": Nothing,
    "file_directly": Nothing,
    "acknowledge": Nothing,
    "cancel": Why,
}
_ACTS: Final[dict[str, Callable[..., Any]]] = {
    "file": actions.file_ending,
    "file_directly": actions.file_ending_directly,
    "acknowledge": actions.acknowledge_ending,
    "cancel": actions.cancel_ending,
}


def _asked(request: HttpRequest) -> tuple[Filter, str, str]:
    form = Filter(request.GET)
    form.is_valid()
    return form, form.cleaned_data.get("state", ""), form.cleaned_data.get("q", "")


@require_safe
def endings(request: HttpRequest) -> HttpResponse:
    """List the endings that concern the actor's departments."""
    form, state, text = _asked(request)
    number = form.cleaned_data.get("page") or 1
    rows, meta = queries.endings(faces.actor_of(request), state=state, text=text, number=number)
    return faces.page(
        request,
        "grants/endings.html",
        title=_("停止与变更服务"),
        rows=rows,
        meta=meta,
        states=form.fields["state"].choices,  # type: ignore[attr-defined]
        state=state,
        text=text,
    )


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Answer with the endings as Excel."""
    _form, state, text = _asked(request)
    headers = [
        _("资源"), _("目录编号"), _("提供方"), _("事项"), _("状态"), _("理由"), _("生效日期"), _("备案日期"), _("备案号"), _("使用方数"),
        _("已协商数"),
    ]  # fmt: skip
    cells = (
        [r.title, r.code, r.provider_name, r.kind_label, r.state_label, r.cause, r.stop_on, r.filed_on, r.number, r.consumers, r.heard]
        for r in queries.ending_lines(faces.actor_of(request), state=state, text=text)
    )  # fmt: skip
    name = _("停止与变更服务-%s.xlsx") % f"{beijing_day(clock.now()):%Y%m%d}"
    return xlsx(name, headers, cells, sheet=_("停止与变更服务"))


def propose(request: HttpRequest, resource_id: int) -> HttpResponse:
    """Propose the end of a resource's service, with its consumers in view."""
    return _proposed(request, resource_id, Propose(faces.posted(request)), actions.end_resource, _("提出停止提供"))


def propose_change(request: HttpRequest, resource_id: int) -> HttpResponse:
    """Propose that a resource be served in another form, with its consumers in view."""
    return _proposed(request, resource_id, Change(faces.posted(request)), actions.change_resource, _("提出变更服务"))


def _proposed(request: HttpRequest, resource_id: int, form: Form, act: Callable[..., Any], title: str) -> HttpResponse:
    entry, consumers = queries.proposable(resource_id, faces.actor_of(request))
    if form.is_bound and form.is_valid():
        with faces.told(form):
            case = act(by=faces.signed(request), at=clock.now(), resource_id=resource_id, **form.cleaned_data)
            return faces.done(request, _("已提出。"), to=reverse("grants_ending", args=[case.pk]))
    back = reverse("catalogue_entry", args=[resource_id])
    return _act(request, title, form, back, lead=entry.title, consumers=consumers)


def _act(request: HttpRequest, title: str, form: Form, back: str, **more: Any) -> HttpResponse:
    return faces.page(request, "grants/ending_act.html", title=title, form=form, back=back, **more)


@require_safe
def ending(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one ending with its consumers and what can be done."""
    seen = queries.ending(pk, actor=faces.actor_of(request))
    way = [(_("停止与变更服务"), reverse("grants_endings")), (seen.row.title, "")]
    return faces.page(request, "grants/ending.html", title=seen.row.title, seen=seen, crumbs=way)


def deed(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Show the form of a move, or make the move."""
    if verb not in _FORMS:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb[:40])
    seen = queries.ending(pk, actor=faces.actor_of(request))
    back, form = reverse("grants_ending", args=[pk]), _FORMS[verb](faces.posted(request))
    words = dict(form.cleaned_data) if form.is_bound and form.is_valid() else None
    if words is not None:
        with faces.told(form):
            by = faces.signed(request)
            if by.signature or SERVICE_CHANGE.signing(verb, pk, by, words) is None:
                _ACTS[verb](pk, by=by, at=clock.now(), **words)
                return faces.done(request, _("已办理。"), to=back)
    signing = SERVICE_CHANGE.signing(verb, pk, faces.actor_of(request), words)
    button = next((b for b in seen.buttons if b.verb == verb), None)
    title = button.label if button else _("办理")
    status = RuleBroken.status if signing and words is not None else None
    return _act(request, title, form, back, lead=seen.row.title, refused=button is None, signing=signing, status=status)


def heard(request: HttpRequest, pk: int, consumer: int) -> HttpResponse:
    """Record the result of the negotiation with one consumer."""
    seen = queries.ending(pk, actor=faces.actor_of(request))
    mine = next((row for row in seen.consumers if row.id == consumer), None)
    if mine is None:
        raise NotThere(_("没有找到该使用方的协商记录，请刷新页面。"))
    back, form = reverse("grants_ending", args=[pk]), Heard(faces.posted(request))
    if form.is_bound and form.is_valid():
        with faces.told(form):
            actions.record_heard(consumer, by=faces.signed(request), at=clock.now(), **form.cleaned_data)
            return faces.done(request, _("已登记。"), to=back)
    return _act(request, _("登记协商结果"), form, back, lead=mine.consumer, refused=not mine.open)
