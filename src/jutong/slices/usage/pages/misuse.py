"""The page of a case of misuse with its evidence and a small form for every open move; and opening one."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import clock, faces, files, jurisdiction
from jutong.kernel.actors import Actor
from jutong.kernel.errors import Refusal, RuleBroken
from jutong.kernel.faces import downloads
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.deeds import OpenDeed, deed_called, done_or_shown
from jutong.kernel.faces.pieces import Fact, Happening
from jutong.kernel.faces.templatetags.jutong import moment
from jutong.kernel.terms import N_
from jutong.slices.usage import actions, queries
from jutong.slices.usage.pages.deeds import DEEDS
from jutong.slices.usage.pages.forms import DeedForm, OpenForm
from jutong.slices.usage.workflow import MISUSE_CASE

SORTS: Final = {
    "alert": N_("网关预警"),
    "usage": N_("使用记录"),
    "evidence": N_("证据"),
    "report": N_("整改报告"),
    "returned": N_("退回意见"),
    "refusal": N_("拒不整改"),
    "decision": N_("认定与决定"),
}
"""What stands in a case, by the sort of its notes."""


def new(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Open a case against the consumer of a grant."""
    actor = faces.actor_of(request)
    subject = queries.openable(grant_id, actor)
    form = OpenForm(subject, faces.posted(request), posted_files(request))
    if form.is_valid():
        with faces.told(form):
            case = actions.open_misuse(by=actor, at=clock.now(), **form.arguments())
            said = _("案件 %s 已登记。登记不影响授权，认定后才暂停。") % case.number
            return faces.done(request, said, to=reverse("usage_misuse", args=[case.pk]))
    return faces.page(
        request,
        "usage/misuse_new.html",
        title=_("登记违规使用"),
        lead=_("使用方：%s") % subject.consumer_name,
        crumbs=[(_("违规使用"), reverse("usage_misuses")), (_("登记"), "")],
        form=form,
        back=reverse("grant", args=[grant_id]),
    )


@require_safe
def case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show a case."""
    return show(request, case_id)


@require_safe
def attachment(request: HttpRequest, case_id: int, file_id: int) -> HttpResponseBase:
    """Hand over a file of a case, to be saved."""
    file = queries.attachment(case_id, file_id, faces.actor_of(request))
    return downloads.attachment(files.chunks(file.id), file.name, file.media_type)


@require_POST
def deed(request: HttpRequest, case_id: int, verb: str) -> HttpResponse:
    """Make a move; a refusal is shown on the case's page, in place, with its status."""
    known = deed_called(verb, DEEDS)
    seen = queries.misuse(case_id, faces.actor_of(request), clock.now())
    form = known.form(seen, faces.posted(request), posted_files(request))
    to, again = reverse("usage_misuse", args=[case_id]), partial(show, request, case_id)
    return done_or_shown(request, verb, known, form, pk=case_id, to=to, show=again, signing=MISUSE_CASE.signing)


def show(
    request: HttpRequest,
    case_id: int,
    *,
    tried: tuple[str, DeedForm] | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    """Draw the page of a case, with what was just tried and refused."""
    actor, now = faces.actor_of(request), clock.now()
    found = queries.misuse(case_id, actor, now)
    deeds = open_deeds(found, tried, actor)
    row = found.row
    return faces.page(
        request,
        "usage/misuse.html",
        status=refusal.status if refusal else _status(deeds, tried),
        title=row.title,
        lead=_("%(number)s · %(consumer)s 使用 %(provider)s 的数据")
        % {"number": row.number, "consumer": row.consumer_name, "provider": row.provider_name},
        crumbs=[(_("违规使用"), reverse("usage_misuses")), (row.number, "")],
        case=found,
        facts=facts(found),
        notes=[(_(SORTS[note.sort]), note) for note in found.notes],
        happenings=happenings(found),
        deeds=deeds,
        refusal=refusal,
    )


def _status(deeds: list[OpenDeed[DeedForm]], tried: tuple[str, DeedForm] | None) -> int | None:
    if tried is None:
        return None
    unsigned = any(one.asked and one.signing for one in deeds)
    return RuleBroken.status if unsigned else faces.answers.form_status(tried[1])


def open_deeds(
    found: queries.MisuseDetail, tried: tuple[str, DeedForm] | None, actor: Actor
) -> list[OpenDeed[DeedForm]]:
    """Return the moves of the table that are open now, each with its form."""
    deeds = []
    for button in found.row.buttons:
        known = DEEDS[button.verb]
        asked = tried is not None and tried[0] == button.verb
        form = tried[1] if tried and asked else known.form(found, auto_id=f"id_{button.verb}_%s")
        words = form.arguments() if form.is_bound and form.is_valid() else None
        signing = MISUSE_CASE.signing(button.verb, found.row.id, actor, words)
        url = reverse("usage_misuse_deed", args=[found.row.id, button.verb])
        deeds.append(known.offered(button.verb, form, url=url, label=button.label, asked=asked, signing=signing))
    return deeds


def facts(found: queries.MisuseDetail) -> list[Fact]:
    """Return what a case is about and what was decided, in words."""
    row = found.row
    told = [
        Fact(_("提供方"), row.provider_name),
        Fact(_("使用方"), row.consumer_name),
        Fact(_("经手人"), found.handler),
        Fact(_("主管部门"), found.authority_name),
        Fact(_("线索来源"), " ".join(filter(None, (row.source_label, found.source_ref)))),
        Fact(_("登记时间"), " ".join(filter(None, (moment(row.opened_at), found.opened_by)))),
        Fact(_("违规类别"), row.category_label),
        Fact(_("情况说明"), found.text),
        Fact(_("认定的情形"), row.ground_label),
        Fact(_("暂停决定"), " ".join(filter(None, (moment(found.suspended_at), found.suspender_name)))),
        Fact(_("整改要求"), found.demand),
        Fact(_("整改截止日期"), str(row.limit_day or "")),
        Fact(_("拒不整改"), found.refusal, badge="bad"),
        Fact(_("不予认定的理由"), found.dismissed_for),
        Fact(_("决定"), found.decision),
        Fact(_("适用规则"), jurisdiction.cited(found.profile)),
    ]
    return [fact for fact in told if fact.value not in ("", "—", None)]


_TONES: Final[dict[str, Any]] = {
    "alert": "wait", "dismiss": "neutral", "suspend": "bad", "report": "info", "send_back": "wait", "refuse": "bad",
    "verify": "good", "restore": "good", "find_insufficient": "bad", "terminate": "bad", "follow": "good",
}  # fmt: skip


def happenings(found: queries.MisuseDetail) -> list[Happening]:
    """Return the trail as points of a timeline, and the limit to come."""
    labels = {move.verb: _(move.label) for move in MISUSE_CASE.moves}
    past = [
        Happening(
            entry.at,
            labels.get(verb := entry.verb.rpartition(".")[2], verb),
            _("系统") if entry.channel == "system" else entry.actor_name,
            "",
            _TONES.get(verb, "info"),
        )
        for entry in found.history
        if entry.outcome == "success"
    ]
    coming = [
        Happening(None, _(row.label), "", f"{row.text} · {row.due_day}", "next")
        for row in found.row.clocks
        if row.state != "stopped"
    ]
    return past + coming
