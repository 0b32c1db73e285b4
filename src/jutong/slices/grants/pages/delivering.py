"""How batch files of a grant are delivered: marks that the provider wants, the key that the consumer opens them with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.kernel import clock, faces
from jutong.kernel.faces.forms import Form, Line
from jutong.slices.grants import actions, queries, rules


class MarksForm(Form):
    """Marks of batch files; the provider decides."""

    marked = django_forms.BooleanField(
        label=gettext_lazy("加溯源水印"),
        required=False,
        help_text=gettext_lazy(
            "按使用方专属密钥排列行的先后，不改动任何数据；外泄的片段（200 行以上）可查出来自哪项授权。"
        ),
    )
    notice = Line(
        label=gettext_lazy("使用须知"),
        max_length=rules.LONGEST_NOTICE,
        required=False,
        help_text=gettext_lazy("写在文件开头：CSV 首行、JSON 首行、Excel 首页、Parquet 文件属性；留空为不写。"),
    )


class ReceiverForm(Form):
    """The consumer's public key for batch files; the consumer decides."""

    receiver_key = Line(
        label=gettext_lazy("接收公钥（SM2，十六进制）"),
        max_length=130,
        required=False,
        help_text=gettext_lazy(
            "填写后，批量文件以 SM4 加密，只有对应私钥能打开，平台也不能；留空为不加密。私钥遗失后已有文件无法打开。"
        ),
    )


def marks(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Show and change the marks of a grant's batch files; the provider's head does."""
    return _settled(request, grant_id, MarksForm, actions.set_marks, _("批量文件标记"), ("marked", "notice"))


def receiver(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Show and change the key to which a grant's batch files are sealed; the consumer's head does."""
    return _settled(request, grant_id, ReceiverForm, actions.set_receiver, _("批量文件接收公钥"), ("receiver_key",))


def _settled(
    request: HttpRequest,
    grant_id: int,
    kind: type[Form],
    change: Callable[..., Any],
    title: str,
    names: tuple[str, ...],
) -> HttpResponse:
    actor = faces.actor_of(request)
    row = queries.grant(grant_id, actor)
    form = kind(faces.posted(request), initial={name: getattr(row, name) for name in names})
    if form.is_valid():
        with faces.told(form):
            change(grant_id, by=actor, at=clock.now(), **form.cleaned_data)
            return faces.done(request, _("已保存，此后制作的文件按此交付。"), to=reverse("grant", args=[grant_id]))
    return faces.page(
        request,
        "grants/delivering.html",
        title=title,
        lead=f"{row.reference} · {row.resource_title}",
        crumbs=[
            (_("授权"), reverse("grants_list")),
            (row.reference, reverse("grant", args=[grant_id])),
            (title, ""),
        ],
        form=form,
        grant=row,
    )
