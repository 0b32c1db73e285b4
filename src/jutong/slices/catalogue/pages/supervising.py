"""How alive the catalogue is: figures per department, the entries that ail, and both as Excel."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import actor_of, page
from jutong.kernel.faces.downloads import xlsx
from jutong.slices.catalogue import queries
from jutong.slices.catalogue.pages.forms import asked_number, asked_text
from jutong.slices.catalogue.pages.narrowing import of_department
from jutong.slices.catalogue.pages.updating import supervision_tabs
from jutong.slices.catalogue.rules.liveliness import ASKED, UNUSED_AFTER


@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """Show completeness and timeliness per department."""
    rows = queries.liveliness(actor_of(request), at=clock.now())
    return page(
        request,
        "catalogue/liveliness.html",
        title=_("目录体检"),
        tabs=supervision_tabs("catalogue_health"),
        rows=rows,
        unused_after=UNUSED_AFTER,
    )


@require_GET
def ailing(request: HttpRequest) -> HttpResponse:
    """Show the entries that ail: not updated by their cycle, never used, without source."""
    ailment, department = asked_text(request, "ailment"), asked_number(request, "department", 0)
    rows, meta = queries.ailing(
        actor_of(request), at=clock.now(), ailment=ailment, department=department, number=asked_number(request)
    )
    return page(
        request,
        "catalogue/ailing.html",
        title=_("需要关注的目录"),
        rows=rows,
        meta=meta,
        ailment=ailment,
        department=department,
        narrowed=of_department(department),
        crumbs=[(_("目录体检"), reverse("catalogue_health")), (_("需要关注的目录"), "")],
        ailments=[(code, _(label)) for code, label in ASKED.items()],
    )


@require_GET
def export(request: HttpRequest, what: str) -> HttpResponseBase:
    """Answer with the figures or the ailing entries as Excel."""
    actor, at = actor_of(request), clock.now()
    day = f"{beijing_day(at):%Y%m%d}"
    if what == "figures":
        headers = [
            _("部门"), _("已发布目录"), _("完整度（%）"), _("及时率（%）"), _("未按周期更新"), _("从未更新"),
            _("长期无人使用"), _("来源已失"), _("没有挂接资源"),
        ]  # fmt: skip
        cells = (
            [f.department, f.entries, f.completeness, f.timely, f.stale, f.never_refreshed, f.unused, f.source_gone,
             f.no_resource]
            for f in queries.liveliness(actor, at=at)
        )  # fmt: skip
        return xlsx(_("目录体检-%s.xlsx") % day, headers, cells, sheet=_("目录体检"))
    if what == "entries":
        headers = [
            _("代码"), _("名称"), _("提供部门"), _("问题"), _("更新周期"), _("最近更新"), _("超期天数"), _("最近授权"),
            _("来源失去日期"), _("完整度（%）"),
        ]  # fmt: skip
        rows = queries.ailing_lines(
            actor, at=at, ailment=asked_text(request, "ailment"), department=asked_number(request, "department", 0)
        )
        lines = (
            [r.code, r.title, r.department, "；".join(r.ailments), r.cycle_label, r.refreshed_on, r.days_late,
             r.granted_at, r.lost_on, r.completeness]
            for r in rows
        )  # fmt: skip
        return xlsx(_("需要关注的目录-%s.xlsx") % day, headers, lines, sheet=_("需要关注的目录"))
    raise NotThere(_("没有这种导出格式，请从页面上的按钮导出。"))
