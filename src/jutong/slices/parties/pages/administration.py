"""The administrators' page of accounts: locks, first passwords, certificates, identities, completeness of departments."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.actors import ADMINISTRATORS
from jutong.kernel.faces import actor_of, page, posted
from jutong.kernel.terms import N_
from jutong.slices.parties import actions, queries
from jutong.slices.parties.pages import forms
from jutong.slices.parties.pages.answering import crumbs, deed, filled, may, only
from jutong.slices.parties.workflow import AUTHORITIES, OPERATORS, SECURITY_ADMINS, SYSTEM_ADMINS


def _page_of(pk: int) -> str:
    return reverse("account", args=[pk])


@require_GET
def accounts(request: HttpRequest) -> HttpResponse:
    """Show accounts to the three administrators; `?all=1` beyond the administrators' own."""
    actor, wanted = actor_of(request), forms.Filter(request.GET).wanted()
    only(actor, bool(actor.roles & ADMINISTRATORS))
    everyone = request.GET.get("all") == "1"
    rows, meta = queries.administrators(clock.now(), everyone=everyone, text=wanted["text"], number=wanted["number"])
    return page(
        request,
        "parties/accounts.html",
        title=_("账号与管理员"),
        rows=rows,
        meta=meta,
        wanted=wanted,
        everyone=everyone,
        crumbs=crumbs(here=_("账号与管理员")),
    )


@require_GET
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one account to the administrators."""
    actor = actor_of(request)
    only(actor, bool(actor.roles & ADMINISTRATORS))
    seen = queries.account_page(pk, clock.now())
    return page(
        request,
        "parties/account_admin.html",
        title=seen.account.username,
        seen=seen,
        may_secure=may(SECURITY_ADMINS, actor),
        may_disable=may(SECURITY_ADMINS | SYSTEM_ADMINS, actor),
        crumbs=crumbs((_("账号与管理员"), reverse("accounts")), here=seen.account.username),
    )


def account_reset(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a first password again."""
    return filled(
        request,
        forms.FirstPassword(posted(request)),
        lambda given: actions.reset_password(pk, password=given["password"], by=actor_of(request), at=clock.now()),
        who=SECURITY_ADMINS,
        title=_("重置口令"),
        sentence=_("口令已重置，本人下次登录须先修改；动态口令已停用。"),
        to=_page_of(pk),
        button=_("重置"),
    )


def account_certificate(request: HttpRequest, pk: int) -> HttpResponse:
    """Register a person's signing certificate."""
    return filled(
        request,
        forms.CertificateOnly(posted(request)),
        lambda given: actions.register_certificate(
            pk, certificate=given["certificate"].encode(), by=actor_of(request), at=clock.now()
        ),
        who=SECURITY_ADMINS,
        title=_("登记签名证书"),
        sentence=_("签名证书已登记。"),
        to=_page_of(pk),
        button=_("登记"),
    )


def account_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Link an identity of another trust service."""
    return filled(
        request,
        forms.Link(posted(request)),
        lambda given: actions.link_identity(pk, **given, by=actor_of(request), at=clock.now()),
        who=SECURITY_ADMINS,
        title=_("关联外部身份"),
        sentence=_("外部身份已关联。"),
        to=_page_of(pk),
        button=_("关联"),
    )


@require_GET
def completeness(request: HttpRequest) -> HttpResponse:
    """Show what departments still have to register."""
    actor = actor_of(request)
    only(actor, may(OPERATORS | AUTHORITIES | SYSTEM_ADMINS | SECURITY_ADMINS, actor))
    return page(
        request,
        "parties/completeness.html",
        title=_("登记完整性检查"),
        rows=queries.gaps_of_all(clock.now()),
        crumbs=crumbs(here=_("登记完整性检查")),
    )


def _accounts(_pk: int = 0) -> str:
    return reverse("accounts")


urlpatterns: list[URLPattern] = [
    path("accounts", accounts, name="accounts"),
    path("accounts/<int:pk>", account, name="account"),
    path("accounts/<int:pk>/reset", account_reset, name="account_reset"),
    path("accounts/<int:pk>/certificate", account_certificate, name="account_certificate"),
    path("accounts/<int:pk>/links/new", account_link, name="account_link"),
    path(
        "accounts/<int:pk>/unlock",
        deed("account_unlock", actions.unlock, N_("账号已解锁。"), _page_of),
        name="account_unlock",
    ),
    path(
        "accounts/<int:pk>/disable",
        deed("account_disable", actions.disable_account, N_("账号已停用，其会话和接口密钥立即失效。"), _page_of),
        name="account_disable",
    ),
    path(
        "accounts/<int:pk>/enable",
        deed("account_enable", actions.enable_account, N_("账号已启用。"), _page_of),
        name="account_enable",
    ),
    path(
        "links/<int:pk>/remove",
        deed("link_remove", actions.unlink_identity, N_("关联已解除。"), _accounts),
        name="link_remove",
    ),
    path("completeness", completeness, name="completeness"),
]
