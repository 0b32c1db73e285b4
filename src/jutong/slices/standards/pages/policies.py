"""Pages of the working-day calendar, the policy profiles, and which profile holds where."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET

from jutong.kernel import clock, policy
from jutong.kernel.actors import Actor, Who
from jutong.kernel.errors import NotAllowed
from jutong.kernel.faces import Form, actor_of, done, page, posted, told
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.forms import Code, CodeFrom, Day, Paragraph, Whole
from jutong.kernel.faces.navigation import Entry, Group, register
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.parties import queries as parties
from jutong.slices.standards import actions, queries
from jutong.slices.standards.workflow import CALENDAR_KEEPERS, PROFILE_DRAFTERS, PROFILE_KEEPERS


def _profiles() -> list[tuple[str, str]]:
    return [(row.name, row.title) for row in queries.profiles()]


class CalendarFile(Form):
    """A calendar file."""

    file = forms.FileField(
        label=_l("日历文件"),
        help_text=_l("CSV 或 Excel，三列：日期、休或班、名称；按国务院办公厅当年通知填写，不超过 2 MB。"),
    )


class Assignment(Form):
    """A profile for a region."""

    region = CodeFrom(parties.region_choices, label=_l("行政区划代码"))
    profile = forms.ChoiceField(label=_l("政策规则"), choices=_profiles)
    effective_from = Day(label=_l("生效日期"))
    overrides = Paragraph(
        label=_l("本地更严的规定"), required=False, max_length=4000,
        help_text=_l("每行一项，写作“参数名=值”，如 request_reply_days=5；只能比所选规则和条例更严。"),
    )  # fmt: skip
    confirm = forms.BooleanField(label=_l("我确认：自生效日期起，该区划新发生的事项按此规则办理"), required=False)

    def clean_overrides(self) -> dict[str, Any]:
        """Return {parameter: value}; numbers, true and false, and comma lists are read as such."""
        return overrides_in(self.cleaned_data["overrides"])


def overrides_in(text: str) -> dict[str, Any]:
    """Return {parameter: value} from lines "parameter=value"; ValidationError for a line that is none."""
    found: dict[str, Any] = {}
    for line in text.splitlines():
        name, sign, value = line.partition("=")
        if not line.strip():
            continue
        if not sign or not name.strip() or not value.strip():
            raise forms.ValidationError(_("“%s”应写作“参数名=值”，请修改。") % line[:40])
        found[name.strip()] = _value(name.strip(), value.strip())
    return found


def _value(name: str, text: str) -> Any:
    declared = policy.parameters().get(name)
    if declared is not None and declared.type == "codes":
        return [code.strip() for code in text.replace("，", ",").split(",")]
    try:
        return json.loads(text)
    except ValueError:
        return text


class Asked(Form):
    """What of calendar and policy is asked for; nonsense in an address falls back to the usual."""

    year = Whole(required=False, min_value=1900, max_value=2200)
    region = Code(required=False, max_length=12)
    other = Code(required=False, max_length=64)
    day = Day(required=False)


def _asked(request: HttpRequest) -> dict[str, Any]:
    form = Asked(request.GET)
    form.is_valid()
    today = clock.beijing_day(clock.now())
    found = form.cleaned_data
    day: date = found.get("day") or today
    return {
        "year": found.get("year") or today.year,
        "region": found.get("region") or "",
        "other": found.get("other") or "",
        "day": day,
    }


def _shown_to(request: HttpRequest, who: Who) -> None:
    """Refuse to show a form to those who could not send it; what is posted is left to the action, which audits it."""
    if request.method == "GET" and who.permits(actor_of(request), None) is None:
        raise NotAllowed(_("您没有进行该操作的权限：需要%s。") % _(who.label))


def _home(here: str) -> list[tuple[str, str]]:
    return [(_("政策规则"), reverse("policy")), (here, "")]


@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    """Show a year of working days."""
    actor = actor_of(request)
    seen = queries.calendar_year(_asked(request)["year"], clock.now())
    return page(
        request,
        "standards/calendar.html",
        title=_("%d 年工作日历") % seen.year,
        seen=seen,
        weekdays=[_("一"), _("二"), _("三"), _("四"), _("五"), _("六"), _("日")],
        may_import=CALENDAR_KEEPERS.permits(actor, None) is not None,
    )


def calendar_import(request: HttpRequest) -> HttpResponse:
    """Load a calendar file."""
    _shown_to(request, CALENDAR_KEEPERS)
    form = CalendarFile(posted(request), posted_files(request))
    if form.is_bound and form.is_valid():
        with told(form):
            loaded = actions.import_calendar(form.cleaned_data["file"], by=actor_of(request), at=clock.now())
            words = {"years": "、".join(map(str, loaded.years)), "days": loaded.days, "clocks": loaded.clocks}
            sentence = _("已导入 %(years)s 年的 %(days)d 天安排，重新计算了 %(clocks)d 项暂定期限。") % words
            return done(request, sentence, to=reverse("calendar") + f"?year={max(loaded.years, default='')}")
    return page(
        request,
        "standards/import.html",
        form=form,
        title=_("导入工作日历"),
        crumbs=[(_("工作日历"), reverse("calendar")), (_("导入工作日历"), "")],
    )


@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """Show the rules in force in a region and who decided so."""
    actor, asked, now = actor_of(request), _asked(request), clock.now()
    region = asked["region"] or actor.region or settings().region
    return page(
        request,
        "standards/policy.html",
        title=_("政策规则"),
        seen=queries.policy_page(region, now),
        may_assign=PROFILE_KEEPERS.permits(actor, None) is not None,
        may_draft=PROFILE_DRAFTERS.permits(actor, None) is not None,
        drafts=queries.profile_drafts(),
    )


@require_GET
def profile(request: HttpRequest, name: str) -> HttpResponse:
    """Show a profile, or what of it is in force on a day (`?day=`), or beside another one (`?other=`)."""
    actor_of(request)
    asked = _asked(request)
    if asked["other"]:
        rows: Any = queries.compare(name, asked["other"], asked["day"])
        template = "standards/compare.html"
    else:
        rows = queries.profile_table(name, effective=request.GET.get("text") != "1", day=asked["day"])
        template = "standards/profile.html"
    titles = dict(_profiles())
    title = titles.get(name, name)
    return page(
        request,
        template,
        title=title,
        rows=rows,
        name=name,
        titles=titles,
        other=titles.get(asked["other"], asked["other"]),
        asked=asked,
        as_text=request.GET.get("text") == "1",
        crumbs=_home(title),
    )


def assign(request: HttpRequest) -> HttpResponse:
    """Say which profile holds in a region."""
    _shown_to(request, PROFILE_KEEPERS)
    form = Assignment(posted(request), initial={"region": request.GET.get("region", "")})
    if form.is_bound and form.is_valid():
        with told(form):
            actions.assign_profile(**form.cleaned_data, by=actor_of(request), at=clock.now())
            return done(request, _("政策规则已确定，自生效日期起适用于新发生的事项。"), to=reverse("policy"))
    return page(
        request,
        "standards/assign.html",
        form=form,
        title=_("确定区划的政策规则"),
        crumbs=_home(_("确定区划的政策规则")),
    )


def anyone(_actor: Actor) -> bool:
    """Let everybody who is signed in see the entry of the navigation."""
    return True


register(
    Entry(Group.ADMIN, N_("工作日历"), "calendar", "calendar", anyone, 80),
    Entry(Group.ADMIN, N_("政策规则"), "policy", "gavel", anyone, 90),
)

urlpatterns: list[URLPattern] = [
    path("calendar", calendar, name="calendar"),
    path("calendar/import", calendar_import, name="calendar_import"),
    path("policy", rules, name="policy"),
    path("policy/assign", assign, name="policy_assign"),
    path("policy/<slug:name>", profile, name="policy_profile"),
]
