"""The service desk: lists of what service items ask for, checked against the catalogue; asking anyway, with its report (R-SHR-023)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import clock, faces, paging
from jutong.kernel.errors import NotThere, Refusal, RuleBroken, WrongState
from jutong.kernel.faces import downloads
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.forms import Code, CodeFrom, Form, Line, Paragraph, Upload, Whole
from jutong.kernel.faces.pieces import Tab
from jutong.kernel.terms import N_
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.formats import servicedesk as formats
from jutong.slices.sharing.rules.servicedesk import LONGEST_NAME, LONGEST_REASON, Listed
from jutong.slices.sharing.workflow import STAFF

LONGEST_LIST: Final = 20_000
TONES: Final = {"fetch": "good", "may": "neutral", "anyway": "wait"}


class Filter(Form):
    """What is looked for."""

    q = Line(label=gettext_lazy("事项名称或编码"), max_length=100, required=False)
    page = Whole(label=gettext_lazy("页码"), required=False, min_value=1)


class ItemForm(Form):
    """A service item with its list, a paper a line."""

    name = Line(label=gettext_lazy("事项名称"), max_length=LONGEST_NAME)
    code = Code(label=gettext_lazy("事项编码（可不填）"), max_length=64, required=False)
    papers = Paragraph(
        label=gettext_lazy("申请材料和信息项"),
        max_length=LONGEST_LIST,
        help_text=gettext_lazy("每行一项；知道对应目录的，用逗号隔开后写信息资源代码，如“低保证明，511000/000123”。"),
    )

    def listed(self) -> list[Listed]:
        """Return the papers, each with the code behind its comma."""
        lines = (line.replace("，", ",").rpartition(",") for line in self.cleaned_data["papers"].splitlines())
        return [Listed(name.strip(), code.strip()) if comma else Listed(code.strip()) for name, comma, code in lines]


class FileForm(Form):
    """A workbook of lists."""

    file = Upload(label=gettext_lazy("清单文件"))


class AskForm(Form):
    """Why a paper is asked for although it is shared."""

    reason = Paragraph(label=gettext_lazy("仍要求提交的理由"), max_length=LONGEST_REASON)
    unmet = Paragraph(
        label=gettext_lazy("共享为何不能满足履职需要"),
        max_length=LONGEST_REASON,
        required=False,
        help_text=gettext_lazy("写明共享的数据缺什么、为何不能据以办理（政务数据共享条例第十九条）。"),
    )


class IdentifyForm(Form):
    """Which entry a paper is."""

    code = CodeFrom(lambda: (), label=gettext_lazy("信息资源代码"), max_length=300)


class Nothing(Form):
    """Nothing but the decision."""


Deed = tuple[type[Form], Callable[..., Any], str]
DEEDS: Final[dict[str, Deed]] = {
    "ask": (AskForm, actions.ask_anyway, N_("已登记理由，并列入重复提交报表。")),
    "identify": (IdentifyForm, actions.identify_paper, N_("已确认对应目录，该材料改为共享获取。")),
    "fetch": (Nothing, actions.ask_no_more, N_("不再要求提交，改为共享获取。")),
}


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A paper on its item's page: the colour of what it comes to, and the forms open to the desk."""

    paper: queries.CheckedPaper
    tone: str
    ask: Form | None
    identify: Form | None
    fetch: bool
    asked: str


def _tabs(here: str) -> list[Tab]:
    tabs = (("sharing_desk", _("事项清单")), ("sharing_duplicates", _("重复提交报表")))
    return [Tab(label, reverse(name), current=name == here) for name, label in tabs]


@require_safe
def items(request: HttpRequest) -> HttpResponse:
    """List the service items that the actor may know."""
    actor, form = faces.actor_of(request), Filter(request.GET)
    form.is_valid()
    good = form.cleaned_data
    rows, meta = queries.service_items(actor, text=good.get("q", ""), number=good.get("page") or 1)
    return faces.page(
        request,
        "sharing/desk.html",
        title=_("申请材料核对"),
        lead=_("凡能共享获取的材料和信息，不要求公民、法人和其他组织重复提交。"),
        crumbs=[(_("共享"), ""), (_("申请材料核对"), "")],
        tabs=_tabs("sharing_desk"),
        form=form,
        rows=rows,
        meta=meta,
        keeps=actor.holds(*STAFF),
        upload=FileForm(),
    )


