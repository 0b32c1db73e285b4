"""The page on which limits are tried out: which days a case would have under each profile."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.faces import Form, actor_of, page, told
from jutong.kernel.faces.forms import Day, Whole
from jutong.kernel.faces.navigation import Entry, Group, register
from jutong.kernel.policy.parameters import MOST_DAYS
from jutong.kernel.terms import N_
from jutong.slices.parties import queries as parties
from jutong.slices.standards import queries
from jutong.slices.standards.pages.policies import anyone
from jutong.slices.standards.rules.procedures import PROCEDURES


def _procedures() -> list[tuple[str, str]]:
    return [(code, _(one.label)) for code, one in PROCEDURES.items()]


def _rules() -> list[tuple[Any, Any]]:
    shipped = [(row.name, row.title) for row in queries.profiles()]
    regions = [(row.code, f"{row.code} {row.name}") for row in parties.regions() if row.valid_to is None]
    return [(_("政策规则"), shipped), (_("行政区划现行规则"), regions)]


class Supposed(Form):
    """A made-up case."""

    procedure = forms.ChoiceField(label=_l("事项"), choices=_procedures)
    under = forms.ChoiceField(label=_l("适用的规则或区划"), choices=_rules)
    start = Day(label=_l("起始日"), help_text=_l("收到申请、发现问题等情形发生的日子；当日不计"))
    extend = Whole(label=_l("延长（工作日）"), required=False, min_value=0, max_value=MOST_DAYS)
    supplement_on = Day(label=_l("要求补正日"), required=False)
    supplied_on = Day(label=_l("补正材料收到日"), required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse papers that came before they were asked for, or were not asked for."""
        given: dict[str, Any] = super().clean() or {}
        asked, came, start = given.get("supplement_on"), given.get("supplied_on"), given.get("start")
        if came and (not asked or came < asked):
            self.add_error("supplied_on", _("“补正材料收到日”须不早于“要求补正日”，请修改。"))
        if asked and start and asked < start:
            self.add_error("supplement_on", _("“要求补正日”须不早于“起始日”，请修改。"))
        return given

    def supposed(self) -> queries.Supposed:
        """Return the case."""
        return queries.Supposed(**{**self.cleaned_data, "extend": self.cleaned_data["extend"] or 0})


@require_GET
def simulate(request: HttpRequest) -> HttpResponse:
    """Work out the days of a made-up case (`?procedure=…`), or of one under way (`?clock=`), under each profile."""
    actor = actor_of(request)
    today: date = clock.beijing_day(clock.now())
    seen = None
    if request.GET.get("clock", "").isdecimal():
        form = Supposed(initial={"start": today, "under": actor.region})
        seen = queries.case_simulation(int(request.GET["clock"][:18]), actor)
    else:
        start = {"procedure": "request", "under": actor.region, "start": today}
        form = Supposed(request.GET if "procedure" in request.GET else None, initial=start)
        if form.is_bound and form.is_valid():
            with told(form):
                seen = queries.simulation(form.supposed())
    crumbs = [(_("政策规则"), reverse("policy")), (_("期限测算"), "")]
    weekdays = [_("一"), _("二"), _("三"), _("四"), _("五"), _("六"), _("日")]
    return page(
        request, "standards/simulate.html", title=_("期限测算"), form=form, seen=seen, weekdays=weekdays, crumbs=crumbs
    )


register(Entry(Group.ADMIN, N_("期限测算"), "policy_simulate", "calculator", anyone, 91))

urlpatterns: list[URLPattern] = [path("simulate", simulate, name="policy_simulate")]
