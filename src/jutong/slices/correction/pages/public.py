"""Pages for citizens and organisations, without an account: what can be raised, raising it, following it, the open catalogue."""

from __future__ import annotations

from typing import Any, Final

from django import forms as django_forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from jutong.kernel import clock, faces
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotAllowed, NotThere, Refusal
from jutong.kernel.faces import client_address, limits
from jutong.kernel.faces.answers import posted_files, trace_of
from jutong.kernel.faces.forms import Code, Day, Form, Line, Paragraph, Whole
from jutong.kernel.settings import settings
from jutong.slices.catalogue import queries as entries
from jutong.slices.correction import actions, queries
from jutong.slices.correction.pages.forms import DepartmentField, chosen, papers_field
from jutong.slices.correction.rules.terms import ApplicantKind, Doubt, Field, Ground
from jutong.slices.correction.workflow import WORKFLOWS


class RaiseForm(Form):
    """Who raises something: no more than is needed to check the identity and to answer."""

    about = Code(
        label=_l("信息资源代码"), max_length=64, help_text=_l("开放目录的条目页面和有关部门的答复中都有该代码。")
    )
    text = Paragraph(label=_l("情况说明"), max_length=2000)
    applicant_kind = django_forms.ChoiceField(
        label=_l("申请人类型"), choices=lambda: chosen(ApplicantKind.choices(), empty=False)
    )
    applicant_name = Line(label=_l("姓名或名称"), max_length=100)
    applicant_number = Code(
        label=_l("证件号码"), max_length=18, help_text=_l("公民身份号码或统一社会信用代码，只用于核验身份，加密保存。")
    )
    applicant_phone = Code(label=_l("联系电话（可不填）"), max_length=20, required=False)
    uploads = papers_field()

    def person(self) -> actions.Person:
        """Return who raises it."""
        good = self.cleaned_data
        return actions.Person(
            good["applicant_kind"], good["applicant_name"], good["applicant_number"], good["applicant_phone"]
        )

    def arguments(self) -> dict[str, Any]:
        """Return what the procedure's own action takes."""
        return {"resource_id": entries.at_code(self.cleaned_data["about"]), "text": self.cleaned_data["text"]}


class VerificationForm(RaiseForm):
    """A doubt or an evident error."""

    kind = django_forms.ChoiceField(label=_l("校核类型"), choices=lambda: chosen(Doubt.choices()))
    record = Code(label=_l("记录标识（如本人证件号码，可不填）"), max_length=50, required=False)
    found_on = Day(label=_l("发现问题的日期（可不填）"), required=False)

    def arguments(self) -> dict[str, Any]:
        """Add kind, record and day."""
        return super().arguments() | {name: self.cleaned_data[name] for name in ("kind", "record", "found_on")}


class ObjectionForm(RaiseForm):
    """Ground and evidence."""

    ground = django_forms.ChoiceField(label=_l("异议理由"), choices=lambda: chosen(Ground.choices()))
    record = Code(label=_l("记录标识（如本人证件号码，可不填）"), max_length=50, required=False)
    evidence = Paragraph(label=_l("证据材料"), max_length=2000, help_text=_l("写明有哪些证明材料、由何机关出具。"))

    def arguments(self) -> dict[str, Any]:
        """Add ground, record and evidence."""
        return super().arguments() | {name: self.cleaned_data[name] for name in ("ground", "record", "evidence")}


class OpenCorrectionForm(RaiseForm):
    """A field of the open catalogue."""

    field = django_forms.ChoiceField(label=_l("有疑义的字段"), choices=lambda: chosen(Field.choices()))
    proposed = Paragraph(label=_l("建议改为（可不填）"), max_length=2000, required=False)

    def arguments(self) -> dict[str, Any]:
        """Add field and proposal."""
        return super().arguments() | {name: self.cleaned_data[name] for name in ("field", "proposed")}


