"""Handing reminders over: letters by SMTP, CloudEvents by https to an address that was registered, and to no other."""

from __future__ import annotations

import secrets
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

import httpx
import orjson
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.utils.translation import gettext as _

from jutong.crypto import sm3
from jutong.kernel import keys
from jutong.kernel.settings import settings
from jutong.slices.parties.models import Reminder
from jutong.slices.parties.rules import reminders as rules

SECONDS: Final = 10.0
SOURCE_PATH: Final = "/parties/me/reminders"
EVENT_TYPE: Final = "cn.jutong.reminder"


class NotSent(Exception):  # noqa: N818 - a fact that is written down, no programming error
    """What kept a reminder from being handed over, in words without addresses or secrets. whole: it would keep all others, too."""

    def __init__(self, words: str, *, whole: bool = False) -> None:
        super().__init__(words)
        self.whole = whole


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail: to whom, subject, text; ids of the reminders in it make its Message-ID, the same at every try."""

    to: str
    subject: str
    text: str
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """Where a reminder is posted to, and the concealed key that signs it."""

    url: str
    secret: bytes = field(repr=False)


@contextmanager
def mail() -> Iterator[Callable[[Letter], None]]:
    """Give a function that sends letters over one connection to the configured server, opened with the first; it raises NotSent."""
    backend = _backend()
    try:
        yield lambda letter: _hand_over(backend, letter)
    finally:
        if backend is not None:
            backend.close()


def _backend() -> EmailBackend | None:
    url = settings().smtp_url
    if not url:
        return None
    parts = urlsplit(url)
    held = settings().smtp_password_file
    return EmailBackend(
        host=parts.hostname,
        port=parts.port or {"smtps": 465, "smtp+starttls": 587}.get(parts.scheme, 25),
        username=unquote(parts.username or "") or None,
        password=held.read_text(encoding="utf-8").strip() if held else None,
        use_ssl=parts.scheme == "smtps",
        use_tls=parts.scheme == "smtp+starttls",
        timeout=SECONDS,
    )


def _hand_over(backend: EmailBackend | None, letter: Letter) -> None:
    if backend is None:
        raise NotSent(_("平台没有配置邮件服务器（JUTONG_SMTP_URL）。"), whole=True)
    own = settings()
    name = sm3.hexdigest(",".join(str(pk) for pk in letter.ids).encode())[:32]
    message = EmailMessage(
        _("[聚通] %s") % letter.subject,
        letter.text,
        own.mail_from,
        [letter.to],
        headers={"Message-ID": f"<{name}@{urlsplit(own.web_origin).hostname}>", "Auto-Submitted": "auto-generated"},
        connection=backend,
    )
    try:
        try:
            _send(backend, message)
        except smtplib.SMTPServerDisconnected:  # many servers end a session after some letters
            _send(backend, message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        whole = not isinstance(error, (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, ValueError))
        if whole:
            backend.connection = None
        raise NotSent(_("邮件未能送出：%s") % type(error).__name__, whole=whole) from None


def _send(backend: EmailBackend, message: EmailMessage) -> None:
    """Send over the connection that is open; what opens one for a letter alone would close it after that."""
    backend.open()
    try:
        message.send()
    except smtplib.SMTPServerDisconnected:
        backend.connection = None
        raise


def post_all(to: Post, row: Reminder) -> None:
    """Post one reminder as a CloudEvent 1.0 in structured mode, signed; NotSent for any answer but a 2xx.

    The host's addresses are looked up now and all must be public or in `outgoing_networks`; the connection goes to the
    address that was looked at, so a name that changes its mind meanwhile leads nowhere. Redirects are not followed.
    """
    body = orjson.dumps(event_of(row))
    parts = urlsplit(to.url)
    host, port = parts.hostname or "", parts.port or rules.HTTPS_PORT
    rules_host(host)
    address = _address(host, port)
    shown = f"[{address}]" if ":" in address else address
    request_url = httpx.URL(to.url).copy_with(host=shown)
    headers = _signed(to, request_url.raw_path.decode("ascii"), body) | {
        "Host": host if port == rules.HTTPS_PORT else f"{host}:{port}",
        "Content-Type": "application/cloudevents+json; charset=utf-8",
    }
    try:
        with (
            httpx.Client(timeout=SECONDS, verify=_trust(), trust_env=False, follow_redirects=False) as client,
            client.stream(
                "POST", request_url, content=body, headers=headers, extensions={"sni_hostname": host}
            ) as answer,
        ):
            status = answer.status_code
    except (httpx.HTTPError, ssl.SSLError, OSError) as error:
        raise NotSent(_("推送未能送达：%s") % type(error).__name__) from None
    if not httpx.codes.is_success(status):
        raise NotSent(_("推送地址答复状态 %d。") % status)


def rules_host(host: str) -> None:
    """Refuse a host that was taken off the platform's list since the address was registered (NotSent)."""
    if host not in {name.lower() for name in settings().outgoing_hosts}:
        raise NotSent(_("主机“%s”已不在平台允许访问的外部主机名单内。") % host)


def _address(host: str, port: int) -> str:
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise NotSent(_("推送地址的主机名无法解析。")) from None
    if not found or not all(rules.reachable(address, settings().outgoing_networks) for address in found):
        raise NotSent(_("推送地址指向内部网络，平台不予访问。"))
    return min(found)


def _trust() -> ssl.SSLContext:
    held = settings().outgoing_authorities
    return ssl.create_default_context(cafile=str(held) if held else None)


def _signed(to: Post, target: str, body: bytes) -> dict[str, str]:
    """Return the headers of the proof: HMAC-SM3 over method, path, time, nonce and SM3 of the body, as between the planes."""
    moment, nonce = str(time.time_ns() // 1_000_000), secrets.token_hex(16)
    lines = "\n".join(["POST", target, moment, nonce, sm3.hexdigest(body)])
    return {
        "X-Jutong-Time": moment,
        "X-Jutong-Nonce": nonce,
        "X-Jutong-Signature": sm3.hmac_sm3(keys.reveal(to.secret), lines.encode()).hex(),
    }


def event_of(row: Reminder) -> dict[str, object]:
    """Return a reminder as a CloudEvent: its id stays the same at every try; data says number, title, due day and link."""
    origin = settings().web_origin
    return {
        "specversion": "1.0",
        "id": str(row.pk),
        "source": f"{origin}{SOURCE_PATH}",
        "type": f"{EVENT_TYPE}.{row.kind}",
        "subject": row.case_kind,
        "time": row.made_at.isoformat(),
        "datacontenttype": "application/json",
        "data": {
            "number": row.number,
            "title": row.title,
            "due_day": row.due_day.isoformat() if row.due_day else None,
            "link": f"{origin}{row.link}",
        },
    }
