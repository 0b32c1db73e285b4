"""Pages of back-flow: the list, stating a need, one back-flow with its account by division, and its moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock, faces
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import downloads, forms, pieces
from jutong.kernel.terms import N_
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.pages.runs import number_of
from jutong.slices.exchange.queries import BackflowDetail
from jutong.slices.exchange.rules import NAME_BYTES
from jutong.slices.exchange.workflow import BACKFLOW


class NeedForm(forms.Form):
    """Which items of an entry a lower department needs, and for which duty."""

    items = django_forms.MultipleChoiceField(label=gettext_lazy("信息项"), widget=django_forms.CheckboxSelectMultiple)
    division_item = django_forms.ChoiceField(
        label=gettext_lazy("行政区划信息项"), help_text=gettext_lazy("按它选取本行政区域的记录，须在所选信息项之内。")
    )
    duty = forms.Paragraph(
        label=gettext_lazy("履职依据"), max_length=1000, help_text=gettext_lazy("本部门据以使用该数据的职责。")
    )

    def __init__(self, data: Any, found: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["items"].choices = [(item, item) for item in found.items]  # type: ignore[attr-defined]
        self.fields["division_item"].choices = [(item, item) for item in found.texts]  # type: ignore[attr-defined]


class ArrangeForm(forms.Form):
    """When it runs, kept how safe; nothing else can be demanded (national-2025#24)."""

    cron = forms.Line(
        label=gettext_lazy("回流计划"),
        max_length=60,
        help_text=gettext_lazy("五段：分 时 日 月 周（北京时间），如 30 2 * * *。"),
    )
    security = forms.Paragraph(label=gettext_lazy("安全措施"), max_length=1000)


class StartForm(forms.Form):
    """Into which table of the lower department."""

    source_id = django_forms.TypedChoiceField(label=gettext_lazy("目标库"), coerce=int)
    schema = forms.Line(label=gettext_lazy("目标模式"), max_length=NAME_BYTES, required=False)
    table = forms.Line(label=gettext_lazy("目标表"), max_length=NAME_BYTES)


class SourceForm(forms.Form):
    """Which of the own entries offers the returned data on."""

    entry_id = django_forms.TypedChoiceField(
        label=gettext_lazy("本部门目录"),
        coerce=int,
        help_text=gettext_lazy("登记后，目录写明来源部门；分级不得低于来源目录，只能用于履职依据所列职责。"),
    )


class ConditionForm(forms.Form):
    """A further condition that the upper department demands."""

    condition = forms.Paragraph(label=gettext_lazy("附加的限制条件"), max_length=1000)
    evidence = forms.Paragraph(label=gettext_lazy("依据材料"), max_length=1000)


class EndForm(forms.Form):
    """Why it ends."""

    note = forms.Paragraph(label=gettext_lazy("说明"), max_length=1000, required=False)


DEEDS: Final[dict[str, tuple[Callable[..., Any], type[forms.Form]]]] = {
    "arrange": (actions.arrange_backflow, ArrangeForm),
    "start": (actions.start_backflow, StartForm),
    "register_source": (actions.register_source, SourceForm),
    "report_condition": (actions.report_condition, ConditionForm),
    "end": (actions.end_backflow, EndForm),
}


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """Show the back-flows that concern the person's departments."""
    fold = request.GET.get("fold", "")[:20]
    rows, meta = queries.backflows(faces.actor_of(request), fold=fold, number=number_of(request))
    folds = {"": _("全部"), **{name: _(label) for name, label in BACKFLOW.states.items()}, "late": _("未按计划")}
    tabs = [pieces.Tab(label, f"?fold={name}", current=name == fold) for name, label in folds.items()]
    context: dict[str, Any] = {"rows": rows, "meta": meta, "tabs": tabs, "fold": fold}
    return faces.page(request, "exchange/backflows.html", title=_("数据回流"), **context)


@require_GET
def sheet(request: HttpRequest) -> HttpResponseBase:
    """Hand out the back-flows as Excel."""
    headers = [_("编号"), _("资源"), _("目录代码"), _("提供部门"), _("使用部门"), _("履职依据"), _("行政区划信息项"),
               _("行政区划代码"), _("回流计划"), _("安全措施"), _("状态"), _("未按计划"), _("附加的限制条件")]  # fmt: skip
    lines = (
        (r.number, r.title, r.entry_code, r.provider_name, r.consumer_name, r.duty, r.division_item,
         "、".join(r.area), r.when, r.security, r.state_label, r.late_since, r.condition)
        for r in queries.all_backflows(faces.actor_of(request))
    )  # fmt: skip
    return downloads.xlsx("backflows.xlsx", headers, lines)


def need(request: HttpRequest) -> HttpResponse:
    """Choose an entry of a department above, and state what is needed of it."""
    actor = faces.actor_of(request)
    crumbs = [(_("数据回流"), reverse("exchange_backflows")), (_("提出回流需求"), "")]
    context: dict[str, Any] = {"crumbs": crumbs, "text": request.GET.get("q", "")[:100]}
    wanted = request.GET.get("resource", "")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):  # noqa: PLR2004 - a bigint
        context["offered"] = queries.needable_entries(actor, context["text"])
        return faces.page(request, "exchange/backflow_need.html", title=_("提出回流需求"), **context)
    found = queries.needable(int(wanted))
    form = NeedForm(faces.posted(request), found, initial={"items": list(found.items)})
    if form.is_valid():
        with faces.told(form):
            made = actions.need_backflow(by=actor, at=clock.now(), resource_id=found.id, **form.cleaned_data)
            return faces.done(request, _("回流需求已提出。"), to=reverse("exchange_backflow", args=[made.pk]))
    context |= {"form": form, "found": found}
    return faces.page(request, "exchange/backflow_need.html", title=_("提出回流需求"), **context)


