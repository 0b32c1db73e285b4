"""Changes of use: the list, applying for one under a grant, and its page with consent, refusal and releases."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import clock, faces, files, jurisdiction
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, Refusal, RuleBroken, WrongState
from jutong.kernel.faces import downloads
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.deeds import Deed, OpenDeed, deed_called, done_or_shown
from jutong.kernel.faces.forms import Day, Form, Line, Paragraph, Uploads, Whole
from jutong.kernel.faces.pieces import Fact, Tab
from jutong.kernel.terms import N_
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.pages.forms import CaseFilter, purpose_choices
from jutong.slices.sharing.pages.wording import purposes_in_words
from jutong.slices.sharing.rules import LONGEST_TEXT
from jutong.slices.sharing.rules import changes as rules
from jutong.slices.sharing.workflow import USE_CHANGE

SIDES: Final = {
    "": N_("全部"),
    "consumer": N_("我方申请"),
    "provider": N_("我方提供"),
    "authority": N_("我方主管"),
}


class Filter(CaseFilter):
    """What is looked for."""

    sides = SIDES
    workflow = USE_CHANGE
    q = Line(label=gettext_lazy("资源名称或编号"), max_length=100, required=False)


class ApplyForm(Form):
    """What is asked beside the grant."""

    kind = django_forms.ChoiceField(label=gettext_lazy("变更种类"), widget=django_forms.RadioSelect)
    why = Paragraph(label=gettext_lazy("理由"), max_length=LONGEST_TEXT)
    items = django_forms.MultipleChoiceField(
        label=gettext_lazy("信息项"), required=False, widget=django_forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("扩大范围的，选择要增加的信息项；对外提供的，选择要提供的信息项。"),
    )  # fmt: skip
    purposes = django_forms.MultipleChoiceField(
        label=gettext_lazy("使用用途"), required=False, widget=django_forms.CheckboxSelectMultiple
    )
    scope = Paragraph(label=gettext_lazy("扩大的范围或者对外提供的目的"), max_length=LONGEST_TEXT, required=False)
    recipient = Line(label=gettext_lazy("接收方"), max_length=200, required=False)
    content = Paragraph(label=gettext_lazy("对外提供或发布的内容"), max_length=LONGEST_TEXT, required=False)
    until = Day(label=gettext_lazy("对外提供的截止日期"), required=False)
    commercial = django_forms.BooleanField(label=gettext_lazy("用于有偿服务或者商业用途"), required=False)
    uploads = Uploads(label=gettext_lazy("书面申请材料"), required=False)

    def __init__(self, subject: queries.Changeable, *args: Any) -> None:
        super().__init__(*args, initial={"kind": subject.kinds[0] if subject.kinds else ""})
        choices: dict[str, Any] = {
            "kind": [(kind, _(rules.KINDS[kind])) for kind in subject.kinds],
            "items": [(name, name) for name in subject.items],
            "purposes": purpose_choices(),
        }
        for name, found in choices.items():
            self.fields[name].choices = found  # type: ignore[attr-defined]

    def wanted(self) -> actions.Wanted:
        """Return what is asked."""
        good = self.cleaned_data
        return actions.Wanted(
            **{name: good[name] for name in ("kind", "why", "scope", "recipient", "content", "until", "commercial")},
            items=tuple(good["items"]),
            purposes=tuple(good["purposes"]),
        )


class ConsentForm(Form):
    """Words that go with a consent."""

    remark = Paragraph(label=gettext_lazy("说明（可不填）"), max_length=1000, required=False)


class RefuseForm(Form):
    """Why there is no consent."""

    reason = Paragraph(label=gettext_lazy("理由"), max_length=1000)


class Nothing(Form):
    """A move that asks for nothing but the decision."""


class ReleaseForm(Form):
    """One provision to the third party."""

    recipient = Line(label=gettext_lazy("接收方"), max_length=200)
    items = django_forms.MultipleChoiceField(
        label=gettext_lazy("提供的信息项"), widget=django_forms.CheckboxSelectMultiple
    )
    rows = Whole(label=gettext_lazy("行数"), min_value=0, max_value=10_000_000_000, required=False)
    released_on = Day(label=gettext_lazy("提供日期"))

    def __init__(self, *args: Any, names: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["items"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


DEEDS: Final[dict[str, Deed[Form]]] = {
    "consent": Deed(ConsentForm, actions.consent_change, N_("已同意变更。"), "primary",
                    N_("扩大范围或者改变目的的，授权随即生成新版本；对外提供的，随即生成许可。")),
    "refuse": Deed(RefuseForm, actions.refuse_change, N_("已答复不同意变更。"), "danger"),
    "close": Deed(Nothing, actions.close_change, N_("对外提供已结束。"), "", N_("结束后不能再登记对外提供。")),
}  # fmt: skip


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """List the changes of use the actor may know."""
    form = Filter(request.GET)
    form.is_valid()
    asked = form.asked()
    rows, meta = queries.changes(faces.actor_of(request), **asked, number=form.cleaned_data.get("page") or 1)
    return faces.page(
        request,
        "sharing/changes.html",
        title=_("变更使用"),
        lead=_(
            "扩大使用范围、用于其他目的、提供给第三方，都须先经提供方同意（条例第二十五条）；同意之前按原授权执行。"
        ),
        crumbs=[(_("共享"), ""), (_("变更使用"), "")],
        form=form,
        tabs=[
            Tab(_(label), f"?side={side}" if side else "?", current=side == asked["side"])
            for side, label in SIDES.items()
        ],
        rows=rows,
        meta=meta,
    )


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Export the filtered changes of use as Excel (at most 10,000)."""
    form = Filter(request.GET)
    form.is_valid()
    headers = [
        _("编号"), _("变更种类"), _("资源名称"), _("授权"), _("使用方"), _("提供方"), _("状态"), _("接收方"), _("理由"),
        _("许可编号"), _("截止日期"), _("对外提供次数"), _("申请时间"),
    ]  # fmt: skip
    cells = (
        [
            r.number, r.kind_label, r.title, r.grant_reference, r.consumer_name, r.provider_name, r.state_label,
            r.recipient, r.why, r.permit, r.until, r.releases, r.created_at,
        ]
        for r in queries.change_lines(faces.actor_of(request), **form.asked())
    )  # fmt: skip
    return downloads.xlsx(
        _("变更使用-%s.xlsx") % f"{beijing_day(clock.now()):%Y%m%d}", headers, cells, sheet=_("变更使用")
    )


