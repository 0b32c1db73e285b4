"""Writing an agreement: a new draft, its text while it is open, an amendment, and the entries it authorises."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from jutong.kernel import clock, faces
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.answers import posted_files
from jutong.slices.agreements import actions, queries
from jutong.slices.agreements.pages.forms import AgreementForm, LineForm, start
from jutong.slices.agreements.rules import Kind
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.parties import queries as parties


def new(request: HttpRequest, kind: str) -> HttpResponse:
    """Draft an agreement of sharing or of secrecy."""
    if kind not in set(Kind):
        raise NotThere(_("请选择协议种类：信息共享协议或安全保密协议。"))
    actor, now = faces.actor_of(request), clock.now()
    own = parties.department_shown(actor.department_id or 0)
    initial = {"party-0": own, "responsible-0": actor.name, "since": beijing_day(now)}
    form = AgreementForm(kind, faces.posted(request), posted_files(request), initial=initial)
    if form.is_valid():
        with faces.told(form):
            paper = form.cleaned_data.get("joint")
            case = actions.draft(
                by=actor, at=now, kind=kind, written=form.written(), joint=paper, joint_name=paper.name if paper else ""
            )
            said = _("协议 %s 已起草，各当事方可以查看和修改。") % case.number
            return faces.done(request, said, to=reverse("agreement", args=[case.pk]))
    return faces.page(
        request,
        "agreements/write.html",
        title=_("起草协议"),
        lead=_(Kind(kind).label),
        crumbs=[(_("共享协议"), reverse("agreements")), (_("起草协议"), "")],
        form=form,
        back=reverse("agreements"),
    )


def edit(request: HttpRequest, agreement_id: int) -> HttpResponse:
    """Change an open text, or amend one in force: what is sent becomes the version to be signed."""
    actor, now = faces.actor_of(request), clock.now()
    seen = queries.agreement(agreement_id, actor, now)
    amending = any(button.verb == "amend" for button in seen.row.buttons)
    kept = bool(seen.row.version)
    content = seen.shown.content
    form = AgreementForm(
        seen.row.kind,
        faces.posted(request),
        posted_files(request),
        initial=start(content),
        amending=amending,
        parties_fixed=kept,
    )
    if form.is_valid():
        with faces.told(form):
            paper = form.cleaned_data.get("joint")
            given: dict[str, Any] = {
                "written": form.written(content.lines),
                "joint": paper,
                "joint_name": paper.name if paper else "",
            }
            if amending:
                actions.amend(agreement_id, by=actor, at=now, why=form.cleaned_data["why"], **given)
            else:
                actions.revise(agreement_id, by=actor, at=now, **given)
            said = _("修订已提出，各方签署后生效；此前按现行版本执行。") if kept else _("协议草案已保存。")
            return faces.done(request, said, to=reverse("agreement", args=[agreement_id]))
    return faces.page(
        request,
        "agreements/write.html",
        title=_("修订协议") if kept else _("修改协议草案"),
        lead=f"{seen.row.number} · {seen.row.name}",
        crumbs=[(_("共享协议"), reverse("agreements")), (seen.row.number, reverse("agreement", args=[agreement_id])), (_("修改"), "")],
        form=form,
        back=reverse("agreement", args=[agreement_id]),
    )  # fmt: skip


def line(request: HttpRequest, agreement_id: int) -> HttpResponse:
    """State what a party may have of an entry: ?code= names the entry, ?consumer= the party."""
    actor, now = faces.actor_of(request), clock.now()
    seen = queries.agreement(agreement_id, actor, now)
    code, consumer = request.GET.get("code", "").strip(), request.GET.get("consumer", "")
    side = next((one for one in seen.shown.content.sides if str(one.department_id) == consumer), None)
    if side is None:
        raise NotThere(_("请从协议页面选择使用方。"))
    offer = catalogue.require_published(catalogue.at_code(code))
    present = next((one for one in seen.shown.content.lines if one.key == f"{offer.id}-{side.department_id}"), None)
    form = LineForm(offer, faces.posted(request), line=present)
    if form.is_valid():
        with faces.told(form):
            actions.revise(agreement_id, by=actor, at=now, line=form.line(side.department_id))
            said = _("授权资源已列入协议。")
            return faces.done(request, said, to=reverse("agreement", args=[agreement_id]))
    return faces.page(
        request,
        "agreements/line.html",
        title=offer.title,
        lead=_("%(provider)s 提供给 %(consumer)s") % {"provider": offer.provider_name, "consumer": side.name},
        crumbs=[(_("共享协议"), reverse("agreements")), (seen.row.number, reverse("agreement", args=[agreement_id])), (_("授权资源"), "")],
        form=form,
        back=reverse("agreement", args=[agreement_id]),
    )  # fmt: skip


@require_POST
def remove_line(request: HttpRequest, agreement_id: int, key: str) -> HttpResponse:
    """Take an entry out of an open text."""
    actions.revise(agreement_id, by=faces.actor_of(request), at=clock.now(), without=key)
    return faces.done(request, _("授权资源已移出协议。"), to=reverse("agreement", args=[agreement_id]))
