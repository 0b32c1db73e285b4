"""Corrections of data that a department had obtained: told, fetched, read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import clock, faces
from jutong.kernel.faces.forms import Form, Whole
from jutong.kernel.faces.pieces import Tab
from jutong.slices.correction import actions, queries


class PageForm(Form):
    """Which page."""

    page = Whole(label=_l("页码"), required=False, min_value=1)


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """List the corrections told to the actor's departments."""
    form = PageForm(request.GET)
    form.is_valid()
    waiting = request.GET.get("waiting") == "1"
    rows, meta = queries.corrections(
        faces.actor_of(request), waiting=waiting, number=form.cleaned_data.get("page") or 1
    )
    return faces.page(
        request,
        "correction/corrected.html",
        title=_("更正通知"),
        lead=_("本部门获取过、之后确认有误并已更正的数据。请领取更正，并改正本部门留存的数据。"),
        crumbs=[(_("共享"), ""), (_("更正通知"), "")],
        tabs=[Tab(_("全部"), "?", current=not waiting), Tab(_("待领取"), "?waiting=1", current=waiting)],
        rows=rows,
        meta=meta,
    )


@require_safe
def one(request: HttpRequest, receiver_id: int) -> HttpResponse:
    """Show a correction; its values stand there once it was fetched."""
    found = queries.correction(receiver_id, faces.actor_of(request))
    return faces.page(
        request,
        "correction/corrected_one.html",
        title=found.line.title,
        lead=_("第 %d 次更正") % found.line.version,
        crumbs=[(_("更正通知"), reverse("correction_corrected")), (found.line.title, "")],
        found=found,
    )


@require_POST
def fetch(request: HttpRequest, receiver_id: int) -> HttpResponse:
    """Fetch a correction for one's department."""
    actions.fetch_correction(receiver_id, by=faces.actor_of(request), at=clock.now())
    said = _("更正已领取，请改正本部门留存的数据。")
    return faces.done(request, said, to=reverse("correction_corrected_one", args=[receiver_id]))
