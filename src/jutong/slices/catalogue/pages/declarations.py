"""A department's declaration in a census: its resources, their six quantities one by one or by sheet, what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import Form, actor_of, done, page, posted, signed, told
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.forms import Line, Upload
from jutong.kernel.terms import N_
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.formats.census import headings
from jutong.slices.catalogue.pages.forms import asked_number, asked_text
from jutong.slices.catalogue.pages.sources import Nothing, Why, act
from jutong.slices.catalogue.rules.census import KINDS, QUANTITIES, SHORT, plain

MOST_BYTES: Final = 16 * 1024 * 1024


class Figures(Form):
    """The six quantities of a resource, as people type them: units and widths are read by the rule."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in QUANTITIES.items():
            self.fields[name] = Line(label=gettext_lazy(label), max_length=40, required=False)
        self.order_fields(["title", *QUANTITIES])

    def stated(self) -> dict[str, Any]:
        """Return the six cells."""
        return {name: self.cleaned_data[name] for name in QUANTITIES}


class OneLine(Figures):
    """The quantities of an entry's resource, or that it is gone."""

    gone = forms.BooleanField(label=gettext_lazy("资源已不存在"), required=False)


class Missing(Figures):
    """A resource that the catalogue lacks."""

    title = Line(label=gettext_lazy("信息资源名称"), max_length=200)


class Sheet(Form):
    """A filled-in sheet."""

    file = Upload(label=gettext_lazy("填好的普查表"), most_bytes=MOST_BYTES)


@require_GET
def declaration(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a declaration: its resources with proposed figures, what waits, and what can be done."""
    actor = actor_of(request)
    kind, text = asked_text(request, "kind"), asked_text(request, "q")
    seen = queries.declaration(pk, actor=actor)
    rows, meta = queries.census_lines(pk, actor=actor, kind=kind, text=text, number=asked_number(request))
    return page(
        request,
        "catalogue/declaration.html",
        title=_("普查填报：%s") % seen.department,
        seen=seen,
        rows=[(row, _quantities(row)) for row in rows],
        meta=meta,
        kind=kind,
        text=text,
        kinds=[(code, _(label), seen.kinds.get(code, 0)) for code, label in KINDS.items()],
        waiting=seen.kinds.get("proposed", 0),
        quantities=[_(label) for label in SHORT.values()],
        upload=Sheet(),
        crumbs=_way(seen),
    )


def _quantities(row: queries.LineRow) -> list[tuple[str, Any, Any]]:
    """Return (label, stated, given) of each quantity; given only where the department stated otherwise."""
    return [
        (_(label), row.sums[name], row.given[name] if row.sums[name] != row.given[name] else None)
        for name, label in SHORT.items()
    ]


def _way(seen: queries.DeclarationDetail) -> list[tuple[str, str]]:
    return [
        (_("信息资源普查"), reverse("catalogue_censuses")),
        (seen.census_title, reverse("catalogue_census", args=[seen.census_id])),
        (seen.department, ""),
    ]


def deed(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Declare, have declared again, confirm every proposed figure, or declare a resource that the catalogue lacks."""
    if verb not in _FORMS:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb[:40])
    seen = queries.declaration(pk, actor=actor_of(request))
    back, form = reverse("catalogue_declaration", args=[pk]), _FORMS[verb](posted(request))
    if form.is_bound and form.is_valid():
        with told(form):
            _do(verb, pk, form, request)
            return done(request, _("已办理。"), to=back)
    offered = {button.verb for button in seen.buttons} | ({"confirm", "missing"} if seen.fills else set())
    return act(request, _(_TITLES[verb]), form, back, lead=seen.department, refused=verb not in offered)


_FORMS: Final[dict[str, type[Form]]] = {
    "declare": Nothing,
    "send_back": Why,
    "confirm": Nothing,
    "missing": Missing,
}
_TITLES: Final = {
    "declare": N_("提交填报"),
    "send_back": N_("退回填报"),
    "confirm": N_("确认全部推算数据"),
    "missing": N_("申报目录缺漏"),
}


def _do(verb: str, pk: int, form: Any, request: HttpRequest) -> None:
    by, at = signed(request), clock.now()
    if verb == "declare":
        actions.declare(pk, by=by, at=at)
    elif verb == "send_back":
        actions.send_back_declaration(pk, by=by, at=at, **form.cleaned_data)
    elif verb == "confirm":
        actions.confirm_lines(pk, by=by, at=at)
    else:
        actions.declare_missing(pk, by=by, at=at, title=form.cleaned_data["title"], cells=form.stated())


def line(request: HttpRequest, pk: int, line_id: int) -> HttpResponse:
    """State the quantities of one resource."""
    seen = queries.declaration(pk, actor=actor_of(request))
    row = queries.census_line(pk, line_id, actor=actor_of(request))
    back = reverse("catalogue_declaration", args=[pk])
    present = {name: "" if value is None else plain(value) for name, value in row.sums.items()}
    form = (OneLine if row.entry_id else Figures)(posted(request), initial=present | {"gone": row.kind == "gone"})
    if form.is_bound and form.is_valid():
        with told(form):
            gone = bool(form.cleaned_data.get("gone"))
            by, at = signed(request), clock.now()
            actions.fill_line(pk, by=by, at=at, line_id=line_id, cells=form.stated(), gone=gone)
            return done(request, _("已保存。"), to=back)
    lead = _("目录推算：%s") % "；".join(
        f"{_(label)} {plain(value)}" for name, label in QUANTITIES.items() if (value := row.given[name]) is not None
    )
    said = f"{row.title} · {lead}" if row.entry_id else row.title
    return act(request, _("填报普查数据"), form, back, lead=said, refused=not seen.fills)


@require_POST
def take_out(request: HttpRequest, pk: int, line_id: int) -> HttpResponse:
    """Take out a missing resource that was declared by mistake."""
    actions.take_out_missing(pk, by=signed(request), at=clock.now(), line_id=line_id)
    return done(request, _("已移除。"), to=reverse("catalogue_declaration", args=[pk]))


@require_POST
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a filled-in sheet; what came back is shown on the declaration's page, cell by cell."""
    form, back = Sheet(posted(request), posted_files(request)), reverse("catalogue_declaration", args=[pk])
    if form.is_valid():
        with told(form):
            given = form.cleaned_data["file"]
            found = actions.fill_sheet(pk, by=signed(request), at=clock.now(), file=given)
            words = {"filled": found.filled, "added": found.added, "refused": len(found.refused)}
            said = _("已填报 %(filled)d 条，新申报目录缺漏 %(added)d 项，退回 %(refused)d 行。") % words
            return done(request, said, to=back)
    return act(request, _("导入普查表"), form, back)


@require_GET
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Answer with the sheet of a declaration, filled in as far as it is known; it can be uploaded again."""
    actor = actor_of(request)
    seen = queries.declaration(pk, actor=actor)
    rows = queries.every_census_line(pk, actor=actor, kind=asked_text(request, "kind"))
    name = f"{seen.census_title}-{seen.department}.xlsx"
    return xlsx(name, headings(), _cells(rows), sheet=_("普查表"))


def _cells(rows: Iterator[queries.LineRow]) -> Iterator[list[object]]:
    for row in rows:
        yield [row.code, row.title, row.kind_label, *row.sums.values()]
