"""The state of sharing as one page with charts, and the records behind every figure as lists and Excel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from django import forms as django_forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_safe

from jutong.kernel import agenda, clock, faces
from jutong.kernel.clock import beijing_day
from jutong.kernel.faces import downloads
from jutong.kernel.faces.forms import Code, Day, Form, Whole
from jutong.kernel.faces.pieces import Chart, Figure, Series, Tab
from jutong.kernel.paging import LARGEST, every
from jutong.kernel.terms import N_, ShareType
from jutong.slices.oversight import queries

HOWS: Final = {"": N_("全部"), "in_time": N_("按期"), "overdue": N_("超期"), "open": N_("办理中")}
SIDES: Final = {"provided": N_("本区域提供"), "used": N_("本区域使用")}
XLSX: Final = "xlsx"


class Asked(Form):
    """What is looked at: the period, and in a list which part of a figure."""

    first = Day(label=_l("日期自"), required=False)
    last = Day(label=_l("日期至"), required=False)
    how = Code(required=False, max_length=16, widget=django_forms.HiddenInput)
    limit = Code(required=False, max_length=32, widget=django_forms.HiddenInput)
    share_type = Code(required=False, max_length=16, widget=django_forms.HiddenInput)
    side = Code(required=False, max_length=16, widget=django_forms.HiddenInput)
    page = Whole(required=False, min_value=1, widget=django_forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Refuse a period that is upside down."""
        good = super().clean() or {}
        if good.get("first") and good.get("last") and good["last"] < good["first"]:
            self.add_error("last", _("截止日期不得早于起始日期，请修改。"))
        return good

    @classmethod
    def of(cls, request: HttpRequest) -> Asked:
        """Return what the address asks for."""
        form = cls(request.GET)
        form.is_valid()
        return form

    def given(self, name: str) -> str:
        """Return a word of the address that is in order, or nothing."""
        return str(self.cleaned_data.get(name) or "")

    @property
    def number(self) -> int:
        """Which page of a list."""
        return self.cleaned_data.get("page") or 1

    @property
    def days(self) -> tuple[date, date]:
        """The period: this year up to today where none is named."""
        today = beijing_day(clock.now())
        first = self.cleaned_data.get("first") or today.replace(month=1, day=1)
        last = self.cleaned_data.get("last") or max(today, first)
        return first, last


def _linked(name: str, days: tuple[date, date], *args: str, **more: str) -> str:
    words = {"first": str(days[0]), "last": str(days[1]), **{key: value for key, value in more.items() if value}}
    return f"{reverse(name, args=args)}?{urlencode(words)}"


@require_safe
def state(request: HttpRequest) -> HttpResponseBase:
    """Show the state of sharing in the authority's area; with `format=xlsx` its figures as Excel."""
    form = Asked.of(request)
    days = form.days
    seen = queries.state(faces.actor_of(request), *days, at=clock.now())
    if request.GET.get("format") == XLSX:
        return _state_sheet(seen)
    return faces.page(
        request,
        "oversight/state.html",
        title=_("共享态势"),
        lead=_("统计期内发生的和目前在办的事项；点击数字可以看到具体记录。内部目标不计入超期。"),
        crumbs=[(_("治理"), ""), (_("共享态势"), "")],
        form=form,
        days=days,
        seen=seen,
        figures=_figures(seen),
        charts=_charts(seen),
        rows=[_row(one, days) for one in seen.cases if one.total],
        none=[one.kind for one in seen.cases if not one.total and not one.limit],
        types=[(one, _linked("oversight_entries", days, share_type=one.share_type)) for one in seen.types],
        volumes=[(one, _linked("oversight_grants", days, side=one.side)) for one in seen.volumes],
    )


def _row(one: agenda.Standing, days: tuple[date, date]) -> tuple[agenda.Standing, dict[str, str]]:
    """Return a line of the table with the address behind each of its figures."""
    links = {how or "all": _linked("oversight_cases", days, one.workflow, limit=one.limit, how=how) for how in HOWS}
    return one, links


def _figures(seen: queries.State) -> list[Figure]:
    days, asked = (seen.first, seen.last), seen.of("sharing_request")
    late = sum(one.overdue for one in seen.cases if not one.limit)
    provided = seen.volumes[0]

    def behind(how: str) -> str:
        return _linked("oversight_cases", days, "sharing_request", how=how)

    return [
        Figure(_("已发布目录"), seen.entries, _("条"), url=_linked("oversight_entries", days)),
        Figure(_("申请按期"), asked.in_time, _("件"), "good", behind("in_time")),
        Figure(_("申请超期"), asked.overdue, _("件"), "bad" if asked.overdue else "neutral", behind("overdue")),
        Figure(_("各类事项超期"), late, _("件"), "bad" if late else "neutral"),
        Figure(
            _("提供数据"), provided.called_rows + provided.delivered_rows, _("行"),
            url=_linked("oversight_grants", days, side="provided"),
        ),
    ]  # fmt: skip


def _charts(seen: queries.State) -> list[tuple[str, Chart]]:
    whole = [one for one in seen.cases if not one.limit and one.total]
    charts = []
    if seen.entries:
        kinds = [one for one in seen.types if one.entries]
        rows = [Series(_("已发布目录"), [one.entries for one in kinds])]
        charts.append(("types", Chart(_("目录按共享类型"), [one.label for one in kinds], rows, "pie", unit=_("条"))))
    if whole:
        rows = [Series(_("按期"), [one.in_time for one in whole]), Series(_("超期"), [one.overdue for one in whole])]
        names = [one.kind for one in whole]
        charts.append(("standing", Chart(_("各类事项按期与超期"), names, rows, "hbar", stacked=True, unit=_("件"))))
    return charts


