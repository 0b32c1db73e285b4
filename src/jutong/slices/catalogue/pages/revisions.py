"""Changes of published entries: the list with Excel, and one with its differences, acts and the duties it meets."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.kernel.faces import actor_of, page
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.pieces import Change, Tab
from jutong.slices.catalogue import queries
from jutong.slices.catalogue.pages.forms import asked_number, asked_text
from jutong.slices.catalogue.pages.reading import happening


def tabs(current: str) -> list[Tab]:
    """Return the pages about cases of published and unpublished entries."""
    names = {"catalogue_revisions": _("目录变更"), "catalogue_referrals": _("属性定级提请")}
    return [Tab(label, reverse(name), current=name == current) for name, label in names.items()]


@require_GET
def revisions(request: HttpRequest) -> HttpResponse:
    """List changes of published entries, of the own departments and those the authority reviews."""
    text, open_only = asked_text(request, "q"), asked_text(request, "open") == "1"
    rows, meta = queries.revisions(actor_of(request), open_only=open_only, text=text, number=asked_number(request))
    return page(
        request,
        "catalogue/revisions.html",
        title=_("目录变更"),
        tabs=tabs("catalogue_revisions"),
        rows=rows,
        meta=meta,
        text=text,
        open_only=open_only,
    )


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """Answer with the changes as Excel."""
    rows = queries.revision_lines(
        actor_of(request), open_only=asked_text(request, "open") == "1", text=asked_text(request, "q")
    )
    headers = [_("目录"), _("代码"), _("提供部门"), _("变更次数"), _("变更理由"), _("状态"), _("原版本"), _("新版本"), _("经办人"),
               _("开始时间"), _("生效时间")]  # fmt: skip
    cells = (
        [r.title, r.code, r.provider_name, r.number, r.reason, r.state_label, r.old, r.new, r.begun_by, r.begun_at, r.done_at]
        for r in rows
    )  # fmt: skip
    name = _("目录变更-%s.xlsx") % f"{beijing_day(clock.now()):%Y%m%d}"
    return xlsx(name, headers, cells, sheet=_("目录变更"))


@require_GET
def revision(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one change: why, what is different, what was done for it."""
    seen = queries.revision(pk, actor=actor_of(request))
    return page(
        request,
        "catalogue/revision.html",
        title=seen.row.title,
        seen=seen,
        changes=[Change(d.label, d.old, d.new) for d in seen.changes],
        happenings=[happening(row) for row in seen.opinions],
        crumbs=[(_("目录变更"), reverse("catalogue_revisions")), (seen.row.title, "")],
    )
