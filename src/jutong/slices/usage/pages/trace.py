"""Who obtained a resource in a period: a line a department, the calls and the deliveries behind it, and all as Excel."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_safe

from jutong.kernel import clock, faces
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken
from jutong.kernel.faces import downloads
from jutong.kernel.faces.forms import Code, Day, Form, Whole
from jutong.kernel.faces.pieces import Tab
from jutong.kernel.paging import LARGEST, every
from jutong.kernel.terms import MODE_LABELS, N_, DeliveryMode
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.standards.queries import purposes_in_words
from jutong.slices.usage import queries

DAYS: Final = 90
WHAT: Final = {"calls": N_("接口调用"), "deliveries": N_("库表和文件交付")}


class Question(Form):
    """Which resource, and between which days."""

    code = Code(label=_l("信息资源代码"), max_length=64)
    first = Day(label=_l("起始日期"), required=False)
    last = Day(label=_l("截止日期"), required=False)
    what = django_forms.ChoiceField(required=False, choices=list(WHAT.items()), widget=django_forms.HiddenInput)
    page = Whole(label=_l("页码"), required=False, min_value=1, widget=django_forms.HiddenInput)

    def asked(self, today: date) -> tuple[int, date, date]:
        """Return the resource and the period; the last 90 days where none is given."""
        good = self.cleaned_data
        last = good.get("last") or today
        return catalogue.at_code(good["code"]), good.get("first") or last - timedelta(days=DAYS - 1), last


@require_safe
def trace(request: HttpRequest) -> HttpResponse:
    """Ask who obtained a resource, and show the answer."""
    actor, today = faces.actor_of(request), beijing_day(clock.now())
    form = Question(request.GET or None)
    shown: dict[str, Any] = {}
    if form.is_valid():
        with faces.told(form):
            resource, first, last = form.asked(today)
            shown = _found(form, resource, first, last, actor)
    what = form.cleaned_data.get("what") or "calls" if form.is_bound else "calls"
    return faces.page(
        request,
        "usage/trace.html",
        title=_("使用追溯"),
        lead=_("数据泄露或者疑似滥用时，查明期间内哪些部门、人员和系统取得过某项资源，用于什么，取得多少。"),
        crumbs=[(_("共享"), ""), (_("使用追溯"), "")],
        form=form,
        what=what,
        **shown,
    )


def _found(form: Question, resource: int, first: date, last: date, actor: Actor) -> dict[str, Any]:
    what, number = form.cleaned_data.get("what") or "calls", form.cleaned_data.get("page") or 1
    base = f"?code={form.cleaned_data['code']}&first={first}&last={last}&what="
    rows: list[Any]
    if what == "calls":
        calls, meta = queries.calls(resource, first, last, actor, number=number)
        rows = [(row, _mode(row.mode), purposes_in_words([row.purpose])) for row in calls]
    else:
        handed, meta = queries.deliveries(resource, first, last, actor, number=number)
        rows = [(row, purposes_in_words(row.purposes)) for row in handed]
    return {
        "found": queries.trace(resource, first, last, actor),
        "first": first,
        "last": last,
        "tabs": [Tab(_(label), base + name, current=name == what) for name, label in WHAT.items()],
        "rows": rows,
        "meta": meta,
    }


def _mode(code: str) -> str:
    return _(MODE_LABELS[DeliveryMode(code)]) if code in set(DeliveryMode) else code


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Answer with every call and delivery of the period as one sheet."""
    actor, today = faces.actor_of(request), beijing_day(clock.now())
    form = Question(request.GET)
    if not form.is_valid():
        raise RuleBroken(_("请填写要追溯的信息资源代码和期间。"), field="code")
    resource, first, last = form.asked(today)
    queries.trace(resource, first, last, actor)
    headers = [
        _("方式"), _("日期"), _("部门"), _("业务系统或去向"), _("人员"), _("下载人员"), _("授权"), _("信息项"), _("用途"),
        _("次数"), _("行数"),
    ]  # fmt: skip
    return downloads.xlsx(_("使用追溯.xlsx"), headers, _lines(resource, first, last, actor), sheet=_("使用追溯"))


def _lines(resource: int, first: date, last: date, actor: Actor) -> Iterator[tuple[object, ...]]:
    """Yield calls, then deliveries, a page at a time."""
    comma = _("、")
    for row in every(lambda one: queries.calls(resource, first, last, actor, number=one, size=LARGEST)):
        yield (
            _mode(row.mode), row.day, row.consumer_name, row.system, "", "", row.reference, comma.join(row.items),
            purposes_in_words([row.purpose]), row.calls, row.rows,
        )  # fmt: skip
    for got in every(lambda one: queries.deliveries(resource, first, last, actor, number=one, size=LARGEST)):
        yield (
            got.kind, beijing_day(got.at), got.consumer_name, got.place, got.person, comma.join(got.fetched),
            f"G-{got.grant_id:06d}", comma.join(got.items), purposes_in_words(got.purposes), 1, got.rows,
        )  # fmt: skip
