"""A department's templates of answers: kept, changed, dropped, and put into the drafts of answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import clock, faces
from jutong.kernel.faces.forms import Form, Line, Paragraph
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.rules import LONGEST_TEXT
from jutong.slices.sharing.rules.answer_templates import LONGEST_NAME, TemplateKind
from jutong.slices.sharing.workflow import STAFF

TEXTS: Final = ("scope", "remarks", "reason", "basis")


class TemplateForm(Form):
    """A template; of the texts only those of its kind are kept."""

    kind = django_forms.ChoiceField(
        label=gettext_lazy("用于"), choices=lambda: [(code, _(label)) for code, label in TemplateKind.choices()]
    )
    name = Line(label=gettext_lazy("范本名称"), max_length=LONGEST_NAME)
    scope = Paragraph(label=gettext_lazy("准许的使用范围"), max_length=LONGEST_TEXT, required=False)
    remarks = Paragraph(label=gettext_lazy("给申请方的说明"), max_length=LONGEST_TEXT, required=False)
    reason = Paragraph(label=gettext_lazy("不同意的理由"), max_length=LONGEST_TEXT, required=False)
    basis = Paragraph(label=gettext_lazy("不同意的依据"), max_length=LONGEST_TEXT, required=False)
    papers = Paragraph(
        label=gettext_lazy("需要补正的全部材料"), max_length=LONGEST_TEXT, required=False,
        help_text=gettext_lazy("每行一项。"),
    )  # fmt: skip

    def template(self) -> dict[str, Any]:
        """Return the arguments of the actions."""
        good = self.cleaned_data
        words = {name: good[name] for name in TEXTS} | {"papers": good["papers"].splitlines()}
        return {"kind": good["kind"], "name": good["name"], "words": words}


@require_safe
def templates(request: HttpRequest) -> HttpResponse:
    """List the department's templates."""
    actor = faces.actor_of(request)
    return faces.page(
        request,
        "sharing/templates.html",
        title=_("答复范本"),
        lead=_("本部门常用的答复内容；拟定答复时选用，仍由经办人修改、负责人决定，不会自动发出。"),
        crumbs=[(_("共享申请"), reverse("sharing_list")), (_("答复范本"), "")],
        rows=queries.answer_templates(actor),
        keeps=actor.holds(*STAFF),
    )


def new(request: HttpRequest) -> HttpResponse:
    """Keep a new template."""
    form = TemplateForm(faces.posted(request))
    if form.is_valid():
        with faces.told(form):
            actions.keep_answer_template(by=faces.actor_of(request), at=clock.now(), **form.template())
            return faces.done(request, _("范本已保存。"), to=reverse("sharing_templates"))
    return _form_page(request, form, _("新建答复范本"))


def change(request: HttpRequest, template_id: int) -> HttpResponse:
    """Change a template."""
    actor = faces.actor_of(request)
    found = queries.answer_template(template_id, actor)
    initial = {
        "kind": found.kind,
        "name": found.name,
        **found.words,
        "papers": "\n".join(found.words.get("papers", ())),
    }
    form = TemplateForm(faces.posted(request), initial=initial)
    if form.is_valid():
        with faces.told(form):
            actions.change_answer_template(template_id, by=actor, at=clock.now(), **form.template())
            return faces.done(request, _("范本已修改。"), to=reverse("sharing_templates"))
    return _form_page(request, form, _("修改答复范本"))


def _form_page(request: HttpRequest, form: TemplateForm, title: str) -> HttpResponse:
    crumbs = [(_("答复范本"), reverse("sharing_templates")), (title, "")]
    return faces.page(request, "sharing/template_edit.html", title=title, crumbs=crumbs, form=form)


@require_POST
def drop(request: HttpRequest, template_id: int) -> HttpResponse:
    """Drop a template."""
    actions.drop_answer_template(template_id, by=faces.actor_of(request), at=clock.now())
    return faces.done(request, _("范本已删除。"), to=reverse("sharing_templates"))


def chosen(request: HttpRequest, *kinds: str) -> Mapping[str, Any]:
    """Return what the template named in the address puts into an empty form; nothing where none is named."""
    named = request.GET.get("template", "")
    if request.method != "GET" or not named.isdecimal():
        return {}
    found = queries.answer_template(int(named[:15]), faces.actor_of(request))
    if found.kind not in kinds:
        return {}
    if found.kind == TemplateKind.SUPPLEMENT:
        return {"papers": "\n".join(found.words["papers"])}
    return {**found.words, "decision": found.kind}
