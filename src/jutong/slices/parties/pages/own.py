"""My account: second factor, API keys, delegations."""

from __future__ import annotations

import segno
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.faces import actor_of, done, page, posted, told
from jutong.kernel.terms import N_
from jutong.slices.parties import actions, queries
from jutong.slices.parties.pages import forms
from jutong.slices.parties.pages.answering import deed, filled


def _here(_pk: int = 0) -> str:
    return reverse("my_account")


@require_GET
def my_account(request: HttpRequest) -> HttpResponse:
    """Show the own account."""
    return page(
        request, "parties/account.html", title=_("我的账号"), own=queries.own_account(actor_of(request), clock.now())
    )


def second_factor_new(request: HttpRequest) -> HttpResponse:
    """Set up the second factor: a first POST makes a seed and shows it, a second one proves it with a code."""
    actor = actor_of(request)
    proving = request.POST.get("code") is not None
    form = forms.OneTimeCode(posted(request) if proving else None)
    if form.is_bound and form.is_valid():
        with told(form):
            actions.confirm_second_factor(
                actor.account_id or 0, code=form.cleaned_data["code"], by=actor, at=clock.now()
            )
            return done(request, _("动态口令已启用，下次登录时需要输入。"), to=_here())
    making = request.method == "POST" and not proving
    address = actions.prepare_second_factor(actor.account_id or 0, by=actor, at=clock.now()) if making else ""
    picture = segno.make(address).svg_data_uri(scale=5) if address else ""
    return page(
        request, "parties/second_factor.html", form=form, title=_("启用动态口令"), picture=picture, address=address
    )


def second_factor_off(request: HttpRequest) -> HttpResponse:
    """Turn the second factor off."""
    actor = actor_of(request)
    return filled(
        request,
        forms.OneTimeCode(posted(request)),
        lambda given: actions.remove_second_factor(actor.account_id or 0, code=given["code"], by=actor, at=clock.now()),
        title=_("停用动态口令"),
        sentence=_("动态口令已停用。"),
        to=_here(),
    )


def api_key_new(request: HttpRequest) -> HttpResponse:
    """Issue a personal API key and show it once."""
    form = forms.ApiKey(posted(request))
    if form.is_bound and form.is_valid():
        with told(form):
            issued = actions.issue_api_key(**form.cleaned_data, by=actor_of(request), at=clock.now())
            return page(
                request,
                "parties/once.html",
                title=_("接口密钥已生成"),
                secrets=[(_("接口密钥"), issued.text)],
                back=_here(),
                hint=_("调用管理接口时使用请求头 Authorization: Bearer 加上该密钥。"),
            )
    return page(request, "parties/form.html", form=form, title=_("申请接口密钥"), back=_here(), button=_("生成"))


def delegation_new(request: HttpRequest) -> HttpResponse:
    """Let a colleague act in one of one's own posts."""
    actor = actor_of(request)
    offered = queries.delegable(actor, clock.now())
    form = forms.Delegate(posted(request))
    form.fields["post"].choices = offered.posts  # type: ignore[attr-defined]
    form.fields["to_id"].choices = offered.colleagues  # type: ignore[attr-defined]
    form.fields["duties"].choices = offered.duties  # type: ignore[attr-defined]
    return filled(
        request,
        form,
        lambda given: actions.delegate(given.pop("post"), **given, by=actor, at=clock.now()),
        title=_("委托代办"),
        sentence=_("代办已生效，代办人办理时将同时记录双方姓名。"),
        to=_here(),
    )


urlpatterns: list[URLPattern] = [
    path("me", my_account, name="my_account"),
    path("me/second-factor", second_factor_new, name="second_factor_new"),
    path("me/second-factor/off", second_factor_off, name="second_factor_off"),
    path("me/keys/new", api_key_new, name="api_key_new"),
    path(
        "me/keys/<int:pk>/revoke",
        deed("api_key_revoke", actions.revoke_api_key, N_("接口密钥已停用。"), _here),
        name="api_key_revoke",
    ),
    path("me/delegations/new", delegation_new, name="delegation_new"),
    path(
        "me/delegations/<int:pk>/end",
        deed("delegation_end", actions.end_delegation, N_("代办已结束。"), _here),
        name="delegation_end",
    ),
]
