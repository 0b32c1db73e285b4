"""The page of a case: what is in doubt, who asks, the trail, the clocks, and a small form for every open move."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import clock, faces, files
from jutong.kernel.errors import Refusal, RuleBroken
from jutong.kernel.faces import downloads
from jutong.kernel.faces.deeds import OpenDeed, deed_called, done_or_shown
from jutong.kernel.faces.forms import Form, Paragraph
from jutong.slices.correction import actions, queries
from jutong.slices.correction.pages.deeds import DEEDS
from jutong.slices.correction.pages.forms import DeedForm
from jutong.slices.correction.pages.wording import case_facts, happenings
from jutong.slices.correction.workflow import WORKFLOWS


class LookForm(Form):
    """Why somebody has to see an applicant's identity."""

    reason = Paragraph(label=_l("查看理由"), max_length=500, help_text=_l("查看会记入审计。"))


@require_safe
def case(request: HttpRequest, kind: str, case_id: int) -> HttpResponse:
    """Show a case."""
    return show(request, kind, case_id)


@require_POST
def deed(request: HttpRequest, kind: str, case_id: int, verb: str) -> HttpResponse:
    """Make a move; a refusal is shown on the case's page, in place, with its status."""
    known = deed_called(verb, DEEDS.get(kind, {}))
    seen = queries.case(kind, case_id, faces.actor_of(request), clock.now())
    form = known.form(seen, faces.posted(request))
    to, again = reverse(f"correction_{kind}", args=[case_id]), partial(show, request, kind, case_id)
    return done_or_shown(request, verb, known, form, pk=case_id, to=to, show=again)


@require_safe
def paper(request: HttpRequest, kind: str, case_id: int, file_id: int) -> HttpResponseBase:
    """Hand over a paper of a case, as a file to be saved."""
    found = queries.paper(kind, case_id, file_id, faces.actor_of(request), clock.now())
    return downloads.attachment(files.chunks(found.id), found.name, found.media_type)


@require_POST
def applicant(request: HttpRequest, kind: str, case_id: int) -> HttpResponse:
    """Show an applicant unmasked, once, for a reason that is kept."""
    actor, now = faces.actor_of(request), clock.now()
    queries.case(kind, case_id, actor, now)
    form = LookForm(faces.posted(request))
    if form.is_valid():
        try:
            found = actions.reveal_applicant(kind, case_id, by=actor, at=now, reason=form.cleaned_data["reason"])
            return show(request, kind, case_id, revealed=found)
        except RuleBroken as refusal:
            form.add_error("reason", refusal.sentence)
    return show(request, kind, case_id, look=form)


def show(
    request: HttpRequest,
    kind: str,
    case_id: int,
    *,
    tried: tuple[str, DeedForm] | None = None,
    refusal: Refusal | None = None,
    revealed: actions.Revealed | None = None,
    look: LookForm | None = None,
) -> HttpResponse:
    """Draw the page of a case, with what was just tried and refused."""
    actor, now = faces.actor_of(request), clock.now()
    found = queries.case(kind, case_id, actor, now)
    bad = tried[1] if tried else look
    return faces.page(
        request,
        "correction/case.html",
        status=refusal.status if refusal else faces.answers.form_status(bad),
        title=found.line.title,
        lead=_("%(title)s %(number)s · %(provider)s 承办")
        % {"title": _(WORKFLOWS[kind].title), "number": found.line.number, "provider": found.line.provider},
        crumbs=[(_("校核与异议"), f"{reverse('correction_list')}?kind={kind}"), (found.line.number, "")],
        case=found,
        facts=case_facts(found),
        version=queries.version_of(f"{kind}:{case_id}", values=found.side in {"provider", "authority"}),
        happenings=happenings(found),
        deeds=open_deeds(found, tried),
        refusal=refusal,
        revealed=revealed,
        look=look or LookForm(),
        certificate=kind == "verification" and found.line.state not in queries.OVER[kind],
    )


def open_deeds(found: queries.CaseDetail, tried: tuple[str, DeedForm] | None) -> list[OpenDeed[DeedForm]]:
    """Return the moves of the table that are open now, each with its form."""
    kind, case_id = found.line.kind, found.line.id
    deeds = []
    for button in found.line.buttons:
        known = DEEDS[kind][button.verb]
        asked = tried is not None and tried[0] == button.verb
        form = tried[1] if tried and asked else known.form(found, auto_id=f"id_{button.verb}_%s")
        url = reverse("correction_deed", args=[kind, case_id, button.verb])
        deeds.append(known.offered(button.verb, form, url=url, label=button.label, asked=asked))
    return deeds
