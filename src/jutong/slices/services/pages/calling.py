"""The console: a grant is chosen and called with a system's own key, and the rules by which it may be called."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from jutong.kernel import clock, faces
from jutong.kernel.faces.forms import Code, Form, Line
from jutong.slices.grants import actions as grant_actions
from jutong.slices.services import actions, queries
from jutong.slices.standards import queries as standards


class CallForm(Form):
    """A trial call: whose key, for which purpose, asking for what. The key is never shown again."""

    key_id = Code(label=gettext_lazy("密钥编号"), max_length=64)
    secret = Code(
        label=gettext_lazy("调用密钥"),
        max_length=128,
        widget=django_forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("业务系统登记时发放的 64 位十六进制密钥；只用于这一次调用，不保存、不记录。"),
    )
    purpose = django_forms.ChoiceField(label=gettext_lazy("使用用途"))
    service_item = Line(label=gettext_lazy("服务事项（可不填）"), max_length=100, required=False)
    mode = django_forms.ChoiceField(label=gettext_lazy("调用方式"), widget=django_forms.RadioSelect)
    after = Line(label=gettext_lazy("游标（逐页列出时，上一页返回的 after）"), max_length=400, required=False)

    def __init__(self, found: queries.Service, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"mode": "query"})
        grant = found.grant
        modes = [("query", _("查询：返回授权的信息项"))]
        if grant.confirm_items:
            modes.append(("confirm", _("核对：只回答相符或不符")))
        modes.append(("queries", _("统一查询：同一标识，向本系统的各项授权一并查询")))
        if grant.listing:
            modes.append(("list", _("逐页列出：不填查询条件，一次二十条")))
        else:
            del self.fields["after"]
        modes += [(f"through:{each.name}", _("直通接口：%s") % each.name) for each in found.endpoints]
        self.fields["mode"].choices = modes  # type: ignore[attr-defined]
        self.fields["purpose"].choices = [  # type: ignore[attr-defined]
            (code, standards.purpose_label(code)) for code in grant.purposes
        ]
        self.found = found

    def _given(self, kind: str, items: tuple[str, ...]) -> list[tuple[str, str, str]]:
        return [
            (f"{kind}-{place}", item, str(self.data.get(f"{kind}-{place}", ""))) for place, item in enumerate(items)
        ]

    @property
    def key_values(self) -> list[tuple[str, str, str]]:
        """Name, item and typed value of each key item."""
        return self._given("key", self.found.grant.key_items)

    @property
    def fact_values(self) -> list[tuple[str, str, str]]:
        """Name, item and typed value of each item that can be confirmed."""
        return self._given("fact", self.found.grant.confirm_items)

    @property
    def param_values(self) -> list[tuple[str, str, str]]:
        """Name, parameter and typed value of each parameter of the endpoints that are passed through."""
        names = dict.fromkeys(name for each in self.found.endpoints for name in each.params)
        return self._given("param", tuple(names))

    def call(self) -> dict[str, Any]:
        """Return the arguments of the action."""
        good = self.cleaned_data
        kind, _colon, endpoint = good["mode"].partition(":")
        chosen = next((each for each in self.found.endpoints if each.name == endpoint), None)
        trial = actions.Trial(
            kind,
            keys={item: value for _name, item, value in self.key_values},
            facts={item: value for _name, item, value in self.fact_values} if kind == "confirm" else {},
            endpoint=endpoint,
            given={one: value for _name, one, value in self.param_values if chosen and one in chosen.params},
            after=good.get("after", ""),
        )
        return {**{name: good[name] for name in ("key_id", "secret", "purpose", "service_item")}, "trial": trial}


@sensitive_post_parameters("secret")
def console(request: HttpRequest) -> HttpResponse:
    """Choose a grant (?grant=12) and try a call with a system's own key; the answer shows below the form."""
    actor, now = faces.actor_of(request), clock.now()
    chosen = request.GET.get("grant", "")
    if not chosen.isdigit():
        rows, _meta = queries.services(actor, now)
        return faces.page(
            request,
            "services/choose.html",
            title=_("接口调试台"),
            lead=_("选择一项授权，用已登记业务系统的密钥试一次查询。"),
            crumbs=[(_("接口服务"), reverse("services_list")), (_("接口调试台"), "")],
            rows=rows,
        )
    found = queries.service(int(chosen), actor, now)
    form = CallForm(found, faces.posted(request))
    tried: actions.Tried | None = None
    if form.is_valid():
        with faces.told(form):
            tried = actions.try_query(found.grant.id, by=actor, at=now, **form.call())
    return faces.page(
        request,
        "services/console.html",
        title=_("接口调试台"),
        lead=f"{found.grant.reference} · {found.grant.resource_title}",
        crumbs=[
            (_("接口服务"), reverse("services_list")),
            (found.grant.reference, reverse("service", args=[found.grant.id])),
            (_("接口调试台"), ""),
        ],
        service=found,
        form=form,
        tried=tried,
        columns=[one["item"] for one in found.grant.items],
        answer=_rows(tried, found) if tried else [],
    )


def _rows(tried: actions.Tried, found: queries.Service) -> list[list[tuple[str, str]]]:
    items = [one["item"] for one in found.grant.items]
    return [[(item, row.get(item) or "") for item in items] for row in tried.rows]


class RulesForm(Form):
    """How the interface of a grant may be used."""

    listing = django_forms.BooleanField(
        label=gettext_lazy("允许逐页列出"),
        required=False,
        help_text=gettext_lazy("不必给出查询标识，按主键顺序逐页取得授权范围内的全部记录。"),
    )
    portal = django_forms.BooleanField(
        label=gettext_lazy("用于政务服务事项办理"),
        required=False,
        help_text=gettext_lazy("每次调用必须写明事项编号，并记入审计。"),
    )
    endpoints = django_forms.MultipleChoiceField(
        label=gettext_lazy("可直通的接口"),
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("使用方经网关调用所选接口，应答只含授权的信息项；接口在数据源的访问参数中登记。"),
    )

    def __init__(self, found: queries.Provided, data: QueryDict | None) -> None:
        row = found.grant
        super().__init__(data, initial={name: getattr(row, name) for name in ("listing", "portal", "endpoints")})
        if found.endpoints:
            offered = [(each.name, f"{each.name}（{each.method} {each.path}）") for each in found.endpoints]
            self.fields["endpoints"].choices = offered  # type: ignore[attr-defined]
        else:
            del self.fields["endpoints"]


def interface(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Show and change how the interface of a grant may be used; the provider's head does."""
    actor = faces.actor_of(request)
    found = queries.provided(grant_id, actor)
    row, form = found.grant, RulesForm(found, faces.posted(request))
    if form.is_valid():
        with faces.told(form):
            grant_actions.set_interface(grant_id, by=actor, at=clock.now(), **form.cleaned_data)
            return faces.done(request, _("接口规则已保存，两秒内生效。"), to=reverse("grant", args=[grant_id]))
    return faces.page(
        request,
        "services/interface.html",
        title=_("接口规则"),
        lead=f"{row.reference} · {row.resource_title}",
        crumbs=[
            (_("授权"), reverse("grants_list")),
            (row.reference, reverse("grant", args=[grant_id])),
            (_("接口规则"), ""),
        ],
        form=form,
        grant=row,
    )
