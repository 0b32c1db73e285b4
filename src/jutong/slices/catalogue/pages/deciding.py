"""Deciding: one form per move of the workflow, and the authority's queue with sets."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from jutong.kernel import clock
from jutong.kernel.errors import NotThere, RuleBroken, WrongState
from jutong.kernel.faces import Form, actor_of, done, page, posted, signed, told
from jutong.kernel.workflow import Moved
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages import forms
from jutong.slices.catalogue.pages.forms import asked_number, asked_text
from jutong.slices.catalogue.workflow import ENTRY, STATES

FORMS: dict[str, type[Form]] = {
    "assess": forms.Assess,
    "leader_approve": forms.Note,
    "submit": forms.Note,
    "submit_directly": forms.Note,
    "return_entry": forms.Return,
    "determine": forms.Determine,
    "review": forms.Prohibition,
    "publish": forms.Note,
    "revise": forms.Revise,
}
"""What each move asks of the person who makes it."""
MOST_AT_ONCE = 500
LONGEST_ID = 16


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
                return done(request, _("已办理。"), to=back)
    signing = ENTRY.signing(verb, pk, actor, words)
    seen = queries.entry(pk, actor=actor, at=clock.now())
    button = next((b for b in seen.buttons if b.verb == verb), None)
    title = button.label if button else _("办理")
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


def queue(request: HttpRequest) -> HttpResponse:
    """Show what waits for the authority; pass, publish or return a set of it."""
    actor = actor_of(request)
    if request.method == "POST":
        return _decide(request)
    state, text = asked_text(request, "state"), asked_text(request, "q")
    rows, meta = queries.review_queue(actor, state=state, text=text, number=asked_number(request))
    states = [(code, _(STATES[code])) for code in ("submitted", "pending_determination", "reviewed")]
    return page(
        request,
        "catalogue/review.html",
        title=_("目录审核发布"),
        rows=rows,
        meta=meta,
        state=state,
        text=text,
        states=states,
    )


def _decide(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.getlist("ids")[:MOST_AT_ONCE]
    ids = [int(pk) for pk in chosen if pk.isascii() and pk.isdigit() and len(pk) < LONGEST_ID]
    if not ids:
        raise RuleBroken(_("请先勾选要办理的目录。"), field="ids")
    actor, at, verb = signed(request), clock.now(), request.POST.get("verb", "")
    note = request.POST.get("note", "")[:1000]
    number = ""
    if verb == "review":
        moved = actions.review_entries(ids, by=actor, at=at, note=note)
    elif verb == "publish":
        moved, number = actions.publish_entries(ids, by=actor, at=at)
    elif verb == "return_entry":
        moved = actions.return_entries(ids, by=actor, at=at, reason=note)
    else:
        raise NotThere(_("没有这项批量操作，请刷新页面后重试。"))
    if not moved.done:
        raise WrongState(_told(moved, number))
    return done(request, _told(moved, number), to=reverse("catalogue_review"))


def _told(moved: Moved, number: str) -> str:
    sentence = _("已办理 %(done)d 条。") % {"done": len(moved.done)}
    if number:
        sentence += _("通告编号：%s。") % number
    if moved.refused:
        reasons = "；".join(dict.fromkeys(moved.refused.values()))[:500]
        sentence += _("未办理 %(refused)d 条：%(reasons)s") % {"refused": len(moved.refused), "reasons": reasons}
    return sentence
