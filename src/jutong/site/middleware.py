"""What every request passes: its id and headers, the size of its body, who asks and how often, and the refusals."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.contrib.auth import logout
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.translation import gettext as _

from jutong.kernel import clock
from jutong.kernel.errors import Refusal, RuleBroken, TooLarge, Unauthenticated, Unavailable
from jutong.kernel.faces import actors, answers, gate, limits, once, sessions, turned_away
from jutong.kernel.faces.addresses import client_address
from jutong.kernel.faces.shell import address_of
from jutong.kernel.settings import settings
from jutong.logs import TRACE

logger = logging.getLogger(__name__)

Answer = Callable[[HttpRequest], HttpResponse]
METHOD_NOT_ALLOWED: Final = 405
REFUSED_FROM: Final = 400
FORM_ALLOWANCE: Final = 1024 * 1024
"""Bytes that the other fields of a form may take beside its file."""


class WrongMethod(Refusal):
    """The address exists, and not for this method."""

    status = METHOD_NOT_ALLOWED
    code = "method_not_allowed"


def content_security_policy() -> str:
    """Return the policy: only own files, no inline script or style, forms also to the gateway, no framing."""
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src 'self'; form-action 'self' {settings().gateway_origin}; frame-ancestors 'none'; "
        "base-uri 'none'; object-src 'none'"
    )


def security_headers(answer: Answer) -> Answer:
    """Give every request an id (X-Request-Id) and every response the headers that browsers protect people by."""
    policy = content_security_policy()

    def answered(request: HttpRequest) -> HttpResponse:
        request.trace = uuid.uuid4().hex  # type: ignore[attr-defined]
        TRACE.set(answers.trace_of(request))
        response = answer(request)
        response["X-Request-Id"] = answers.trace_of(request)
        response.setdefault("Content-Security-Policy", policy)
        response.setdefault("X-Content-Type-Options", "nosniff")
        response.setdefault("X-Frame-Options", "DENY")
        response.setdefault("Referrer-Policy", "same-origin")
        response.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        if response.get("Content-Type", "").startswith(("text/html", "application/")):
            response.setdefault("Cache-Control", "private, no-store")
        if settings().tls:
            response.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        return response

    return answered


def bounded_body(answer: Answer) -> Answer:
    """Refuse a body larger than the upload limit before a byte of it is read (413)."""

    def answered(request: HttpRequest) -> HttpResponse:
        most = settings().upload_limit
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        if length <= most + FORM_ALLOWANCE:
            return answer(request)
        with translation.override(translation.get_language_from_request(request)):
            sentence = _("提交的内容超过 %(most)d MB 上限，请拆分后分次提交。") % {"most": most // 1024 // 1024}
            return answers.refused(request, TooLarge(sentence))

    return answered


class known_actor:  # noqa: N801 - named like the functions beside it in the settings
    """Let nobody unknown in (except views marked login_not_required), end sessions in time, keep to the rates."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; the decision needs the view and falls in `process_view`."""
        return self.answer(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Answer instead of the view where the person may not come in."""
        if answers.is_api(request):
            return None
        try:
            return self._stopped(request, view)
        except Refusal as refusal:
            return answers.refused(request, refusal)

    def _stopped(self, request: HttpRequest, view: Callable[..., Any]) -> HttpResponse | None:
        now = clock.now()
        if request.user.is_authenticated and (why := sessions.overstayed(request.session, at=now)):
            logout(request)
            messages.warning(request, why)
        if not request.user.is_authenticated:
            limits.check("address", client_address(request), most=settings().rate_per_minute, at=now)
            return self._to_the_door(request) if getattr(view, "login_required", True) else None
        limits.check("account", str(request.user.pk), most=settings().rate_per_minute, at=now)
        if request.headers.get("X-Jutong-Poll") != "1":
            sessions.touch(request.session, at=now)
        gate.check_address(actors.actor_of(request))
        change = address_of("password_change")
        if request.session.get(sessions.MUST_CHANGE) and getattr(view, "login_required", True):
            return None if request.path in {change, address_of("sign_out")} else HttpResponseRedirect(change)
        return None

    def _to_the_door(self, request: HttpRequest) -> HttpResponse:
        door = address_of("sign_in")
        refusal = Unauthenticated(_("登录已失效，请重新登录后再操作。"))
        turned_away.note(request, refusal)
        if request.method == "GET" and door and not answers.is_htmx(request):
            return HttpResponseRedirect(f"{door}?{urlencode({'next': request.get_full_path()})}")
        response = answers.refused(request, refusal)
        if answers.is_htmx(request) and door:
            shown = urlsplit(request.headers.get("HX-Current-URL", ""))
            response["HX-Redirect"] = f"{door}?{urlencode({'next': shown.path})}" if shown.path else door
        return response


def _unreadable(request: HttpRequest) -> str:
    """Return the name of a query parameter that holds a NUL, which the database cannot; pages clean theirs."""
    return next((name for name, values in request.GET.lists() if "\x00" in "".join(values)), "").replace("\x00", "")


class refusals:  # noqa: N801 - named like the functions beside it in the settings
    """Spend a form's once-token, and answer every refusal raised by a view with its sentence and status."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; give the token back where nothing was done, and a page where only a status was given."""
        response = self.answer(request)
        token = getattr(request, "once_token", "")
        if token and response.status_code >= REFUSED_FROM:
            once.give_back(token)
        if response.status_code == METHOD_NOT_ALLOWED and "X-Refusal" not in response:
            sentence = _("该地址不支持 %(method)s 方式的请求。") % {"method": request.method}
            allowed = response.get("Allow", "")
            response = answers.refused(request, WrongMethod(sentence))
            response["Allow"] = allowed
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Refuse a form that was submitted before, and a question to the API that no text can hold."""
        if answers.is_api(request) and (name := _unreadable(request)):
            sentence = _("查询参数“%s”含有不可见的控制字符，请删除后重试。") % name
            return answers.refused(request, RuleBroken(sentence, field=name))
        if request.method != "POST" or answers.is_api(request) or getattr(view, "rehearsal", False):
            return None
        token = request.POST.get(once.FIELD, "")
        if not token:
            return None
        try:
            once.spend(token, request.user.pk, at=clock.now())
        except Refusal as refusal:
            return answers.refused(request, refusal)
        request.once_token = token  # type: ignore[attr-defined]
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn a refusal into its answer, and a database that does not answer into 503; all else is a bug."""
        if isinstance(error, Refusal):
            return answers.refused(request, error)
        if isinstance(error, (OperationalError, InterfaceError)):
            logger.error("database unavailable: %s", error)
            return answers.refused(request, Unavailable(_("数据库暂时无法访问，本次操作没有执行。")))
        return None
