"""The catalogue of important data: the list with Excel, one with its protection and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import Form, actor_of, page, posted
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.forms import Line, Paragraph
from jutong.kernel.faces.pieces import Fact
from jutong.slices.catalogue import actions
from jutong.slices.catalogue.pages.assessing import tabs
from jutong.slices.catalogue.pages.forms import Note, asked_number, asked_text
from jutong.slices.catalogue.pages.sources import Why, moved
from jutong.slices.catalogue.queries import important as listing
from jutong.slices.catalogue.workflow import IMPORTANT_STATES


class Report(Form):
    """How the data are protected, and who answers for it."""

    protection = Paragraph(label=gettext_lazy("保护措施"), max_length=2000)
    responsible = Line(label=gettext_lazy("数据安全负责人"), max_length=100)
    body = Line(label=gettext_lazy("数据安全管理机构"), max_length=200)


class LookAgain(Form):
    """What protects the data now, and what the review found."""

    protection = Paragraph(label=gettext_lazy("现行保护措施"), max_length=2000)
    note = Paragraph(label=gettext_lazy("复核情况"), max_length=1000)


_FORMS: Final[dict[str, type[Form]]] = {"report": Report, "confirm": Note, "send_back": Why, "look_again": LookAgain}
_ACTS: Final[dict[str, Callable[..., Any]]] = {
    "report": actions.report_important,
    "confirm": actions.confirm_important,
    "send_back": actions.send_back_important,
    "look_again": actions.review_protection,
}


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """List the important data of the own departments and of the area."""
    state, text = asked_text(request, "state"), asked_text(request, "q")
    rows, meta = listing.important_data(
        actor_of(request), at=clock.now(), state=state, text=text, number=asked_number(request)
    )
    return page(
        request,
        "catalogue/important_data.html",
        title=_("重要数据目录"),
        tabs=tabs("catalogue_important_data"),
        rows=rows,
        meta=meta,
        state=state,
        text=text,
        states=[*((code, _(label)) for code, label in IMPORTANT_STATES.items()), ("late", _("措施逾期未复核"))],
    )


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """Answer with the catalogue of important data as Excel."""
    state, text = asked_text(request, "state"), asked_text(request, "q")
    rows = listing.important_lines(actor_of(request), at=clock.now(), state=state, text=text)
    headers = [
        _("目录代码"), _("目录"), _("提供部门"), _("数据分级"), _("状态"), _("数据安全负责人"), _("数据安全管理机构"),
        _("保护措施"), _("报送时间"), _("下次复核日期"),
    ]  # fmt: skip
    cells = (
        [r.code, r.title, r.provider_name, r.level_label, r.state_label, r.responsible, r.body, r.protection,
         r.reported_at, r.review_on]
        for r in rows
    )  # fmt: skip
    name = _("重要数据目录-%s.xlsx") % f"{beijing_day(clock.now()):%Y%m%d}"
    return xlsx(name, headers, cells, sheet=_("重要数据目录"))


@require_GET
def important(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one."""
    seen = listing.important(pk, actor=actor_of(request), at=clock.now())
    row = seen.row
    facts = [
        Fact(_("数据分级"), row.level_label),
        Fact(_("保护措施"), row.protection),
        Fact(_("数据安全负责人"), row.responsible),
        Fact(_("数据安全管理机构"), row.body),
        Fact(_("主管部门"), seen.authority_name),
        Fact(_("下次复核日期"), str(row.review_on or "")),
        Fact(_("意见"), seen.remark),
    ]
    return page(
        request,
        "catalogue/important.html",
        title=row.title,
        seen=seen,
        facts=[fact for fact in facts if fact.value],
        crumbs=[(_("重要数据目录"), reverse("catalogue_important_data")), (row.title, "")],
    )


def deed(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Show the form of a move, or make the move."""
    if verb not in _FORMS:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb[:40])
    seen = listing.important(pk, actor=actor_of(request), at=clock.now())
    start = {name: getattr(seen.row, name) for name in ("protection", "responsible", "body")}
    back, form = reverse("catalogue_important", args=[pk]), _FORMS[verb](posted(request), initial=start)
    return moved(request, verb, pk, form, _ACTS[verb], seen.buttons, back, lead=seen.row.title)
