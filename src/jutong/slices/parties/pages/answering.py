"""How this slice's pages answer: a form on a page of its own, and a deed behind a button."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from jutong.kernel import clock
from jutong.kernel.actors import Actor, Who
from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.faces import Form, actor_of, done, page, signed, told
from jutong.kernel.signing import Signing

Crumbs = Sequence[tuple[str, str]]


def crumbs(*middle: tuple[str, str], here: str) -> list[tuple[str, str]]:
    """Return the way to a page: the organisation tree, what lies between, and the page itself."""
    return [(_("组织机构"), reverse("organisation")), *middle, (here, "")]


def filled(
    request: HttpRequest,
    form: Form,
    act: Callable[[dict[str, Any]], object],
    *,
    title: str,
    sentence: str,
    to: str,
    lead: str = "",
    button: str = "",
    path: Crumbs = (),
    who: Who | None = None,
    place: int | None = None,
    signing: Callable[[Mapping[str, Any] | None], Signing | None] = lambda _words: None,
) -> HttpResponse:
    """Show a form, or act with what was posted: a refusal stands beside its field, success leads to `to`.

    who, place: to whom the form is shown, asked of the department `place`; a post is decided (and audited) by the action.
    signing: what has to be signed with the words given, where a signature is demanded; it is asked for before the act.
    """
    shown_to(request, who, place)
    words = words_of(form)
    if form.is_bound and words is not None:
        with told(form):
            if signed(request).signature or signing(words) is None:
                act(form.cleaned_data)
                return done(request, sentence, to=to)
    asked = signing(words)
    return page(
        request,
        "parties/form.html",
        status=RuleBroken.status if form.is_bound and asked else None,
        form=form,
        signing=asked,
        title=title,
        lead=lead,
        back=to,
        button=button or _("保存"),
        crumbs=crumbs(*path, here=title),
    )


def words_of(form: Form) -> Mapping[str, Any] | None:
    """Return the words that go with an act: none of a form without fields, None as long as they are not given."""
    if form.is_bound and form.is_valid():
        return form.cleaned_data
    return None if form.fields else {}


def deed(name: str, act: Callable[..., object], sentence: str, to: Callable[..., str]) -> Callable[..., HttpResponse]:
    """Return a POST view for a button: `act(id, by=, at=)`, then the sentence and the page `to(id)` gives."""

    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        act(pk, by=actor_of(request), at=clock.now())
        return done(request, _(sentence), to=to(pk))

    view.__name__ = name
    return view


@dataclass(frozen=True, slots=True)
class _Place:
    """A department as every `who` of this slice asks for it."""

    id: int | None
    department_id: int | None
    lead_id: int | None


def shown_to(request: HttpRequest, who: Who | None, place: int | None = None) -> None:
    """Refuse to show a form to those who could not send it (NotAllowed); what is posted is left to the action."""
    if who is not None and request.method == "GET":
        only(actor_of(request), may(who, actor_of(request), _Place(place, place, place)))


def may(who: Who, actor: Actor, about: object = None) -> bool:
    """Tell whether a button is worth showing; the action decides."""
    return who.permits(actor, about) is not None


def only(actor: Actor, allowed: bool) -> None:
    """Refuse a page to those whom it does not concern (NotAllowed)."""
    if not allowed:
        raise NotAllowed(_("该页面仅供有相应管理岗位的人员使用。"))