def _state_sheet(seen: queries.State) -> HttpResponseBase:
    rows: list[Sequence[object]] = [(_("已发布目录"), one.label, one.entries, None, None, None) for one in seen.types]
    rows += [(one.kind, one.limit_label, one.total, one.in_time, one.overdue, one.open) for one in seen.cases]
    for one in seen.volumes:
        for label, value in (
            (_("使用的授权"), one.grants), (_("接口调用（次）"), one.calls), (_("接口行数"), one.called_rows),
            (_("交付（次）"), one.deliveries), (_("交付行数"), one.delivered_rows),
        ):  # fmt: skip
            rows.append((one.label, label, value, None, None, None))
    headers = [_("事项"), _("分项"), _("总数"), _("按期"), _("超期"), _("办理中")]
    return _sheet(_("共享态势"), (seen.first, seen.last), headers, rows)


def _sheet(name: str, days: tuple[date, date], headers: list[str], rows: Any) -> HttpResponseBase:
    return downloads.xlsx(f"{name}-{days[0]}-{days[1]}.xlsx", headers, rows, sheet=name)


@require_safe
def cases(request: HttpRequest, workflow: str) -> HttpResponseBase:
    """List the cases behind a figure; with `format=xlsx` as Excel."""
    form, actor, now = Asked.of(request), faces.actor_of(request), clock.now()
    days, how, limit = form.days, form.given("how"), form.given("limit")
    asked: dict[str, Any] = {"at": now, "limit": limit, "how": how}
    rows, meta = queries.cases(actor, workflow, *days, **asked, number=form.number)
    label = queries.label_of(workflow, limit)
    if request.GET.get("format") == XLSX:
        found = every(lambda n: queries.cases(actor, workflow, *days, **asked, number=n, size=LARGEST))
        headers = [_("编号"), _("事项"), _("对方"), _("状态"), _("开始日期"), _("超期"), _("期限")]
        return _sheet(f"{label}-{_(HOWS[how])}", days, headers, _case_lines(found))
    tabs = [
        Tab(_(words), _linked("oversight_cases", days, workflow, limit=limit, how=code), code == how)
        for code, words in HOWS.items()
    ]
    return _listed(request, "oversight/cases.html", label, days, tabs=tabs, rows=rows, meta=meta)


def _case_lines(found: Iterator[agenda.StandingCase]) -> Iterator[list[object]]:
    for row in found:
        limits = "；".join(f"{_(one.label)} {one.text}（{one.due_day}）" for one in row.clocks)
        yield [
            row.number, row.title, row.who, row.state_label, row.started_on, _("是") if row.overdue else "", limits,
        ]  # fmt: skip


def _listed(request: HttpRequest, template: str, title: str, days: tuple[date, date], **more: Any) -> HttpResponseBase:
    lead = _("%(first)s 至 %(last)s") % {"first": days[0], "last": days[1]}
    crumbs = [(_("治理"), ""), (_("共享态势"), _linked("oversight_state", days)), (title, "")]
    return faces.page(request, template, title=title, lead=lead, crumbs=crumbs, **more)


@require_safe
def entries(request: HttpRequest) -> HttpResponseBase:
    """List the published entries behind a figure; with `format=xlsx` as Excel."""
    form, actor = Asked.of(request), faces.actor_of(request)
    days, kind = form.days, form.given("share_type")
    labels = {one.value: _(one.label) for one in ShareType}
    rows, meta = queries.entries(actor, kind, number=form.number)
    if request.GET.get("format") == XLSX:
        found = every(lambda n: queries.entries(actor, kind, number=n, size=LARGEST))
        lines = ([row.code, row.title, row.provider_name, labels.get(row.share_type, "")] for row in found)
        return _sheet(_("已发布目录"), days, [_("目录代码"), _("名称"), _("提供方"), _("共享类型")], lines)
    tabs = [
        Tab(words, _linked("oversight_entries", days, share_type=code), code == kind)
        for code, words in {"": _("全部"), **labels}.items()
    ]
    more = {"tabs": tabs, "rows": [(row, labels.get(row.share_type, "")) for row in rows], "meta": meta}
    return _listed(request, "oversight/entries.html", _("已发布目录"), days, **more)


@require_safe
def moved(request: HttpRequest) -> HttpResponseBase:
    """List the grants behind a volume; with `format=xlsx` as Excel."""
    form, actor = Asked.of(request), faces.actor_of(request)
    days, side = form.days, form.given("side") or "provided"
    rows, meta = queries.moved_grants(actor, side, *days, number=form.number)
    if request.GET.get("format") == XLSX:
        found = every(lambda n: queries.moved_grants(actor, side, *days, number=n, size=LARGEST))
        headers = [
            _("授权编号"), _("资源名称"), _("提供方"), _("使用方"), _("接口调用（次）"), _("接口行数"), _("交付（次）"), _("交付行数"),
        ]  # fmt: skip
        lines = (
            [row.reference, row.title, row.provider, row.consumer, row.calls, row.called_rows, row.deliveries,
             row.delivered_rows]
            for row in found
        )  # fmt: skip
        return _sheet(_(SIDES[side]), days, headers, lines)
    tabs = [Tab(_(words), _linked("oversight_grants", days, side=code), code == side) for code, words in SIDES.items()]
    return _listed(request, "oversight/grants.html", _("提供与使用量"), days, tabs=tabs, rows=rows, meta=meta)


urlpatterns: list[URLPattern] = [
    path("", state, name="oversight_state"),
    path("cases/<slug:workflow>/", cases, name="oversight_cases"),
    path("entries/", entries, name="oversight_entries"),
    path("grants/", moved, name="oversight_grants"),
]
