"""Import: upload, the proposed mapping to confirm, progress, and the file of rows that came back."""

from __future__ import annotations

import tempfile
from pathlib import PurePath
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock, files, jobs
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import actor_of, done, page, partial, posted, told
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.downloads import XLSX, attachment
from jutong.kernel.faces.forms import Code, Form, Upload
from jutong.kernel.workbooks import MOST_BYTES
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.formats.mapping import TARGETS
from jutong.slices.catalogue.formats.templates import TEMPLATES, write_template
from jutong.slices.catalogue.formats.text import ENCODINGS
from jutong.slices.catalogue.pages.forms import asked_number
from jutong.slices.catalogue.rules.repairs import REPAIRS
from jutong.slices.standards import queries as standards

MEMORY = 8 * 1024 * 1024


def peer_choices() -> list[tuple[str, Any]]:
    """Return the systems whose codes are known."""
    return [("", gettext_lazy("本平台的名称和代码")), *((peer, peer) for peer, _count in standards.peers())]


class ImportForm(Form):
    """A file to import."""

    file = Upload(
        label=gettext_lazy("目录文件"), most_bytes=MOST_BYTES, help_text=gettext_lazy("支持 Excel（.xlsx）、JSON、CSV")
    )
    encoding = forms.ChoiceField(
        label=gettext_lazy("文字编码"),
        choices=[("", gettext_lazy("自动识别")), *ENCODINGS.items()],
        required=False,
        help_text=gettext_lazy("仅用于 CSV 和 JSON；识别有误时再指定"),
    )
    peer = forms.ChoiceField(
        label=gettext_lazy("文件所用代码"),
        choices=peer_choices,
        required=False,
        help_text=gettext_lazy("文件由其他系统导出时选择；按其代码对照表转换，没有对照的取值整行退回"),
    )
    region = Code(
        label=gettext_lazy("行政区划代码"),
        max_length=12,
        required=False,
        help_text=gettext_lazy("平台管理员导入整个地区的目录时填写；留空只导入本部门的目录"),
    )


def imports(request: HttpRequest) -> HttpResponse:
    """Show the actor's imports and take a new file."""
    actor = actor_of(request)
    form = ImportForm(posted(request), posted_files(request))
    if not actor.holds(*actions.WHOLE_REGION):
        form.fields["region"].widget = forms.HiddenInput()
    if form.is_bound and form.is_valid():
        with told(form):
            given = form.cleaned_data
            file = given["file"]
            made = actions.upload(
                file,
                file.name,
                by=actor,
                at=clock.now(),
                region=given["region"],
                encoding=given["encoding"],
                peer=given["peer"],
            )
            return done(request, _("文件已接收，请核对后开始导入。"), to=reverse("catalogue_import", args=[made.pk]))
    rows, meta = queries.import_runs(actor, number=asked_number(request))
    templates = [(kind, _(label)) for kind, label in TEMPLATES.items()]
    return page(
        request, "catalogue/imports.html", title=_("目录导入"), form=form, rows=rows, meta=meta, templates=templates
    )


@require_GET
def template(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Answer with an empty template made from the specification in force where the actor works."""
    if kind not in TEMPLATES:
        raise NotThere(_("没有这种模板，请从页面上的按钮下载。"))
    actor = actor_of(request)
    given = queries.specification_of(actor, clock.now())
    file = tempfile.SpooledTemporaryFile(max_size=MEMORY)  # noqa: SIM115 - the response closes it
    write_template(file, kind, given, provider=actor.department_name)
    file.seek(0)
    return attachment(file, f"{_(TEMPLATES[kind])}.xlsx", XLSX)


@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with an import after its repairs and changes were looked at."""
    chosen = [kind for kind in request.POST.getlist("repairs")[: len(REPAIRS)] if kind in REPAIRS]
    published = request.POST.get("change_published") == "on"
    actions.confirm_import(pk, by=actor_of(request), at=clock.now(), repairs=chosen, change_published=published)
    return done(request, _("已开始导入。"), to=reverse("catalogue_import", args=[pk]))


def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one import: the mapping before it starts, progress while it runs, the result after."""
    actor = actor_of(request)
    if request.method == "POST":
        mapping = {name: request.POST.get(f"map_{name}", "")[:200] for name in TARGETS}
        actions.choose_mapping(pk, by=actor, at=clock.now(), mapping=mapping)
        return done(request, _("已开始导入。"), to=reverse("catalogue_import", args=[pk]))
    found = queries.import_run(pk, actor=actor)
    runs = found.progress_id and not found.finished_at and not found.waits
    progress_row = jobs.progress(found.progress_id, actor) if runs and found.progress_id else None
    return page(
        request,
        "catalogue/import.html",
        title=_("导入：%s") % found.file_name,
        run=found,
        targets=_targets(found) if not found.started else [],
        progress_row=progress_row,
        progress_url=reverse("catalogue_import_progress", args=[pk]),
    )


def _targets(found: queries.ImportRow) -> list[dict[str, Any]]:
    """Return each element with the header proposed for it and some of that column's cells."""
    rows = []
    for name, label in TARGETS.items():
        header = found.mapping.get(name, "")
        place = found.headers.index(header) if header in found.headers else -1
        cells = [row[place] for row in found.samples if 0 <= place < len(row) and row[place]]
        rows.append({"name": name, "label": _(label), "header": header, "sample": "；".join(cells[:3])})
    return sorted(rows, key=lambda row: not row["header"])


@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with how far an import is."""
    actor = actor_of(request)
    found = queries.import_run(pk, actor=actor)
    if not found.progress_id:
        raise NotThere(_("该文件还没有开始导入。"))
    return partial(request, "pieces/progress_alone.html", row=jobs.progress(found.progress_id, actor))


@require_GET
def returned(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Answer with the workbook of rows that came back."""
    found = queries.import_run(pk, actor=actor_of(request))
    if found.error_file_id is None:
        raise NotThere(_("该次导入没有退回的行。"))
    return attachment(files.chunks(found.error_file_id), _("退回行-%s.xlsx") % PurePath(found.file_name).stem, XLSX)
