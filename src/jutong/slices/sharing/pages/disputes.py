"""Disputes: the list, raising one, and its page with what was said, the ladder and a small form for every open move."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import clock, faces, files, jurisdiction
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Refusal, RuleBroken
from jutong.kernel.faces import downloads
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.deeds import Deed, OpenDeed, deed_called, done_or_shown
from jutong.kernel.faces.forms import Line
from jutong.kernel.faces.pieces import Fact, Tab
from jutong.kernel.terms import N_
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.pages import dispute_forms as forms
from jutong.slices.sharing.pages.forms import CaseFilter
from jutong.slices.sharing.rules import disputes as rules
from jutong.slices.sharing.workflow import DISPUTE

SIDES: Final = {
    "": N_("全部"),
    "consumer": N_("我方为使用方"),
    "provider": N_("我方为提供方"),
    "authority": N_("我方协调"),
    "government": N_("报我方决定"),
    "superior": N_("下级逾期未办"),
}


class Filter(CaseFilter):
    """What is looked for."""

    sides = SIDES
    workflow = DISPUTE
    q = Line(label=gettext_lazy("资源名称或争议编号"), max_length=100, required=False)


@require_safe
def disputes(request: HttpRequest) -> HttpResponse:
    """List the disputes the actor may know."""
    actor = faces.actor_of(request)
    form = Filter(request.GET)
    form.is_valid()
    asked = form.asked()
    rows, meta = queries.disputes(actor, clock.now(), **asked, number=form.cleaned_data.get("page") or 1)
    hidden = set() if actor.holds(Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER) else {"authority", "superior"}
    return faces.page(
        request,
        "sharing/disputes.html",
        title=_("共享争议"),
        lead=_(
            "先由双方协商；协商不成的，申请主管部门协调；仍未达成一致的，由主管部门的本级人民政府决定（条例第二十八条）。"
        ),
        crumbs=[(_("共享"), ""), (_("共享争议"), "")],
        form=form,
        tabs=[
            Tab(_(label), f"?side={side}" if side else "?", current=side == asked["side"])
            for side, label in SIDES.items()
            if side not in hidden
        ],
        rows=rows,
        meta=meta,
        names_bodies=actor.holds(Role.AUTHORITY_HEAD),
    )


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Export the filtered disputes as Excel (at most 10,000)."""
    form = Filter(request.GET)
    form.is_valid()
    headers = [
        _("争议编号"), _("争议种类"), _("资源名称"), _("使用方"), _("提供方"), _("状态"), _("处理结果"), _("处理意见"),
        _("决定文号"), _("提出时间"), _("期限"),
    ]  # fmt: skip
    cells = (
        [
            r.number, r.kind_label, r.title, r.consumer_name, r.provider_name, r.state_label, r.result_label,
            r.result_text, r.decision_number, r.created_at,
            "；".join(f"{_(one.label)} {one.text}（{one.due_day}）" for one in r.clocks),
        ]
        for r in queries.dispute_lines(faces.actor_of(request), clock.now(), **form.asked())
    )  # fmt: skip
    return downloads.xlsx(
        _("共享争议-%s.xlsx") % f"{beijing_day(clock.now()):%Y%m%d}", headers, cells, sheet=_("共享争议")
    )


def new(request: HttpRequest, about: str, pk: int) -> HttpResponse:
    """Raise a dispute about a request, a grant or a published entry."""
    actor, now = faces.actor_of(request), clock.now()
    subject = queries.dispute_subject(about, pk, actor, now)
    form = forms.DisputeForm(subject, faces.posted(request))
    if form.is_valid():
        with faces.told(form):
            good = form.cleaned_data
            given: dict[str, Any] = {"duty": good["duty"], "statement": good["statement"], **subject.about}
            if subject.direct:
                case = actions.object_sharing(by=actor, at=now, **given)
            else:
                case = actions.open_dispute(by=actor, at=now, kind=good["kind"], **given)
            said = _("争议 %s 已提出，对方已收到通知。") % case.number
            return faces.done(request, said, to=reverse("sharing_dispute", args=[case.pk]))
    return faces.page(
        request,
        "sharing/dispute_new.html",
        title=_("提出共享异议") if subject.direct else _("提出共享争议"),
        lead=subject.title,
        crumbs=[(_("共享争议"), reverse("sharing_disputes")), (_("提出共享争议"), "")],
        form=form,
        subject=subject,
    )


