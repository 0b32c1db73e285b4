"""What a provider does beside one case: a look at the data before deciding, and the same answer to like requests."""

from __future__ import annotations

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from jutong.kernel import clock, faces
from jutong.kernel.errors import NotThere, Refusal, WrongState
from jutong.kernel.faces.forms import Form
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.pages.cases import show
from jutong.slices.sharing.rules.answer_templates import TemplateKind


class AlikeForm(Form):
    """Which like requests, and with which template."""

    ids = django_forms.TypedMultipleChoiceField(label=gettext_lazy("同类申请"), coerce=int)
    template = django_forms.ChoiceField(label=gettext_lazy("套用范本"), required=False)

    def __init__(self, rows: list[queries.RequestLine], templates: list[queries.TemplateRow], *args: object) -> None:
        super().__init__(*args)
        self.fields["template"].choices = [("", ""), *((str(one.id), one.name) for one in templates)]  # type: ignore[attr-defined]
        self.fields["ids"].choices = [(row.id, row.number) for row in rows]  # type: ignore[attr-defined]


@require_POST
def preview(request: HttpRequest, request_id: int) -> HttpResponse:
    """Show the head on the approve page what the consumer would receive under the draft; the look is audited."""
    actor, now = faces.actor_of(request), clock.now()
    found = queries.case(request_id, actor, now)
    if found.reply is None or not found.reply.agree:
        raise WrongState(_("没有同意共享的拟定答复，无须预览。"))
    try:
        sample = actions.preview_reply(request_id, by=actor, at=now, reply=found.reply)
    except Refusal as refusal:
        return show(request, request_id, template="sharing/approve.html", refusal=refusal)
    return show(request, request_id, template="sharing/approve.html", sample=sample)


@require_POST
def alike(request: HttpRequest, request_id: int, verb: str) -> HttpResponse:
    """Draft the same reply for like requests, or decide those with the same draft; what was refused is told by number."""
    if verb not in {"prepare", "decide"}:
        raise NotThere(_("没有这项操作，请从页面上的按钮进行。"))
    actor, now = faces.actor_of(request), clock.now()
    rows = queries.alike(request_id, actor, now)
    templates = queries.answer_templates(actor, TemplateKind.AGREE, TemplateKind.REFUSE) if verb == "prepare" else []
    form = AlikeForm(rows, templates, faces.posted(request))
    if not form.is_valid():
        raise WrongState(_("请至少选择一件同类申请。"))
    ids, by = form.cleaned_data["ids"], faces.signed(request)
    if verb == "prepare":
        template = next((one for one in templates if str(one.id) == form.cleaned_data["template"]), None)
        together = actions.prepare_alike(request_id, ids=ids, by=by, at=now, template=template)
    else:
        together = actions.decide_alike(request_id, ids=ids, by=by, at=now)
    numbers = {row.id: row.number for row in rows}
    said = [_("已办理 %d 件。") % len(together.done)]
    said += [_("%(number)s：%(why)s") % {"number": numbers[pk], "why": why} for pk, why in together.refused.items()]
    return faces.done(request, " ".join(said), to=reverse("sharing_case", args=[request_id]))
