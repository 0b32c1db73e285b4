"""Regional catalogues: the list with its filters, what is pending, conflicts, aggregations, and what was reported from below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.faces import Form, actor_of, done, page, posted, signed, told
from jutong.kernel.faces.downloads import attachment, xlsx
from jutong.kernel.faces.forms import Code, Upload
from jutong.kernel.faces.pieces import Fact, Tab
from jutong.kernel.terms import CatalogueClass, ShareType
from jutong.slices.catalogue import actions
from jutong.slices.catalogue.pages.forms import asked_number, asked_text, line_of
from jutong.slices.catalogue.pages.sources import Why, act
from jutong.slices.catalogue.queries import regional as queries
from jutong.slices.catalogue.queries.versions import in_words, label_of
from jutong.slices.parties import queries as parties
from jutong.wire import catalogue as wire

MOST_BYTES = 64 * 1024 * 1024
_SHOWN = ("abstract", "format_class", "share_type", "share_conditions", "share_mode", "open_type", "open_conditions",
          "update_cycle", "data_category", "security_level")  # fmt: skip


class Report(Form):
    """The whole catalogue of a government with a platform of its own, as that platform exports it."""

    region = Code(label=gettext_lazy("行政区划代码"), max_length=12)
    file = Upload(
        label=gettext_lazy("地区目录文件"),
        most_bytes=MOST_BYTES,
        help_text=gettext_lazy("下级平台“地区目录”页导出的 JSON 文件；未列入的原有条目在下次汇总时撤销"),
    )


def _asked_region(request: HttpRequest) -> str:
    return asked_text(request, "region")[:12]


def _filter(request: HttpRequest, standing: str = "held") -> queries.RegionalFilter:
    return queries.RegionalFilter(
        text=asked_text(request, "q"),
        origin=asked_text(request, "origin")[:12],
        resource_class=asked_text(request, "class")[:12],
        share_type=asked_text(request, "share")[:16],
        change=asked_text(request, "change")[:12],
        standing=standing,
    )


def _tabs(current: str, seen: queries.Regional) -> list[Tab]:
    names = {
        "catalogue_regional": _("地区目录"),
        "catalogue_regional_pending": _("待汇总的变化"),
        "catalogue_regional_conflicts": _("代码冲突"),
        "catalogue_regional_runs": _("汇总记录"),
        "catalogue_regional_reported": _("下级报送"),
    }
    return [
        Tab(label, f"{reverse(name)}?region={seen.region}", current=name == current) for name, label in names.items()
    ]


@require_GET
def regional(request: HttpRequest) -> HttpResponse:
    """Show the catalogue of a region: each entry once, with origin, version and what the last aggregation did."""
    seen = queries.regional(actor_of(request), region=_asked_region(request))
    asked = _filter(request)
    rows, meta = queries.regional_entries(seen.region, asked, number=asked_number(request))
    return page(
        request,
        "catalogue/regional.html",
        title=_("%s目录") % seen.region_name,
        tabs=_tabs("catalogue_regional", seen),
        seen=seen,
        rows=rows,
        meta=meta,
        asked=asked,
        classes=[(code, _(label)) for code, label in CatalogueClass.choices()],
        shares=[(code, _(label)) for code, label in ShareType.choices()],
        changes=[(code, _(label)) for code, label in queries.KINDS.items() if code != "conflict"],
    )


@require_GET
def pending(request: HttpRequest) -> HttpResponse:
    """Show what changed below since the last aggregation; the authority aggregates it."""
    seen = queries.regional(actor_of(request), region=_asked_region(request))
    kind = asked_text(request, "kind")
    kind = kind if kind in queries.KINDS else ""
    rows, meta = queries.pending(seen.region, kind=kind, number=asked_number(request))
    return page(
        request,
        "catalogue/regional_pending.html",
        title=_("待汇总的变化"),
        tabs=_tabs("catalogue_regional_pending", seen),
        seen=seen,
        rows=rows,
        meta=meta,
        kind=kind,
        kinds=[(code, _(label)) for code, label in queries.KINDS.items()],
    )


@require_POST
def aggregate(request: HttpRequest) -> HttpResponse:
    """Aggregate a region's catalogue as its authority."""
    region = line_of(request.POST.get("region", ""), 12)
    actor, at = signed(request), clock.now()
    made = actions.aggregate(by=actor, at=at, authority_id=parties.authority_of(region), region=region)
    words = {name: getattr(made, name) for name in ("number", "added", "changed", "withdrawn", "conflicts")}
    said = _("已汇总第 %(number)d 版：新增 %(added)d，变更 %(changed)d，撤销 %(withdrawn)d，代码冲突 %(conflicts)d。")
    return done(request, said % words, to=f"{reverse('catalogue_regional')}?region={region}")


@require_GET
def conflicts(request: HttpRequest) -> HttpResponse:
    """Show entries with one code, of which the catalogue holds none until that is settled; and what was left out."""
    seen = queries.regional(actor_of(request), region=_asked_region(request))
    standing = "left_out" if asked_text(request, "settled") == "1" else "conflict"
    rows, meta = queries.regional_entries(seen.region, _filter(request, standing), number=asked_number(request))
    return page(
        request,
        "catalogue/regional_conflicts.html",
        title=_("代码冲突"),
        tabs=_tabs("catalogue_regional_conflicts", seen),
        seen=seen,
        rows=sorted(rows, key=lambda row: row.code),
        meta=meta,
        standing=standing,
        label=_(queries.STANDINGS[standing]),
    )


