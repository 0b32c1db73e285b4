"""The page of an agreement: its versions, what changed, who signed, its grants, and a small form for every open move."""

from __future__ import annotations

from functools import partial
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import clock, faces
from jutong.kernel.actors import Actor
from jutong.kernel.errors import Refusal, RuleBroken
from jutong.kernel.faces.deeds import Deed, OpenDeed, deed_called, done_or_shown
from jutong.kernel.faces.forms import Form
from jutong.kernel.terms import N_
from jutong.slices.agreements import actions, formats, queries
from jutong.slices.agreements.pages import forms, wording
from jutong.slices.agreements.workflow import AGREEMENT

DEEDS: Final[dict[str, Deed[Form]]] = {
    "send": Deed(
        forms.Nothing, actions.send, N_("协议已交各方签署。"), "primary", N_("送出后内容不再改动；十项要素和各方责任人须齐全。")
    ),
    "send_back": Deed(
        forms.ReasonForm, actions.send_back, N_("协议已退回修改。"), "", N_("已有的签署随本次文本失效，修改后各方重新签署。")
    ),
    "withdraw": Deed(forms.ReasonForm, actions.withdraw, N_("协议已撤回。"), "danger"),
    "sign": Deed(
        forms.SignForm, actions.sign, N_("已签署。各方签署完毕后协议随即生效。"), "primary",
        N_("签署的是本页显示的待签署版本，以其内容摘要为准；请先阅读全文。"),
    ),
    "attest": Deed(
        forms.Nothing, actions.attest, N_("已确认联合发文，协议生效。"), "primary", N_("请核对联合发文的原件与上传文件一致。")
    ),
    "abandon": Deed(forms.ReasonForm, actions.abandon, N_("修订已放弃，现行版本继续有效。")),
    "suspend": Deed(
        forms.ReasonForm, actions.suspend, N_("协议已暂停。"), "danger", N_("协议下的授权随即停止，恢复后继续。")
    ),
    "resume": Deed(forms.OptionalReasonForm, actions.resume, N_("协议已恢复。"), "primary"),
    "terminate": Deed(
        forms.ReasonForm, actions.terminate, N_("协议已终止。"), "danger", N_("协议下的授权随即结束，不能恢复。")
    ),
}  # fmt: skip
ON_PAGES: Final = ("revise", "amend")
"""Moves that have a page of their own."""


@require_safe
def agreement(request: HttpRequest, agreement_id: int) -> HttpResponse:
    """Show an agreement in the version asked for."""
    return show(request, agreement_id)


@require_POST
def deed(request: HttpRequest, agreement_id: int, verb: str) -> HttpResponse:
    """Make a move; a refusal is shown on the page of the agreement, in place, with its status."""
    known = deed_called(verb, DEEDS)
    queries.agreement(agreement_id, faces.actor_of(request), clock.now())
    form = known.form(faces.posted(request))
    to, again = reverse("agreement", args=[agreement_id]), partial(show, request, agreement_id)
    return done_or_shown(request, verb, known, form, pk=agreement_id, to=to, show=again, signing=AGREEMENT.signing)


def show(
    request: HttpRequest, agreement_id: int, *, tried: tuple[str, Form] | None = None, refusal: Refusal | None = None
) -> HttpResponse:
    """Draw the page of an agreement, with what was just tried and refused."""
    actor = faces.actor_of(request)
    seen = queries.agreement(agreement_id, actor, clock.now(), version=wording.asked_version(request))
    deeds = [_open(seen, button.verb, button.label, tried, actor) for button in seen.row.buttons]
    status = refusal.status if refusal else None
    if tried is not None:
        unsigned = any(one.asked and one.signing for one in deeds)
        status = RuleBroken.status if unsigned else faces.answers.form_status(tried[1])
    return faces.page(
        request,
        "agreements/agreement.html",
        status=status,
        title=seen.row.name,
        lead=_("、").join(seen.row.parties),
        crumbs=[(_("共享协议"), reverse("agreements")), (seen.row.number, "")],
        seen=seen,
        tabs=wording.version_tabs(seen),
        facts=wording.case_facts(seen),
        elements=wording.elements(seen.shown.content, seen.row.kind),
        changes=wording.changes(seen),
        old_label=_("第 %d 版") % seen.before.number if seen.before else "",
        new_label=_("第 %d 版") % seen.shown.number,
        standing=wording.standing_in_words(seen.shown.standing, seen.row),
        deeds=deeds,
        refusal=refusal,
        editable=_editable(seen),
        lines=[(row, formats.rows_in_words(row.line)) for row in seen.lines],
    )


def _editable(seen: queries.AgreementView) -> bool:
    """Tell whether lines can be added to the version shown: it waits, nobody has signed, and the actor may write."""
    open_to = any(button.verb == "revise" for button in seen.row.buttons)
    return open_to and seen.shown.standing == "pending" and not any(one.name for one in seen.shown.signatures)


def _open(
    seen: queries.AgreementView, verb: str, label: str, tried: tuple[str, Form] | None, actor: Actor
) -> OpenDeed[Form]:
    if verb in ON_PAGES:
        return OpenDeed(verb, label, reverse("agreement_edit", args=[seen.row.id]), None, "", "", asked=False)
    known = DEEDS[verb]
    asked = tried is not None and tried[0] == verb
    start = {"digest": seen.shown.digest} if verb == "sign" else None
    form = tried[1] if tried and asked else known.form(auto_id=f"id_{verb}_%s", initial=start)
    words = start if verb == "sign" else {}
    url, signing = (
        reverse("agreement_deed", args=[seen.row.id, verb]),
        AGREEMENT.signing(verb, seen.row.id, actor, words),
    )
    return known.offered(verb, form, url=url, label=label, asked=asked, signing=signing)


@require_safe
def proof(request: HttpRequest, agreement_id: int) -> HttpResponse:
    """Show whether the signatures under a version hold."""
    actor = faces.actor_of(request)
    found = queries.proof(agreement_id, wording.asked_version(request), actor)
    return faces.page(
        request,
        "agreements/proof.html",
        title=_("签署核验"),
        lead=_("按现存内容重新计算摘要，并逐一核验各方签名。"),
        crumbs=[(_("共享协议"), reverse("agreements")), (found.number, reverse("agreement", args=[agreement_id])), (_("签署核验"), "")],
        found=found,
        agreement_id=agreement_id,
    )  # fmt: skip
