"""Demands of a department: lists, recording by form and by Excel, one demand with what may meet it, and its moves."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock, files
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken
from jutong.kernel.faces import actor_of, done, page, partial, posted, signed, told
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.downloads import XLSX, attachment, xlsx
from jutong.kernel.faces.ids import ids_in
from jutong.kernel.faces.pieces import Fact, Tab
from jutong.kernel.faces.templatetags.jutong import moment
from jutong.kernel.workflow import Moved
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.formats import demands as sheets
from jutong.slices.catalogue.pages.demand_forms import DemandFile, WantedForm
from jutong.slices.catalogue.pages.forms import asked_id, asked_number, asked_text, line_of
from jutong.slices.catalogue.pages.narrowing import of_demands
from jutong.slices.catalogue.rules.demands import SCOPES
from jutong.slices.catalogue.search import suggested, suggestions
from jutong.slices.parties import queries as parties

MOST_AT_ONCE: Final = 500
MEMORY: Final = 8 * 1024 * 1024
MAIN: Final = ("submit", "register", "accept", "make_gap", "assign", "compile_for")
"""Moves whose buttons stand out on a demand's page."""


def tabs(request: HttpRequest, current: str) -> list[Tab]:
    """Return the pages about demands."""
    offer = queries.demands_offered(actor_of(request), clock.now())
    names = {"own": _("本部门需求"), "given": _("待本部门提供"), "all": _("全部需求")}
    base = reverse("catalogue_demands")
    views = [Tab(label, f"{base}?view={view}", current=current == view) for view, label in names.items()]
    pages = {
        **({"catalogue_demand_review": _("审核与分派")} if offer.decides else {}),
        "catalogue_demand_lists": _("需求清单汇总"),
        "catalogue_procedure": _("供需对接流程"),
    }
    return [*views, *(Tab(label, reverse(name), current=current == name) for name, label in pages.items())]


def ids_of(request: HttpRequest) -> list[int]:
    """Return the chosen demands of a form; RuleBroken where none is."""
    chosen = request.POST.getlist("ids")[:MOST_AT_ONCE]
    ids = ids_in(chosen)
    if not ids:
        raise RuleBroken(_("请先勾选要办理的需求。"), field="ids")
    return ids


def sentence_of(moved: Moved) -> str:
    """Say how many of a set were dealt with and why the others were not; refused as one demand would be where none was."""
    moved.some()
    sentence = _("已办理 %(done)d 条。") % {"done": len(moved.done)}
    if moved.refused:
        reasons = "；".join(dict.fromkeys(moved.refused.values()))[:500]
        sentence += _("未办理 %(refused)d 条：%(reasons)s") % {"refused": len(moved.refused), "reasons": reasons}
    return sentence


def _asked(request: HttpRequest) -> dict[str, Any]:
    view = asked_text(request, "view")
    return {
        "view": view if view in queries.DEMAND_VIEWS else "own",
        "state": asked_text(request, "state"),
        "scope": asked_text(request, "scope"),
        "text": asked_text(request, "q"),
        "counted": queries.Counted(
            region=asked_text(request, "region")[:12],
            consumer=asked_id(request, "consumer"),
            provider=asked_id(request, "provider"),
            late=asked_text(request, "late") == "1",
        ),
    }


@require_GET
def demands(request: HttpRequest) -> HttpResponse:
    """List demands: the own departments', those given to them, or all that one may know of."""
    actor, asked = actor_of(request), _asked(request)
    rows, meta = queries.demands(actor, at=clock.now(), number=asked_number(request), **asked)
    return page(
        request,
        "catalogue/demands.html",
        title=_("数据需求与供需对接"),
        tabs=tabs(request, asked["view"]),
        offer=queries.demands_offered(actor, clock.now()),
        rows=rows,
        meta=meta,
        asked=asked,
        narrowed=of_demands(asked["counted"]),
        states=queries.demand_states(),
        scopes=[(code, _(label)) for code, label in SCOPES.items()],
    )


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """Answer with the demands of a list as Excel."""
    rows = queries.demand_lines(actor_of(request), at=clock.now(), **_asked(request))
    return as_sheet(rows, _("数据需求"))


def as_sheet(rows: Iterator[queries.DemandRow], name: str) -> HttpResponseBase:
    """Answer with demands as Excel."""
    headers = [
        _("编号"), _("需求部门"), _("需要的数据"), _("基本内容"), _("信息项"), _("需求范围"), _("提供部门"), _("履行的职责"),
        _("职责依据"), _("状态"), _("关联目录"), _("信息资源代码"), _("共享申请"), _("理由"), _("提交时间"), _("办结时间"),
    ]  # fmt: skip
    cells = (
        [
            r.number, r.consumer, r.wanted, r.contents, "、".join(r.items), r.scope_label, r.provider, r.duty, r.basis,
            r.state_label, r.entry_title, r.entry_code, r.request_number, r.reason, r.submitted_at, r.over_at,
        ]
        for r in rows
    )  # fmt: skip
    return xlsx(f"{name}-{beijing_day(clock.now()):%Y%m%d}.xlsx", headers, cells, sheet=name)


@require_POST
def hand_in(request: HttpRequest) -> HttpResponse:
    """Hand chosen drafts in: with the demand list (and the catalogue list), or to the matching mechanism."""
    ids, by, at = ids_of(request), signed(request), clock.now()
    if request.POST.get("verb") == "register":
        sentence = sentence_of(actions.register_demands(ids, by=by, at=at))
    else:
        handed = actions.submit_demands(ids, by=by, at=at, with_catalogue=request.POST.get("with_catalogue") == "on")
        sentence = sentence_of(handed.demands)
        if handed.entries.done or handed.entries.refused:
            words = {"done": len(handed.entries.done), "refused": len(handed.entries.refused)}
            sentence += _("目录清单同时提交 %(done)d 条，未提交 %(refused)d 条。") % words
    return done(request, sentence, to=reverse("catalogue_demands"))


