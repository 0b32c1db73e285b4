"""Published entries against resources: figures per department, resources without entry, both as Excel (R-CAT-059)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock, faces
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.downloads import xlsx
from jutong.slices.datacentre import queries
from jutong.slices.datacentre.pages.asked import number
from jutong.slices.datacentre.pages.mounting import tabs


@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """Show the comparison per department."""
    rows = queries.comparison(faces.actor_of(request), at=clock.now())
    shown = tabs("datacentre_comparison")
    return faces.page(request, "datacentre/comparison.html", title=_("目录与资源对照"), rows=rows, tabs=shown)


@require_GET
def loose(request: HttpRequest) -> HttpResponse:
    """Show resources without entry."""
    department = number(request, "department", 0)
    rows = queries.without_entry(faces.actor_of(request), department=department)
    return faces.page(
        request, "datacentre/loose.html", title=_("有资源而无目录"), rows=rows, department=department,
        tabs=tabs("datacentre_loose"),
    )  # fmt: skip


@require_GET
def export(request: HttpRequest, what: str) -> HttpResponseBase:
    """Answer with the figures, the entries without resource or the resources without entry as Excel."""
    actor, at, department = faces.actor_of(request), clock.now(), number(request, "department", 0)
    day = f"{beijing_day(at):%Y%m%d}"
    if what == "figures":
        headers = [
            _("部门"),
            _("已发布目录"),
            _("已挂接"),
            _("未挂接"),
            _("未按周期更新"),
            _("已共享"),
            _("有资源而无目录"),
        ]
        cells = (
            [r.department, r.entries, r.with_resource, r.without_resource, r.stale, r.shared, r.without_entry]
            for r in queries.comparison(actor, at=at)
        )
        return xlsx(_("目录与资源对照-%s.xlsx") % day, headers, cells, sheet=_("目录与资源对照"))
    if what == "missing":
        headers = [_("目录代码"), _("名称"), _("提供部门"), _("发布日期"), _("已发布天数")]
        rows = queries.all_without_resource(actor, at=at, department=department)
        lines = ([r.code, r.title, r.provider_name, r.since, r.days] for r in rows)
        return xlsx(_("已发布未挂接-%s.xlsx") % day, headers, lines, sheet=_("已发布未挂接"))
    if what == "tables":
        headers = [_("部门"), _("数据源"), _("表"), _("注释"), _("情况"), _("日期")]
        found = queries.without_entry(actor, department=department)
        tables = ([r.department, r.source_title, r.place, r.comment, r.why, r.since] for r in found)
        return xlsx(_("有资源而无目录-%s.xlsx") % day, headers, tables, sheet=_("有资源而无目录"))
    raise NotThere(_("没有这种导出格式，请从页面上的按钮导出。"))
