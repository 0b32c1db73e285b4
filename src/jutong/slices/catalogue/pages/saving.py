"""A person's kept searches: keep, look at, subscribe, forget."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import actor_of, done, page
from jutong.slices.catalogue import actions, queries, search
from jutong.slices.catalogue.pages.forms import line_of

DEEDS = ("subscribe", "unsubscribe", "forget")


def saved(request: HttpRequest) -> HttpResponse:
    """Show the actor's kept searches, or keep the one that is posted."""
    actor = actor_of(request)
    if request.method == "POST":
        actions.save_search(
            by=actor,
            at=clock.now(),
            name=line_of(request.POST.get("name", ""), 100),
            text=line_of(request.POST.get("q", ""), 200),
            chosen={name: [v.replace("\x00", "")[:100] for v in request.POST.getlist(name)] for name in search.FACETS},
            subscribed=bool(request.POST.get("subscribed")),
        )
        return done(request, _("检索已保存。"), to=reverse("catalogue_saved"))
    rows = queries.saved_searches(actor)
    return page(request, "catalogue/saved.html", title=_("我的检索与订阅"), rows=rows)


@require_GET
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead to what a kept search finds now; what was new to its owner is so no longer."""
    actor = actor_of(request)
    row = queries.saved_search(pk, actor=actor)
    actions.note_looked_at(pk, by=actor)
    return redirect(f"{reverse('catalogue')}?{row.address}")


@require_POST
def deed(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Subscribe, stop subscribing, or forget."""
    actor, at = actor_of(request), clock.now()
    if verb not in DEEDS:
        raise NotThere(_("没有这项操作。"))
    if verb == "forget":
        actions.forget_search(pk, by=actor, at=at)
        return done(request, _("检索已删除。"), to=reverse("catalogue_saved"))
    actions.subscribe(pk, by=actor, at=at, subscribed=verb == "subscribe")
    sentence = _("已订阅，有相符的目录发布时会通知您。") if verb == "subscribe" else _("已取消订阅。")
    return done(request, sentence, to=reverse("catalogue_saved"))
