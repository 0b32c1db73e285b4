"""Pages of submitted batches: the list with late entries, template and upload, the report by row, rows that came back."""

from __future__ import annotations

import tempfile
from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock, faces
from jutong.kernel.faces import downloads, forms, pieces
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.formats import returned as formats
from jutong.slices.exchange.formats import submitting
from jutong.slices.exchange.pages.runs import number_of


class SubmitForm(forms.Form):
    """Which entry, which file."""

    resource_id = django_forms.TypedChoiceField(label=gettext_lazy("目录条目"), coerce=int)
    file = forms.Upload(
        label=gettext_lazy("数据文件"),
        help_text=gettext_lazy(
            "CSV、JSON 行或 Excel，按目录声明的格式；表头用信息项名称或字段名，CSV 编码 UTF-8 或 GB18030。"
        ),
    )

    def __init__(self, data: Any, files: Any, *, entries: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(data, files, **kwargs)
        self.fields["resource_id"].choices = entries  # type: ignore[attr-defined]


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """Show the batches of the person's departments, and which entries are late."""
    actor = faces.actor_of(request)
    rows, meta = queries.submissions(actor, number=number_of(request))
    context: dict[str, Any] = {"rows": rows, "meta": meta, "late": queries.late(actor)}
    return faces.page(request, "exchange/submissions.html", title=_("数据报送"), **context)


def submit(request: HttpRequest) -> HttpResponse:
    """Submit a file for an entry."""
    actor = faces.actor_of(request)
    entries = queries.submittable(actor)
    form = SubmitForm(faces.posted(request), request.FILES if request.method == "POST" else None, entries=entries)
    if form.is_valid():
        with faces.told(form):
            file = form.cleaned_data["file"]
            made = actions.submit_batch(
                by=actor, at=clock.now(), resource_id=form.cleaned_data["resource_id"], source=file, name=file.name
            )
            said = _("批次已通过检查。") if made.ok else _("批次未通过检查，原因见报告。")
            if made.ok and made.refused:
                said = _("合格的行已接收，其余 %d 行退回，原因见报告。") % made.refused
            return faces.done(request, said, to=reverse("exchange_submission", args=[made.pk]))
    crumbs = [(_("数据报送"), reverse("exchange_submissions")), (_("报送数据"), "")]
    context: dict[str, Any] = {"form": form, "entries": entries, "workbooks": queries.fillable(actor)}
    return faces.page(request, "exchange/submit.html", title=_("报送数据"), crumbs=crumbs, **context)


@require_GET
def template(request: HttpRequest) -> HttpResponseBase:
    """Hand out the workbook in which rows of an entry are filled in: its items, drop-downs for codes, hints."""
    given = request.GET.get("resource", "")
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0  # noqa: PLR2004 - a bigint
    title, items = queries.form_of(number, faces.actor_of(request))
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    submitting.write(file, items)
    file.seek(0)
    return downloads.attachment(file, f"{title[:60]}.xlsx", downloads.XLSX)


@require_POST
def returned(request: HttpRequest, submission_id: int) -> HttpResponseBase:
    """Hand out the rows that came back, with their reasons, to be put right and handed in again."""
    actor, at = faces.actor_of(request), clock.now()
    return formats.handed_out(
        submission_id, lambda file: actions.return_rows(submission_id, by=actor, at=at, file=file)
    )


@require_GET
def sheet(request: HttpRequest) -> HttpResponseBase:
    """Hand out the batches of the person's departments as Excel."""
    headers = [_("批次"), _("目录条目"), _("提供部门"), _("文件"), _("行数"), _("接收行数"), _("退回行数"), _("结果"),
               _("说明"), _("报送人"), _("报送时间")]  # fmt: skip
    lines = (
        (r.number, r.title, r.provider_name, r.file_name, r.rows, r.accepted, r.refused, _(r.outcome), r.remark,
         r.by_name, r.at)
        for r in queries.batches_handed_in(faces.actor_of(request))
    )  # fmt: skip
    return downloads.xlsx("submissions.xlsx", headers, lines)


@require_GET
def shown(request: HttpRequest, submission_id: int) -> HttpResponse:
    """Show one batch with its report by row."""
    actor = faces.actor_of(request)
    row = queries.submission(submission_id, actor)
    faults = list(queries.faults(submission_id, actor, most=queries.MOST_SHOWN))
    crumbs = [(_("数据报送"), reverse("exchange_submissions")), (row.number, "")]
    facts = [
        pieces.Fact(_("目录条目"), row.title),
        pieces.Fact(_("按目录版本"), row.entry_version),
        pieces.Fact(_("文件"), row.file_name),
        pieces.Fact(_("文件摘要（SM3）"), row.digest),
        pieces.Fact(_("行数"), row.rows),
        pieces.Fact(_("接收行数"), row.accepted),
        pieces.Fact(_("退回行数"), row.refused),
        pieces.Fact(_("报送人"), row.by_name),
    ]
    title = f"{row.number} {row.title}"
    context: dict[str, Any] = {"row": row, "faults": faults, "facts": facts, "mine": row.provider_id in actor.serves}
    return faces.page(request, "exchange/submission.html", title=title, crumbs=crumbs, **context)


@require_GET
def faults_sheet(request: HttpRequest, submission_id: int) -> HttpResponseBase:
    """Hand out the report by row as Excel."""
    rows = queries.faults(submission_id, faces.actor_of(request))
    headers = [_("行号"), _("信息项"), _("值"), _("规则"), _("原因")]
    lines = ((row.number, row.item, row.value, row.rule, row.reason) for row in rows)
    return downloads.xlsx(f"B-{submission_id:06d}-faults.xlsx", headers, lines)


urlpatterns = [
    path("submissions/", listed, name="exchange_submissions"),
    path("submissions/new/", submit, name="exchange_submit"),
    path("submissions/sheet/", sheet, name="exchange_submissions_sheet"),
    path("submissions/template/", template, name="exchange_template"),
    path("submissions/<int:submission_id>/returned/", returned, name="exchange_returned"),
    path("submissions/<int:submission_id>/", shown, name="exchange_submission"),
    path("submissions/<int:submission_id>/faults/", faults_sheet, name="exchange_faults"),
]
