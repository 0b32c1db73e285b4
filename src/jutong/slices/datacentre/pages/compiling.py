"""Compiling entries from tables: the tables of a source, one table with its proposal to confirm, and what changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from jutong.kernel import clock, faces
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.faces import forms
from jutong.kernel.terms import DataType
from jutong.slices.catalogue.actions import ItemContent
from jutong.slices.datacentre import actions, queries
from jutong.slices.datacentre.pages.asked import chosen, number, text
from jutong.slices.datacentre.queries.tables import STANDINGS, LineRow, TableDetail


@dataclass(frozen=True, slots=True)
class FormLine:
    """One line of the form: the column as it was found and the fields in which a person confirms the item."""

    row: LineRow
    taken: BoundField
    name: BoundField
    type: BoundField
    length: BoundField
    key: BoundField
    sensitive: BoundField


class TableForm(forms.Form):
    """An entry to be compiled from a table: title, abstract, whether it is about persons, and one line for each column."""

    title = forms.Line(label=gettext_lazy("目录名称"), max_length=200)
    abstract = forms.Paragraph(
        label=gettext_lazy("摘要"), max_length=2000, required=False, widget=django_forms.Textarea(attrs={"rows": 2})
    )
    personal = django_forms.BooleanField(label=gettext_lazy("含个人信息"), required=False)

    def __init__(self, data: Any, seen: TableDetail) -> None:
        self._lines = seen.lines
        self.base_fields = {**self.base_fields, **dict(_fields(seen))}  # type: ignore[misc]
        draft = seen.draft
        start = {"title": draft.title, "abstract": draft.abstract, "personal": draft.personal}
        super().__init__(data, initial=start)

    def lines(self) -> Iterator[FormLine]:
        """Yield the lines as the page draws them."""
        for place, row in enumerate(self._lines):
            names = ("taken", "name", "type", "length", "key", "sensitive")
            yield FormLine(row, *(self[f"{name}-{place}"] for name in names))

    def items(self) -> list[ItemContent]:
        """Return the items that were kept."""
        given = self.cleaned_data
        return [
            ItemContent(
                name=given[f"name-{place}"],
                column=row.column,
                type=given[f"type-{place}"],
                length=given[f"length-{place}"],
                key=given[f"key-{place}"],
                sensitive=given[f"sensitive-{place}"],
                timestamp=row.timestamp,
                description=row.description,
            )
            for place, row in enumerate(self._lines)
            if given[f"taken-{place}"]
        ]


def _fields(seen: TableDetail) -> Iterator[tuple[str, django_forms.Field]]:
    types = [(str(code), f"{code} {_(label)}") for code, label in DataType.choices()]
    for place, row in enumerate(seen.lines):
        where = {"column": row.column}
        yield f"taken-{place}", _tick(_("编入列 %(column)s") % where, not row.left_out)
        line = django_forms.TextInput(attrs={"class": "form-control"})
        label = _("列 %(column)s 的信息项名称") % where
        yield f"name-{place}", forms.Line(label=label, max_length=128, initial=row.name, widget=line)
        kinds = django_forms.Select(attrs={"class": "form-select"})
        yield (
            f"type-{place}",
            django_forms.ChoiceField(
                label=_("列 %(column)s 的数据类型") % where, choices=types, initial=row.type, widget=kinds
            ),
        )
        size = forms.Whole(
            label=_("列 %(column)s 的长度") % where, min_value=0, max_value=65535, initial=row.length, required=False,
            widget=django_forms.NumberInput(attrs={"class": "form-control"}),
        )  # fmt: skip
        yield f"length-{place}", size
        yield f"key-{place}", _tick(_("列 %(column)s 为主键") % where, row.key)
        yield f"sensitive-{place}", _tick(_("列 %(column)s 敏感") % where, row.sensitive)


def _tick(label: str, initial: bool) -> django_forms.BooleanField:
    return django_forms.BooleanField(label=label, initial=initial, required=False)


def tables(request: HttpRequest) -> HttpResponse:
    """Show the tables found in the department's sources; read some of them, or draft entries from some."""
    actor = faces.actor_of(request)
    if request.method == "POST":
        return _decide(request)
    source, standing, words = number(request, "source", 0), text(request, "standing"), text(request, "q")
    rows, meta = queries.stocked(actor, source_id=source, standing=standing, text=words, number=number(request))
    return faces.page(
        request,
        "datacentre/tables.html",
        title=_("从数据源编目"),
        rows=rows,
        meta=meta,
        asked={"source_id": source, "standing": standing, "text": words},
        sources=queries.compilable(actor),
        standings=[(code, _(label)) for code, label in STANDINGS.items()],
        progress_row=queries.reading(actor, rows, at=clock.now()),
    )