DEEDS: Final[dict[str, Deed[forms.Worded]]] = {
    "settle": Deed(
        forms.Nothing,
        actions.settle,
        N_("双方协商一致，处理结果已执行。"),
        "primary",
        N_("同意后按对方提出的方案执行：涉及共享的，授权随即开通。"),
    ),
    "propose": Deed(forms.OutcomeForm, actions.propose, N_("处理方案已发给对方。")),
    "state": Deed(forms.StatementForm, actions.state_opinion, N_("意见已提交。")),
    "fail": Deed(
        forms.FailForm, actions.fail, N_("已宣告协商不成，任何一方可以申请协调。"), "danger",
        N_("宣告后不能再协商，任何一方可以申请主管部门协调。"),
    ),
    "escalate": Deed(
        forms.EscalateForm, actions.escalate, N_("已申请协调。"), "primary",
        N_("由同级主管部门协调；跨层级、跨地域的，由共同的上级主管部门协调（条例第二十八条）。"),
    ),
    "send_out": Deed(
        forms.Nothing, actions.send_out, N_("争议已导出为签名文件，请下载后报送。"), "primary",
        N_("上级主管部门在其他平台：导出签名文件报送，本争议在此继续挂起，收到答复文件后导入。"),
    ),
    "receive_decision": Deed(
        forms.AnswerFile, actions.receive_decision, N_("上级主管部门的决定已导入并执行。"), "primary",
        N_("核验签名后按决定执行：涉及共享的，授权随即开通。"),
    ),
    "record": Deed(forms.RecordForm, actions.record, N_("记录已登记。")),
    "decide": Deed(
        forms.OutcomeForm, actions.decide, N_("协调决定已作出并执行。"), "primary",
        N_("决定即时执行：涉及共享的，授权随即开通。"),
    ),
    "close_without": Deed(
        forms.OpinionForm, actions.close_without, N_("已记录协调未达成一致。"), "danger",
        N_("写明主管部门的意见，随后报本级人民政府决定。"),
    ),
    "submit": Deed(
        forms.Nothing, actions.submit_to_government, N_("已报本级人民政府决定。"), "primary",
        N_("连同双方意见、协调记录和主管部门意见一并报送。"),
    ),
    "government_decide": Deed(
        forms.GovernmentForm, actions.record_government_decision, N_("政府决定已登记并执行。"), "primary",
    ),
}  # fmt: skip


