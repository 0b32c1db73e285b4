"""Pages of disposals: the list by grant, one grant with its copies and moves, the receipt that is printed."""

from __future__ import annotations

from functools import partial
from typing import Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import clock, faces, files, papers
from jutong.kernel.errors import Refusal
from jutong.kernel.faces import downloads
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.deeds import Deed, OpenDeed, deed_called, done_or_shown
from jutong.kernel.faces.pieces import Tab
from jutong.kernel.terms import N_
from jutong.slices.usage import actions, queries
from jutong.slices.usage.pages import disposal_forms as forms
from jutong.slices.usage.pages import ledger
from jutong.slices.usage.pages.receipts import receipt_paper

FOLDS: Final = {"": N_("全部"), "open": N_("待处置"), "overdue": N_("已超期"), "over": N_("已认可")}


class Filter(ledger.Filter):
    """What is looked for: as in the ledgers, by how far the disposal is."""

    fold = django_forms.ChoiceField(
        label=_l("状态"), required=False, choices=lambda: [(code, _(label)) for code, label in FOLDS.items()]
    )


DEEDS: Final[dict[str, Deed[forms.CopiesForm]]] = {
    "instruct": Deed(forms.InstructForm, actions.instruct, N_("处置要求已送达使用方。"), "primary",
                     N_("使用方须在您确定的日期前处置；逾期的，提出整改线索（条例第四十条）。"), N_("提出处置要求")),
    "report": Deed(forms.ReportForm, actions.report, N_("处置情况已登记，等待提供方核验。"), "primary",
                   N_("逐份副本登记方式、时间、执行人，并上传证明文件。"), N_("登记处置情况")),
    "accept": Deed(forms.AcceptForm, actions.accept, N_("处置证明已认可。"), "primary",
                   N_("全部副本认可后，使用记录开始计算保存期限。"), N_("认可处置证明")),
    "send_back": Deed(forms.SendBackForm, actions.send_back, N_("已退回使用方重新处置。"), "danger", label=N_("退回处置证明")),
}  # fmt: skip


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """List the grants with disposals that the actor may know."""
    form = Filter(request.GET)
    form.is_valid()
    asked = form.asked()
    rows, meta = queries.groups(
        faces.actor_of(request), clock.now(), **asked, number=form.cleaned_data.get("page") or 1
    )
    return faces.page(
        request,
        "usage/disposals.html",
        title=_("数据处置"),
        lead=_("共享目的已实现、无法实现或者不再必要的，使用方按提供方的要求处置取得的数据，并逐份证明。"),
        crumbs=[(_("共享"), ""), (_("数据处置"), "")],
        form=form,
        tabs=[
            Tab(_(label), f"?side={side}" if side else "?", asked["side"] == side)
            for side, label in ledger.SIDES.items()
        ],
        rows=rows,
        meta=meta,
    )


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Export the filtered disposals as Excel (at most 10,000)."""
    form = Filter(request.GET)
    form.is_valid()
    headers = [
        _("授权"), _("资源"), _("使用方"), _("提供方"), _("结束情形"), _("待提出要求"), _("待处置"), _("待核验"), _("已认可"),
        _("最早期限"), _("已超期"),
    ]  # fmt: skip
    cells = (
        [
            row.reference, row.title, row.consumer, row.provider, row.ground_label, row.began, row.instructed, row.reported,
            row.over, row.due_on, _("是") if row.overdue else "",
        ]
        for row in queries.group_lines(faces.actor_of(request), clock.now(), **form.asked())
    )  # fmt: skip
    return downloads.xlsx(_("数据处置.xlsx"), headers, cells, sheet=_("数据处置"))


@require_safe
def case(request: HttpRequest, disposal_id: int) -> HttpResponse:
    """Lead to the page of the grant that a disposal belongs to."""
    return redirect("usage_disposal", queries.grant_of(disposal_id, faces.actor_of(request)))


@require_safe
def disposal(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Show the disposals of a grant."""
    return show(request, grant_id)


@require_POST
def deed(request: HttpRequest, grant_id: int, verb: str) -> HttpResponse:
    """Make a move on the chosen copies; a refusal is shown on the page, in place, with its status."""
    known = deed_called(verb, DEEDS)
    seen = queries.disposing(grant_id, faces.actor_of(request), clock.now())
    form = known.form(seen, faces.posted(request), posted_files(request))
    to, again = reverse("usage_disposal", args=[grant_id]), partial(show, request, grant_id)
    return done_or_shown(request, verb, known, form, pk=grant_id, to=to, show=again)


def show(
    request: HttpRequest,
    grant_id: int,
    *,
    tried: tuple[str, forms.CopiesForm] | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    """Draw the page of a grant's disposals, with what was just tried and refused."""
    seen = queries.disposing(grant_id, faces.actor_of(request), clock.now())
    return faces.page(
        request,
        "usage/disposal.html",
        status=refusal.status if refusal else faces.answers.form_status(tried[1] if tried else None),
        title=seen.title,
        lead=_("%(reference)s · %(consumer)s 处置 · %(provider)s 核验")
        % {"reference": seen.reference, "consumer": seen.consumer, "provider": seen.provider},
        crumbs=[(_("数据处置"), reverse("usage_disposals")), (seen.reference, "")],
        disposing=seen,
        deeds=[_open(seen, verb, tried) for verb in DEEDS if seen.open_to(verb) or (tried and tried[0] == verb)],
        refusal=refusal,
    )


def _open(seen: queries.Disposing, verb: str, tried: tuple[str, forms.CopiesForm] | None) -> OpenDeed[forms.CopiesForm]:
    known, asked = DEEDS[verb], tried is not None and tried[0] == verb
    form = tried[1] if tried and asked else known.form(seen, auto_id=f"id_{verb}_%s")
    return known.offered(verb, form, asked=asked)


@require_safe
def proof(request: HttpRequest, grant_id: int, file_id: int) -> HttpResponseBase:
    """Hand out the proof of a disposal."""
    found = queries.proof(grant_id, file_id, faces.actor_of(request))
    return downloads.attachment(files.chunks(found.id), found.name, found.media_type)


@require_safe
def receipt(request: HttpRequest, grant_id: int) -> HttpResponseBase:
    """Hand out the receipt of a grant's disposals as PDF: every copy with method, day, executor and acceptance."""
    now = clock.now()
    seen = queries.disposing(grant_id, faces.actor_of(request), now)
    drawn = papers.pdf(receipt_paper(seen, now))
    return downloads.attachment([drawn], _("数据处置回执-%s.pdf") % seen.reference, papers.PDF)
