"""The registers of access: legacy systems, dedicated networks, support, exchanges round the platform, incidents, trainings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock
from jutong.kernel.actors import Actor, Who
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.faces import actor_of, done, downloads, page, pieces, posted, signed, told
from jutong.kernel.faces.forms import Form
from jutong.kernel.paging import LARGEST, every
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Button
from jutong.slices.parties import actions, queries
from jutong.slices.parties.pages import access_forms as forms
from jutong.slices.parties.pages.answering import may, shown_to, words_of
from jutong.slices.parties.queries import AccessDetail
from jutong.slices.parties.workflow import ASKERS, GUARDIANS, OPERATORS, REGISTERS, SYSTEM_REGISTRARS, WITNESSES


@dataclass(frozen=True, slots=True)
class Register:
    """How a register is opened and moved from its pages. deeds: verb to its call and form; lead: what it is for."""

    lead: str
    who: Who
    opening: type[Form]
    open: Callable[..., Any]
    deeds: dict[str, tuple[Callable[..., Any], type[Form]]]


BOOK: Final[dict[str, Register]] = {
    "legacy": Register(
        N_("平台建成前已有的跨部门交换系统，应逐步迁移到统一平台；没有计划或里程碑逾期的会列出。"),
        SYSTEM_REGISTRARS,
        forms.Legacy,
        actions.list_legacy,
        {
            "plan": (actions.plan_legacy, forms.Step),
            "reach": (actions.reach_legacy, forms.Reached),
            "start": (actions.start_legacy, Form),
            "finish": (actions.finish_legacy, Form),
        },
    ),
    "networks": Register(
        N_("各部门的业务专网及其接入政务外网的计划；国家另有规定的，由主管部门登记例外依据。"),
        SYSTEM_REGISTRARS,
        forms.Network,
        actions.list_network,
        {
            "except": (actions.except_network, forms.Words),
            "plan": (actions.plan_network, forms.Step),
            "reach": (actions.reach_network, forms.Reached),
            "start": (actions.start_network, Form),
            "finish": (actions.finish_network, Form),
        },
    ),
    "support": Register(
        N_("向技术支持组提出接入、安全和等级保护方面的问题，答复后关闭。"),
        ASKERS,
        forms.Support,
        actions.ask_support,
        {
            "answer": (actions.answer_support, forms.Words),
            "reask": (actions.reask_support, forms.Words),
            "close": (actions.close_support, Form),
        },
    ),
    "direct": Register(
        N_("跨部门数据应通过统一平台交换；绕开平台的点对点交换可在此报告，由主管部门核实认定。"),
        WITNESSES,
        forms.Direct,
        actions.report_direct,
        {"confirm": (actions.confirm_direct, forms.Words), "dismiss": (actions.dismiss_direct, forms.Words)},
    ),
    "incidents": Register(
        N_("安全事件须认定唯一的责任方，其安全任务逐项完成后才能关闭。"),
        GUARDIANS,
        forms.Incident,
        actions.open_incident,
        {
            "classify": (actions.classify_incident, forms.Responsible),
            "plan": (actions.plan_incident, forms.Step),
            "reach": (actions.reach_incident, forms.Reached),
            "close": (actions.close_incident, forms.Words),
        },
    ),
}


def _register(name: str) -> Register:
    found = BOOK.get(name)
    if found is None:
        raise NotThere(_("没有这个登记簿，请从左侧菜单进入。"))
    return found


def _tabs(current: str) -> list[pieces.Tab]:
    tabs = [
        pieces.Tab(_(REGISTERS[name].title), reverse("access", args=[name]), current=name == current) for name in BOOK
    ]
    return [*tabs, pieces.Tab(_("培训"), reverse("trainings"), current=current == "trainings")]


@require_GET
def listed(request: HttpRequest, register: str) -> HttpResponse:
    """Show a register."""
    actor, book, wanted = actor_of(request), _register(register), forms.Filter(request.GET).wanted()
    rows, meta = queries.access_page(register, actor, clock.now(), **wanted)
    return page(
        request,
        "parties/access.html",
        title=_(REGISTERS[register].title),
        lead=_(book.lead),
        register=register,
        rows=rows,
        meta=meta,
        text=wanted["text"],
        tabs=_tabs(register),
        may_open=may(book.who, actor, actor),
    )


@require_GET
def exported(request: HttpRequest, register: str) -> HttpResponseBase:
    """Hand out a register as Excel."""
    actor, at = actor_of(request), clock.now()
    rows = every(lambda one: queries.access_page(register, actor, at, number=one, size=LARGEST))
    headers = [_("事项"), _("部门"), _("相关部门"), _("状态"), _("登记时间"), _("备注")]
    lines = [(r.title, r.department_name, r.other, r.state_label, r.opened_at, r.remark) for r in rows]
    title = _(REGISTERS[register].title)
    return downloads.xlsx(f"{title}.xlsx", headers, lines, sheet=title)


def opened(request: HttpRequest, register: str) -> HttpResponse:
    """Open a case of a register."""
    book, actor = _register(register), actor_of(request)
    shown_to(request, book.who, actor.department_id)
    form = book.opening(posted(request), initial={"department_id": actor.department_id})
    if form.is_bound and form.is_valid():
        with told(form):
            made = book.open(**form.cleaned_data, by=actor, at=clock.now())
            return done(request, _("已登记。"), to=reverse("access_case", args=[register, made.pk]))
    opening = next(move for move in REGISTERS[register].moves if "-" in move.sources)
    return page(
        request,
        "parties/form.html",
        form=form,
        title=_(opening.label),
        lead=_(book.lead),
        back=reverse("access", args=[register]),
        button=_("登记"),
    )


@require_GET
def shown(request: HttpRequest, register: str, pk: int) -> HttpResponse:
    """Show a case with its steps, its history and a small form for every move that is open."""
    return _show(request, register, pk)


@require_POST
def moved(request: HttpRequest, register: str, pk: int, verb: str) -> HttpResponse:
    """Make a move; a refusal is shown beside its form."""
    call, kind = _register(register).deeds.get(verb, (None, None))
    if call is None or kind is None:
        raise NotThere(_("没有这项操作，请从页面上的按钮进行。"))
    form = kind(posted(request))
    if form.is_valid():
        with told(form):
            by = signed(request)
            if by.signature or REGISTERS[register].signing(verb, pk, by, form.cleaned_data) is None:
                call(pk, **form.cleaned_data, by=by, at=clock.now())
                return done(request, _("已办理。"), to=reverse("access_case", args=[register, pk]))
    return _show(request, register, pk, asked=(verb, form))


def _show(request: HttpRequest, register: str, pk: int, *, asked: tuple[str, Form] | None = None) -> HttpResponse:
    actor = actor_of(request)
    seen = queries.access_case(register, pk, actor, clock.now())
    title = _(REGISTERS[register].title)
    deeds = [_deed(register, pk, button, actor, asked) for button in seen.buttons if button.verb != "reach"]
    return page(
        request,
        "parties/access_case.html",
        status=RuleBroken.status if any(one["asked"] and one["signing"] for one in deeds) else None,
        title=seen.row.title,
        form=asked[1] if asked else None,
        seen=seen,
        facts=_facts(seen),
        deeds=deeds,
        may_reach=any(button.verb == "reach" for button in seen.buttons),
        happenings=pieces.happenings(seen.history, REGISTERS[register]),
        crumbs=[(title, reverse("access", args=[register])), (seen.row.title, "")],
    )


def _deed(register: str, pk: int, button: Button, actor: Actor, asked: tuple[str, Form] | None) -> dict[str, Any]:
    """Return a move with its form, the one that was refused or a new one, and what has to be signed with it."""
    tried = asked is not None and asked[0] == button.verb
    form = asked[1] if asked and tried else _register(register).deeds[button.verb][1](auto_id=f"id_{button.verb}_%s")
    return {
        "verb": button.verb,
        "label": button.label,
        "url": reverse("access_move", args=[register, pk, button.verb]),
        "form": form,
        "asked": tried,
        "signing": REGISTERS[register].signing(button.verb, pk, actor, words_of(form)),
    }


_WORDS: Final = {
    "kind": N_("支持类型"), "side": N_("责任方"), "exception": N_("例外依据"), "answer": N_("答复"),
    "answered_by": N_("答复人"), "decision": N_("认定意见"), "conclusion": N_("处置结论"),
}  # fmt: skip


def _facts(seen: AccessDetail) -> list[pieces.Fact]:
    row = seen.row
    facts = [pieces.Fact(_("部门"), row.department_name)]
    if row.other:
        facts.append(pieces.Fact(_("相关部门"), row.other))
    facts += [pieces.Fact(_("登记人"), seen.account_name), pieces.Fact(_("说明"), seen.text)]
    return [*facts, *(pieces.Fact(_(_WORDS[name]), value) for name, value in seen.facts)]


@require_GET
def trainings(request: HttpRequest) -> HttpResponseBase:
    """Show the trainings; with `format=xlsx` as Excel, a line for each department."""
    actor = actor_of(request)
    if request.GET.get("format") == "xlsx":
        headers = [_("培训名称"), _("培训类型"), _("培训日期"), _("部门"), _("人数")]
        found = every(lambda one: queries.trainings(actor, number=one, size=LARGEST))
        lines = (
            (r.title, r.kind_label, r.held_on, name, count) for r in found for name, count in r.people or [("", 0)]
        )
        return downloads.xlsx("trainings.xlsx", headers, lines)
    rows, meta = queries.trainings(actor, number=forms.Filter(request.GET).wanted()["number"])
    return page(
        request,
        "parties/trainings.html",
        title=_("培训"),
        rows=rows,
        meta=meta,
        tabs=_tabs("trainings"),
        may_open=may(OPERATORS, actor),
    )


def training_new(request: HttpRequest) -> HttpResponse:
    """Record a training."""
    shown_to(request, OPERATORS)
    form = forms.Training(posted(request))
    if form.is_bound and form.is_valid():
        with told(form):
            actions.record_training(**form.cleaned_data, by=actor_of(request), at=clock.now())
            return done(request, _("培训已登记。"), to=reverse("trainings"))
    return page(
        request, "parties/form.html", form=form, title=_("登记培训"), back=reverse("trainings"), button=_("登记")
    )


urlpatterns: list[URLPattern] = [
    path("access", listed, {"register": "legacy"}, name="access_home"),
    path("access/trainings", trainings, name="trainings"),
    path("access/trainings/new", training_new, name="training_new"),
    path("access/<slug:register>", listed, name="access"),
    path("access/<slug:register>/export", exported, name="access_export"),
    path("access/<slug:register>/new", opened, name="access_new"),
    path("access/<slug:register>/<int:pk>", shown, name="access_case"),
    path("access/<slug:register>/<int:pk>/<slug:verb>", moved, name="access_move"),
]
