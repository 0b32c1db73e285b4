"""Guidance: finding answers, asking about an entry or a topic, answering."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.faces import Form, actor_of, done, page, posted, told
from jutong.kernel.faces.forms import Paragraph
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages.forms import asked_id, asked_number, asked_text
from jutong.slices.catalogue.queries.questions import FOLDS
from jutong.slices.catalogue.rules.guidance import ADDRESSEES, KINDS, LONGEST, TOPICS


def _named(words: dict[str, str]) -> list[tuple[str, Any]]:
    return [(code, gettext_lazy(label)) for code, label in words.items()]


class Ask(Form):
    """A question or a remark; about an entry it may go to its provider."""

    kind = forms.ChoiceField(label=gettext_lazy("类别"), choices=_named(KINDS), initial="question")
    addressee = forms.ChoiceField(label=gettext_lazy("请谁答复"), choices=_named(ADDRESSEES), initial="provider")
    topic = forms.ChoiceField(
        label=gettext_lazy("主题"), choices=[("", gettext_lazy("不限主题")), *_named(TOPICS)], required=False
    )
    text = Paragraph(label=gettext_lazy("内容"), max_length=LONGEST)

    def __init__(self, data: Any, *, about_entry: bool) -> None:
        super().__init__(data)
        if not about_entry:
            del self.fields["kind"]
            del self.fields["addressee"]


class Answer(Form):
    """An answer."""

    answer = Paragraph(label=gettext_lazy("答复内容"), max_length=LONGEST)


@require_GET
def questions(request: HttpRequest) -> HttpResponse:
    """Show questions and answers, by keyword, topic and fold, or those of one entry."""
    actor, at = actor_of(request), clock.now()
    text, topic, fold = (asked_text(request, name) for name in ("q", "topic", "fold"))
    pk = asked_id(request, "entry")
    entry = queries.entry(pk, actor=actor, at=at) if pk else None
    rows, meta = queries.questions(
        actor, text=text, topic=topic, fold=fold, entry_id=pk or None, number=asked_number(request)
    )
    return page(
        request,
        "catalogue/questions.html",
        title=_("编目指导与问答"),
        rows=rows,
        meta=meta,
        entry=entry,
        text=text,
        topic=topic,
        fold=fold,
        topics=[(code, _(label)) for code, label in TOPICS.items()],
        folds=[(code, _(label)) for code, label in FOLDS.items()],
    )


def ask(request: HttpRequest) -> HttpResponse:
    """Ask about an entry (parameter `entry`) or about a topic."""
    actor, at = actor_of(request), clock.now()
    pk = asked_id(request, "entry")
    entry = queries.entry(pk, actor=actor, at=at) if pk else None
    form = Ask(posted(request), about_entry=entry is not None)
    if form.is_bound and form.is_valid():
        with told(form):
            made = actions.ask(by=actor, at=at, entry_id=pk or None, **form.cleaned_data)
            return done(request, _("已提出，答复后会通知您。"), to=reverse("catalogue_question", args=[made.pk]))
    back = reverse("catalogue_entry", args=[pk]) if entry else reverse("catalogue_questions")
    return page(request, "catalogue/ask.html", title=_("提问或评议"), form=form, entry=entry, back=back)


def question(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a question with its answer, or answer it."""
    actor = actor_of(request)
    row = queries.question(pk, actor=actor)
    form = Answer(posted(request))
    if form.is_bound and form.is_valid():
        with told(form):
            actions.answer(pk, by=actor, at=clock.now(), text=form.cleaned_data["answer"])
            return done(request, _("已答复。"), to=reverse("catalogue_question", args=[pk]))
    crumbs = [(_("编目指导与问答"), reverse("catalogue_questions")), (row.kind_label, "")]
    return page(request, "catalogue/question.html", title=row.kind_label, row=row, form=form, crumbs=crumbs)