class ComplaintForm(RaiseForm):
    """An act, the right concerned, and any department concerned."""

    department_id = DepartmentField(
        label=_l("受理部门"), help_text=_l("任何有关的政府部门；不归其管的会转交，受理时间不变。")
    )
    act = Line(label=_l("投诉举报的行为"), max_length=200)
    right = Line(label=_l("受侵害的权益"), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["about"].required = False

    def arguments(self) -> dict[str, Any]:
        """Add department, act and right; the entry may be left out."""
        good = self.cleaned_data
        about = entries.at_code(good["about"]) if good["about"] else None
        return {name: good[name] for name in ("department_id", "act", "right", "text")} | {"resource_id": about}


class FollowForm(Form):
    """Number and code, as told on receipt."""

    number = Code(label=_l("受理编号"), max_length=24)
    code = Code(label=_l("查询码"), max_length=20, widget=django_forms.PasswordInput(attrs={"autocomplete": "off"}))


class SearchForm(Form):
    """What is looked for in the open catalogue."""

    q = Line(label=_l("资源名称"), max_length=100, required=False)
    page = Whole(label=_l("页码"), required=False, min_value=1)


FORMS: Final[dict[str, type[RaiseForm]]] = {
    "verification": VerificationForm,
    "objection": ObjectionForm,
    "open_correction": OpenCorrectionForm,
    "complaint": ComplaintForm,
}
FIRST: Final = (
    "about",
    "department_id",
    "act",
    "right",
    "kind",
    "ground",
    "field",
    "record",
    "found_on",
    "text",
    "proposed",
    "evidence",
    "uploads",
)
"""The order of what a thing is about, before who raises it."""


def _window(request: HttpRequest) -> Actor:
    """Return who stands at the window; TooMany beyond the rate of sign-ins from one address."""
    limits.check("public", client_address(request), most=settings().sign_in_rate_per_minute, at=clock.now())
    return actions.at_the_window(client_address(request), trace_of(request))


@login_not_required
@require_safe
def window(request: HttpRequest) -> HttpResponse:
    """Show what the public can do here."""
    return faces.page(
        request,
        "correction/public.html",
        title=_("数据校核、异议、更正与投诉举报"),
        lead=_("公民、法人和其他组织可以在此提出并查询办理情况。"),
    )


@login_not_required
@sensitive_post_parameters()
def raised(request: HttpRequest, kind: str) -> HttpResponse:
    """Raise a case; number and code are shown once."""
    if kind not in FORMS:
        raise NotThere(_("没有这种事项，请从公众页面选择。"))
    given = faces.posted(request), posted_files(request)
    form = FORMS[kind](*given, initial={"about": request.GET.get("about", "")[:64]})
    form.order_fields([name for name in FIRST if name in form.fields])
    if form.is_valid():
        by, now = _window(request), clock.now()
        try:
            with faces.told(form):
                words = form.arguments()
                uploads = form.cleaned_data["uploads"]
                made = actions.raise_in_public(
                    by=by, at=now, kind=kind, person=form.person(), words=words, uploads=uploads
                )
                return _received(request, made)
        except (NotAllowed, NotThere) as refusal:
            return _refused(request, kind, form, refusal)
    return _form_page(request, kind, form)


def _received(request: HttpRequest, made: actions.Raised) -> HttpResponse:
    return faces.page(
        request,
        "correction/public_done.html",
        title=_("已受理"),
        crumbs=_way(_("已受理")),
        number=made.number,
        code="-".join(made.code[n : n + 4] for n in range(0, len(made.code), 4)),
        department=made.department,
    )


def _refused(request: HttpRequest, kind: str, form: RaiseForm, refusal: Refusal) -> HttpResponse:
    form.refusal = refusal
    form.add_error(None, refusal.sentence)
    return _form_page(request, kind, form)


def _form_page(request: HttpRequest, kind: str, form: RaiseForm) -> HttpResponse:
    title = _(WORKFLOWS[kind].title)
    return faces.page(request, "correction/public_form.html", title=title, crumbs=_way(title), form=form, kind=kind)


def _way(here: str) -> list[tuple[str, str]]:
    return [(_("公众服务"), reverse("correction_public")), (here, "")]


@login_not_required
@sensitive_post_parameters()
def follow(request: HttpRequest) -> HttpResponse:
    """Follow a case by number and code."""
    form = FollowForm(faces.posted(request))
    found = None
    if form.is_valid():
        _window(request)
        try:
            case = actions.followed(form.cleaned_data["number"], form.cleaned_data["code"])
            found = queries.following(case, clock.now())
        except NotThere as refusal:
            form.refusal = refusal
            form.add_error(None, refusal.sentence)
    return faces.page(
        request,
        "correction/public_follow.html",
        title=_("查询办理情况"),
        crumbs=_way(_("查询办理情况")),
        form=form,
        found=found,
    )


@login_not_required
@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """List the open catalogue."""
    form = SearchForm(request.GET)
    form.is_valid()
    rows, meta = queries.open_entries(text=form.cleaned_data.get("q", ""), number=form.cleaned_data.get("page") or 1)
    return faces.page(
        request,
        "correction/public_catalogue.html",
        title=_("开放目录"),
        lead=_("向社会开放的政务数据资源；对目录内容有疑义的，可以申请更正。"),
        crumbs=_way(_("开放目录")),
        form=form,
        rows=rows,
        meta=meta,
    )


@login_not_required
@require_safe
def entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Show an entry of the open catalogue with its corrected fields and the marks on its data."""
    found = queries.open_entry(entry_id)
    return faces.page(
        request,
        "correction/public_entry.html",
        title=found.entry.title,
        lead=found.entry.provider,
        crumbs=[
            (_("公众服务"), reverse("correction_public")),
            (_("开放目录"), reverse("correction_open")),
            (found.entry.title, ""),
        ],
        found=found,
        fields=[
            (_(field.label), getattr(found.entry, field), found.corrected.get(field))
            for field in Field
            if getattr(found.entry, field)
        ],
    )
