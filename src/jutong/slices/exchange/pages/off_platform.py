"""Pages of deliveries outside the platform: the list, recording one as an exception, the list as Excel."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from jutong.kernel import clock, faces
from jutong.kernel.clock import beijing_day
from jutong.kernel.faces import downloads, forms
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.pages.runs import number_of


class OffPlatformForm(forms.Form):
    """Under which grant something was delivered outside the platform, when, and why not through it."""

    grant_id = django_forms.TypedChoiceField(
        label=gettext_lazy("授权"), coerce=int, help_text=gettext_lazy("本部门作为提供部门的授权。")
    )
    delivered_on = forms.Day(label=gettext_lazy("提供日期"))
    reason = forms.Paragraph(
        label=gettext_lazy("理由"),
        max_length=1000,
        help_text=gettext_lazy("为什么没有通过平台提供、以何种介质交接、由谁经手。"),
    )

    def __init__(self, data: Any, *, grants: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["grant_id"].choices = grants  # type: ignore[attr-defined]


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """Show the recorded deliveries that concern the person's departments."""
    actor, text = faces.actor_of(request), request.GET.get("q", "")[:100]
    rows, meta = queries.off_platform(actor, text=text, number=number_of(request))
    context: dict[str, Any] = {
        "rows": rows, "meta": meta, "text": text, "may_record": actions.SUBMITTERS.permits(actor, actor) is not None
    }  # fmt: skip
    return faces.page(request, "exchange/off_platform.html", title=_("平台外提供"), **context)


def record(request: HttpRequest) -> HttpResponse:
    """Record a delivery outside the platform, where the policy of its day lets it be."""
    actor = faces.actor_of(request)
    grants = queries.deliverable(actor)
    form = OffPlatformForm(faces.posted(request), grants=grants)
    if form.is_valid():
        with faces.told(form):
            actions.record_off_platform(by=actor, at=clock.now(), **form.cleaned_data)
            return faces.done(request, _("平台外提供已登记。"), to=reverse("exchange_off_platform"))
    crumbs = [(_("平台外提供"), reverse("exchange_off_platform")), (_("登记平台外提供"), "")]
    context: dict[str, Any] = {
        "crumbs": crumbs, "form": form, "grants": grants,
        "lawful": queries.off_platform_lawful(actor, beijing_day(clock.now())),
    }  # fmt: skip
    return faces.page(request, "exchange/off_platform_record.html", title=_("登记平台外提供"), **context)


@require_GET
def sheet(request: HttpRequest) -> HttpResponseBase:
    """Hand out the recorded deliveries as Excel."""
    headers = [_("提供日期"), _("授权"), _("资源"), _("提供部门"), _("使用部门"), _("理由"), _("政策规则"), _("登记人"),
               _("登记时间")]  # fmt: skip
    lines = (
        (r.delivered_on, r.grant, r.title, r.provider_name, r.consumer_name, r.reason, r.profile, r.by_name, r.at)
        for r in queries.all_off_platform(faces.actor_of(request))
    )
    return downloads.xlsx("off-platform.xlsx", headers, lines)


urlpatterns = [
    path("off-platform/", listed, name="exchange_off_platform"),
    path("off-platform/sheet/", sheet, name="exchange_off_platform_sheet"),
    path("off-platform/new/", record, name="exchange_off_platform_new"),
]
