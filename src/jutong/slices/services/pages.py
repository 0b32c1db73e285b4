"""Pages of interfaces: what can be called, how, how much it was, and the console."""

from __future__ import annotations

import json
from typing import Any, Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from jutong.kernel import clock, faces
from jutong.kernel.clock import BEIJING
from jutong.kernel.faces import downloads
from jutong.kernel.faces.forms import Code, Form, Line, Whole
from jutong.kernel.faces.pieces import Chart, Series, Tab
from jutong.kernel.terms import MODE_LABELS, DeliveryMode, Purpose
from jutong.slices.grants import actions as grant_actions
from jutong.slices.services import actions, queries, rules

DAY_HOURS: Final = 24


class Filter(Form):
    """What is looked for."""

    q = Line(label=gettext_lazy("资源名称或目录编号"), max_length=100, required=False)
    page = Whole(label=gettext_lazy("页码"), required=False, min_value=1, widget=django_forms.HiddenInput)


class CallForm(Form):
    """A trial call: whose key, for which purpose, asking for what. The key is never shown again."""

    key_id = Code(label=gettext_lazy("密钥编号"), max_length=64)
    secret = Code(
        label=gettext_lazy("调用密钥"),
        max_length=128,
        widget=django_forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("业务系统登记时发放的 64 位十六进制密钥；只用于这一次调用，不保存、不记录。"),
    )
    purpose = django_forms.ChoiceField(label=gettext_lazy("使用用途"))
    service_item = Line(label=gettext_lazy("服务事项（可不填）"), max_length=100, required=False)
    mode = django_forms.ChoiceField(label=gettext_lazy("调用方式"), widget=django_forms.RadioSelect)
    after = Line(label=gettext_lazy("游标（逐页列出时，上一页返回的 after）"), max_length=400, required=False)

    def __init__(self, found: queries.Service, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"mode": "query"})
        grant = found.grant
        modes = [("query", _("查询：返回授权的信息项"))]
        if grant.confirm_items:
            modes.append(("confirm", _("核对：只回答相符或不符")))
        modes.append(("queries", _("统一查询：同一标识，向本系统的各项授权一并查询")))
        if grant.listing:
            modes.append(("list", _("逐页列出：不填查询条件，一次二十条")))
        else:
            del self.fields["after"]
        modes += [(f"through:{each.name}", _("直通接口：%s") % each.name) for each in found.endpoints]
        self.fields["mode"].choices = modes  # type: ignore[attr-defined]
        self.fields["purpose"].choices = [  # type: ignore[attr-defined]
            (code, _(Purpose(code).label)) for code in grant.purposes
        ]
        self.found = found

    def _given(self, kind: str, items: tuple[str, ...]) -> list[tuple[str, str, str]]:
        return [
            (f"{kind}-{place}", item, str(self.data.get(f"{kind}-{place}", ""))) for place, item in enumerate(items)
        ]

    @property
    def key_values(self) -> list[tuple[str, str, str]]:
        """Name, item and typed value of each key item."""
        return self._given("key", self.found.grant.key_items)

    @property
    def fact_values(self) -> list[tuple[str, str, str]]:
        """Name, item and typed value of each item that can be confirmed."""
        return self._given("fact", self.found.grant.confirm_items)

    @property
    def param_values(self) -> list[tuple[str, str, str]]:
        """Name, parameter and typed value of each parameter of the endpoints that are passed through."""
        names = dict.fromkeys(name for each in self.found.endpoints for name in each.params)
        return self._given("param", tuple(names))

    def call(self) -> dict[str, Any]:
        """Return the arguments of the action."""
        good = self.cleaned_data
        kind, _colon, endpoint = good["mode"].partition(":")
        chosen = next((each for each in self.found.endpoints if each.name == endpoint), None)
        trial = actions.Trial(
            kind,
            keys={item: value for _name, item, value in self.key_values},
            facts={item: value for _name, item, value in self.fact_values} if kind == "confirm" else {},
            endpoint=endpoint,
            given={one: value for _name, one, value in self.param_values if chosen and one in chosen.params},
            after=good.get("after", ""),
        )
        return {**{name: good[name] for name in ("key_id", "secret", "purpose", "service_item")}, "trial": trial}


