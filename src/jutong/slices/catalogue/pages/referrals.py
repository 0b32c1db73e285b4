"""Referrals of an unclear type or grade: the list, referring an entry, opinions and the decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import Form, actor_of, done, page, posted, signed, told
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.forms import Line, Paragraph
from jutong.kernel.levels import LEVELS
from jutong.kernel.terms import ShareType
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages.forms import asked_number, asked_text
from jutong.slices.catalogue.pages.revisions import tabs
from jutong.slices.catalogue.pages.sources import Opinion, Why, act, departments_of, moved
from jutong.slices.catalogue.rules.referrals import ASKED
from jutong.slices.catalogue.workflow import REFERRAL_STATES


class Refer(Form):
    """What is unclear, and what the department thinks."""

    asked = forms.MultipleChoiceField(
        label=gettext_lazy("难以确定的事项"),
        choices=[(code, gettext_lazy(label)) for code, label in ASKED.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    reason = Paragraph(label=gettext_lazy("难以确定的理由和本部门意见"), max_length=1000)


class Consult(Form):
    """Which departments are asked."""

    departments = forms.TypedMultipleChoiceField(
        label=gettext_lazy("有关部门"), coerce=int, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, region: str, *args: Any) -> None:
        super().__init__(*args)
        self.fields["departments"].choices = departments_of(region)  # type: ignore[attr-defined]


def _levels() -> list[tuple[str, Any]]:
    return [("", "—"), *((code, gettext_lazy(label)) for code, label in LEVELS.items())]


class Decide(Form):
    """Type and grade as decided, with the number of the decision; only what was asked."""

    document = Line(label=gettext_lazy("文号"), max_length=100)
    share_type = forms.ChoiceField(
        label=gettext_lazy("确定的共享类型"), choices=[("", "—"), *ShareType.choices()], required=False
    )
    security_level = forms.ChoiceField(label=gettext_lazy("确定的数据分级"), choices=_levels, required=False)
    grounds = Paragraph(label=gettext_lazy("理由"), max_length=1000, required=False)

    def __init__(self, asks: tuple[str, ...], *args: Any) -> None:
        super().__init__(*args)
        for name in ASKED.keys() - set(asks):
            del self.fields[name]


_FORMS: Final[dict[str, Callable[..., Form]]] = {
    "consult": lambda _seen, region, data: Consult(region, data),
    "decide": lambda seen, _region, data: Decide(seen.asks, data),
    "take_back": lambda _seen, _region, data: Why(data),
}
_ACTS: Final[dict[str, Callable[..., Any]]] = {
    "consult": actions.consult,
    "decide": actions.decide_referral,
    "take_back": actions.take_back_referral,
}


@require_GET
def referrals(request: HttpRequest) -> HttpResponse:
    """List the referrals of the own departments, of the area, and those one was asked about."""
    actor, state, text = actor_of(request), asked_text(request, "state"), asked_text(request, "q")
    rows, meta = queries.referrals(actor, state=state, text=text, number=asked_number(request))
    return page(
        request,
        "catalogue/referrals.html",
        title=_("属性定级提请"),
        tabs=tabs("catalogue_referrals"),
        rows=rows,
        meta=meta,
        state=state,
        text=text,
        offered=queries.referrals_offered(actor, clock.now()),
        states=[(code, _(label)) for code, label in REFERRAL_STATES.items()],
    )


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """Answer with the referrals as Excel."""
    rows = queries.referral_lines(actor_of(request), state=asked_text(request, "state"), text=asked_text(request, "q"))
    headers = [
        _("目录"),
        _("提供部门"),
        _("难以确定的事项"),
        _("状态"),
        _("文号"),
        _("共享类型"),
        _("数据分级"),
        _("决定日期"),
    ]
    cells = (
        [r.title, r.provider_name, "、".join(r.asked), r.state_label, r.document, r.share_label, r.level_label, r.decided_on]
        for r in rows
    )  # fmt: skip
    name = _("属性定级提请-%s.xlsx") % f"{beijing_day(clock.now()):%Y%m%d}"
    return xlsx(name, headers, cells, sheet=_("属性定级提请"))


def refer(request: HttpRequest, pk: int) -> HttpResponse:
    """Refer an entry's type or grade; only where the profile offers it."""
    actor = actor_of(request)
    seen = queries.entry(pk, actor=actor, at=clock.now())
    form = Refer(posted(request))
    if form.is_bound and form.is_valid():
        with told(form):
            case = actions.refer_attribute(by=signed(request), at=clock.now(), entry_id=pk, **form.cleaned_data)
            return done(request, _("已提请。"), to=reverse("catalogue_referral", args=[case.pk]))
    refused = not queries.referrals_offered(actor, clock.now())
    back = reverse("catalogue_entry", args=[pk])
    return act(request, _("提请确定属性定级"), form, back, lead=seen.row.title, refused=refused)


@require_GET
def referral(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one referral with the opinions gathered and what can be done."""
    seen = queries.referral(pk, actor=actor_of(request))
    way = [(_("属性定级提请"), reverse("catalogue_referrals")), (seen.row.title, "")]
    return page(request, "catalogue/referral.html", title=seen.row.title, seen=seen, crumbs=way)


def deed(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Show the form of a move of a referral, or make the move."""
    if verb not in _FORMS:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb[:40])
    actor = actor_of(request)
    seen = queries.referral(pk, actor=actor)
    back, form = reverse("catalogue_referral", args=[pk]), _FORMS[verb](seen, actor.region, posted(request))
    return moved(request, verb, pk, form, _ACTS[verb], seen.buttons, back, lead=seen.row.title)


def opinion(request: HttpRequest, pk: int, asked: int) -> HttpResponse:
    """Give a consulted department's opinion."""
    seen = queries.referral(pk, actor=actor_of(request))
    back, form = reverse("catalogue_referral", args=[pk]), Opinion(posted(request))
    mine = next((row for row in seen.consulted if row.id == asked), None)
    if mine is None:
        raise NotThere(_("没有找到该征求意见记录，请刷新页面。"))
    if form.is_bound and form.is_valid():
        with told(form):
            actions.give_referral_opinion(asked, by=signed(request), at=clock.now(), **form.cleaned_data)
            return done(request, _("意见已提交。"), to=back)
    return act(request, _("提出意见"), form, back, lead=mine.department, refused=not mine.open)