def new(request: HttpRequest) -> HttpResponse:
    """Record a demand; `register` hands it to the matching mechanism in the same step."""
    offer = queries.demands_offered(actor_of(request), clock.now())
    form = WantedForm(offer.departments, posted(request), initial={"wanted": asked_text(request, "wanted")})
    if form.is_bound and form.is_valid():
        with told(form):
            case = actions.record_demand(
                by=signed(request), at=clock.now(), consumer_id=form.cleaned_data["consumer_id"], given=form.given
            )
            back = reverse("catalogue_demand", args=[case.pk])
            return done(request, _("已登记为草稿，请核对后提交。"), to=back)
    return _write(request, form, _("登记需求"), reverse("catalogue_demands"))


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft."""
    seen = queries.demand(pk, actor=actor_of(request), at=clock.now())
    row, back = seen.row, reverse("catalogue_demand", args=[pk])
    start = {name: getattr(row, name) for name in ("consumer_id", "wanted", "contents", "scope", "duty", "basis")}
    start |= {"items": "\n".join(row.items), "provider_id": row.provider_id or None}
    form = WantedForm([(row.consumer_id, row.consumer)], posted(request), initial=start)
    if form.is_bound and form.is_valid():
        with told(form):
            actions.edit_demand(pk, by=signed(request), at=clock.now(), given=form.given)
            return done(request, _("已保存。"), to=back)
    return _write(request, form, _("修改需求"), back)


def _write(request: HttpRequest, form: WantedForm, title: str, back: str) -> HttpResponse:
    return page(request, "catalogue/demand_edit.html", title=title, form=form, back=back)


@require_GET
def like(request: HttpRequest) -> HttpResponse:
    """Answer with published entries that may meet what is being typed."""
    text = asked_text(request, "wanted")
    items = tuple(line_of(name, 200) for name in request.GET.get("items", "")[:8000].split("\n") if name.strip())[:100]
    found = suggestions(suggested(text, items), items) if text or items else []
    return partial(request, "catalogue/demand_like.html", found=found, wanted=len(items))


@require_GET
def demand(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one demand: what is wanted, what may meet it, who answers it, and what happened."""
    seen = queries.demand(pk, actor=actor_of(request), at=clock.now())
    found = suggestions(suggested(seen.row.wanted, seen.row.items), seen.row.items) if seen.open else []
    return page(
        request,
        "catalogue/demand.html",
        title=seen.row.wanted,
        seen=seen,
        found=found,
        facts=_facts(seen),
        main=MAIN,
        crumbs=[(_("数据需求"), reverse("catalogue_demands")), (seen.row.number, "")],
    )


def _facts(seen: queries.DemandDetail) -> list[Fact]:
    row = seen.row
    procedure = (
        f"{reverse('catalogue_procedure')}?region={row.region}&version={seen.procedure}" if seen.procedure else ""
    )
    version = _("第 %d 版") % seen.procedure if seen.procedure else ""
    together = _("与目录清单同时提交") if seen.with_catalogue else ""
    given = [
        (_("基本内容"), row.contents, ""),
        (_("提供部门"), row.provider, ""),
        (_("履行的职责"), row.duty, ""),
        (_("职责依据"), row.basis, ""),
        (_("登记"), f"{seen.account_name} {moment(row.at)}", ""),
        (_("提交"), " ".join(filter(None, (moment(row.submitted_at) if row.submitted_at else "", together))), ""),
        (_("供需对接流程"), version, procedure),
        (_("需求清单"), seen.listed, ""),
        (_("办结"), moment(row.over_at) if row.over_at else "", ""),
    ]
    return [Fact(label, value, url) for label, value, url in given if value]


@require_GET
def template(request: HttpRequest) -> HttpResponseBase:
    """Answer with the empty workbook of demands, its drop-downs filled with scopes and departments."""
    file = tempfile.SpooledTemporaryFile(max_size=MEMORY)  # noqa: SIM115 - the response closes it
    sheets.template(file, parties.department_names())
    file.seek(0)
    return attachment(file, _("数据需求填报模板.xlsx"), XLSX)


def imports(request: HttpRequest) -> HttpResponse:
    """Take a workbook of demands; say how many were recorded and offer those that came back."""
    offer = queries.demands_offered(actor_of(request), clock.now())
    form = DemandFile(offer.departments, posted(request), posted_files(request))
    result = None
    if form.is_bound and form.is_valid():
        with told(form):
            given = form.cleaned_data
            result = actions.import_demands(
                given["file"], by=actor_of(request), at=clock.now(), consumer_id=given["consumer_id"]
            )
            if not result.refused:
                sentence = _("已登记 %d 项需求为草稿，请核对后提交。") % result.taken
                return done(request, sentence, to=reverse("catalogue_demands"))
    way = [(_("数据需求"), reverse("catalogue_demands")), (_("Excel 导入"), "")]
    return page(
        request, "catalogue/demand_import.html", title=_("导入数据需求"), form=form, result=result, crumbs=way
    )  # fmt: skip


@require_GET
def returned(request: HttpRequest, file: int) -> HttpResponseBase:
    """Answer with the workbook of lines that came back to the person who imported them."""
    row = parties.own_file(file, actor_of(request))
    return attachment(files.chunks(row.id), row.name, XLSX)
