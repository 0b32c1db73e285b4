"""The synonyms of search: to read, to change as lines of text, and as Excel out and in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.faces import Form, actor_of, done, page, posted, told
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.forms import Paragraph, Upload
from jutong.slices.catalogue import actions
from jutong.slices.catalogue.formats.synonyms import HEADERS, as_lines, from_lines, from_workbook, rows_of
from jutong.slices.catalogue.search import synonym_sets

MOST_BYTES = 2 * 1024 * 1024


class SynonymsForm(Form):
    """The whole list: as lines, or as a workbook that replaces it."""

    sets = Paragraph(
        label=gettext_lazy("同义词"),
        max_length=200_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 24}),
        help_text=gettext_lazy("每行一组，词之间用等号，# 之后是说明；清空后恢复初始词表"),
    )
    file = Upload(
        label=gettext_lazy("用 Excel 替换"),
        most_bytes=MOST_BYTES,
        required=False,
        help_text=gettext_lazy("选择文件后，以文件内容替换整个词表"),
    )

    def stated(self) -> list[tuple[tuple[str, ...], str]]:
        """Return the sets of the workbook, or of the lines where there is none."""
        if file := self.cleaned_data["file"]:
            return from_workbook(file)
        return from_lines(self.cleaned_data["sets"])


def synonyms(request: HttpRequest) -> HttpResponse:
    """Show the synonyms; those who keep them change them."""
    actor = actor_of(request)
    sets = synonym_sets()
    given: dict[str, Any] = {"initial": {"sets": as_lines(sets)}}
    form = SynonymsForm(posted(request), posted_files(request), **given)
    if form.is_bound and form.is_valid():
        with told(form):
            count = actions.keep_synonyms(by=actor, at=clock.now(), sets=form.stated())
            return done(request, _("同义词已保存，共 %d 组。") % count, to=reverse("catalogue_synonyms"))
    may = actions.KEEPERS.permits(actor, None) is not None
    return page(request, "catalogue/synonyms.html", title=_("检索同义词"), form=form, sets=sets, may=may)


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """Answer with the synonyms as Excel, in the form that can be brought back."""
    actor_of(request)
    return xlsx(_("检索同义词.xlsx"), [_(header) for header in HEADERS], rows_of(synonym_sets()), sheet=_("检索同义词"))