@require_GET
def shown(request: HttpRequest, backflow_id: int) -> HttpResponse:
    """Show one back-flow with its newest account."""
    return _page(request, queries.backflow(backflow_id, faces.actor_of(request)))


@require_POST
def moved(request: HttpRequest, backflow_id: int, verb: str) -> HttpResponse:
    """Do what was posted, or show the back-flow again with what is wrong."""
    actor = faces.actor_of(request)
    found = queries.backflow(backflow_id, actor)
    if verb not in DEEDS:
        raise NotThere(N_("没有这项操作，请刷新页面后重试。"))
    form = _form(verb, found, faces.posted(request))
    if form.is_valid():
        with faces.told(form):
            DEEDS[verb][0](backflow_id, by=actor, at=clock.now(), **form.cleaned_data)
            return faces.done(request, _("已办理。"), to=reverse("exchange_backflow", args=[backflow_id]))
    return _page(request, found, verb, form)


def _page(request: HttpRequest, found: BackflowDetail, verb: str = "", bound: forms.Form | None = None) -> HttpResponse:
    deeds = [
        (button.label, button.verb, bound if bound is not None and button.verb == verb else _form(button.verb, found))
        for button in found.buttons
        if button.verb in DEEDS
    ]
    row = found.row
    crumbs = [(_("数据回流"), reverse("exchange_backflows")), (row.number, "")]
    context: dict[str, Any] = {
        "crumbs": crumbs, "flow": found, "row": row, "deeds": deeds, "asked": bound, "form": bound,
        "facts": _facts(found), "happenings": pieces.happenings(found.history, BACKFLOW),
    }  # fmt: skip
    return faces.page(request, "exchange/backflow.html", title=f"{row.number} {row.title}", **context)


def _form(verb: str, found: BackflowDetail, data: Any = None) -> forms.Form:
    form = DEEDS[verb][1](data)
    if verb == "start":
        form.fields["source_id"].choices = list(found.targets)  # type: ignore[attr-defined]
    if verb == "register_source":
        form.fields["entry_id"].choices = list(found.entries)  # type: ignore[attr-defined]
    return form


def _facts(found: BackflowDetail) -> list[pieces.Fact]:
    row = found.row
    facts = [
        pieces.Fact(_("提供部门"), row.provider_name),
        pieces.Fact(_("使用部门"), row.consumer_name),
        pieces.Fact(_("履职依据"), row.duty),
        pieces.Fact(_("信息项"), "、".join(row.items)),
        pieces.Fact(_("行政区划信息项"), row.division_item),
        pieces.Fact(_("行政区划代码"), "、".join(row.area) or _("待安排")),
        pieces.Fact(_("回流计划"), row.when),
        pieces.Fact(_("安全措施"), row.security or _("待安排")),
    ]
    if row.moved_away:
        facts.append(pieces.Fact(_("已划出的行政区划"), "、".join(row.moved_away)))
    if row.grant_id:
        facts.append(pieces.Fact(_("授权"), f"G-{row.grant_id:06d}", url=reverse("grant", args=[row.grant_id])))
    if row.task_id:
        facts.append(
            pieces.Fact(_("所属任务"), f"J-{row.task_id:06d}", url=reverse("exchange_task", args=[row.task_id]))
        )
    facts += [
        pieces.Fact(_("登记的目录"), title, url=reverse("catalogue_entry", args=[pk])) for pk, title in found.registered
    ]
    if row.condition:
        facts += [pieces.Fact(_("附加的限制条件"), row.condition), pieces.Fact(_("依据材料"), row.evidence)]
    return facts


@require_GET
def divisions_sheet(request: HttpRequest, backflow_id: int) -> HttpResponseBase:
    """Hand out both ends of every division of the newest run as Excel, rows without a division last."""
    account = queries.backflow(backflow_id, faces.actor_of(request)).account
    headers = [
        _("行政区划代码"),
        _("行政区划"),
        _("发送行数"),
        _("接收行数"),
        _("发送校验和"),
        _("接收校验和"),
        _("核对"),
    ]
    lines: list[tuple[object, ...]] = []
    if account is not None:
        lines = [
            (d.code or _("（空）"), d.name, d.sent, d.arrived, d.sent_checksum, d.arrived_checksum,
             _("一致") if d.agrees else _("不一致"))
            for d in account.divisions
        ]  # fmt: skip
        lines.append((_("未标明行政区划"), "", account.unassigned, None, "", "", _("未回流")))
    return downloads.xlsx(f"H-{backflow_id:06d}-divisions.xlsx", headers, lines)


urlpatterns = [
    path("backflows/", listed, name="exchange_backflows"),
    path("backflows/sheet/", sheet, name="exchange_backflows_sheet"),
    path("backflows/new/", need, name="exchange_backflow_new"),
    path("backflows/<int:backflow_id>/", shown, name="exchange_backflow"),
    path("backflows/<int:backflow_id>/divisions/", divisions_sheet, name="exchange_divisions"),
    path("backflows/<int:backflow_id>/<slug:verb>/", moved, name="exchange_backflow_move"),
]
