"""Filings of entries: taking note of a set as the authority, filing a set as the department, the list of what lacks one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.actors import Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import actor_of, page, signed
from jutong.kernel.faces.downloads import xlsx
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages.forms import asked_number, asked_text
from jutong.slices.catalogue.pages.leading import tabs
from jutong.slices.catalogue.pages.picking import chosen_ids, told_of_set


def _kind(request: HttpRequest) -> str:
    kind = asked_text(request, "kind")
    return kind if kind in queries.filing_labels() else "waiting"


def filings(request: HttpRequest) -> HttpResponse:
    """List filings by kind; the authority takes note of a set, a department files a set."""
    if request.method == "POST":
        return _decide(request)
    actor, kind, text = actor_of(request), _kind(request), asked_text(request, "q")
    rows, meta = queries.filings(actor, at=clock.now(), kind=kind, text=text, number=asked_number(request))
    return page(
        request,
        "catalogue/filings.html",
        title=_("目录备案"),
        tabs=tabs("catalogue_filings"),
        rows=rows,
        meta=meta,
        kind=kind,
        text=text,
        kinds=list(queries.filing_labels().items()),
        may_acknowledge=kind == "waiting" and actor.holds(Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD),
        may_file=kind == "missing" and actor.holds(Role.DATA_OFFICER),
    )


def _decide(request: HttpRequest) -> HttpResponse:
    ids, verb = chosen_ids(request), request.POST.get("verb", "")
    deeds = {"acknowledge": actions.acknowledge_filings, "file": actions.file_entries}
    if verb not in deeds:
        raise NotThere(_("没有这项批量操作，请刷新页面后重试。"))
    return told_of_set(request, deeds[verb](ids, by=signed(request), at=clock.now()), "catalogue_filings")


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """Answer with a list of filings as Excel."""
    at = clock.now()
    headers = [
        _("备案编号"), _("代码"), _("名称"), _("提供部门"), _("版本"), _("状态"), _("报送人"), _("备案时间"), _("确认时间"),
    ]  # fmt: skip
    rows = queries.filing_lines(actor_of(request), at=at, kind=_kind(request), text=asked_text(request, "q"))
    cells = (
        [
            r.number,
            r.code,
            r.title,
            r.provider_name,
            r.version,
            r.state_label,
            r.filed_by,
            r.filed_at,
            r.acknowledged_at,
        ]
        for r in rows
    )
    return xlsx(_("目录备案-%s.xlsx") % f"{beijing_day(at):%Y%m%d}", headers, cells, sheet=_("目录备案"))