def _decide(request: HttpRequest) -> HttpResponse:
    ids, verb = chosen(request.POST.getlist("ids")), request.POST.get("verb", "")
    actor, at, here = faces.actor_of(request), clock.now(), reverse("datacentre_tables")
    if verb == "read":
        actions.read_tables(by=actor, at=at, ids=ids)
        return faces.done(request, _("已开始读取，完成后可核对建议并生成目录。"), to=here)
    if verb != "compile":
        raise NotThere(_("没有这项批量操作，请刷新页面后重试。"))
    if not ids:
        raise RuleBroken(_("请先勾选要编目的表。"), field="ids")
    made = actions.compile_tables(ids, by=actor, at=at).some()
    sentence = _("已生成 %(done)d 条目录草稿。") % {"done": len(made.done)}
    if made.refused:
        reasons = "；".join(dict.fromkeys(made.refused.values()))[:500]
        sentence += _("未生成 %(refused)d 条：%(reasons)s") % {"refused": len(made.refused), "reasons": reasons}
    return faces.done(request, sentence, to=here)


@require_POST
def stock(request: HttpRequest) -> HttpResponse:
    """Take stock of a source."""
    given = chosen([request.POST.get("source", "")])
    if not given:
        raise RuleBroken(_("请选择数据源。"), field="source")
    found = actions.take_stock(by=faces.actor_of(request), at=clock.now(), source_id=given[0])
    to = f"{reverse('datacentre_tables')}?source={given[0]}"
    return faces.done(request, _("已盘点：数据源中有 %d 张表。") % found, to=to)


def table(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one table with what is proposed for it; draft its entry as confirmed."""
    actor = faces.actor_of(request)
    seen = queries.table(pk, actor)
    form = TableForm(faces.posted(request), seen)
    if form.is_bound and form.is_valid():
        with faces.told(form):
            given = form.cleaned_data
            made = actions.compile_table(
                pk, by=actor, at=clock.now(), title=given["title"], abstract=given["abstract"],
                personal=given["personal"], items=form.items(),
            )  # fmt: skip
            to = reverse("catalogue_entry", args=[made.entry_id])
            return faces.done(request, _("已生成目录草稿，请补充其余要素后提交。"), to=to)
    crumbs = [(_("从数据源编目"), reverse("datacentre_tables")), (seen.row.place, "")]
    may = queries.may_compile(actor)
    return faces.page(
        request, "datacentre/table.html", title=seen.row.place, crumbs=crumbs, seen=seen, form=form, may=may
    )


@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring the entry up to its table."""
    made = actions.accept_changes(pk, by=faces.actor_of(request), at=clock.now())
    return faces.done(request, _("目录已按来源变化更新，请核对。"), to=reverse("catalogue_entry", args=[made.entry_id]))


@require_POST
def leave_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Say why a table is not catalogued."""
    actor, form = faces.actor_of(request), forms.Reason(request.POST)
    if not form.is_valid():
        raise RuleBroken(str(form.errors["note"][0]), field="note")
    actions.leave_out(pk, by=actor, at=clock.now(), note=form.cleaned_data["note"])
    return faces.done(request, _("已标为不编目。"), to=reverse("datacentre_tables"))


@require_POST
def look(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Read the profile of an entry's table anew."""
    actions.look(by=faces.actor_of(request), at=clock.now(), resource_id=entry_id)
    return faces.done(request, _("样本概况已更新。"), to=reverse("catalogue_entry", args=[entry_id]))
