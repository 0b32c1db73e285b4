"""The authority's queue: what waits, deciding sets of it with a remark on each, and what became of a set."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock, jobs
from jutong.kernel.errors import WrongState
from jutong.kernel.faces import actor_of, done, page, partial, signed
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.ids import id_in, ids_in
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages.forms import asked_number, asked_text, line_of
from jutong.slices.catalogue.workflow import STATES

SIZES: Final = (50, 100, 200)
_REMARK: Final = "remark_"
_FROM: Final = {
    "review": {"submitted"},
    "publish": {"reviewed"},
    "determine": {"pending_determination"},
    "return_entry": {"submitted", "pending_determination"},
}
"""From which states of the queue a set can be moved: only buttons that can do something are shown."""


def queue(request: HttpRequest) -> HttpResponse:
    """Show what waits for the authority; pass, determine, publish or return a set of it."""
    if request.method == "POST":
        return _decide(request)
    actor, state, text = actor_of(request), asked_text(request, "state"), asked_text(request, "q")
    department, size = asked_number(request, "department", 0), asked_number(request, "size", SIZES[0])
    size = size if size in SIZES else SIZES[0]
    rows, meta = queries.review_queue(
        actor, at=clock.now(), state=state, text=text, department=department, number=asked_number(request), size=size
    )
    there = {row.state for row in rows} if meta.pages == 1 else {state} if state else set().union(*_FROM.values())
    return page(
        request,
        "catalogue/review.html",
        title=_("目录审核发布"),
        rows=rows,
        meta=meta,
        state=state,
        text=text,
        department=department,
        size=size,
        sizes=SIZES,
        verbs={verb for verb, states in _FROM.items() if states & there},
        departments=queries.queue_figures(actor),
        states=[(code, _(STATES[code])) for code in ("submitted", "pending_determination", "reviewed")],
    )


def _decide(request: HttpRequest) -> HttpResponse:
    given, actor = request.POST, signed(request)
    batch = actions.decide_batch(
        line_of(given.get("verb", ""), 20),
        by=actor,
        at=clock.now(),
        ids=_chosen(request, actor),
        note=given.get("note", "")[:1000].replace("\x00", ""),
        number=line_of(given.get("number", ""), 64),
        remarks={
            pk: line_of(text, 1000)
            for name, text in given.items()
            if name.startswith(_REMARK) and isinstance(text, str)
            for pk in ids_in([name.removeprefix(_REMARK)])
        },
    )
    said, result = actions.told(batch), reverse("catalogue_review_batch", args=[batch.pk])
    if batch.finished_at is None:
        return done(request, _("已开始批量办理，可在本页查看进度。"), to=result)
    if not batch.done:
        raise WrongState(said)
    return done(request, said, to=result if batch.refused else reverse("catalogue_review"))


def _chosen(request: HttpRequest, actor: Any) -> list[int]:
    """Return the ticked entries, or every one of the queue as it was filtered."""
    given = request.POST
    if given.get("all") == "on":
        department = given.get("department", "")
        return queries.queue_ids(
            actor,
            state=line_of(given.get("state", ""), 32),
            text=line_of(given.get("q", ""), 200),
            department=id_in(department) or 0,
        )
    return ids_in(given.getlist("ids"))


@require_GET
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what became of a set: progress while it runs, and then by name what stayed."""
    actor = actor_of(request)
    seen = queries.review_batch(pk, actor=actor)
    runs = seen.progress_id is not None and seen.finished_at is None
    return page(
        request,
        "catalogue/review_batch.html",
        title=_("批量办理：%s") % seen.verb_label,
        seen=seen,
        progress_row=jobs.progress(seen.progress_id, actor) if runs and seen.progress_id else None,
        progress_url=reverse("catalogue_review_batch_progress", args=[pk]),
        crumbs=[(_("目录审核发布"), reverse("catalogue_review")), (_("批量办理"), "")],
    )


@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with how far a set is."""
    actor = actor_of(request)
    seen = queries.review_batch(pk, actor=actor)
    return partial(request, "pieces/progress_alone.html", row=jobs.progress(seen.progress_id or 0, actor))


@require_GET
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Answer with what stayed of a set as Excel."""
    seen = queries.review_batch(pk, actor=actor_of(request))
    headers = [_("名称"), _("提供部门"), _("未办理原因")]
    cells = ([row.title, row.provider, row.reason] for row in seen.stayed)
    return xlsx(_("批量办理未办理目录-%d.xlsx") % pk, headers, cells, sheet=_("未办理"))
