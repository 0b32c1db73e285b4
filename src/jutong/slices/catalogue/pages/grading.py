"""Grades: an entry's with proposals and history, and all of a department by a sheet with bad lines back."""

from __future__ import annotations

import tempfile
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from jutong.kernel import clock, files
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.faces import Form, actor_of, done, page, posted, told
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.downloads import XLSX, attachment
from jutong.kernel.faces.forms import Line, Paragraph, Upload
from jutong.slices.catalogue import actions
from jutong.slices.catalogue.formats import grading as sheets
from jutong.slices.catalogue.pages.assessing import tabs
from jutong.slices.catalogue.pages.forms import BLANK, asked_text
from jutong.slices.catalogue.queries import grading as graded
from jutong.slices.catalogue.rules.lengths import LENGTHS

SHOWN: Final = 100
"""Lines that came back which the page itself lists; the file has them all."""


class GradeForm(Form):
    """An entry's own grade and the reason; the items stand in rows beside it."""

    level = forms.ChoiceField(label=gettext_lazy("目录分级"), required=False)
    category = Line(label=gettext_lazy("数据分类"), max_length=LENGTHS["data_category"], required=False)
    personal = forms.BooleanField(label=gettext_lazy("含个人信息"), required=False)
    reason = Paragraph(
        label=gettext_lazy("定级理由"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("与每一处分级的变化一起保存"),
    )

    def __init__(self, seen: graded.Grading, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["level"].choices = [BLANK, *seen.levels]  # type: ignore[attr-defined]


class ItemGradeForm(Form):
    """How one item is graded."""

    level = forms.ChoiceField(label=gettext_lazy("分级"), required=False)
    sensitive = forms.BooleanField(label=gettext_lazy("敏感"), required=False)
    not_personal = Line(
        label=gettext_lazy("不属于个人信息的理由"), max_length=LENGTHS["item.not_personal"], required=False
    )

    def __init__(self, seen: graded.Grading, item: graded.GradedItem, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.graded = item
        self.fields["level"].choices = [("", _("同目录")), *seen.levels]  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            kind = {"level": "form-select", "sensitive": "form-check-input"}.get(name, "form-control")
            field.widget.attrs |= {"class": kind, "aria-label": f"{item.name}：{field.label}"}


class SheetForm(Form):
    """A filled-in sheet of grades."""

    file = Upload(
        label=gettext_lazy("分级表格"),
        most_bytes=sheets.MOST_BYTES,
        help_text=gettext_lazy("先下载分级表格，填写“新分级”等列后上传；已发布的目录自动发起修订"),
    )


def grading(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an entry's grades with what is proposed (`?proposed=1` fills it in), or grade it."""
    actor, at = actor_of(request), clock.now()
    seen = graded.grading(pk, actor=actor, at=at)
    filled = asked_text(request, "proposed") == "1"
    form = GradeForm(seen, posted(request), initial=_start(seen, filled=filled))
    rows = [
        ItemGradeForm(seen, item, posted(request), prefix=f"item-{place}", initial=_item_start(item, filled=filled))
        for place, item in enumerate(seen.items)
    ]
    if form.is_bound and form.is_valid() and all(row.is_valid() for row in rows):
        with told(form):
            items = {row.graded.name: actions.ItemGrade(**row.cleaned_data) for row in rows}
            actions.grade_entry(pk, by=actor, at=at, items=items, expected_version=seen.version, **form.cleaned_data)
            return done(request, _("分级已保存。"), to=reverse("catalogue_grading", args=[pk]))
    bad = form.is_bound and not all(row.is_valid() for row in rows)
    return page(
        request,
        "catalogue/grading.html",
        status=RuleBroken.status if bad else None,
        title=_("数据分级"),
        seen=seen,
        form=form,
        rows=rows,
        filled=filled,
        crumbs=[(seen.title, reverse("catalogue_entry", args=[pk])), (_("数据分级"), "")],
    )


def _start(seen: graded.Grading, *, filled: bool) -> dict[str, Any]:
    level = seen.proposed.level if filled and seen.proposed.level else seen.level
    personal = seen.personal or (filled and any(item.proposed.level for item in seen.items))
    return {"level": level, "category": seen.category, "personal": personal}


def _item_start(item: graded.GradedItem, *, filled: bool) -> dict[str, Any]:
    proposed = filled and bool(item.proposed.level)
    return {
        "level": item.proposed.level if proposed else item.level,
        "sensitive": item.sensitive or proposed,
        "not_personal": item.not_personal,
    }


def sheet(request: HttpRequest) -> HttpResponse:
    """Take a sheet of grades: good entries change, bad lines come back with their reasons."""
    actor = actor_of(request)
    form, found = SheetForm(posted(request), posted_files(request)), None
    if form.is_bound and form.is_valid():
        with told(form):
            found = actions.grade_from_sheet(form.cleaned_data["file"], by=actor, at=clock.now())
    return page(
        request,
        "catalogue/grading_sheet.html",
        title=_("批量分级"),
        tabs=tabs("catalogue_grading_sheet"),
        form=form,
        found=found,
        refused=found.refused[:SHOWN] if found else (),
    )


@require_GET
def sheet_export(request: HttpRequest) -> HttpResponseBase:
    """Answer with the grades of the own departments as a sheet to fill in; `?open=1` only what has a proposal."""
    actor, at = actor_of(request), clock.now()
    lines = graded.grading_lines(actor, at=at, open_only=asked_text(request, "open") == "1")
    file = tempfile.SpooledTemporaryFile(max_size=sheets.MOST_BYTES)  # noqa: SIM115 - the response closes it
    sheets.write(file, lines, levels=graded.levels_of(actor, at=at))
    file.seek(0)
    return attachment(file, _("数据分级-%s.xlsx") % f"{beijing_day(at):%Y%m%d}", XLSX)


@require_GET
def sheet_returned(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Answer with the lines of one's own sheet that came back."""
    actor = actor_of(request)
    file = files.row(pk)
    if file.account_id != actor.account_id:
        raise NotThere(_("没有找到该文件。"))
    return attachment(files.chunks(file.id), file.name, XLSX)
