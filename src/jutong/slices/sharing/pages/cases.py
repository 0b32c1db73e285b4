"""The page of a request: what was asked, the trail, the clocks, and a small form for every move that is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import clock, faces, files, jurisdiction, panels
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Refusal, RuleBroken
from jutong.kernel.faces import downloads
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.deeds import OpenDeed, deed_called, done_or_shown
from jutong.kernel.faces.forms import Form
from jutong.kernel.faces.pieces import Fact, Happening
from jutong.kernel.terms import ShareType
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.pages import answer_templates
from jutong.slices.sharing.pages.deeds import DEEDS, PAGES
from jutong.slices.sharing.pages.wording import (
    conditions_in_words,
    essentials,
    modes_in_words,
    purposes_in_words,
    reply_facts,
    reply_items,
    share_type_label,
)
from jutong.slices.sharing.rules.answer_templates import TemplateKind
from jutong.slices.sharing.workflow import SHARING_REQUEST


@require_safe
def case(request: HttpRequest, request_id: int) -> HttpResponse:
    """Show a request."""
    return show(request, request_id)


@require_safe
def approve(request: HttpRequest, request_id: int) -> HttpResponse:
    """Show a request to a head on a phone: the essentials, and the decision."""
    return show(request, request_id, template="sharing/approve.html")


@require_POST
def deed(request: HttpRequest, request_id: int, verb: str) -> HttpResponse:
    """Make a move; a refusal is shown on the case's page, in place, with its status."""
    known = deed_called(verb, DEEDS)
    shown = "sharing_approve" if request.POST.get("from") == "approve" else "sharing_case"
    template = "sharing/approve.html" if shown == "sharing_approve" else "sharing/case.html"
    form = known.form(faces.posted(request), posted_files(request))
    to, again = reverse(shown, args=[request_id]), partial(show, request, request_id, template=template)
    return done_or_shown(request, verb, known, form, pk=request_id, to=to, show=again, signing=SHARING_REQUEST.signing)


def show(
    request: HttpRequest,
    request_id: int,
    *,
    template: str = "sharing/case.html",
    tried: tuple[str, Form] | None = None,
    refusal: Refusal | None = None,
    sample: actions.Sample | None = None,
) -> HttpResponse:
    """Draw the page of a request, with what was just tried and refused."""
    actor, now = faces.actor_of(request), clock.now()
    found = queries.case(request_id, actor, now)
    line = found.row.line
    deeds = open_deeds(found, tried, actor, answer_templates.chosen(request, TemplateKind.SUPPLEMENT))
    status = refusal.status if refusal else _status(deeds, tried)
    return faces.page(
        request,
        template,
        status=status,
        title=line.title,
        lead=_("%(consumer)s 向 %(provider)s 申请") % {"consumer": line.consumer_name, "provider": line.provider_name},
        crumbs=[(_("共享申请"), reverse("sharing_list")), (line.number or _("草稿"), "")],
        case=found,
        asked=asked_facts(found),
        essentials=essentials(found),
        reply_facts=reply_facts(found),
        reply_items=reply_items(found.reply) if found.reply else [],
        happenings=happenings(found),
        deeds=deeds,
        decides=any(deed.verb in _DECISIONS for deed in deeds),
        disputable=found.side == "consumer" and line.state in {"refused", "not_accepted"},
        refusal=refusal,
        sample=sample,
        alike=_alike(found, actor),
        templates=_templates(deeds, actor),
        alike_templates=queries.answer_templates(actor, TemplateKind.AGREE, TemplateKind.REFUSE)
        if found.side == "provider"
        else [],
        panels=panels.filled("sharing_request", actor, now, request_id=request_id, grant_id=found.row.grant_id),
    )


_DECISIONS: Final = frozenset({"consent", "agree", "refuse", "extend"})
"""A head's or the authority's decisions: they stand first, and the short page is made for them."""


def _alike(found: queries.CaseView, actor: Actor) -> queries.Alike | None:
    """Return like requests for who can draft the same reply for them, or decide those with the same draft; else None."""
    if found.reply is None:
        return None
    decides = {"agree", "refuse"} & {button.verb for button in found.row.line.buttons}
    return queries.alike_offered(found.row.line.id, "decide" if decides else "prepare", actor, clock.now())


def _templates(deeds: list[OpenDeed[Form]], actor: Actor) -> list[queries.TemplateRow]:
    """Return the templates that can be put into what is open here: notices of what is missing."""
    open_here = any(deed.verb == "ask_supplement" for deed in deeds)
    return queries.answer_templates(actor, TemplateKind.SUPPLEMENT) if open_here else []


def _status(deeds: list[OpenDeed[Form]], tried: tuple[str, Form] | None) -> int | None:
    """Return the status of a move that was tried and did not come off: refused, or not signed yet."""
    if tried is None:
        return None
    unsigned = any(deed.asked and deed.signing for deed in deeds)
    return RuleBroken.status if unsigned else faces.answers.form_status(tried[1])


