"""Deciding: one form per move of the workflow."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from jutong.kernel import clock
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.faces import Form, actor_of, done, page, posted, signed, told
from jutong.slices.catalogue import queries
from jutong.slices.catalogue.pages import forms
from jutong.slices.catalogue.pages.assessing import Assess
from jutong.slices.catalogue.workflow import ENTRY

FORMS: dict[str, type[Form]] = {
    "assess": Assess,
    "leader_approve": forms.Note,
    "submit": forms.Note,
    "submit_directly": forms.Note,
    "return_entry": forms.Return,
    "determine": forms.Determine,
    "review": forms.Prohibition,
    "publish": forms.Note,
    "revise": forms.Revise,
    "take_out": forms.TakeOut,
}
"""What each move asks of the person who makes it."""


def deed(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Show the form of a move, or make the move; what the table does not allow is refused."""
    if verb not in FORMS:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb[:40])
    actor, back = actor_of(request), reverse("catalogue_entry", args=[pk])
    form = FORMS[verb](posted(request))
    words = None
    if form.is_bound and form.is_valid():
        words = _given(form)
        with told(form):
            by = signed(request)
            if by.signature or ENTRY.signing(verb, pk, by, words) is None:
                ENTRY.do(verb, pk, by=by, at=clock.now(), **words)
                return done(request, _("已办理。"), to=reverse("catalogue") if verb == "take_out" else back)
    signing = ENTRY.signing(verb, pk, actor, words)
    seen = queries.entry(pk, actor=actor, at=clock.now())
    button = next((b for b in seen.buttons if b.verb == verb), None)
    title = button.label if button else _("办理")
    if isinstance(form, Assess) and not form.is_bound:
        form.ask(seen.assessments)
    if isinstance(form, forms.Return) and not form.is_bound:
        form.beside(seen.content)
    if not seen.needs_prohibition:
        for name in ("express_prohibition", "not_prohibited"):
            if name in form.fields and not form.is_bound:
                del form.fields[name]
    return page(
        request,
        "catalogue/deed.html",
        status=RuleBroken.status if signing and words is not None else None,
        title=title,
        form=form,
        seen=seen,
        back=back,
        allowed=button is not None,
        signing=signing,
    )


def _given(form: Form) -> dict[str, Any]:
    stated = getattr(form, "stated", None)
    given: dict[str, Any] = stated() if stated else dict(form.cleaned_data)
    return given