@require_safe
def dispute(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """Show a dispute."""
    return _show(request, dispute_id)


@require_POST
def deed(request: HttpRequest, dispute_id: int, verb: str) -> HttpResponse:
    """Make a move; a refusal is shown on the dispute's page, in place, with its status."""
    known = deed_called(verb, DEEDS)
    seen = queries.dispute(dispute_id, faces.actor_of(request), clock.now())
    form = _form(known, seen, faces.posted(request), posted_files(request))
    to, show = reverse("sharing_dispute", args=[dispute_id]), partial(_show, request, dispute_id)
    return done_or_shown(request, verb, known, form, pk=dispute_id, to=to, show=show, signing=DISPUTE.signing)


def _form(known: Deed[forms.Worded], seen: queries.DisputeView, *posted: Any, **more: Any) -> forms.Worded:
    return known.form(*posted, view=seen, **more)


def _show(
    request: HttpRequest,
    dispute_id: int,
    *,
    tried: tuple[str, forms.Worded] | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    actor = faces.actor_of(request)
    seen = queries.dispute(dispute_id, actor, clock.now())
    deeds = [_open(seen, button.verb, button.label, tried, actor) for button in seen.row.buttons if _fits(seen, button)]
    status = refusal.status if refusal else None
    if tried is not None:
        unsigned = any(one.asked and one.signing for one in deeds)
        status = RuleBroken.status if unsigned else faces.answers.form_status(tried[1])
    return faces.page(
        request,
        "sharing/dispute.html",
        status=status,
        title=seen.row.title,
        lead=_("%(consumer)s 与 %(provider)s · %(kind)s")
        % {"consumer": seen.row.consumer_name, "provider": seen.row.provider_name, "kind": seen.row.kind_label},
        crumbs=[(_("共享争议"), reverse("sharing_disputes")), (seen.row.number, "")],
        seen=seen,
        facts=_facts(seen),
        outcome=_outcome_facts(seen),
        proposal=_proposal(seen),
        deeds=deeds,
        refusal=refusal,
    )


def _fits(seen: queries.DisputeView, button: Any) -> bool:
    """Tell whether a move is worth a button: one settles only on what the other side proposed."""
    return button.verb in DEEDS and (
        button.verb != "settle" or bool(seen.proposal and seen.proposal["side"] != seen.side)
    )


def _open(
    seen: queries.DisputeView, verb: str, label: str, tried: tuple[str, forms.Worded] | None, actor: Actor
) -> OpenDeed[forms.Worded]:
    known = DEEDS[verb]
    asked = tried is not None and tried[0] == verb
    form = tried[1] if tried and asked else _form(known, seen, auto_id=f"id_{verb}_%s")
    words = form.arguments() if form.is_bound and form.is_valid() else None if form.fields else {}
    signing = DISPUTE.signing(verb, seen.row.id, actor, words)
    url = reverse("sharing_dispute_deed", args=[seen.row.id, verb])
    return known.offered(verb, form, url=url, label=label, asked=asked, signing=signing)


def _facts(seen: queries.DisputeView) -> list[Fact]:
    row = seen.row
    about = (
        Fact(_("涉及的授权"), f"G-{row.grant_id:06d}", url=reverse("grant", args=[row.grant_id]))
        if row.grant_id
        else None
    )
    asked = (
        Fact(_("涉及的申请"), _("查看申请"), url=reverse("sharing_case", args=[row.request_id]))
        if row.request_id
        else None
    )
    facts = [
        Fact(_("争议编号"), row.number),
        Fact(_("争议种类"), row.kind_label),
        asked,
        about,
        Fact(_("需要该数据的职责"), row.duty),
        Fact(_("协商不成的情况"), row.failure) if row.failure else None,
        Fact(_("协调机构"), seen.authority_name) if seen.authority_name else None,
        Fact(_("协调机构（其他平台）"), seen.elsewhere) if seen.elsewhere else None,
        Fact(_("主管部门意见"), row.opinion) if row.opinion else None,
        Fact(_("决定机构"), seen.government_name) if seen.government_name else None,
        Fact(_("适用规则"), jurisdiction.cited(seen.profile)),
    ]
    return [fact for fact in facts if fact is not None]


def _outcome_facts(seen: queries.DisputeView) -> list[Fact]:
    row = seen.row
    if not row.result:
        return []
    facts = [
        Fact(_("处理结果"), row.result_label),
        Fact(_("处理意见"), row.result_text),
        Fact(_("条件"), row.conditions) if row.conditions else None,
        Fact(_("决定文号"), row.decision_number) if row.decision_number else None,
        Fact(_("决定日期"), row.decided_on) if row.decided_on else None,
    ]
    if row.outcome_grant_id:
        url = reverse("grant", args=[row.outcome_grant_id])
        facts.append(Fact(_("授权"), f"G-{row.outcome_grant_id:06d}", url=url))
    return [fact for fact in facts if fact is not None]


def _proposal(seen: queries.DisputeView) -> list[Fact]:
    if not seen.proposal or seen.row.result:
        return []
    outcome = seen.proposal["outcome"]
    return [
        Fact(_("提出方"), _(rules.SIDES[seen.proposal["side"]])),
        Fact(_("处理结果"), _(rules.RESULTS[outcome["result"]])),
        Fact(_("处理意见"), outcome["text"]),
        *([Fact(_("条件"), outcome["conditions"])] if outcome.get("conditions") else []),
    ]


@require_safe
def attachment(request: HttpRequest, dispute_id: int, file_id: int) -> HttpResponseBase:
    """Hand over a file of a statement or record, as a file to be saved."""
    file = files.row(queries.dispute_file(dispute_id, file_id, faces.actor_of(request), clock.now()))
    return downloads.attachment(files.chunks(file.id), file.name, file.media_type)


def bodies(request: HttpRequest) -> HttpResponse:
    """Show and name the governments and leading groups that decide in disputes."""
    actor = faces.actor_of(request)
    form = forms.BodyForm(faces.posted(request))
    if form.is_valid():
        with faces.told(form):
            actions.name_dispute_body(by=faces.signed(request), at=clock.now(), **form.cleaned_data)
            return faces.done(request, _("已登记。"), to=reverse("sharing_dispute_bodies"))
    return faces.page(
        request,
        "sharing/dispute_bodies.html",
        title=_("争议决定机构"),
        lead=_(
            "协调仍未达成一致的争议，报主管部门的本级人民政府决定：请登记由哪个部门代表本级人民政府或领导小组办理。"
        ),
        crumbs=[(_("共享争议"), reverse("sharing_disputes")), (_("争议决定机构"), "")],
        rows=queries.dispute_bodies(),
        form=form,
        names=actor.holds(Role.AUTHORITY_HEAD),
    )
