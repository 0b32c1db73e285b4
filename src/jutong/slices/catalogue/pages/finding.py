"""Search with facets, the department's own entries, and export."""

from __future__ import annotations

import tempfile
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import actor_of, page
from jutong.kernel.faces.downloads import XLSX, attachment
from jutong.kernel.faces.pieces import Facet, FacetChoice
from jutong.kernel.terms import N_
from jutong.slices.catalogue import queries, search
from jutong.slices.catalogue.formats.exports import write_guide, write_own, write_two_sheet
from jutong.slices.catalogue.pages.forms import asked_number, asked_text
from jutong.slices.catalogue.workflow import STATES

_WRITERS = {"own": write_own, "guide": write_guide, "two-sheet": write_two_sheet}
_FILE_NAMES = {
    "own": N_("目录编制模板-已填.xlsx"),
    "guide": N_("政务信息资源目录.xlsx"),
    "two-sheet": N_("数据资源目录-双表.xlsx"),
}
_MEMORY = 8 * 1024 * 1024


@require_GET
def results(request: HttpRequest) -> HttpResponse:
    """Show what is published, by words and facets (R-CAT-043)."""
    text = asked_text(request, "q")
    found = search.search(
        text,
        actor=actor_of(request),
        chosen={name: request.GET.getlist(name)[:20] for name in search.FACETS},
        number=asked_number(request),
    )
    facets = [
        Facet(f.name, f.label, [FacetChoice(v.value, v.label, v.count, v.chosen) for v in f.values])
        for f in found.facets
    ]
    return page(
        request,
        "catalogue/search.html",
        title=_("目录检索"),
        text=text,
        results=found,
        facets=facets,
        facets_chosen=[(facet.name, choice.value) for facet in facets for choice in facet.choices if choice.chosen],
        wish=_wish(request, text) if text and not found.found else "",
    )


def _wish(request: HttpRequest, text: str) -> str:
    """Return where the actor asks for data that the catalogue does not have, nothing for those who record no demands."""
    if not queries.demands_offered(actor_of(request), clock.now()).departments:
        return ""
    return f"{reverse('catalogue_demand_new')}?{urlencode({'wanted': text})}"


@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """Show the entries of the actor's departments."""
    actor = actor_of(request)
    state, text = asked_text(request, "state"), asked_text(request, "q")
    rows, meta = queries.entries_of(actor, state=state, text=text, number=asked_number(request))
    states = [(code, _(label)) for code, label in STATES.items()]
    return page(
        request,
        "catalogue/own.html",
        title=_("本部门目录"),
        rows=rows,
        meta=meta,
        state=state,
        text=text,
        states=states,
        peers=queries.peers(),
    )


@require_GET
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Answer with the actor's own entries as a workbook: our template, the 26-column sheet or the two-sheet template.

    `?peer=` writes our template with the codes of another system; what its table does not map is named, not exported.
    """
    writer = _WRITERS.get(kind)
    if writer is None:
        raise NotThere(_("没有这种导出格式，请从页面上的按钮导出。"))
    file = tempfile.SpooledTemporaryFile(max_size=_MEMORY)  # noqa: SIM115 - the response closes it
    actor = actor_of(request)
    given = queries.specification_of(actor, clock.now())
    if peer := asked_text(request, "peer"):
        write_own(file, queries.export_rows(actor), given, peer=queries.outgoing_codes(peer))
    else:
        writer(file, queries.export_rows(actor), given)
    file.seek(0)
    return attachment(file, _(_FILE_NAMES[kind]), XLSX)
