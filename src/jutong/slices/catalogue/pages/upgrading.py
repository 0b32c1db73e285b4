"""The upgrade report: what a version of the specification, in force or to come, means for what is published."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.faces import Form, actor_of, page
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.forms import Day
from jutong.kernel.paging import Page, every
from jutong.slices.catalogue import queries
from jutong.slices.catalogue.pages.forms import asked_number


class Asked(Form):
    """Which day's specification; nonsense in an address falls back to today's."""

    day = Day(required=False)


def _asked(request: HttpRequest) -> tuple[Asked, bool]:
    form = Asked(request.GET)
    form.is_valid()
    return form, request.GET.get("only") == "failing"


@require_GET
def upgrade(request: HttpRequest) -> HttpResponse:
    """Show which published entries are below the specification, and what of each would fail."""
    form, only = _asked(request)
    seen = queries.upgrade_report(
        actor_of(request),
        clock.now(),
        day=form.cleaned_data.get("day"),
        only_failing=only,
        number=asked_number(request),
    )
    return page(request, "catalogue/upgrade.html", title=_("规范升级"), seen=seen, only=only)


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """Answer with the whole report as a workbook."""
    form, only = _asked(request)
    actor, at = actor_of(request), clock.now()

    def look(number: int) -> tuple[tuple[queries.UpgradeRow, ...], Page]:
        found = queries.upgrade_report(
            actor, at, day=form.cleaned_data.get("day"), only_failing=only, number=number, size=500
        )
        return found.rows, found.page

    heads = [_("信息资源代码"), _("信息资源名称"), _("信息资源提供方"), _("所循编制规范"), _("不符合新版本的要素")]
    lines = ((row.code, row.title, row.provider_name, row.specification, "、".join(row.fails)) for row in every(look))
    return xlsx(_("规范升级.xlsx"), heads, lines)
