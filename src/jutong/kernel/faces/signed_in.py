"""The API's door: a session of the site, or a personal API key as `Authorization: Bearer jt_…`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _

from jutong.kernel import clock
from jutong.kernel.actors import Actor, Channel
from jutong.kernel.errors import NotAllowed, Unauthenticated
from jutong.kernel.faces import actors, gate, limits, sessions
from jutong.kernel.faces.addresses import client_address
from jutong.kernel.settings import settings

KeyLoader = Callable[[str, str], Actor]
"""Takes the key's text and the client's address; Unauthenticated for a key that is not good."""

_loaders: Final[list[KeyLoader]] = []


class _Csrf(CsrfViewMiddleware):
    """Django's check, asked directly: the reason instead of a page."""

    def _reject(self, _request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponse(reason, status=403)


def use_keys(loader: KeyLoader) -> None:
    """Let `loader` answer who a key belongs to; the last one given wins (slice parties calls this when it is ready)."""
    _loaders[:] = [loader]


def signed_in(request: HttpRequest) -> Actor:
    """Return who calls the API.

    Unauthenticated: neither a good key nor a session in time. NotAllowed: an unsafe call by session without the CSRF
    token, a password that has to be changed first, an administrator from elsewhere. TooMany: above the rate. A header
    that is there decides; a session is then not asked.
    """
    header = request.headers.get("Authorization", "")
    address = client_address(request)
    if not header and not request.user.is_authenticated:
        limits.check("address", address, most=settings().rate_per_minute, at=clock.now())
        raise Unauthenticated(_("请先登录，或使用个人接口密钥调用。"))
    if header:
        limits.check("key", address, most=settings().rate_per_minute, at=clock.now())
    actor = _by_key(request, header, address) if header else _by_session(request)
    gate.check_address(actor)
    limits.check("account", str(actor.account_id), most=settings().rate_per_minute, at=clock.now())
    actors.keep(request, actor)
    return actor


def _by_key(request: HttpRequest, header: str, address: str) -> Actor:
    scheme, _blank, key = header.partition(" ")
    if scheme.lower() != "bearer" or not key.strip() or not _loaders:
        raise Unauthenticated(_("接口认证方式不正确，请使用“Authorization: Bearer 接口密钥”。"))
    return replace(_loaders[0](key.strip(), address), trace=str(getattr(request, "trace", "")))


def _by_session(request: HttpRequest) -> Actor:
    if why := sessions.overstayed(request.session, at=clock.now()):
        raise Unauthenticated(why)
    actor = actors.actor_of(request)
    check = _Csrf(lambda _request: HttpResponse())
    request.csrf_processing_done = False  # type: ignore[attr-defined]
    check.process_request(request)
    if check.process_view(request, lambda _request: HttpResponse(), (), {}) is not None:
        raise NotAllowed(_("请求缺少防跨站令牌，请从页面操作，或使用个人接口密钥调用。"))
    if request.session.get(sessions.MUST_CHANGE):
        raise NotAllowed(_("请先修改口令，再进行其他操作。"))
    return replace(actor, channel=Channel.API)
