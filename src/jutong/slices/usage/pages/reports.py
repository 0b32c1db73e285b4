"""The utilisation report and the participation view of a period, with Excel."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_safe

from jutong.kernel import clock, faces
from jutong.kernel.faces import downloads
from jutong.kernel.faces.forms import Day, Form
from jutong.kernel.faces.pieces import Figure
from jutong.slices.usage import queries

LONGEST: Final = 3660


class Period(Form):
    """The days a report is about."""

    first = Day(label=_l("起始日期"), required=False)
    last = Day(label=_l("截止日期"), required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse a period that is upside down or longer than ten years."""
        good = super().clean() or {}
        first, last = good.get("first"), good.get("last")
        if first and last and not 0 <= (last - first).days <= LONGEST:
            self.add_error("last", _("截止日期不得早于起始日期，且不超过十年，请修改。"))
        return good

    def days(self) -> tuple[date, date]:
        """Return the period asked for; what is left out is the year so far."""
        first, last = queries.year_so_far(clock.now())
        good = self.cleaned_data if not self.errors else {}
        chosen = good.get("first") or min(first, good.get("last") or first), good.get("last") or last
        return chosen if chosen[0] <= chosen[1] else (chosen[0], chosen[0])


def _period(request: HttpRequest) -> Period:
    form = Period(request.GET)
    form.is_valid()
    return form


@require_safe
def utilisation(request: HttpRequest) -> HttpResponseBase:
    """Show what departments were granted and used in a period; with `format=xlsx` as Excel."""
    form = _period(request)
    seen = queries.utilisation(faces.actor_of(request), *form.days())
    if request.GET.get("format") == "xlsx":
        return _utilisation_sheet(seen)
    granted, used = sum(row.granted for row in seen.rows), sum(row.used for row in seen.rows)
    return faces.page(
        request,
        "usage/utilisation.html",
        title=_("利用情况"),
        lead=_("各部门可用的、已授权的与实际使用的对比；从未使用的授权逐项列出。"),
        crumbs=[(_("治理"), ""), (_("利用情况"), "")],
        form=form,
        seen=seen,
        figures=[
            Figure(_("使用部门"), len(seen.rows)),
            Figure(_("期内有效授权"), granted),
            Figure(_("已使用"), used, tone="good"),
            Figure(_("未使用"), granted - used, tone="wait" if granted > used else "neutral"),
        ],
    )


def _utilisation_sheet(seen: queries.Utilisation) -> HttpResponseBase:
    headers = [
        _("部门"), _("可申请的资源"), _("期内有效授权"), _("已使用"), _("未使用"), _("接口调用（次）"), _("接口行数"), _("交付（次）"),
        _("交付行数"),
    ]  # fmt: skip
    cells = (
        [
            row.department, row.available, row.granted, row.used, row.unused, row.calls, row.called_rows, row.deliveries,
            row.delivered_rows,
        ]
        for row in seen.rows
    )  # fmt: skip
    name = _("利用情况-%(first)s-%(last)s.xlsx") % {"first": seen.first, "last": seen.last}
    return downloads.xlsx(name, headers, cells, sheet=_("利用情况"))


@require_safe
def participation(request: HttpRequest) -> HttpResponseBase:
    """Show who is connected, providing and using in a period; with `format=xlsx` as Excel."""
    form = _period(request)
    seen = queries.participation(faces.actor_of(request), *form.days())
    if request.GET.get("format") == "xlsx":
        return _participation_sheet(seen)
    return faces.page(
        request,
        "usage/participation.html",
        title=_("参与情况"),
        lead=_("哪些部门已与平台联通、按目录提供数据、取得并使用数据；次数与交换、调用日志一致。"),
        crumbs=[(_("治理"), ""), (_("参与情况"), "")],
        form=form,
        seen=seen,
        figures=[
            Figure(_("部门"), len(seen.rows)),
            Figure(_("已联通"), seen.connected),
            Figure(_("提供数据"), seen.providing),
            Figure(_("使用数据"), seen.using),
        ],
    )


def _participation_sheet(seen: queries.Participation) -> HttpResponseBase:
    headers = [
        _("部门"), _("已发布目录"), _("已联通"), _("提供的资源"), _("提供：交付（次）"), _("提供：调用（次）"), _("取得的资源"),
        _("取得：交付（次）"), _("取得：调用（次）"),
    ]  # fmt: skip
    cells = (
        [
            row.department, row.published, row.connected, row.provided, row.provided_deliveries, row.provided_calls,
            row.obtained, row.obtained_deliveries, row.obtained_calls,
        ]
        for row in seen.rows
    )  # fmt: skip
    name = _("参与情况-%(first)s-%(last)s.xlsx") % {"first": seen.first, "last": seen.last}
    return downloads.xlsx(name, headers, cells, sheet=_("参与情况"))
