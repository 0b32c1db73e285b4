"""Signing in and out, by password, second factor, OIDC and SM2 certificate; changing one's password."""

from __future__ import annotations

import hmac
import secrets
from typing import Any, Final
from urllib.parse import unquote

from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock
from jutong.kernel.actors import Actor
from jutong.kernel.errors import Refusal, Unauthenticated
from jutong.kernel.faces import Form, actor_of, client_address, done, limits, page, posted, sessions, told
from jutong.kernel.faces.addresses import is_within, networks
from jutong.kernel.faces.answers import SEE_OTHER, trace_of
from jutong.kernel.settings import settings
from jutong.slices.parties import actions, queries
from jutong.slices.parties.actions.signing_in import SignedIn
from jutong.slices.parties.models import Account
from jutong.slices.parties.pages import forms

HALF: Final = "half_signed_in"
"""Session key: account, time and target of a sign-in that still lacks the second factor."""
OIDC: Final = "oidc_begun"
CHALLENGE: Final = "certificate_challenge"
PATIENCE: Final = 300
"""Seconds in which a begun sign-in must be finished."""
CLIENT_CERTIFICATE: Final = "HTTP_X_CLIENT_CERTIFICATE"


def _door(request: HttpRequest, name: str) -> Actor:
    limits.check("sign_in", client_address(request), most=settings().sign_in_rate_per_minute, at=clock.now())
    return actions.door(name, client_address(request), trace_of(request))


def _target(request: HttpRequest) -> str:
    """Return where to go afterwards: only within this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    good = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if good else "/"


def _enter(request: HttpRequest, who: SignedIn, target: str) -> HttpResponse:
    """Let somebody in, or on to the second factor."""
    now = clock.now()
    if who.second_factor:
        request.session.cycle_key()
        request.session[HALF] = {"account": who.account_id, "at": now.timestamp(), "next": target}
        return HttpResponseRedirect(reverse("second_factor"), status=SEE_OTHER)
    request.session.pop(HALF, None)
    login(request, Account.objects.get(pk=who.account_id))
    sessions.touch(request.session, at=now)
    sessions.must_change(request.session, first=who.must_change)
    return HttpResponseRedirect(reverse("password_change") if who.must_change else target, status=SEE_OTHER)


def _refused(request: HttpRequest, template: str, form: Form, refusal: Refusal, **context: Any) -> HttpResponse:
    form.refusal = refusal
    form.add_error(None, refusal.sentence)
    return page(request, template, form=form, **context)


def other_ways() -> list[tuple[str, str]]:
    """Return the further ways in that are set up: label and address."""
    own = settings()
    ways = [(_("统一身份认证"), reverse("oidc"))] if own.oidc_issuer else []
    return ways + ([(_("SM2 数字证书"), reverse("certificate"))] if own.certificate_authorities else [])


@login_not_required
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with name and password."""
    if request.user.is_authenticated and request.method == "GET":
        return HttpResponseRedirect(_target(request))
    form = forms.SignIn(posted(request))
    shown: dict[str, Any] = {"next": _target(request), "other_ways": other_ways()}
    if settings().demo:
        shown["demo"] = queries.demo_accounts()
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        by = _door(request, given["username"])
        try:
            who = actions.sign_in(given["username"], given["password"], by=by, at=clock.now())
        except Unauthenticated as refusal:
            return _refused(request, "parties/sign_in.html", form, refusal, **shown)
        return _enter(request, who, _target(request))
    return page(request, "parties/sign_in.html", form=form, **shown)


@login_not_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """Show the one-time code after the password."""
    half = request.session.get(HALF)
    now = clock.now()
    if not half or now.timestamp() - half["at"] > PATIENCE:
        request.session.pop(HALF, None)
        return HttpResponseRedirect(reverse("sign_in"), status=SEE_OTHER)
    form = forms.OneTimeCode(posted(request))
    if form.is_bound and form.is_valid():
        by = _door(request, str(half["account"]))
        try:
            who = actions.second_factor(half["account"], form.cleaned_data["code"], by=by, at=now)
        except Unauthenticated as refusal:
            return _refused(request, "shell/second_factor.html", form, refusal)
        return _enter(request, who, half["next"])
    return page(request, "shell/second_factor.html", form=form)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return done(request, _("您已退出登录。"), to=reverse("sign_in"))