def new(request: HttpRequest) -> HttpResponse:
    """Keep a new service item; what can be fetched is shown at once."""
    form = ItemForm(faces.posted(request))
    if form.is_valid():
        with faces.told(form):
            good = form.cleaned_data
            words = {"name": good["name"], "code": good["code"], "papers": form.listed()}
            item = actions.list_service_item(by=faces.actor_of(request), at=clock.now(), **words)
            return faces.done(
                request, _("清单已登记，请查看核对结果。"), to=reverse("sharing_desk_item", args=[item.pk])
            )
    return _form_page(request, form, _("登记事项材料清单"), reverse("sharing_desk"))


def change(request: HttpRequest, item_id: int) -> HttpResponse:
    """Change a list; reasons recorded for papers that stay are kept."""
    actor, now = faces.actor_of(request), clock.now()
    found = queries.service_item(item_id, actor, now)
    to = reverse("sharing_desk_item", args=[item_id])
    lines = [f"{one.name}，{one.source.code}" if one.source else one.name for one in found.papers]
    initial = {"name": found.line.name, "code": found.line.code, "papers": "\n".join(lines)}
    form = ItemForm(faces.posted(request), initial=initial)
    if form.is_valid():
        with faces.told(form):
            good = form.cleaned_data
            words = {"name": good["name"], "code": good["code"], "papers": form.listed()}
            actions.change_service_item(item_id, by=actor, at=now, **words)
            return faces.done(request, _("清单已修改。"), to=to)
    return _form_page(request, form, _("修改事项材料清单"), to)


def _form_page(request: HttpRequest, form: ItemForm, title: str, back: str) -> HttpResponse:
    crumbs = [(_("申请材料核对"), reverse("sharing_desk")), (title, "")]
    return faces.page(request, "sharing/desk_edit.html", title=title, crumbs=crumbs, form=form, back=back)


@require_safe
def item(request: HttpRequest, item_id: int) -> HttpResponse:
    """Show a service item checked against the catalogue."""
    return show(request, item_id)


@require_POST
def deed(request: HttpRequest, item_id: int, paper_id: int, verb: str) -> HttpResponse:
    """Say which entry a paper is, ask for it anyway, or no more; a refusal is shown beside the paper."""
    known = DEEDS.get(verb)
    actor, now = faces.actor_of(request), clock.now()
    found = queries.service_item(item_id, actor, now)
    if known is None or paper_id not in {paper.id for paper in found.papers}:
        raise NotThere(_("没有这项操作，请从页面上的按钮进行。"))
    kind, call, said = known
    form = kind(faces.posted(request))
    if form.is_valid():
        try:
            with faces.told(form):
                call(paper_id, by=actor, at=now, **form.cleaned_data)
                return faces.done(request, _(said), to=reverse("sharing_desk_item", args=[item_id]))
        except (WrongState, NotThere) as refusal:
            return show(request, item_id, refusal=refusal)
    return show(request, item_id, tried=(paper_id, verb, form))


