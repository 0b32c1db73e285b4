"""The list of agreements, and the same as Excel."""

from __future__ import annotations

from typing import Any, Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_safe

from jutong.kernel import clock, faces
from jutong.kernel.clock import beijing_day
from jutong.kernel.faces import downloads
from jutong.kernel.faces.forms import Form, Line, Whole
from jutong.kernel.faces.pieces import Tab
from jutong.kernel.terms import N_
from jutong.slices.agreements import queries
from jutong.slices.agreements.rules import Kind
from jutong.slices.agreements.workflow import AGREEMENT

SIDES: Final = {
    "": N_("全部"),
    "unsigned": N_("待我方签署"),
    "party": N_("我方为当事方"),
    "authority": N_("我方主管"),
}


class Filter(Form):
    """What is looked for."""

    side = django_forms.ChoiceField(required=False, choices=list(SIDES.items()), widget=django_forms.HiddenInput)
    kind = django_forms.ChoiceField(label=_l("种类"), required=False)
    state = django_forms.ChoiceField(label=_l("状态"), required=False)
    q = Line(label=_l("协议名称或编号"), max_length=100, required=False)
    page = Whole(label=_l("页码"), required=False, min_value=1, widget=django_forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(code, _(label)) for code, label in Kind.choices()]
        states = [(state, _(label)) for state, label in AGREEMENT.states.items()]
        self.fields["kind"].choices = [("", _("全部种类")), *kinds]  # type: ignore[attr-defined]
        self.fields["state"].choices = [("", _("全部状态")), *states]  # type: ignore[attr-defined]

    def asked(self) -> dict[str, Any]:
        """Return the filters that are in order."""
        good = self.cleaned_data
        return {
            "side": good.get("side", ""),
            "kind": good.get("kind", ""),
            "state": good.get("state", ""),
            "text": good.get("q", ""),
        }


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """List the agreements the actor may know."""
    form = Filter(request.GET)
    form.is_valid()
    asked = form.asked()
    number = form.cleaned_data.get("page") or 1
    rows, meta = queries.agreements(faces.actor_of(request), clock.now(), **asked, number=number)
    return faces.page(
        request,
        "agreements/list.html",
        title=_("共享协议"),
        lead=_("各方以协议或联合发文共同确定共享信息的十项要素；各方签署后生效，修订须各方重新签署。"),
        crumbs=[(_("共享"), ""), (_("共享协议"), "")],
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
    """Export the filtered agreements as Excel (at most 10,000)."""
    form = Filter(request.GET)
    form.is_valid()
    now = clock.now()
    headers = [
        _("编号"), _("种类"), _("协议名称"), _("当事方"), _("状态"), _("现行版本"), _("尚未签署"), _("起始日期"),
        _("截止日期"), _("起草时间"),
    ]  # fmt: skip
    cells = (
        [
            r.number, r.kind_label, r.name, _("、").join(r.parties), r.state_label, r.version or "",
            _("、").join(r.unsigned), r.since, r.until, r.created_at,
        ]
        for r in queries.agreement_lines(faces.actor_of(request), now, **form.asked())
    )  # fmt: skip
    return downloads.xlsx(_("共享协议-%s.xlsx") % f"{beijing_day(now):%Y%m%d}", headers, cells, sheet=_("共享协议"))