@sensitive_post_parameters()
def password_change(request: HttpRequest) -> HttpResponse:
    """Change one's own password; the other sessions end, this one goes on."""
    form = forms.PasswordChange(posted(request))
    if form.is_bound and form.is_valid():
        given, actor = form.cleaned_data, actor_of(request)
        with told(form):
            actions.change_password(
                actor.account_id or 0, old=given["old_password"], new=given["new_password"], by=actor, at=clock.now()
            )
            update_session_auth_hash(request, Account.objects.get(pk=actor.account_id or 0))
            sessions.must_change(request.session, first=False)
            return done(request, _("口令已修改，其他登录已全部退出。"), to="/")
    forced = bool(request.session.get(sessions.MUST_CHANGE))
    return page(request, "shell/password_change.html", form=form, forced=forced)


def _callback(_request: HttpRequest) -> str:
    return settings().web_origin.rstrip("/") + reverse("oidc_callback")


@login_not_required
@require_GET
def oidc(request: HttpRequest) -> HttpResponse:
    """Send the browser to the identity provider."""
    _door(request, "oidc")
    begun = actions.begin_oidc(_callback(request))
    request.session[OIDC] = {
        "state": begun.state,
        "nonce": begun.nonce,
        "verifier": begun.verifier,
        "next": _target(request),
        "at": clock.now().timestamp(),
    }
    return HttpResponseRedirect(begun.url)


@login_not_required
@require_GET
def oidc_callback(request: HttpRequest) -> HttpResponse:
    """Take the browser back from the identity provider."""
    begun, now = request.session.pop(OIDC, None), clock.now()
    state, code = request.GET.get("state", ""), request.GET.get("code", "")
    fresh = begun and now.timestamp() - begun["at"] <= PATIENCE
    if not fresh or not code or not hmac.compare_digest(state.encode(), begun["state"].encode()):
        raise Unauthenticated(_("统一身份认证登录未完成或已超时，请重新登录。"))
    who = actions.sign_in_by_oidc(
        code,
        verifier=begun["verifier"],
        nonce=begun["nonce"],
        redirect_uri=_callback(request),
        by=_door(request, "oidc"),
        at=now,
    )
    return _enter(request, who, begun["next"])


@login_not_required
def certificate(request: HttpRequest) -> HttpResponse:
    """Sign in with an SM2 certificate: the holder signs a challenge, or a trusted TLS proxy has checked the key."""
    now = clock.now()
    if shown := _from_proxy(request):
        by = _door(request, "certificate")
        who = actions.sign_in_by_certificate(shown, challenge="", signature=None, by=by, at=now)
        return _enter(request, who, _target(request))
    form = forms.Certificate(posted(request))
    kept = request.session.pop(CHALLENGE, None) if form.is_bound else None
    if form.is_bound and form.is_valid() and kept and now.timestamp() - kept["at"] <= PATIENCE:
        given, by = form.cleaned_data, _door(request, "certificate")
        try:
            who = actions.sign_in_by_certificate(
                given["certificate"].encode(),
                challenge=kept["challenge"],
                signature=_signature(given["signature"]),
                by=by,
                at=now,
            )
        except Unauthenticated as refusal:
            return _refused(request, "parties/certificate.html", form, refusal, **_challenged(request))
        return _enter(request, who, _target(request))
    return page(request, "parties/certificate.html", form=form, **_challenged(request))


def _challenged(request: HttpRequest) -> dict[str, Any]:
    """Make a fresh challenge, keep it in the session, and return the sentence to be signed."""
    challenge = secrets.token_hex(32)
    request.session[CHALLENGE] = {"challenge": challenge, "at": clock.now().timestamp()}
    return {"statement": actions.challenge_statement(challenge).decode(), "next": _target(request)}


def _signature(text: str) -> bytes:
    try:
        return bytes.fromhex("".join(text.split()))
    except ValueError:
        raise Unauthenticated(_("签名应为十六进制文本，请检查后重新提交。")) from None


def _from_proxy(request: HttpRequest) -> bytes:
    """Return the client certificate that a trusted proxy passes on (PEM, percent-encoded), or nothing."""
    text = request.META.get(CLIENT_CERTIFICATE, "")
    trusted = networks(tuple(settings().trusted_proxies))
    if not text or not is_within(str(request.META.get("REMOTE_ADDR", "")), trusted):
        return b""
    return unquote(text).encode()


urlpatterns: list[URLPattern] = [
    path("sign-in", sign_in, name="sign_in"),
    path("second-factor", second_factor, name="second_factor"),
    path("sign-out", sign_out, name="sign_out"),
    path("password", password_change, name="password_change"),
    path("oidc", oidc, name="oidc"),
    path("oidc/callback", oidc_callback, name="oidc_callback"),
    path("certificate", certificate, name="certificate"),
]
