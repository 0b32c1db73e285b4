"""The list of cases of misuse with its filters, and as Excel."""

from __future__ import annotations

from typing import Any, Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_safe

from jutong.kernel import clock, faces
from jutong.kernel.faces import downloads
from jutong.kernel.faces.forms import Form, Line, Whole
from jutong.kernel.faces.pieces import Tab
from jutong.kernel.paging import LARGEST, every
from jutong.kernel.terms import N_
from jutong.slices.usage import queries
from jutong.slices.usage.rules.terms import MisuseKind
from jutong.slices.usage.workflow import MISUSE_CASE

SIDES: Final = {"": N_("全部"), "provider": N_("我方提供"), "consumer": N_("我方使用"), "authority": N_("我方主管")}


class Filter(Form):
    """What is looked for."""

    side = django_forms.ChoiceField(required=False, choices=list(SIDES.items()), widget=django_forms.HiddenInput)
    q = Line(label=_l("资源名称、使用方或编号"), max_length=100, required=False)
    state = django_forms.ChoiceField(label=_l("状态"), required=False)
    category = django_forms.ChoiceField(label=_l("违规类别"), required=False)
    page = Whole(label=_l("页码"), required=False, min_value=1, widget=django_forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states = [(name, _(label)) for name, label in MISUSE_CASE.states.items()]
        kinds = [(code, _(label)) for code, label in MisuseKind.choices()]
        self.fields["state"].choices = [("", _("全部状态")), ("open", _("办理中")), *states]  # type: ignore[attr-defined]
        self.fields["category"].choices = [("", _("全部类别")), *kinds]  # type: ignore[attr-defined]

    def asked(self) -> dict[str, Any]:
        """Return the filters that are in order."""
        good = self.cleaned_data
        return {name: good.get(name, "") for name in ("side", "state", "category")} | {"text": good.get("q", "")}


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """List the cases that the actor may know."""
    form = Filter(request.GET)
    form.is_valid()
    asked = form.asked()
    number = form.cleaned_data.get("page") or 1
    rows, meta = queries.cases(faces.actor_of(request), clock.now(), **asked, number=number)
    return faces.page(
        request,
        "usage/misuses.html",
        title=_("违规使用"),
        lead=_("疑似违规由人认定：认定后暂停共享、限期整改，恢复或者终止都须作出决定（条例第二十七条）。"),
        crumbs=[(_("共享"), ""), (_("违规使用"), "")],
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
    """Export the filtered cases as Excel."""
    form = Filter(request.GET)
    form.is_valid()
    actor, now, asked = faces.actor_of(request), clock.now(), form.asked()
    found = every(lambda one: queries.cases(actor, now, **asked, number=one, size=LARGEST))
    headers = [
        _("编号"), _("资源"), _("提供方"), _("使用方"), _("线索来源"), _("违规类别"), _("认定的情形"), _("状态"), _("登记时间"),
        _("整改截止日期"),
    ]  # fmt: skip
    lines = (
        (
            row.number, row.title, row.provider_name, row.consumer_name, row.source_label, row.category_label,
            row.ground_label, row.state_label, row.opened_at, row.limit_day,
        )
        for row in found
    )  # fmt: skip
    return downloads.xlsx(_("违规使用.xlsx"), headers, lines, sheet=_("违规使用"))
