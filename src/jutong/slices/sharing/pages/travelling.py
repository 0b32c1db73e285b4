"""Disputes between instances: authorities elsewhere, files out, disputes taken in and their answers."""

from __future__ import annotations

import io
from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from jutong.kernel import clock, faces
from jutong.kernel.actors import Role
from jutong.kernel.errors import NotAllowed
from jutong.kernel.faces import downloads
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.forms import Code, Day, Form, Line, Paragraph, Upload
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.formats.travelling import MOST_BYTES
from jutong.slices.sharing.rules import LONGEST_TEXT
from jutong.slices.sharing.rules import disputes as rules

JSON = "application/json"


class ElsewhereForm(Form):
    """An authority of another instance."""

    region = Code(label=gettext_lazy("行政区划代码"), max_length=6, help_text=gettext_lazy("国家填 000000"))
    name = Line(label=gettext_lazy("主管部门名称"), max_length=120)
    public = Code(
        label=gettext_lazy("对方平台的公钥"),
        max_length=130,
        help_text=gettext_lazy("SM2 公钥，128 位十六进制；由对方平台管理员提供并核对"),
    )


class TakeForm(Form):
    """A dispute's file."""

    file = Upload(
        label=gettext_lazy("争议文件"), most_bytes=MOST_BYTES, help_text=gettext_lazy("对方平台导出的签名文件")
    )


class AnswerForm(Form):
    """What is decided."""

    result = django_forms.ChoiceField(label=gettext_lazy("处理结果"), widget=django_forms.RadioSelect)
    text = Paragraph(label=gettext_lazy("处理意见"), max_length=LONGEST_TEXT)
    conditions = Paragraph(label=gettext_lazy("条件"), max_length=LONGEST_TEXT, required=False)
    decision_number = Line(label=gettext_lazy("政府决定文号"), max_length=80, required=False)
    decided_on = Day(label=gettext_lazy("决定日期"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["result"].choices = [(code, _(label)) for code, label in rules.RESULTS.items()]  # type: ignore[attr-defined]


def _home(here: str) -> list[tuple[str, str]]:
    return [(_("共享争议"), reverse("sharing_disputes")), (here, "")]


def elsewhere(request: HttpRequest) -> HttpResponse:
    """Show and register the authorities that work on other instances."""
    actor = faces.actor_of(request)
    form = ElsewhereForm(faces.posted(request))
    if form.is_valid():
        with faces.told(form):
            actions.name_authority_elsewhere(by=faces.signed(request), at=clock.now(), **form.cleaned_data)
            return faces.done(request, _("已登记。"), to=reverse("sharing_elsewhere"))
    title = _("其他平台上的主管部门")
    return faces.page(
        request,
        "sharing/elsewhere.html",
        title=title,
        lead=_("跨层级、跨地域的争议由共同的上级主管部门协调；上级在其他平台的，以签名文件往来（条例第二十八条）。"),
        crumbs=_home(title),
        rows=queries.authorities_elsewhere(),
        own=queries.own_public(),
        form=form,
        names=actor.holds(Role.AUTHORITY_HEAD, Role.PLATFORM_OPERATOR),
    )


@require_safe
def sent(request: HttpRequest, dispute_id: int) -> HttpResponseBase:
    """Hand over the signed file of a dispute."""
    number, content = queries.sent_file(dispute_id, faces.actor_of(request))
    return downloads.attachment(io.BytesIO(content), _("争议-%s.json") % number, JSON)


def taken(request: HttpRequest) -> HttpResponse:
    """List the disputes of other instances; take one in."""
    actor = faces.actor_of(request)
    takes = actor.holds(Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER)
    if request.method == "GET" and not takes and not actor.holds(Role.AUDITOR):
        raise NotAllowed(_("您没有进行该操作的权限：需要%s。") % _("主管部门"))
    form = TakeForm(faces.posted(request), posted_files(request))
    if form.is_valid():
        with faces.told(form):
            made = actions.take_dispute(file=form.cleaned_data["file"].read(), by=faces.signed(request), at=clock.now())
            return faces.done(request, _("争议已接收，请协调处理。"), to=reverse("sharing_taken_one", args=[made.pk]))
    title = _("其他平台报来的争议")
    return faces.page(
        request,
        "sharing/taken.html",
        title=title,
        crumbs=_home(title),
        rows=queries.taken_disputes(actor),
        form=form,
        takes=takes,
    )


def taken_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a dispute of another instance; decide it."""
    actor = faces.actor_of(request)
    form = AnswerForm(faces.posted(request))
    if form.is_valid():
        with faces.told(form):
            given = form.cleaned_data
            outcome = actions.Outcome(result=given["result"], text=given["text"], conditions=given["conditions"])
            actions.answer_dispute(
                pk, outcome=outcome, decision_number=given["decision_number"], decided_on=given["decided_on"],
                by=faces.signed(request), at=clock.now(),
            )  # fmt: skip
            return faces.done(
                request, _("决定已签名，请将答复文件交回对方平台。"), to=reverse("sharing_taken_one", args=[pk])
            )
    seen = queries.taken_dispute(pk, actor)
    return faces.page(
        request,
        "sharing/taken_one.html",
        title=seen.content.resource_title,
        crumbs=[*_home(seen.number)[:1], (_("其他平台报来的争议"), reverse("sharing_taken")), (seen.number, "")],
        seen=seen,
        sides=rules.SIDES,
        notes={code: _(label) for code, label in rules.NOTES.items()},
        form=form,
        answers=seen.answered_at is None and seen.mine and actor.holds(Role.AUTHORITY_HEAD),
    )


@require_safe
def answer(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Hand over the signed answer."""
    number, content = queries.answer_file(pk, faces.actor_of(request))
    return downloads.attachment(io.BytesIO(content), _("争议答复-%s.json") % number, JSON)
