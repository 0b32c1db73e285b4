"""Signing in through an OpenID Connect provider: authorization code with PKCE (RFC 7636), issuer discovery (R-SEC-003)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
from django.utils.translation import gettext as _
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere, Unauthenticated, Unavailable
from jutong.kernel.settings import settings
from jutong.slices.parties.actions.signing_in import SignedIn, sign_in_by_identity

ALGORITHMS: Final = ["RS256", "PS256", "ES256", "EdDSA"]
SECONDS: Final = 5.0
LEEWAY: Final = 60
MOST_BYTES: Final = 512 * 1024


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in on its way: where to send the browser, and what the session keeps until it comes back."""

    url: str
    state: str
    nonce: str
    verifier: str


def begin_oidc(redirect_uri: str) -> Begun:
    """Return where the browser goes to sign in. NotThere when no provider is set, Unavailable when it does not answer."""
    issuer = _issuer()
    place = _discovered(issuer)["authorization_endpoint"]
    begun = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    digest = hashlib.sha256(begun["verifier"].encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": settings().oidc_client_id,
        "redirect_uri": redirect_uri,
        "scope": "openid",
        "state": begun["state"],
        "nonce": begun["nonce"],
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    joint = "&" if "?" in place else "?"
    return Begun(f"{place}{joint}{urlencode(asked)}", **begun)


def sign_in_by_oidc(code: str, *, verifier: str, nonce: str, redirect_uri: str, by: Actor, at: datetime) -> SignedIn:
    """Exchange the code, verify the identity token and sign its subject in.

    The token must be signed by a key of the issuer, meant for us, not expired, and carry the nonce; Unauthenticated
    otherwise, and when the subject is not linked to an account.
    """
    issuer = _issuer()
    places = _discovered(issuer)
    token = _exchanged(places["token_endpoint"], code, verifier, redirect_uri)
    claims = _verified(token, _asked("GET", places["jwks_uri"]), issuer, nonce, at)
    return sign_in_by_identity("oidc", issuer=issuer, subject=str(claims["sub"]), by=by, at=at)


def _issuer() -> str:
    issuer = settings().oidc_issuer.rstrip("/")
    if not issuer or not settings().oidc_client_id:
        raise NotThere(_("本平台没有启用统一身份认证登录。"))
    return issuer


def _discovered(issuer: str) -> dict[str, Any]:
    found = _asked("GET", f"{issuer}/.well-known/openid-configuration")
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if str(found.get("issuer", "")).rstrip("/") != issuer or not all(
        isinstance(found.get(name), str) for name in needed
    ):
        raise Unavailable(_("统一身份认证服务的发现文档与登记的签发者不符，请管理员核对设置。"))
    return found


def _exchanged(place: str, code: str, verifier: str, redirect_uri: str) -> str:
    own = settings()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        "client_id": own.oidc_client_id,
    }
    if own.oidc_client_secret_file:
        form["client_secret"] = own.oidc_client_secret_file.read_text().strip()
    token = _asked("POST", place, form).get("id_token")
    if not isinstance(token, str):
        raise Unauthenticated(_("统一身份认证没有返回身份令牌，请重新登录。"))
    return token


def _asked(method: str, url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
    """Ask the provider; TLS is verified, redirects are not followed, plain HTTP only in the demo profile."""
    if urlsplit(url).scheme != "https" and not settings().demo:
        raise Unavailable(_("统一身份认证地址必须使用 https，请管理员核对设置。"))
    try:
        answer = httpx.request(method, url, data=form, timeout=SECONDS, follow_redirects=False, trust_env=False)
    except httpx.HTTPError:
        raise Unavailable(_("统一身份认证服务暂时无法访问，请稍后重试或使用用户名口令登录。")) from None
    if 400 <= answer.status_code < 500 and form is not None:  # noqa: PLR2004 - the code was refused (RFC 6749, 5.2)
        raise Unauthenticated(_("统一身份认证未通过，请重新登录。"))
    try:
        found = answer.json() if len(answer.content) <= MOST_BYTES else None
    except ValueError:
        found = None
    if answer.status_code != httpx.codes.OK or not isinstance(found, dict):
        raise Unavailable(_("统一身份认证服务的答复无法识别，请稍后重试或联系管理员。"))
    return found


def _verified(token: str, keys: dict[str, Any], issuer: str, nonce: str, at: datetime) -> dict[str, Any]:
    registry = jwt.JWTClaimsRegistry(
        now=int(at.timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": settings().oidc_client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        decoded = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]
        registry.validate(decoded.claims)
    except (JoseError, ValueError, TypeError, KeyError):
        raise Unauthenticated(_("统一身份认证返回的身份令牌未通过校验，请重新登录。")) from None
    return decoded.claims
