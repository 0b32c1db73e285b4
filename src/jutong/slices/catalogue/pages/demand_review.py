"""The authority's demands to decide: a set accepted with entries linked, rejected, or given to providers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from jutong.kernel import clock
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.faces import actor_of, done, page, signed
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages.demands import ids_of, sentence_of, tabs
from jutong.slices.catalogue.pages.forms import asked_number, asked_text, line_of
from jutong.slices.catalogue.search import suggestions
from jutong.slices.parties import queries as parties


def review(request: HttpRequest) -> HttpResponse:
    """Show what waits for the authority, each with the entries that search found; decide on a set of it."""
    if request.method == "POST":
        return _decide(request)
    actor, state, text = actor_of(request), asked_text(request, "state"), asked_text(request, "q")
    rows, meta = queries.demands(
        actor, at=clock.now(), view="review", state=state, text=text, number=asked_number(request)
    )
    known = {one.id: one for one in suggestions([pk for row in rows for pk in row.suggested])}
    states = {"submitted": _("待审核"), "accepted": _("已受理，待分派缺口"), "registered": _("已登记，待分派")}
    return page(
        request,
        "catalogue/demand_review.html",
        title=_("需求审核与分派"),
        tabs=tabs(request, "catalogue_demand_review"),
        rows=[(row, [known[pk] for pk in row.suggested if pk in known]) for row in rows],
        meta=meta,
        state=state,
        text=text,
        undecided=any(row.state == "submitted" for row in rows),
        unassigned=any(row.state != "submitted" for row in rows),
        states=list(states.items()),
        departments=parties.department_names(),
    )


def _decide(request: HttpRequest) -> HttpResponse:
    ids, by, at, verb = ids_of(request), signed(request), clock.now(), request.POST.get("verb", "")
    if verb == "accept":
        moved = actions.accept_demands(ids, by=by, at=at, entries=_entries(request, ids))
    elif verb == "reject":
        moved = actions.reject_demands(ids, by=by, at=at, reason=line_of(request.POST.get("note", ""), 500))
    elif verb == "assign":
        moved = actions.assign_demands(ids, by=by, at=at, provider_id=_provider(request))
    else:
        raise NotThere(_("没有这项批量操作，请刷新页面后重试。"))
    return done(request, sentence_of(moved), to=reverse("catalogue_demand_review"))


def _entries(request: HttpRequest, ids: list[int]) -> dict[int, int]:
    """Return the entry chosen for each demand; those without become gaps."""
    chosen = {pk: request.POST.get(f"entry_{pk}", "") for pk in ids}
    return {
        pk: int(value)
        for pk, value in chosen.items()
        if value.isascii() and value.isdigit() and len(value) < 16  # noqa: PLR2004
    }


def _provider(request: HttpRequest) -> int | None:
    name = line_of(request.POST.get("provider", ""), 140)
    if not name:
        return None
    found = parties.departments_called(name)
    if len(found) != 1:
        raise RuleBroken(_("没有名为“%s”的部门，或者重名，请从下拉列表中选择。") % name[:60], field="provider")
    return found[0]
