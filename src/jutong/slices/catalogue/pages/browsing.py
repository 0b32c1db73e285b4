"""Ways through the catalogue without a question: the directory tree, the data map, and what is related to an entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel.errors import NotThere
from jutong.kernel.faces import actor_of, page, partial
from jutong.kernel.faces.answers import is_htmx
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.pieces import FlowChart, Tab
from jutong.slices.catalogue import queries, search
from jutong.slices.catalogue.pages.forms import asked_number, asked_text
from jutong.slices.parties import queries as parties


@require_GET
def tree(request: HttpRequest) -> HttpResponse:
    """Show what is in force by class, domain, department or region; a large tree place by place."""
    actor_of(request)
    kind = _kind(request)
    tabs = [Tab(_(label), f"?by={name}", current=name == kind) for name, label in search.TREES.items()]
    twigs = search.folded(search.directory(kind), asked_text(request, "open"))
    return page(request, "catalogue/tree.html", title=_("目录树"), twigs=twigs, tabs=tabs, kind=kind)


def _kind(request: HttpRequest) -> str:
    given = asked_text(request, "by")
    return given if given in search.TREES else "class"


@require_GET
def data_map(request: HttpRequest) -> HttpResponse:
    """Show who provides what to whom, under living grants."""
    actor_of(request)
    region, department = asked_text(request, "region"), asked_number(request, "department", 0)
    rows = queries.flows(region=region, department=department)
    return page(
        request,
        "catalogue/map.html",
        title=_("数据地图"),
        rows=rows[: queries.MOST_DRAWN],
        more=len(rows) > queries.MOST_DRAWN,
        count=len(rows),
        drawn=_drawn(rows[: queries.MOST_DRAWN]),
        region=region,
        department=department,
    )


def _drawn(rows: Iterable[queries.Flow]) -> FlowChart:
    links = [(row.provider, row.consumer, row.entries) for row in rows]
    return FlowChart(_("谁向谁提供什么"), links, unit=_("条目录"))


@require_GET
def flow(request: HttpRequest, provider: int, consumer: int) -> HttpResponse:
    """Show the entries that one department gives another."""
    actor_of(request)
    rows, meta = queries.given(provider, consumer, number=asked_number(request))
    names = parties.departments({provider, consumer})
    words = {"provider": names[provider].name, "consumer": names[consumer].name} if len(names) > 1 else {}
    return page(
        request,
        "catalogue/flow.html",
        title=_("%(provider)s提供给%(consumer)s的目录") % words if words else _("部门之间提供的目录"),
        rows=rows,
        meta=meta,
        provider=provider,
        consumer=consumer,
        crumbs=[(_("数据地图"), reverse("catalogue_map")), (_("部门之间提供的目录"), "")],
    )


@require_GET
def related(request: HttpRequest, pk: int) -> HttpResponse:
    """Show entries that share items with one, and those used together with it; as a piece of a page for HTMX."""
    actor_of(request)
    found = queries.published(pk)
    if found is None:
        raise NotThere(_("没有找到该目录条目，或它尚未发布。"))
    shown: dict[str, Any] = {"sharing": search.related(pk), "together": queries.used_together(pk), "entry": found}
    if is_htmx(request):
        return partial(request, "catalogue/related_rows.html", **shown)
    crumbs = [(found.title, reverse("catalogue_entry", args=[pk])), (_("相关目录"), "")]
    return page(request, "catalogue/related.html", title=_("相关目录"), crumbs=crumbs, **shown)


@require_GET
def export(request: HttpRequest, what: str) -> HttpResponseBase:
    """Answer with results, the tree or the map as Excel."""
    actor = actor_of(request)
    if what == "results":
        headers = [_("代码"), _("名称"), _("提供部门"), _("摘要"), _("共享类型"), _("资源格式"), _("更新周期"), _("领域"), _("发布日期"),
                   _("如何获取")]  # fmt: skip
        chosen = {name: request.GET.getlist(name)[: search.MOST_CHOSEN] for name in search.FACETS}
        lines = _lines(search.every_hit(asked_text(request, "q"), actor=actor, chosen=chosen))
        return xlsx(_("目录检索结果.xlsx"), headers, lines, sheet=_("目录检索"))
    if what == "tree":
        twigs = search.directory(_kind(request))
        cells = (["　" * twig.depth + twig.label, twig.value, twig.entries] for twig in twigs)
        return xlsx(_("目录树.xlsx"), [_("名称"), _("代码"), _("已发布目录")], cells, sheet=_("目录树"))
    if what == "map":
        rows = queries.flows(region=asked_text(request, "region"), department=asked_number(request, "department", 0))
        flows = ([r.provider, r.consumer, r.entries, r.grants, r.used_on] for r in rows)
        return xlsx(_("数据地图.xlsx"), _map_headers(), flows, sheet=_("数据地图"))
    raise NotThere(_("没有这种导出格式，请从页面上的按钮导出。"))


def _lines(found: Iterable[search.Found]) -> Iterator[list[object]]:
    """Yield results as rows of a sheet; it says so where only the best are listed."""
    listed = 0
    for f in found:
        listed += 1
        yield [
            f.code, f.title, f.provider_name, f.abstract, f.share_label, f.format_label, f.cycle_label, f.domain,
            f.released_on, f.how,
        ]  # fmt: skip
    if listed >= search.RANKED:
        yield ["", _("只列出最相关的 %d 条；需要其余目录的，请增加关键词或筛选条件后再导出。") % listed]


def _map_headers() -> list[str]:
    return [_("提供部门"), _("使用部门"), _("目录数"), _("授权数"), _("最近使用")]


@require_GET
def flow_export(request: HttpRequest, provider: int, consumer: int) -> HttpResponseBase:
    """Answer with the entries that one department gives another as Excel."""
    actor_of(request)
    rows = queries.every_given(provider, consumer)
    cells = ([row.code, row.title, row.since, row.used_on] for row in rows)
    headers = [_("代码"), _("名称"), _("授权日期"), _("最近使用")]
    return xlsx(_("部门之间提供的目录.xlsx"), headers, cells, sheet=_("数据地图"))