def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide that the catalogue holds this one of several entries with one code."""
    row = queries.regional_row(pk)
    seen = queries.regional(actor_of(request), region=row.region)
    form, back = Why(posted(request)), f"{reverse('catalogue_regional_conflicts')}?region={row.region}"
    if form.is_bound and form.is_valid():
        with told(form):
            actions.settle_code(
                by=signed(request), at=clock.now(), authority_id=seen.authority_id, row_id=pk, **form.cleaned_data
            )
            return done(request, _("已裁定纳入本条，其他同代码条目不纳入。"), to=back)
    lead = f"{row.code}《{row.title}》{row.provider_name}（{row.origin_name}）"
    return act(request, _("裁定纳入本条"), form, back, lead=lead, refused=not seen.may_aggregate)


@require_GET
def runs(request: HttpRequest) -> HttpResponse:
    """List the aggregations of a region."""
    seen = queries.regional(actor_of(request), region=_asked_region(request))
    rows, meta = queries.aggregations(seen.region, number=asked_number(request))
    return page(
        request, "catalogue/regional_runs.html", title=_("汇总记录"), tabs=_tabs("catalogue_regional_runs", seen),
        seen=seen, rows=rows, meta=meta,
    )  # fmt: skip


@require_GET
def reported(request: HttpRequest) -> HttpResponse:
    """List what governments below reported from platforms of their own."""
    seen = queries.regional(actor_of(request), region=_asked_region(request))
    text = asked_text(request, "q")
    rows, meta = queries.reported_entries(text=text, number=asked_number(request))
    return page(
        request, "catalogue/reported.html", title=_("下级报送"), tabs=_tabs("catalogue_regional_reported", seen),
        seen=seen, rows=rows, meta=meta, text=text,
    )  # fmt: skip


def report(request: HttpRequest) -> HttpResponse:
    """Take the catalogue file of a government with a platform of its own."""
    seen = queries.regional(actor_of(request), region=_asked_region(request))
    form = Report(posted(request), request.FILES or None)
    back = reverse("catalogue_regional_reported")
    if form.is_bound and form.is_valid():
        with told(form):
            counts = actions.report_catalogue(
                by=signed(request), at=clock.now(), authority_id=seen.authority_id, region=form.cleaned_data["region"],
                entries=_read(form.cleaned_data["file"]),
            )  # fmt: skip
            said = _("已登记报送目录 %(entries)d 条：新增 %(added)d，撤销 %(withdrawn)d。")
            return done(request, said % counts, to=back)
    return page(
        request, "catalogue/report.html", title=_("报送地区目录"), form=form, back=back, refused=not seen.may_aggregate
    )


def _read(file: Any) -> list[wire.Entry]:
    try:
        return msgspec.json.decode(file.read(), type=list[wire.Entry])
    except (msgspec.MsgspecError, UnicodeDecodeError) as wrong:
        raise RuleBroken(
            _("文件不是地区目录的 JSON 导出，请在下级平台的“地区目录”页导出后上传。"), field="file"
        ) from wrong


@require_GET
def reported_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a reported entry as its own platform states it."""
    actor_of(request)
    row, entry = queries.reported_entry(pk)
    facts = [Fact(label_of(name), in_words(name, getattr(entry, name))) for name in _SHOWN if getattr(entry, name)]
    return page(
        request, "catalogue/reported_entry.html", title=entry.title, row=row, entry=entry, facts=facts,
        crumbs=[(_("下级报送"), reverse("catalogue_regional_reported")), (row.code, "")],
    )  # fmt: skip


@require_GET
def export(request: HttpRequest, what: str) -> HttpResponseBase:
    """Answer with a list as it is filtered, as Excel; or with the catalogue in machine form for the level above."""
    seen = queries.regional(actor_of(request), region=_asked_region(request))
    stem = f"{seen.region_name}-{beijing_day(clock.now()):%Y%m%d}"
    if what == "records":
        form = _json(queries.records(seen.region))
        return attachment(form, f"{seen.region}.json", "application/json; charset=utf-8")
    if what in {"entries", "conflicts"}:
        rows = queries.regional_lines(seen.region, _filter(request, "held" if what == "entries" else "conflict"))
        headers = [
            _("代码"), _("名称"), _("提供部门"), _("来源地区"), _("分类"), _("共享类型"), _("版本"), _("本次变化"),
            _("状态"),
        ]  # fmt: skip
        return xlsx(_("地区目录-%s.xlsx") % stem, headers, _cells(rows), sheet=_("地区目录"))
    if what == "pending":
        headers = [_("变化"), _("代码"), _("名称"), _("提供部门"), _("来源地区"), _("版本")]
        kind = asked_text(request, "kind")
        found = queries.pending_lines(seen.region, kind=kind if kind in queries.KINDS else "")
        lines = ([r.kind_label, r.code, r.title, r.provider_name, r.origin_name, r.version] for r in found)
        return xlsx(_("待汇总-%s.xlsx") % stem, headers, lines, sheet=_("待汇总的变化"))
    raise NotThere(_("没有这种导出格式，请从页面上的按钮导出。"))


def _cells(rows: Iterator[queries.RegionalRow]) -> Iterator[list[object]]:
    for r in rows:
        yield [
            r.code, r.title, r.provider_name, r.origin_name, r.class_label, r.share_label, r.version, r.kind_label,
            r.standing_label,
        ]  # fmt: skip


def _json(entries: Iterable[wire.Entry]) -> Iterator[bytes]:
    yield b"["
    for place, entry in enumerate(entries):
        yield (b",\n" if place else b"") + msgspec.json.encode(entry)
    yield b"]"
