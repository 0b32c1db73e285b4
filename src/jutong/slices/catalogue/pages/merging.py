"""Merging two entries of a department into one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.kernel import clock
from jutong.kernel.faces import Form, actor_of, done, page, posted, told
from jutong.kernel.faces.forms import Code, Paragraph
from jutong.slices.catalogue import actions, queries


class MergeForm(Form):
    """Which entry goes into this one, and why."""

    code = Code(
        label=gettext_lazy("要并入本目录的目录代码"),
        max_length=64,
        help_text=gettext_lazy(
            "本部门另一条已发布的目录；它的信息项并入本目录的修订版，修订版发布后它停用，代码转到本目录"
        ),
    )
    reason = Paragraph(label=gettext_lazy("合并理由"), max_length=500)


def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Let another entry of the department go into this one."""
    actor, back = actor_of(request), reverse("catalogue_entry", args=[pk])
    seen = queries.entry(pk, actor=actor, at=clock.now())
    form = MergeForm(posted(request))
    if form.is_bound and form.is_valid():
        with told(form):
            actions.merge_entries(pk, by=actor, at=clock.now(), **form.cleaned_data)
            return done(request, _("已合并到修订版；请核对信息项后提交审核。"), to=back)
    return page(request, "catalogue/merge.html", title=_("合并目录"), form=form, seen=seen, back=back)