def show(
    request: HttpRequest,
    item_id: int,
    *,
    tried: tuple[int, str, Form] | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    """Draw a service item, with what was just tried and refused."""
    actor = faces.actor_of(request)
    found = queries.service_item(item_id, actor, clock.now())
    keeps = found.mine and actor.holds(*STAFF)
    return faces.page(
        request,
        "sharing/desk_item.html",
        status=refusal.status if refusal else faces.answers.form_status(tried[2] if tried else None),
        title=found.line.name,
        lead=" · ".join(filter(None, [found.line.department, found.line.code])),
        crumbs=[(_("申请材料核对"), reverse("sharing_desk")), (found.line.name, "")],
        found=found,
        rows=[_row(paper, tried, keeps=keeps) for paper in found.papers],
        keeps=keeps,
        refusal=refusal,
    )


def _row(paper: queries.CheckedPaper, tried: tuple[int, str, Form] | None, *, keeps: bool) -> PaperRow:
    asked = tried[1] if tried and tried[0] == paper.id else ""
    ask = identify = None
    if keeps and paper.verdict == "fetch":
        ask = tried[2] if tried and asked == "ask" else AskForm(auto_id=f"id_{paper.id}_%s")
    if keeps and paper.verdict == "may":
        identify = tried[2] if tried and asked == "identify" else IdentifyForm(auto_id=f"id_{paper.id}_%s")
    fetch = keeps and paper.verdict == "anyway"
    return PaperRow(paper, TONES[paper.verdict], ask, identify, fetch, asked)


@require_POST
def end(request: HttpRequest, item_id: int) -> HttpResponse:
    """Keep a list no longer in use."""
    actions.end_service_item(item_id, by=faces.actor_of(request), at=clock.now())
    return faces.done(request, _("事项已停用。"), to=reverse("sharing_desk"))


@require_POST
def take_in(request: HttpRequest) -> HttpResponse:
    """Keep the lists of a workbook, all or none."""
    form = FileForm(faces.posted(request), posted_files(request))
    if form.is_valid():
        try:
            file = cast("Any", form.cleaned_data["file"])
            count = actions.import_service_items(by=faces.actor_of(request), at=clock.now(), file=file)
            return faces.done(request, _("已导入 %d 个事项。") % count, to=reverse("sharing_desk"))
        except (RuleBroken, NotThere) as refusal:
            form.refusal = refusal
            form.add_error("file", refusal.sentence)
    title = _("导入事项材料清单")
    crumbs = [(_("申请材料核对"), reverse("sharing_desk")), (title, "")]
    return faces.page(request, "sharing/desk_import.html", title=title, crumbs=crumbs, form=form)


@require_safe
def template(_request: HttpRequest) -> HttpResponseBase:
    """Hand over the empty workbook."""
    return downloads.attachment([formats.template()], _("事项材料清单模板.xlsx"), downloads.XLSX)


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Export the checked lists as Excel, a paper a row."""
    headers = [
        *(_(label) for label in formats.COLUMNS), _("核对结果"), _("提供部门"), _("获取方式"), _("理由"),
        _("共享为何不能满足"),
    ]  # fmt: skip
    return downloads.xlsx(_("事项材料清单.xlsx"), headers, _lines(request), sheet=_("事项清单"))


def _lines(request: HttpRequest) -> Iterator[list[object]]:
    actor, now = faces.actor_of(request), clock.now()
    for line in paging.every(lambda number: queries.service_items(actor, number=number, size=200)):
        for one in queries.service_item(line.id, actor, now).papers:
            source = one.source
            yield [
                line.name, line.code, one.name, source.code if source else "", one.label,
                source.provider if source else "", how(source), one.reason, one.unmet,
            ]  # fmt: skip


def how(source: queries.Source | None) -> str:
    """Return in words how a paper is fetched."""
    if source is None:
        return ""
    if source.own:
        return _("本部门自有数据")
    return _("已获授权 %s") % source.reference if source.grant_id else _("可申请共享")


@require_safe
def duplicates(request: HttpRequest) -> HttpResponse:
    """Show the duplicate-submission report: figures a department, and every paper with its reason."""
    actor, form = faces.actor_of(request), Filter(request.GET)
    form.is_valid()
    rows, meta = queries.duplicates(actor, number=form.cleaned_data.get("page") or 1)
    return faces.page(
        request,
        "sharing/desk_duplicates.html",
        title=_("重复提交报表"),
        lead=_("平台可以共享获取，仍要求办事人提交的材料和信息项，及各部门登记的理由。"),
        crumbs=[(_("申请材料核对"), reverse("sharing_desk")), (_("重复提交报表"), "")],
        tabs=_tabs("sharing_duplicates"),
        figures=queries.duplicate_figures(actor),
        rows=rows,
        meta=meta,
    )


@require_safe
def duplicates_export(request: HttpRequest) -> HttpResponseBase:
    """Export the report as Excel."""
    actor = faces.actor_of(request)
    headers = [
        _("部门"), _("事项"), _("材料"), _("信息资源"), _("信息资源代码"), _("提供部门"), _("理由"),
        _("共享为何不能满足"), _("登记人"), _("登记时间"),
    ]  # fmt: skip
    lines = paging.every(lambda number: queries.duplicates(actor, number=number, size=200))
    rows = (
        [one.department, one.item, one.paper, one.entry, one.code, one.provider, one.reason, one.unmet, one.asked_by,
         one.asked_at]
        for one in lines
    )  # fmt: skip
    return downloads.xlsx(_("重复提交报表.xlsx"), headers, rows, sheet=_("重复提交"))
