"""拟提问题: what events put forward as possible findings, for the authority."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_safe

from jutong.kernel import faces, paging
from jutong.kernel.faces import downloads
from jutong.kernel.faces.forms import Form, Whole
from jutong.slices.correction import queries

PAGES: Final = {
    "verification": "correction_verification",
    "sharing_request": "sharing_case",
    "dispute": "sharing_dispute",
    "use_change": "sharing_change_of_use",
    "disposal": "usage_disposal_case",
    "misuse_case": "usage_misuse",
}
"""The page of a case by its kind; what stands elsewhere is shown without a link."""


class PageForm(Form):
    """Which page."""

    page = Whole(label=_l("页码"), required=False, min_value=1)


def link_of(subject: str) -> str:
    """Return the address of a case's page, or nothing."""
    kind, _colon, pk = subject.partition(":")
    return reverse(PAGES[kind], args=[int(pk)]) if kind in PAGES and pk.isdecimal() else ""


@require_safe
def findings(request: HttpRequest) -> HttpResponse:
    """List what was put forward; the supervision decides on it, here it is only seen."""
    form = PageForm(request.GET)
    form.is_valid()
    rows, meta = queries.proposed_findings(faces.actor_of(request), number=form.cleaned_data.get("page") or 1)
    return faces.page(
        request,
        "correction/findings.html",
        title=_("拟提问题"),
        lead=_("平台按规则发现、可能需要责令整改的情形，供主管部门核实；列入本表不是认定。"),
        crumbs=[(_("治理"), ""), (_("拟提问题"), "")],
        rows=[(row, link_of(row.subject)) for row in rows],
        meta=meta,
    )


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Export the list as Excel."""
    actor = faces.actor_of(request)
    queries.proposed_findings(actor, size=1)
    lines = paging.every(lambda number: queries.proposed_findings(actor, number=number, size=200))
    rows = ([row.at, row.label, row.department, row.words, row.source, row.subject] for row in lines)
    headers = [_("提出时间"), _("情形"), _("部门"), _("事实"), _("依据"), _("事项")]
    return downloads.xlsx(_("拟提问题.xlsx"), headers, rows, sheet=_("拟提问题"))
