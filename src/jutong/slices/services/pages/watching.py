"""Interfaces and their use: lists, one with its examples, traffic, suspected misuse."""

from __future__ import annotations

import json
from typing import Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from jutong.kernel import clock, faces
from jutong.kernel.clock import BEIJING
from jutong.kernel.faces import downloads
from jutong.kernel.faces.forms import Form, Line, Whole
from jutong.kernel.faces.pieces import Chart, Series, Tab
from jutong.kernel.paging import LARGEST, every
from jutong.kernel.terms import MODE_LABELS, DeliveryMode
from jutong.slices.services import queries, rules
from jutong.slices.standards import queries as standards

DAY_HOURS: Final = 24


class Filter(Form):
    """What is looked for."""

    q = Line(label=gettext_lazy("资源名称或目录编号"), max_length=100, required=False)
    page = Whole(label=gettext_lazy("页码"), required=False, min_value=1, widget=django_forms.HiddenInput)


@require_safe
def services(request: HttpRequest) -> HttpResponseBase:
    """List what the department's systems may call; with `format=xlsx` as Excel."""
    form = Filter(request.GET)
    form.is_valid()
    good, actor, at = form.cleaned_data, faces.actor_of(request), clock.now()
    text = good.get("q", "")
    if request.GET.get("format") == "xlsx":
        found = every(lambda one: queries.services(actor, at, text=text, number=one, size=LARGEST))
        headers = [
            _("授权"), _("接口"), _("目录编号"), _("提供方"), _("状态"), _("有效期至"), _("近三十天调用（次）"), _("其中被拒绝（次）"),
        ]  # fmt: skip
        lines = (
            (
                row.grant.reference, row.grant.resource_title, row.grant.entry_code, row.grant.provider_name,
                row.grant.state_label, row.grant.last_day, row.calls, row.refused,
            )
            for row in found
        )  # fmt: skip
        return downloads.xlsx(_("接口服务.xlsx"), headers, lines, sheet=_("接口服务"))
    rows, meta = queries.services(actor, at, text=text, number=good.get("page") or 1)
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
        purposes=[(code, standards.purpose_label(code)) for code in found.grant.purposes],
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
            Series("p50", [span.p50 for span in found.spans]),
            Series("p95", [span.p95 for span in found.spans]),
            Series("p99", [span.p99 for span in found.spans]),
        ],
        kind="line",
        unit=_("毫秒"),
    )
    return [("traffic-calls", calls), ("traffic-latency", latency)]


def _sheet(found: queries.Traffic) -> HttpResponseBase:
    headers = [
        _("授权"), _("资源"), _("提供方"), _("使用方"), _("业务系统"), _("调用"), _("被拒绝"), _("平台错误"),
        _("p50（毫秒）"), _("p95（毫秒）"), _("p99（毫秒）"),
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
    actor = faces.actor_of(request)
    if excel:
        found = every(lambda one: queries.alerts(actor, number=one, size=LARGEST))
        headers = [
            _("授权"), _("资源"), _("部门"), _("业务系统"), _("情形"), _("日期"), _("次数"), _("最近一次"), _("审计编号"),
        ]  # fmt: skip
        lines = (
            (
                row.reference, row.resource_title, row.department, row.system, row.kind_label, row.day, row.calls,
                row.last_at, "、".join(row.traces),
            )
            for row in found
        )  # fmt: skip
        return downloads.xlsx(_("疑似违规使用.xlsx"), headers, lines, sheet=_("疑似违规使用"))
    rows, meta = queries.alerts(actor, number=form.cleaned_data.get("page") or 1)
    return faces.page(
        request,
        "services/alerts.html",
        title=_("疑似违规使用"),
        lead=_("网关已拒绝的调用：用途、业务系统、记录或信息项超出授权。"),
        crumbs=[(_("接口服务"), reverse("services_list")), (_("疑似违规使用"), "")],
        rows=rows,
        meta=meta,
    )
