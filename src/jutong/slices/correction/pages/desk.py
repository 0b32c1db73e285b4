"""The service desk: is the data being verified, then handle as usual; the certificate; identities whose papers were seen."""

from __future__ import annotations

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_safe

from jutong.kernel import clock, faces, papers
from jutong.kernel.errors import NotAllowed, WrongState
from jutong.kernel.faces import downloads
from jutong.kernel.faces.forms import Code, Form, Line, Paragraph
from jutong.kernel.faces.templatetags.jutong import moment
from jutong.slices.correction import actions, formats, queries
from jutong.slices.correction.pages.forms import chosen
from jutong.slices.correction.rules.terms import ApplicantKind, Outcome
from jutong.slices.correction.workflow.who import REVIEWERS, STAFF


class LookUp(Form):
    """By which number."""

    number = Code(label=_l("校核编号"), max_length=24, required=False)


class HandlingForm(Form):
    """What was done for the person at the desk."""

    outcome = django_forms.ChoiceField(label=_l("办理情况"), choices=lambda: chosen(Outcome.choices()))
    proof = Line(label=_l("办事人提供的证明材料"), max_length=200)
    text = Paragraph(label=_l("备注（可不填）"), max_length=1000, required=False)


class IdentitiesForm(Form):
    """People whose papers were seen, one a line."""

    kind = django_forms.ChoiceField(label=_l("申请人类型"), choices=lambda: chosen(ApplicantKind.choices()))
    lines = Paragraph(
        label=_l("姓名或名称，证件号码"),
        max_length=100_000,
        help_text=_l("每行一人，用逗号分隔，如“张三，511000199001011234”。平台只保存密钥摘要，不保存原文。"),
    )

    def people(self) -> list[actions.Person]:
        """Return the people named; a line without a comma gives an empty number, which is refused with its line."""
        kind = self.cleaned_data["kind"]
        rows = [
            line.replace("，", ",").partition(",") for line in self.cleaned_data["lines"].splitlines() if line.strip()
        ]
        return [actions.Person(kind, name.strip(), number.strip()) for name, _comma, number in rows]


@require_safe
def look(request: HttpRequest) -> HttpResponse:
    """Find a verification by the number that stands in the mark on the data."""
    form = LookUp(request.GET)
    form.is_valid()
    number = form.cleaned_data.get("number", "")
    found = queries.number_of(number) if number else None
    if found and found[0] == "verification":
        return certificate(request, found[1])
    return faces.page(
        request,
        "correction/desk.html",
        title=_("照常办理查询"),
        lead=_("查询数据标注中的校核编号，打印照常办理告知书，登记办理情况。"),
        crumbs=[(_("共享"), ""), (_("照常办理查询"), "")],
        form=form,
        asked=number,
    )


def certificate(request: HttpRequest, verification_id: int) -> HttpResponse:
    """Show the certificate, print it, and record business handled as usual; nothing else can be recorded."""
    form = HandlingForm(faces.posted(request))
    refusal = None
    if form.is_valid():
        try:
            with faces.told(form):
                actions.record_handling(
                    verification_id, by=faces.actor_of(request), at=clock.now(), **form.cleaned_data
                )
                to = reverse("correction_certificate", args=[verification_id])
                return faces.done(request, _("已登记照常办理。"), to=to)
        except WrongState as told:
            refusal = told
    found = queries.certificate(verification_id)
    return faces.page(
        request,
        "correction/certificate.html",
        status=refusal.status if refusal else None,
        title=_("照常办理告知书"),
        lead=found.number,
        crumbs=[(_("照常办理查询"), reverse("correction_desk")), (found.number, "")],
        found=found,
        form=form,
        refusal=refusal,
        handles=faces.actor_of(request).holds(*STAFF),
    )


@require_safe
def certificate_pdf(_request: HttpRequest, verification_id: int) -> HttpResponseBase:
    """Hand over the certificate as PDF. WrongState once the verification is over: it certifies nothing more."""
    found, now = queries.certificate(verification_id), clock.now()
    if not found.pending:
        raise WrongState(_("该校核已经结束，按一般业务办理，不再出具照常办理告知书。"))
    facts = (
        (_("校核编号"), found.number),
        (_("数据资源"), found.title),
        (_("记录"), found.record or _("整个资源")),
        (_("提供部门"), found.provider),
        (_("受理时间"), moment(found.received_at)),
        (_("出具时间"), moment(now)),
    )
    handled = [(moment(at), department, proof) for at, department, proof in found.handlings]
    paper = formats.certificate(
        number=found.number, text=found.text, facts=facts, articles=found.articles, handled=handled, at=now
    )
    name = _("照常办理告知书-%s.pdf") % found.number
    return downloads.attachment([papers.pdf(paper)], name, papers.PDF)


def identities(request: HttpRequest) -> HttpResponse:
    """Enter identities whose papers were seen at the desk into the local register."""
    actor = faces.actor_of(request)
    if request.method == "GET" and not actor.holds(*STAFF, *REVIEWERS):
        raise NotAllowed(_("身份核验登记由窗口人员办理。"))
    form = IdentitiesForm(faces.posted(request))
    if form.is_valid():
        with faces.told(form):
            count = actions.enter_identities(by=actor, at=clock.now(), people=form.people())
            return faces.done(request, _("已登记 %d 个新的已核验身份。") % count, to=reverse("correction_identities"))
    return faces.page(
        request,
        "correction/identities.html",
        title=_("窗口身份核验登记"),
        lead=_("公民、法人和其他组织提出申请前，由窗口核对有效证件；登记后可在公众页面通过身份核验。"),
        crumbs=[(_("照常办理查询"), reverse("correction_desk")), (_("窗口身份核验登记"), "")],
        form=form,
    )