def open_deeds(
    found: queries.CaseView, tried: tuple[str, Form] | None, actor: Actor, template: Mapping[str, Any] | None = None
) -> list[OpenDeed[Form]]:
    """Return the moves of the table that fit the case: only the drafted of the two decisions is offered.

    template: what a chosen template puts into the notice of what is missing.
    """
    deeds = []
    for button in found.row.line.buttons:
        if found.reply is not None and button.verb == ("refuse" if found.reply.agree else "agree"):
            continue
        if button.verb == "extend" and not found.row.extension_asked.get("days"):
            continue
        if (button.verb == "judge" and found.row.verdict) or button.verb == "refuse_directly":
            continue
        if button.verb == "ask_supplement" and found.row.supplement:  # once is once (national-2025#21)
            continue
        deed = _open_deed(found, button.verb, button.label, tried, actor)
        if button.verb == "ask_supplement" and template and not deed.asked:
            form = DEEDS["ask_supplement"].form(initial=dict(template), auto_id="id_ask_supplement_%s")
            deed = replace(deed, form=form, asked=True)
        deeds.append(deed)
    return sorted(deeds, key=lambda deed: (deed.verb not in _DECISIONS, _PLACES[deed.tone]))


_PLACES: Final = {"primary": 0, "": 1, "danger": 2}
"""What goes on with the case stands first, what ends it last."""


def _open_deed(
    found: queries.CaseView, verb: str, label: str, tried: tuple[str, Form] | None, actor: Actor
) -> OpenDeed[Form]:
    case_id = found.row.line.id
    if verb in PAGES:
        tone = "" if verb == "change" else "primary"
        return OpenDeed(verb, label, reverse(PAGES[verb], args=[case_id]), None, tone, "", asked=False)
    known = DEEDS[verb]
    asked = tried is not None and tried[0] == verb
    initial = {"days": found.row.extension_asked.get("days")} if verb == "extend" else None
    form = tried[1] if tried and asked else known.form(initial=initial, auto_id=f"id_{verb}_%s")
    url = reverse("sharing_deed", args=[case_id, verb])
    words = form.cleaned_data if form.is_bound and form.is_valid() else None if form.fields else {}
    signing = SHARING_REQUEST.signing(verb, case_id, actor, words)
    return known.offered(verb, form, url=url, label=label, asked=asked, signing=signing)


def asked_facts(found: queries.CaseView) -> list[Fact]:
    """Return what was asked for, in words."""
    row = found.row
    facts = [
        Fact(_("申请编号"), row.line.number or _("提交后生成")),
        Fact(
            _("共享类型"),
            share_type_label(row.line.share_type),
            badge="good" if row.line.share_type == ShareType.UNCONDITIONAL else "info",
        ),
        Fact(_("使用依据"), row.use_basis),
        Fact(_("所履行的职责"), row.duty),
        Fact(_("使用场景"), row.use_scene),
        Fact(_("使用范围"), row.use_scope),
        Fact(_("使用用途"), purposes_in_words(row.purposes)),
        Fact(_("共享方式"), modes_in_words(row.modes)),
        Fact(_("使用时限"), _("%(first)s 至 %(last)s") % {"first": row.use_from, "last": row.use_until}),
        Fact(_("查询条件项"), _("、").join(row.key_items)),
        Fact(_("行条件"), conditions_in_words(row.conditions)),
    ]
    if row.agreement:
        facts.insert(1, Fact(_("依据的共享协议"), row.agreement, url=f"{reverse('agreements')}?q={row.agreement}"))
    if row.commercial:
        facts.append(Fact(_("用于有偿服务或者商业用途"), _("是")))
    if row.personal_basis:
        facts.append(Fact(_("处理个人信息的合法性基础"), row.personal_basis))
    consented = ""
    if row.consented_at:
        consented = _("%(name)s 于 %(day)s 同意") % {"name": row.consented_by, "day": beijing_day(row.consented_at)}
    return [
        *facts,
        Fact(_("申请方负责人"), consented),
        Fact(_("承诺"), _("申请方承诺申请真实、合法、必要（政务数据共享条例第二十条）。")),
        Fact(_("主管部门"), found.authority_name),
        Fact(_("适用规则"), jurisdiction.cited(row.profile)),
        Fact(_("申请内容摘要（SM3）"), row.digest),
    ]


def happenings(found: queries.CaseView) -> list[Happening]:
    """Return the trail as points of a timeline, and the limits to come."""
    past = [
        Happening(
            step.at,
            step.label,
            " · ".join(filter(None, [step.department_name, step.actor_name + (_("（代办）") if step.acting else "")])),
            step.note,
            _STEP_TONES.get(step.verb, "info"),
        )
        for step in found.steps
    ]
    coming = [
        Happening(None, _(row.label), "", f"{row.text} · {row.due_day}", "next")
        for row in found.row.line.clocks
        if row.state != "stopped"
    ]
    return past + coming


_STEP_TONES: Final[dict[str, Any]] = {
    "consent": "good",
    "agree": "good",
    "answer_at_once": "good",
    "deliver": "good",
    "restore": "good",
    "ask_supplement": "wait",
    "ask_extension": "wait",
    "extend": "wait",
    "suspend": "wait",
    "withhold_consent": "wait",
    "agree_directly": "good",
    "obtain": "good",
    "refuse_directly": "bad",
    "judge": "info",
    "refuse": "bad",
    "decline": "bad",
    "revoke": "bad",
    "terminate": "bad",
    "lapse": "neutral",
    "withdraw": "neutral",
    "write": "neutral",
    "change": "neutral",
}


@require_safe
def attachment(request: HttpRequest, request_id: int, file_id: int) -> HttpResponseBase:
    """Hand over an attachment of a request, as a file to be saved."""
    file = queries.attachment(request_id, file_id, faces.actor_of(request), clock.now())
    return downloads.attachment(files.chunks(file.id), file.name, file.media_type)
