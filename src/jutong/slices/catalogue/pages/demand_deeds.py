"""Moves of one demand: the form of each, what it does, and where one goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from jutong.kernel import clock
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import Form, actor_of, done, posted, signed, told
from jutong.kernel.workflow import Moved
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages.demand_forms import GAP, AcceptForm, AssignForm, EntryChoice
from jutong.slices.catalogue.pages.demands import sentence_of
from jutong.slices.catalogue.pages.sources import Nothing, Why, act
from jutong.slices.catalogue.search import Suggestion, suggested, suggestions


def _found(seen: queries.DemandDetail) -> list[Suggestion]:
    return suggestions(suggested(seen.row.wanted, seen.row.items), seen.row.items)


def _offered(seen: queries.DemandDetail, request: HttpRequest, *, gap: bool = False) -> list[tuple[object, str]]:
    """Return the entries offered to be linked: those search found, then unpublished ones of the actor's department."""
    found: list[tuple[object, str]] = [
        (
            one.id,
            _("《%(title)s》%(code)s — %(provider)s")
            % {"title": one.title, "code": one.code, "provider": one.provider_name},
        )
        for one in _found(seen)
        if one.share_type != "withheld"
    ]
    known = {pk for pk, _label in found}
    own = queries.own_unpublished(actor_of(request), seen.row.provider_id)
    found += [(pk, _("《%s》— 本部门，尚未发布") % title) for pk, title in own if pk not in known]
    return [*found, *([(GAP, _("没有目录可以满足，列为缺口"))] if gap else [])]


def _assign(seen: queries.DemandDetail, request: HttpRequest) -> AssignForm:
    first = seen.row.provider_id or next((pk for pk, _name in seen.candidates), None)
    form = AssignForm(posted(request), initial={"provider_id": first})
    if seen.candidates:
        names = "、".join(name for _pk, name in seen.candidates[:5])
        form.fields["provider_id"].help_text = _("可能的部门：%s") % names
    return form


_FORMS: Final[dict[str, type[Form]]] = {
    **dict.fromkeys(("submit", "register", "compile_for", "discard"), Nothing),
    **dict.fromkeys(("reject", "decline", "end"), Why),
    **dict.fromkeys(("make_gap", "assign", "reassign"), AssignForm),
    **dict.fromkeys(("link", "ask"), EntryChoice),
    "accept": AcceptForm,
}


def _form(verb: str, seen: queries.DemandDetail, request: HttpRequest) -> Form:
    kind = _FORMS[verb]
    if issubclass(kind, AcceptForm):
        return kind(
            _offered(seen, request, gap=True), posted(request), initial={"provider_id": seen.row.provider_id or None}
        )
    if issubclass(kind, EntryChoice):
        return kind(_offered(seen, request), posted(request))
    return _assign(seen, request) if kind is AssignForm else kind(posted(request))


def _set(act_on: Callable[..., Moved], pk: int, **given: Any) -> None:
    sentence_of(act_on([pk], **given))


def _accept(pk: int, *, entry_id: int | None, provider_id: int | None, code: str, by: Any, at: Any) -> None:
    entries = {pk: entry_id} if entry_id else {}
    _set(actions.accept_demands, pk, entries=entries, provider_id=provider_id, by=by, at=at)


def _linked(deed: Callable[..., Any]) -> Callable[..., Any]:
    def link(pk: int, *, entry_id: int, code: str, **given: Any) -> None:
        deed(pk, entry_id=entry_id, **given)

    return link


_ACTS: Final[dict[str, Callable[..., Any]]] = {
    "submit": lambda pk, **given: sentence_of(actions.submit_demands([pk], **given).demands),
    "register": lambda pk, **given: _set(actions.register_demands, pk, **given),
    "accept": _accept,
    "reject": lambda pk, **given: _set(actions.reject_demands, pk, **given),
    "make_gap": lambda pk, **given: _set(actions.assign_demands, pk, **given),
    "assign": lambda pk, **given: _set(actions.assign_demands, pk, **given),
    "reassign": actions.reassign_demand,
    "decline": actions.decline_demand,
    "compile_for": actions.compile_for_demand,
    "link": _linked(actions.link_demand),
    "ask": _linked(actions.ask_by_request),
    "end": actions.end_demand,
    "discard": actions.discard_demand,
}


def deed(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Show the form of a move of a demand, or make the move."""
    if verb not in _FORMS:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb[:40])
    seen = queries.demand(pk, actor=actor_of(request), at=clock.now())
    form, back = _form(verb, seen, request), reverse("catalogue_demand", args=[pk])
    if form.is_bound and form.is_valid():
        with told(form):
            made = _ACTS[verb](pk, by=signed(request), at=clock.now(), **form.cleaned_data)
            return done(request, _("已办理。"), to=_next(verb, made, back))
    button = next((b for b in seen.buttons if b.verb == verb), None)
    discards = verb == "discard" and any(b.verb == "edit" for b in seen.buttons)
    title = button.label if button else (_("删除需求草稿") if verb == "discard" else _("办理"))
    return act(request, title, form, back, lead=seen.row.wanted, refused=button is None and not discards)


def _next(verb: str, made: Any, back: str) -> str:
    """Return where one goes on: to the new entry's form, to the list, or back to the demand."""
    if verb == "compile_for":
        return reverse("catalogue_edit", args=[made.entry_id])
    return reverse("catalogue_demands") if verb == "discard" else back
