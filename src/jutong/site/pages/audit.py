"""Audit: searching the trail, one entry, verifying it, exporting and purging it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from typing import Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import agenda, clock, faces, operations, subjects
from jutong.kernel.actors import Channel, Role
from jutong.kernel.audit import purge, reading
from jutong.kernel.clock import BEIJING
from jutong.kernel.faces import downloads
from jutong.kernel.faces.forms import Code, Day, Form, Line, Whole
from jutong.kernel.faces.pieces import Fact
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.parties import queries as parties

CHANNELS: Final = {
    Channel.PAGE: N_("页面"),
    Channel.API: N_("接口"),
    Channel.CLI: N_("命令行"),
    Channel.SYSTEM: N_("系统"),
    Channel.NODE: N_("节点"),
}
CHUNK: Final = 1 << 20


class Search(Form):
    """What is looked for."""

    q = Line(label=gettext_lazy("操作、人员、理由或对象编号"), max_length=100, required=False)
    outcome = django_forms.ChoiceField(
        label=gettext_lazy("结果"),
        required=False,
        choices=[("", gettext_lazy("全部")), ("success", gettext_lazy("成功")), ("refused", gettext_lazy("被拒绝"))],
    )
    kind = django_forms.ChoiceField(label=gettext_lazy("对象类型"), required=False)
    subject = Code(label=gettext_lazy("对象编号"), max_length=64, required=False)
    first = Day(label=gettext_lazy("起始日期"), required=False)
    last = Day(label=gettext_lazy("截止日期"), required=False)
    page = Whole(label=gettext_lazy("页码"), required=False, min_value=1, widget=django_forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        kinds = {said: kind for kind, said in subjects.names().items()}
        shown = [(kind, said) for said, kind in kinds.items()]
        self.fields["kind"].choices = [("", _("全部")), *shown]  # type: ignore[attr-defined]

    def asked(self) -> reading.Asked:
        """Return what is asked; wrong fields ask for nothing."""
        good = self.cleaned_data
        return reading.Asked(
            text=good.get("q", ""),
            outcome=good.get("outcome", ""),
            subject_kinds=subjects.alike(good["kind"]) if good.get("kind") else (),
            subject_id=good.get("subject", ""),
            first=good.get("first"),
            last=good.get("last"),
        )


class Purge(Form):
    """Until when, and which export holds what goes."""

    older_than = Day(label=gettext_lazy("清除此日期之前封存的记录"))
    export_digest = Code(label=gettext_lazy("导出文件的 SM3"), min_length=64, max_length=64)


@require_safe
def trail(request: HttpRequest) -> HttpResponse:
    """Search the trail (GET)."""
    return _trail(request, Purge())


def _trail(request: HttpRequest, purging: Purge) -> HttpResponse:
    actor, now = faces.actor_of(request), clock.now()
    form = Search(request.GET)
    form.is_valid()
    rows, meta = reading.search(actor, form.asked(), number=form.cleaned_data.get("page") or 1)
    names = parties.departments({row.department_id for row in rows if row.department_id})
    return faces.page(
        request,
        "joined/audit.html",
        status=max(faces.answers.form_status(purging), faces.answers.form_status(form)),
        title=_("审计"),
        lead=_("全部操作（成功和被拒绝的）只增不改，由平台密钥逐批封存。"),
        crumbs=[(_("治理"), ""), (_("审计"), "")],
        form=form,
        rows=[
            (
                row,
                agenda.verb_label(row.subject_kind, row.verb),
                names.get(row.department_id or 0),
                _(CHANNELS[Channel(row.channel)]),
                subjects.name(row.subject_kind),
            )
            for row in rows
        ],
        meta=meta,
        sealing=operations.sealing_state(now),
        keeps=actor.holds(Role.AUDIT_ADMIN),
        purging=purging,
        years=settings().audit_retention_years,
    )


@require_safe
def entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Show one entry."""
    found = reading.entry(entry_id, faces.actor_of(request))
    row = found.row
    names = parties.departments([row.department_id] if row.department_id else [])
    department = names.get(row.department_id or 0)
    refused = row.outcome == "refused"
    facts = [
        Fact(_("时间"), row.at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")),
        Fact(_("操作"), f"{agenda.verb_label(row.subject_kind, row.verb)} {row.verb}"),
        Fact(_("对象"), f"{subjects.name(row.subject_kind)} {row.subject_id}"),
        Fact(_("结果"), _("被拒绝") if refused else _("成功"), badge="bad" if refused else "good"),
        Fact(_("拒绝理由"), f"{row.code}：{row.reason}" if refused else ""),
        Fact(_("人员"), row.actor_name),
        Fact(_("部门"), department.name if department else ""),
        Fact(_("代办"), _("代账号 %d 办理") % row.acting_for if row.acting_for else ""),
        Fact(_("途径"), _(CHANNELS[Channel(row.channel)])),
        Fact(_("来源地址"), row.address),
        Fact(_("追踪编号"), found.trace),
        Fact(_("操作前摘要"), found.before),
        Fact(_("操作后摘要"), found.after),
        Fact(_("封存"), _("第 %d 号封存") % found.seal if found.seal else _("尚未封存，数秒内完成")),
    ]
    title = _("审计记录 %d") % row.id
    crumbs = [(_("治理"), ""), (_("审计"), reverse("audit")), (title, "")]
    detail = {name: value for name, value in row.detail.items() if value not in ("", None)}
    return faces.page(request, "joined/audit_entry.html", title=title, crumbs=crumbs, facts=facts, detail=detail)


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Start verifying the whole trail in the background."""
    started = reading.verify_trail(by=faces.actor_of(request), at=clock.now())
    return faces.done(request, _("核验已开始，完成后在本页显示结果。"), to=reverse("audit_report", args=[started]))


@require_safe
def report(request: HttpRequest, progress_id: int) -> HttpResponse:
    """Show how far a verification is, and in the end what it found."""
    found = reading.verification(progress_id, faces.actor_of(request))
    if faces.answers.is_htmx(request):
        return faces.progressed(request, found.work)
    lead = _("核验了 %(seals)d 次封存、%(entries)d 条记录、%(segments)d 个数据面日志段。") % {
        "seals": found.seals,
        "entries": found.entries,
        "segments": found.segments,
    }
    return faces.page(
        request,
        "joined/audit_report.html",
        title=_("审计链核验"),
        lead=lead if found.work.state == "done" else "",
        crumbs=[(_("治理"), ""), (_("审计"), reverse("audit")), (_("审计链核验"), "")],
        found=found,
        words=ngettext("发现 %d 处异常", "发现 %d 处异常", found.count) % found.count,
    )


@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """Export the whole trail as JSON lines; the SM3 stands in the file's name and in the trail itself."""
    now = clock.now()
    folder = settings().home / "exports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = folder / f"audit-{secrets.token_hex(12)}.jsonl"
    try:
        digest = purge.export_trail(by=faces.actor_of(request), at=now, path=place)
    except BaseException:
        place.unlink(missing_ok=True)
        raise
    name = f"audit-{now.astimezone(BEIJING):%Y%m%d-%H%M%S}-{digest}.jsonl"
    return downloads.attachment(_read_and_forget(place), name, "application/x-ndjson")


def _read_and_forget(place: Path) -> Iterator[bytes]:
    with place.open("rb") as file:
        place.unlink()
        while chunk := file.read(CHUNK):
            yield chunk


@require_POST
def purge_old(request: HttpRequest) -> HttpResponse:
    """Delete what was exported and is past its retention, signed in the audit administrator's name."""
    form = Purge(faces.posted(request))
    if form.is_valid():
        until = datetime.combine(form.cleaned_data["older_than"], time.min, tzinfo=BEIJING)
        digest = form.cleaned_data["export_digest"].lower()
        with faces.told(form):
            gone = purge.purge(by=faces.actor_of(request), at=clock.now(), older_than=until, export_digest=digest)
            return faces.done(request, _("已清除 %d 条审计记录。") % gone, to=reverse("audit"))
    return _trail(request, form)


urlpatterns: list[URLPattern] = [
    path("audit/", trail, name="audit"),
    path("audit/entries/<int:entry_id>/", entry, name="audit_entry"),
    path("audit/verify/", verify, name="audit_verify"),
    path("audit/verify/<int:progress_id>/", report, name="audit_report"),
    path("audit/export/", export, name="audit_export"),
    path("audit/purge/", purge_old, name="audit_purge"),
]