@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """List what the department's systems may call."""
    form = Filter(request.GET)
    form.is_valid()
    good = form.cleaned_data
    rows, meta = queries.services(
        faces.actor_of(request), clock.now(), text=good.get("q", ""), number=good.get("page") or 1
    )
    return faces.page(
        request,
        "services/list.html",
        title=_("接口服务"),
        lead=_("本部门的业务系统凭各自的密钥，在授权范围内调用网关。"),
        crumbs=[(_("交换"), ""), (_("接口服务"), "")],
        form=form,
        rows=rows,
        meta=meta,
    )


@require_safe
def service(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Show one interface: address, examples, systems, use."""
    found = queries.service(grant_id, faces.actor_of(request), clock.now())
    return faces.page(
        request,
        "services/service.html",
        title=found.grant.resource_title,
        lead=_("%(reference)s · 提供方 %(provider)s · 有效期至 %(until)s")
        % {
            "reference": found.grant.reference,
            "provider": found.grant.provider_name,
            "until": found.grant.last_day,
        },
        crumbs=[(_("接口服务"), reverse("services_list")), (found.grant.reference, "")],
        service=found,
        modes=_("、").join(_(MODE_LABELS[DeliveryMode(mode)]) for mode in found.grant.modes),
        purposes=[(code, _(Purpose(code).label)) for code in found.grant.purposes],
        charts=charts(found.use),
    )


def charts(use: queries.Use) -> list[tuple[str, Chart]]:
    """Return the charts of a grant's use: by day, and by system."""
    calls, refused = _("成功"), _("被拒绝")
    days = Chart(
        _("每日调用"),
        [f"{one.day:%m-%d}" for one in use.days],
        [
            Series(calls, [one.calls - one.refused for one in use.days]),
            Series(refused, [one.refused for one in use.days]),
        ],
        kind="bar",
        stacked=True,
        unit=_("次"),
    )
    if not use.systems:
        return [("use-days", days)]
    systems = Chart(
        _("各业务系统"),
        [one.system for one in use.systems],
        [
            Series(calls, [one.calls - one.refused for one in use.systems]),
            Series(refused, [one.refused for one in use.systems]),
        ],
        kind="hbar",
        stacked=True,
        unit=_("次"),
    )
    return [("use-days", days), ("use-systems", systems)]


@require_safe
def openapi(request: HttpRequest, grant_id: int) -> HttpResponseBase:
    """Hand over the OpenAPI document of one grant."""
    found = queries.service(grant_id, faces.actor_of(request), clock.now())
    text = json.dumps(found.openapi, ensure_ascii=False, indent=2)
    return downloads.attachment([text.encode()], f"{found.grant.reference}.openapi.json", "application/json")


@sensitive_post_parameters("secret")
def console(request: HttpRequest) -> HttpResponse:
    """Choose a grant (?grant=12) and try a call with a system's own key; the answer shows below the form."""
    actor, now = faces.actor_of(request), clock.now()
    chosen = request.GET.get("grant", "")
    if not chosen.isdigit():
        rows, _meta = queries.services(actor, now)
        return faces.page(
            request,
            "services/choose.html",
            title=_("接口调试台"),
            lead=_("选择一项授权，用已登记业务系统的密钥试一次查询。"),
            crumbs=[(_("接口服务"), reverse("services_list")), (_("接口调试台"), "")],
            rows=rows,
        )
    found = queries.service(int(chosen), actor, now)
    form = CallForm(found, faces.posted(request))
    tried: actions.Tried | None = None
    if form.is_valid():
        with faces.told(form):
            tried = actions.try_query(found.grant.id, by=actor, at=now, **form.call())
    return faces.page(
        request,
        "services/console.html",
        title=_("接口调试台"),
        lead=f"{found.grant.reference} · {found.grant.resource_title}",
        crumbs=[
            (_("接口服务"), reverse("services_list")),
            (found.grant.reference, reverse("service", args=[found.grant.id])),
            (_("接口调试台"), ""),
        ],
        service=found,
        form=form,
        tried=tried,
        columns=[one["item"] for one in found.grant.items],
        answer=_rows(tried, found) if tried else [],
    )


def _rows(tried: actions.Tried, found: queries.Service) -> list[list[tuple[str, str]]]:
    items = [one["item"] for one in found.grant.items]
    return [[(item, row.get(item) or "") for item in items] for row in tried.rows]


class TrafficFilter(Form):
    """How far back to look, and at which grant."""

    hours = django_forms.ChoiceField(
        label=gettext_lazy("时间范围"), required=False, choices=[(str(hours), str(hours)) for hours in rules.STEPS]
    )
    grant = Whole(label=gettext_lazy("授权"), required=False, min_value=1)


@require_safe
def traffic(request: HttpRequest) -> HttpResponseBase:
    """Show calls, refusals, faults and latencies of the gateway over time; with `format=xlsx` as Excel."""
    form = TrafficFilter(request.GET)
    form.is_valid()
    hours, chosen = int(form.cleaned_data.get("hours") or DAY_HOURS), form.cleaned_data.get("grant")
    found = queries.traffic(faces.actor_of(request), clock.now(), hours=hours, grant_id=chosen)
    if request.GET.get("format") == "xlsx":
        return _sheet(found)
    words = {1: _("一小时"), 6: _("六小时"), 24: _("一天"), 168: _("一周")}
    tabs = [
        Tab(word, f"?hours={n}" + (f"&grant={chosen}" if chosen else ""), current=n == hours)
        for n, word in words.items()
    ]
    return faces.page(
        request,
        "services/traffic.html",
        title=_("网关运行"),
        lead=_("本部门提供和使用的接口：调用、错误与应答时间。"),
        crumbs=[(_("接口服务"), reverse("services_list")), (_("网关运行"), "")],
        tabs=tabs,
        hours=hours,
        chosen=chosen,
        found=found,
        charts=_traffic_charts(found, hours),
        any=any(span.calls for span in found.spans),
    )


def _traffic_charts(found: queries.Traffic, hours: int) -> list[tuple[str, Chart]]:
    shape = "%m-%d %H:%M" if hours > DAY_HOURS else "%H:%M"
    labels = [span.since.astimezone(BEIJING).strftime(shape) for span in found.spans]
    calls = Chart(
        _("调用"),
        labels,
        [
            Series(_("成功"), [span.calls - span.refused for span in found.spans]),
            Series(_("平台错误"), [span.failed for span in found.spans]),
            Series(_("被拒绝"), [span.refused - span.failed for span in found.spans]),
        ],
        kind="bar",
        stacked=True,
        unit=_("次"),
    )
    latency = Chart(
        _("应答时间"),
        labels,
        [
            Series("p50", [span.p50 or 0 for span in found.spans]),
            Series("p95", [span.p95 or 0 for span in found.spans]),
            Series("p99", [span.p99 or 0 for span in found.spans]),
        ],
        kind="line",
        unit=_("毫秒"),
    )
    return [("traffic-calls", calls), ("traffic-latency", latency)]


def _sheet(found: queries.Traffic) -> HttpResponseBase:
    headers = [
        _("授权"), _("资源"), _("提供方"), _("使用方"), _("业务系统"), _("调用"), _("被拒绝"), _("平台错误"), "p50", "p95", "p99",
    ]  # fmt: skip
    rows = (
        (
            line.grant.reference, line.grant.resource_title, line.grant.provider_name, line.grant.consumer_name, line.system,
            line.span.calls, line.span.refused, line.span.failed, line.span.p50, line.span.p95, line.span.p99,
        )
        for line in found.lines
    )  # fmt: skip
    return downloads.xlsx(_("网关运行.xlsx"), headers, rows, sheet=_("网关运行"))


@require_safe
def alerts(request: HttpRequest) -> HttpResponseBase:
    """List suspected misuse of what the department provides; with `format=xlsx` as Excel."""
    form = Filter(request.GET)
    form.is_valid()
    excel = request.GET.get("format") == "xlsx"
    rows, meta = queries.alerts(
        faces.actor_of(request), number=1 if excel else form.cleaned_data.get("page") or 1, size=200 if excel else 20
    )
    if excel:
        headers = [
            _("授权"), _("资源"), _("部门"), _("业务系统"), _("情形"), _("日期"), _("次数"), _("最近一次"), _("审计编号"),
        ]  # fmt: skip
        lines = (
            (
                row.reference, row.resource_title, row.department, row.system, row.kind_label, row.day, row.calls,
                row.last_at, "、".join(row.traces),
            )
            for row in rows
        )  # fmt: skip
        return downloads.xlsx(_("疑似违规使用.xlsx"), headers, lines, sheet=_("疑似违规使用"))
    return faces.page(
        request,
        "services/alerts.html",
        title=_("疑似违规使用"),
        lead=_("网关已拒绝的调用：用途、业务系统、记录或信息项超出授权。"),
        crumbs=[(_("接口服务"), reverse("services_list")), (_("疑似违规使用"), "")],
        rows=rows,
        meta=meta,
    )


class RulesForm(Form):
    """How the interface of a grant may be used."""

    listing = django_forms.BooleanField(
        label=gettext_lazy("允许逐页列出"),
        required=False,
        help_text=gettext_lazy("不必给出查询标识，按主键顺序逐页取得授权范围内的全部记录。"),
    )
    portal = django_forms.BooleanField(
        label=gettext_lazy("用于政务服务事项办理"),
        required=False,
        help_text=gettext_lazy("每次调用必须写明事项编号，并记入审计。"),
    )
    endpoints = django_forms.MultipleChoiceField(
        label=gettext_lazy("可直通的接口"),
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("使用方经网关调用所选接口，应答只含授权的信息项；接口在数据源的访问参数中登记。"),
    )

    def __init__(self, found: queries.Provided, data: QueryDict | None) -> None:
        row = found.grant
        super().__init__(data, initial={name: getattr(row, name) for name in ("listing", "portal", "endpoints")})
        if found.endpoints:
            offered = [(each.name, f"{each.name}（{each.method} {each.path}）") for each in found.endpoints]
            self.fields["endpoints"].choices = offered  # type: ignore[attr-defined]
        else:
            del self.fields["endpoints"]


def interface(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Show and change how the interface of a grant may be used; the provider's head does."""
    actor = faces.actor_of(request)
    found = queries.provided(grant_id, actor)
    row, form = found.grant, RulesForm(found, faces.posted(request))
    if form.is_valid():
        with faces.told(form):
            grant_actions.set_interface(grant_id, by=actor, at=clock.now(), **form.cleaned_data)
            return faces.done(request, _("接口规则已保存，两秒内生效。"), to=reverse("grant", args=[grant_id]))
    return faces.page(
        request,
        "services/interface.html",
        title=_("接口规则"),
        lead=f"{row.reference} · {row.resource_title}",
        crumbs=[
            (_("授权"), reverse("grants_list")),
            (row.reference, reverse("grant", args=[grant_id])),
            (_("接口规则"), ""),
        ],
        form=form,
        grant=row,
    )


urlpatterns: list[URLPattern] = [
    path("traffic/", traffic, name="services_traffic"),
    path("alerts/", alerts, name="services_alerts"),
    path("<int:grant_id>/rules/", interface, name="services_interface"),
    path("", services, name="services_list"),
    path("console/", console, name="services_console"),
    path("<int:grant_id>/", service, name="service"),
    path("<int:grant_id>/openapi.json", openapi, name="service_openapi"),
]
