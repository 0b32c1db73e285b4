"""Lists of requests: as consumer, provider or authority; Excel; and the standing consents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import clock, faces
from jutong.kernel.actors import Role
from jutong.kernel.clock import BEIJING
from jutong.kernel.faces import downloads
from jutong.kernel.faces.forms import Form, Line, Whole
from jutong.kernel.faces.pieces import Tab
from jutong.kernel.terms import N_
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.pages.wording import share_type_label
from jutong.slices.sharing.workflow import SHARING_REQUEST

SIDES: Final = {
    "": N_("全部"),
    "consumer": N_("我方申请"),
    "provider": N_("我方提供"),
    "authority": N_("我方主管"),
}
MOST_EXPORTED: Final = 10_000
EXPORT_PAGE: Final = 200


class Filter(Form):
    """What is looked for."""

    side = django_forms.ChoiceField(required=False, choices=list(SIDES.items()), widget=django_forms.HiddenInput)
    q = Line(label=gettext_lazy("资源名称或申请编号"), max_length=100, required=False)
    state = django_forms.ChoiceField(label=gettext_lazy("状态"), required=False)
    page = Whole(label=gettext_lazy("页码"), required=False, min_value=1, widget=django_forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        states = [(name, _(label)) for name, label in SHARING_REQUEST.states.items()]
        self.fields["state"].choices = [("", _("全部状态")), *states]  # type: ignore[attr-defined]

    def asked(self) -> dict[str, Any]:
        """Return the filters that are in order."""
        good = self.cleaned_data
        return {"side": good.get("side", ""), "state": good.get("state", ""), "text": good.get("q", "")}


@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """List the requests the actor may know."""
    actor, now = faces.actor_of(request), clock.now()
    form = Filter(request.GET)
    form.is_valid()
    asked = form.asked()
    rows, meta = queries.requests(actor, now, **asked, number=form.cleaned_data.get("page") or 1)
    sides = dict(SIDES)
    if not actor.holds(Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER):
        sides.pop("authority")
    return faces.page(
        request,
        "sharing/list.html",
        title=_("共享申请"),
        lead=_("向其他部门申请的、其他部门向我方申请的，以及主管部门监督的。"),
        crumbs=[(_("共享"), ""), (_("共享申请"), "")],
        form=form,
        tabs=[
            Tab(_(label), f"?side={side}" if side else "?", current=side == asked["side"])
            for side, label in sides.items()
        ],
        rows=rows,
        meta=meta,
        side=asked["side"],
    )


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Export the filtered requests as Excel (at most 10,000)."""
    form = Filter(request.GET)
    form.is_valid()
    headers = [
        _("申请编号"), _("资源名称"), _("状态"), _("共享类型"), _("使用方"), _("提供方"), _("起草时间"), _("受理时间"),
        _("期限"),
    ]  # fmt: skip
    name = _("共享申请-%s.xlsx") % clock.now().astimezone(BEIJING).strftime("%Y%m%d")
    return downloads.xlsx(name, headers, _lines(request, form.asked()), sheet=_("共享申请"))


def _lines(request: HttpRequest, asked: dict[str, Any]) -> Iterator[list[object]]:
    actor, now = faces.actor_of(request), clock.now()
    for number in range(1, MOST_EXPORTED // EXPORT_PAGE + 1):
        rows, meta = queries.requests(actor, now, **asked, number=number, size=EXPORT_PAGE)
        for row in rows:
            limits = "；".join(f"{_(one.label)} {one.text}（{one.due_day}）" for one in row.clocks)
            yield [
                row.number, row.title, row.state_label, share_type_label(row.share_type), row.consumer_name,
                row.provider_name, row.created_at, row.received_at, limits,
            ]  # fmt: skip
        if number >= meta.pages:
            return


class StandingForm(Form):
    """Which resource every request is consented to."""

    resource_id = django_forms.TypedChoiceField(label=gettext_lazy("无条件共享的资源"), coerce=int)

    def __init__(self, choices: list[tuple[int, str]], *args: object) -> None:
        super().__init__(*args)
        self.fields["resource_id"].choices = [("", _("请选择")), *choices]  # type: ignore[attr-defined]


def standing(request: HttpRequest) -> HttpResponse:
    """Show and give standing consents of the department's sharing-unit head."""
    actor, now = faces.actor_of(request), clock.now()
    rows = queries.standing_consents(actor)
    open_to_all = queries.without_standing_consent(actor)
    form = StandingForm([(one.id, f"{one.title}（{one.code}）") for one in open_to_all], faces.posted(request))
    if form.is_valid():
        with faces.told(form):
            actions.give_standing_consent(by=actor, at=now, resource_id=form.cleaned_data["resource_id"])
            said = _("已作出常设同意，此后对该资源的申请即时答复。")
            return faces.done(request, said, to=reverse("sharing_standing"))
    return faces.page(
        request,
        "sharing/standing.html",
        title=_("常设同意"),
        lead=_("对本部门无条件共享的资源，负责人可一次性同意全部申请，平台在受理时即时答复。"),
        crumbs=[(_("共享"), ""), (_("常设同意"), "")],
        rows=rows,
        form=form,
        choices=open_to_all,
        heads=actor.holds(Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY, department_id=actor.department_id),
    )


@require_POST
def end_standing(request: HttpRequest, consent_id: int) -> HttpResponse:
    """End a standing consent."""
    actions.end_standing_consent(consent_id, by=faces.actor_of(request), at=clock.now())
    return faces.done(request, _("常设同意已终止，此后的申请逐件答复。"), to=reverse("sharing_standing"))
