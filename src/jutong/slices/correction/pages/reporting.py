"""A department that uses data reports a doubt or an evident error to the provider."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from jutong.kernel import clock, faces
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.forms import Code, Day, Form, Paragraph
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.correction import actions
from jutong.slices.correction.pages.forms import chosen, papers_field
from jutong.slices.correction.rules.terms import Doubt


class ReportForm(Form):
    """What is in doubt, since when it is known, and why."""

    kind = django_forms.ChoiceField(label=_l("校核类型"), choices=lambda: chosen(Doubt.choices()))
    items = django_forms.MultipleChoiceField(
        label=_l("有疑义的信息项"), required=False, widget=django_forms.CheckboxSelectMultiple
    )
    record = Code(
        label=_l("记录标识"),
        max_length=50,
        required=False,
        help_text=_l("填写主键项的值，如证件号码；留空表示整个资源。"),
    )
    text = Paragraph(label=_l("情况说明"), max_length=2000, help_text=_l("写明数据是什么、依据什么认为有误。"))
    found_on = Day(label=_l("发现问题的日期"), required=False)
    uploads = papers_field()

    def __init__(
        self, entry: catalogue.PublishedEntry, data: QueryDict | None, files: MultiValueDict[str, Any] | None
    ) -> None:
        super().__init__(data, files)
        self.fields["items"].choices = [(item.name, item.name) for item in entry.items]  # type: ignore[attr-defined]


def report(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Ask for the verification of a published entry's data."""
    actor, now = faces.actor_of(request), clock.now()
    entry = catalogue.require_published(entry_id)
    form = ReportForm(entry, faces.posted(request), posted_files(request))
    if form.is_valid():
        with faces.told(form):
            case = actions.report_with_papers(by=actor, at=now, resource_id=entry_id, **form.cleaned_data)
            said = _("校核申请已送提供部门，数据已标注“校核中”；办事人有合法有效证明材料的照常办理。")
            return faces.done(request, said, to=reverse("correction_verification", args=[case.pk]))
    return faces.page(
        request,
        "correction/report.html",
        title=_("申请校核：%s") % entry.title,
        lead=_("%(provider)s · %(code)s") % {"provider": entry.provider_name, "code": entry.code},
        crumbs=[(_("校核与异议"), reverse("correction_list")), (_("申请校核"), "")],
        entry=entry,
        form=form,
    )