def new(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Apply for a change of use under a grant."""
    actor, now = faces.actor_of(request), clock.now()
    subject = queries.changeable(grant_id, actor, now)
    form = ApplyForm(subject, faces.posted(request), posted_files(request))
    if form.is_valid():
        with faces.told(form):
            uploads = form.cleaned_data["uploads"]
            case = actions.apply_change(by=actor, at=now, grant_id=grant_id, wanted=form.wanted(), uploads=uploads)
            said = _("变更使用申请 %s 已送提供方。") % case.number
            return faces.done(request, said, to=reverse("sharing_change_of_use", args=[case.pk]))
    return faces.page(
        request,
        "sharing/change_new.html",
        title=_("申请变更使用"),
        lead=f"{subject.reference} · {subject.title}",
        crumbs=[(_("变更使用"), reverse("sharing_changes")), (_("申请变更使用"), "")],
        form=form,
        subject=subject,
    )


@require_safe
def change(request: HttpRequest, change_id: int) -> HttpResponse:
    """Show a change of use."""
    return _show(request, change_id)


@require_POST
def deed(request: HttpRequest, change_id: int, verb: str) -> HttpResponse:
    """Make a move, or log a release; a refusal is shown on the page, in place, with its status."""
    seen = queries.change(change_id, faces.actor_of(request))
    if verb == "release":
        return _release(request, seen)
    known = deed_called(verb, DEEDS)
    form = known.form(faces.posted(request))
    to, show = reverse("sharing_change_of_use", args=[change_id]), partial(_show, request, change_id)
    return done_or_shown(request, verb, known, form, pk=change_id, to=to, show=show, signing=USE_CHANGE.signing)


def _release(request: HttpRequest, seen: queries.ChangeView) -> HttpResponse:
    form = ReleaseForm(faces.posted(request), names=seen.row.items)
    if form.is_valid():
        good = form.cleaned_data | {"rows": form.cleaned_data["rows"] or 0}
        try:
            with faces.told(form):
                actions.release(
                    by=faces.actor_of(request),
                    at=clock.now(),
                    grant_id=seen.row.grant_id,
                    change_id=seen.row.id,
                    **good,
                )
                said = _("对外提供已登记。")
                return faces.done(request, said, to=reverse("sharing_change_of_use", args=[seen.row.id]))
        except (WrongState, NotAllowed) as refusal:
            return _show(request, seen.row.id, refusal=refusal)
    return _show(request, seen.row.id, tried=("release", form))


def _show(
    request: HttpRequest, change_id: int, *, tried: tuple[str, Form] | None = None, refusal: Refusal | None = None
) -> HttpResponse:
    actor = faces.actor_of(request)
    seen = queries.change(change_id, actor)
    deeds = [_open(seen, button.verb, button.label, tried, actor) for button in seen.row.buttons]
    status = refusal.status if refusal else None
    if tried is not None:
        unsigned = any(one.asked and one.signing for one in deeds)
        status = RuleBroken.status if unsigned else faces.answers.form_status(tried[1])
    return faces.page(
        request,
        "sharing/change.html",
        status=status,
        title=seen.row.title,
        lead=f"{seen.row.consumer_name} · {seen.row.kind_label}",
        crumbs=[(_("变更使用"), reverse("sharing_changes")), (seen.row.number, "")],
        seen=seen,
        facts=_facts(seen),
        deeds=deeds,
        refusal=refusal,
    )


def _open(
    seen: queries.ChangeView, verb: str, label: str, tried: tuple[str, Form] | None, actor: Actor
) -> OpenDeed[Form]:
    asked = tried is not None and tried[0] == verb
    url = reverse("sharing_change_deed", args=[seen.row.id, verb])
    auto_id = f"id_{verb}_%s"
    if verb == "release":
        start = {"recipient": seen.row.recipient, "items": list(seen.row.items)}
        form = tried[1] if tried and asked else ReleaseForm(names=seen.row.items, initial=start, auto_id=auto_id)
        return OpenDeed(verb, label, url, form, "primary", "", asked)
    known = DEEDS[verb]
    form = tried[1] if tried and asked else known.form(auto_id=auto_id)
    words = form.cleaned_data if form.is_bound and form.is_valid() else None if form.fields else {}
    signing = USE_CHANGE.signing(verb, seen.row.id, actor, words)
    return known.offered(verb, form, url=url, label=label, asked=asked, signing=signing)


def _facts(seen: queries.ChangeView) -> list[Fact]:
    row = seen.row
    facts = [
        Fact(_("编号"), row.number),
        Fact(_("授权"), row.grant_reference, url=reverse("grant", args=[row.grant_id])),
        Fact(_("变更种类"), row.kind_label),
        Fact(_("理由"), row.why),
        Fact(_("信息项"), _("、").join(row.items)) if row.items else None,
        Fact(_("使用用途"), purposes_in_words(row.purposes)) if row.purposes else None,
        Fact(_("扩大的范围或者对外提供的目的"), row.scope) if row.scope else None,
        Fact(_("接收方"), row.recipient) if row.recipient else None,
        Fact(_("对外提供或发布的内容"), row.content) if row.content else None,
        Fact(_("对外提供的截止日期"), row.until) if row.until else None,
        Fact(_("用于有偿服务或者商业用途"), _("是")) if row.commercial else None,
        Fact(_("许可编号"), row.permit) if row.permit else None,
        Fact(_("授权版本"), row.version) if row.version else None,
        Fact(_("提供方答复"), f"{row.replied_by} {row.reply_reason}".strip()) if row.replied_at else None,
        Fact(_("适用规则"), jurisdiction.cited(seen.profile)),
    ]
    return [fact for fact in facts if fact is not None]


@require_safe
def attachment(request: HttpRequest, change_id: int, file_id: int) -> HttpResponseBase:
    """Hand over a file of an application, as a file to be saved."""
    file = files.row(queries.change_file(change_id, file_id, faces.actor_of(request)))
    return downloads.attachment(files.chunks(file.id), file.name, file.media_type)
