"""Pages of rows set aside: the sheet that goes out, the upload of what was put right, its comparison, the confirmation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock, faces
from jutong.kernel.faces import downloads, forms
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.formats import corrections as formats


class CorrectForm(forms.Form):
    """The filled-in sheet."""

    file = forms.Upload(
        label=gettext_lazy("更正表"),
        most_bytes=formats.MOST_BYTES,
        help_text=gettext_lazy("从任务页导出的 Excel，只填写“更正后的值”一列；没有填写的行不补送。"),
    )


@require_GET
def sheet(request: HttpRequest, run_id: int) -> HttpResponseBase:
    """Hand out the rows that a run set aside, with reasons and room for what they should be, as Excel."""
    actor = faces.actor_of(request)
    rows, found = queries.set_aside(run_id, actor), queries.run(run_id, actor)

    def lines() -> Iterator[tuple[object, ...]]:
        for row in rows:
            yield row.id, row.number, row.key, row.item, row.value, row.reason, ""
        if found.listed < found.dirty:
            yield (_("仅列出前 %(listed)d 行，共 %(dirty)d 行。") % {"listed": found.listed, "dirty": found.dirty},)

    return downloads.xlsx(f"T-{run_id:06d}-rows.xlsx", formats.headers(), lines())


def correct(request: HttpRequest, run_id: int) -> HttpResponse:
    """Upload the filled-in sheet; what it comes to is shown at once and never again, since the values are sealed."""
    actor = faces.actor_of(request)
    row = queries.run(run_id, actor).row
    form = CorrectForm(faces.posted(request), request.FILES if request.method == "POST" else None)
    crumbs = [
        (_("交换任务"), reverse("exchange_runs")),
        (row.number, reverse("exchange_run", args=[run_id])),
        (_("更正问题行"), ""),
    ]
    context: dict[str, Any] = {"row": row, "title": _("更正问题行"), "crumbs": crumbs}
    if form.is_valid():
        with faces.told(form):
            preview = actions.correct_rows(run_id, by=actor, at=clock.now(), source=form.cleaned_data["file"])
            return faces.page(request, "exchange/corrected.html", preview=preview, **context)
    return faces.page(request, "exchange/correct.html", form=form, **context)


@require_POST
def deliver(request: HttpRequest, run_id: int, correction_id: int) -> HttpResponse:
    """Confirm an upload: its rows are delivered by a run of their own."""
    run = actions.deliver_corrected(
        by=faces.actor_of(request), at=clock.now(), run_id=run_id, correction_id=correction_id
    )
    return faces.done(request, _("已发起补送，正在排队。"), to=reverse("exchange_run", args=[run.pk]))


urlpatterns = [
    path("runs/<int:run_id>/rows/", sheet, name="exchange_aside"),
    path("runs/<int:run_id>/correct/", correct, name="exchange_correct"),
    path("runs/<int:run_id>/corrections/<int:correction_id>/", deliver, name="exchange_deliver_corrected"),
]
