"""Request signatures of other platforms, as pure functions: for calls we make, and for calls made to us.

Every pattern is an application key, a moment and a keyed digest (standards-facts, chapter 10). None of them covers the
body, and only Guangdong's carries a nonce: whoever takes such a call refuses a `Presented.once` seen before within the
window, and offers our own signature (HMAC-SM3 over method, path, body digest, time and nonce) to whoever can make it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from jutong.dataplane.errors import RuleBroken, Unauthenticated

WINDOW_SECONDS = 300


class Scheme(StrEnum):
    """Whose pattern it is."""

    NATIONAL = "national"
    GUANGDONG = "guangdong"
    ZHEJIANG = "zhejiang"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signed call carries beside its own content."""

    headers: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Presented:
    """What an incoming call claims. moment: as written. once: what no second call may carry within the window."""

    scheme: Scheme
    app_key: str
    service: str
    moment: str
    nonce: str
    signature: str

    @property
    def once(self) -> str:
        """Return the nonce, or the signature where the pattern has none."""
        return self.nonce or self.signature.lower()


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Names of the fields of one scheme, their place, the unit of time, and the digest over them."""

    app_key: str
    moment: str
    signature: str
    digest: Callable[[Presented, str], str]
    per_second: int
    service: str = ""
    nonce: str = ""
    headers: bool = True


def _national(call: Presented, secret: str) -> str:
    """Base64 of HMAC-SHA256 under the application's secret over service, requester and milliseconds."""
    text = call.service + call.app_key + call.moment
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).decode()


def _guangdong(call: Presented, secret: str) -> str:
    """SHA-256, hex, of seconds, token, nonce, seconds."""
    return hashlib.sha256((call.moment + secret + call.nonce + call.moment).encode()).hexdigest()


def _zhejiang(call: Presented, secret: str) -> str:
    """MD5, hex, of application key, request secret, milliseconds: the platform's choice, not ours."""
    return hashlib.md5((call.app_key + secret + call.moment).encode(), usedforsecurity=False).hexdigest()


_PATTERNS = {
    Scheme.NATIONAL: _Pattern(
        app_key="gjgxjhpt_rid",
        service="gjgxjhpt_sid",
        moment="gjgxjhpt_rtime",
        signature="gjgxjhpt_sign",
        digest=_national,
        per_second=1000,
    ),
    Scheme.GUANGDONG: _Pattern(
        app_key="x-tif-paasid",
        service="x-tif-serviceId",
        moment="x-tif-timestamp",
        nonce="x-tif-nonce",
        signature="x-tif-signature",
        digest=_guangdong,
        per_second=1,
    ),
    Scheme.ZHEJIANG: _Pattern(
        app_key="appKey",
        moment="requestTime",
        signature="sign",
        digest=_zhejiang,
        per_second=1000,
        headers=False,
    ),
}


def sign(scheme: Scheme, *, app_key: str, secret: str, at: datetime, service: str = "", nonce: str = "") -> Signed:
    """Return what a call to a platform of this scheme has to carry.

    secret: the application's secret, token or (Zhejiang) short-lived request secret. service: the service's id there.
    nonce: a fresh one per call, for Guangdong. Raises RuleBroken when the scheme needs what is not given.
    """
    pattern = _PATTERNS[scheme]
    for needed, given in ((pattern.service, service), (pattern.nonce, nonce)):
        if needed and not given:
            raise RuleBroken(f"按 {scheme.value} 方式签名需要 {needed}，请在数据源的访问参数中填写。")
    moment = str(int(at.timestamp() * pattern.per_second))
    call = Presented(scheme, app_key, service, moment, nonce, "")
    names = (pattern.app_key, pattern.service, pattern.moment, pattern.nonce, pattern.signature)
    values = (app_key, service, moment, nonce, pattern.digest(call, secret))
    carried = {name: value for name, value in zip(names, values, strict=True) if name}
    return Signed(headers=carried) if pattern.headers else Signed(params=carried)


def presented(headers: Mapping[str, str], params: Mapping[str, str]) -> Presented | None:
    """Return what an incoming call claims in the first scheme whose signature it carries, or None.

    headers: by lower-case name. A claim with a field missing is Unauthenticated; nothing is verified yet.
    """
    for scheme, pattern in _PATTERNS.items():
        given = headers if pattern.headers else params
        names = (pattern.app_key, pattern.service, pattern.moment, pattern.nonce, pattern.signature)
        told = [given.get(name.lower() if pattern.headers else name, "") if name else "" for name in names]
        if not told[-1]:
            continue
        for name, value in zip(names, told, strict=True):
            if name and not value:
                raise Unauthenticated(f"签名字段 {name} 缺失，请按约定补齐。")
        return Presented(scheme, *told)
    return None


def names(scheme: Scheme) -> tuple[str, ...]:
    """Return the names of a scheme's own fields."""
    pattern = _PATTERNS[scheme]
    return (pattern.app_key, pattern.service, pattern.moment, pattern.nonce, pattern.signature)


def verify(call: Presented, secret: str, *, at: datetime, window: int = WINDOW_SECONDS) -> None:
    """Hold an incoming claim against the secret of its application; `Unauthenticated` with the reason.

    window: seconds that the call's moment may lie before or after `at`. The caller refuses a `call.once` it has seen.
    """
    pattern = _PATTERNS[call.scheme]
    if not (call.moment.isascii() and call.moment.isdigit() and len(call.moment) < 16):  # noqa: PLR2004 - milliseconds
        raise Unauthenticated(f"签名字段 {pattern.moment} 应为整数时间戳，请修改。")
    if abs(int(call.moment) / pattern.per_second - at.astimezone(UTC).timestamp()) > window:
        raise Unauthenticated(f"签名时间与平台时间相差超过 {window} 秒，请校准时钟后重新签名。")
    wanted = pattern.digest(call, secret)
    given = call.signature if call.scheme is Scheme.NATIONAL else call.signature.lower()
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        raise Unauthenticated("签名不正确，请检查应用密钥与签名算法。")
