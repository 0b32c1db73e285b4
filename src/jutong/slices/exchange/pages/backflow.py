"""Pages of back-flow: the list, stating a need, one back-flow with its account by division, and its moves."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock, faces, panels
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import downloads, forms, pieces
from jutong.kernel.terms import N_
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.pages.backflow_forms import DEEDS, NeedForm
from jutong.slices.exchange.pages.runs import number_of
from jutong.slices.exchange.queries import BackflowDetail
from jutong.slices.exchange.workflow import BACKFLOW


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """Show the back-flows that concern the person's departments."""
    fold = request.GET.get("fold", "")[:20]
    rows, meta = queries.backflows(faces.actor_of(request), clock.now(), fold=fold, number=number_of(request))
    states = {name: _(label) for name, label in BACKFLOW.states.items()}
    folds = {"": _("全部"), **states, "late": _("未按计划"), "unanswered": _("超过内部目标未安排")}
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
    return _page(request, queries.backflow(backflow_id, faces.actor_of(request), clock.now()))


@require_POST
def moved(request: HttpRequest, backflow_id: int, verb: str) -> HttpResponse:
    """Do what was posted, or show the back-flow again with what is wrong."""
    actor = faces.actor_of(request)
    found = queries.backflow(backflow_id, actor, clock.now())
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
        "panels": panels.filled("backflow", faces.actor_of(request), clock.now(), backflow_id=row.id),
    }  # fmt: skip
    return faces.page(request, "exchange/backflow.html", title=f"{row.number} {row.title}", **context)


def _form(verb: str, found: BackflowDetail, data: Any = None) -> forms.Form:
    form = DEEDS[verb][1](data, initial={"cron": found.row.cron, "security": found.row.security})
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
    if row.grant_id and found.party:
        facts.append(pieces.Fact(_("授权"), f"G-{row.grant_id:06d}", url=reverse("grant", args=[row.grant_id])))
    if row.change_id:
        facts.append(pieces.Fact(_("服务变更或者停止"), _("查看"), url=reverse("grants_ending", args=[row.change_id])))
    if row.task_id and found.party:
        facts.append(
            pieces.Fact(_("所属任务"), f"J-{row.task_id:06d}", url=reverse("exchange_task", args=[row.task_id]))
        )
    facts += [
        pieces.Fact(_("登记的目录"), title, url=reverse("catalogue_entry", args=[pk])) for pk, title in found.registered
    ]
    if row.condition:
        facts += [pieces.Fact(_("附加的限制条件"), row.condition), pieces.Fact(_("依据材料"), row.evidence)]
    return facts


@require_POST
def unassigned(request: HttpRequest, backflow_id: int) -> HttpResponse:
    """Show the upper department's people the records that no division claims, masked; the look is audited."""
    actor, now = faces.actor_of(request), clock.now()
    mount, rows = actions.list_unassigned(backflow_id, by=actor, at=now)
    crumbs = [
        (_("数据回流"), reverse("exchange_backflows")),
        (f"H-{backflow_id:06d}", reverse("exchange_backflow", args=[backflow_id])),
        (_("未标明行政区划的记录"), ""),
    ]
    title = _("未标明行政区划的记录")
    return faces.page(request, "exchange/backflow_unassigned.html", title=title, crumbs=crumbs, mount=mount, rows=rows)


@require_GET
def divisions_sheet(request: HttpRequest, backflow_id: int) -> HttpResponseBase:
    """Hand out both ends of every division of the newest run as Excel, rows without a division last."""
    account = queries.backflow(backflow_id, faces.actor_of(request), clock.now()).account
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
    path("backflows/<int:backflow_id>/unassigned/", unassigned, name="exchange_unassigned"),
    path("backflows/<int:backflow_id>/<slug:verb>/", moved, name="exchange_backflow_move"),
]
