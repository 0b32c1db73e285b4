"""The list of services that stopped without an end that was filed."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from jutong.kernel import clock, faces
from jutong.kernel.clock import beijing_day
from jutong.kernel.faces import downloads
from jutong.kernel.paging import LARGEST, every
from jutong.slices.services import queries
from jutong.slices.services.pages.watching import Filter


@require_safe
def stops(request: HttpRequest) -> HttpResponseBase:
    """List the stops that concern the person's departments; with `format=xlsx` as Excel."""
    actor, form = faces.actor_of(request), Filter(request.GET)
    form.is_valid()
    if request.GET.get("format") == "xlsx":
        found = every(lambda one: queries.stops(actor, number=one, size=LARGEST))
        headers = [
            _("资源"),
            _("提供方"),
            _("情形"),
            _("说明"),
            _("停止自"),
            _("恢复于"),
            _("涉及使用方（个）"),
            _("状态"),
        ]
        lines = (
            (r.title, r.provider_name, r.cause_label, r.words, r.since, r.ended_at, r.consumers, r.state_label)
            for r in found
        )
        name = _("服务中断-%s.xlsx") % f"{beijing_day(clock.now()):%Y%m%d}"
        return downloads.xlsx(name, headers, lines, sheet=_("服务中断"))
    rows, meta = queries.stops(actor, number=form.cleaned_data.get("page") or 1)
    return faces.page(
        request, "services/stops.html", title=_("服务中断"), crumbs=[(_("交换"), ""), (_("服务中断"), "")], rows=rows, meta=meta,
        lead=_("有效授权取不到数据、又没有备案停止的服务；超过设定的工作日数的，列为拟提问题，由主管部门认定。"),
    )  # fmt: skip
