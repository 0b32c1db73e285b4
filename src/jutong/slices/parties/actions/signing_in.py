"""Signing in: by password and second factor, by an OIDC identity, by an SM2 certificate."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import pyotp
from django.contrib.auth.hashers import check_password as matches
from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext as _

from jutong.crypto import certificates, sm2
from jutong.crypto.errors import CryptoRefused
from jutong.kernel import keys
from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor, system_actor
from jutong.kernel.errors import Unauthenticated
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.parties.actions.accounts import check_usable, note_failure, wrong_credentials
from jutong.slices.parties.formats import trust
from jutong.slices.parties.models import Account, IdentityLink
from jutong.slices.parties.rules import passwords

STEP_SECONDS: Final = 30
_CHALLENGE: Final = "jutong-sign-in"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in: a second factor may still be missing; the password may have to be changed first."""

    account_id: int
    second_factor: bool
    must_change: bool


def door(name: str, address: str, trace: str) -> Actor:
    """Return the actor of a sign-in: the platform's door, under the name that was typed, from an address."""
    return replace(system_actor(name[:100] or "-"), address=address, trace=trace)


def sign_in(username: str, password: str, *, by: Actor, at: datetime) -> SignedIn:
    """Check name and password; `by` is the `door`.

    Unauthenticated with one sentence for an unknown account, a wrong password, a lock or a switched-off account; each
    takes the time of one password check. Failures are counted and audited.
    """
    account = Account.objects.filter(username=username.strip().lower()).first()
    known = account is not None and account.has_usable_password()
    good = matches(password, account.password) if account and known else _waste(password)
    if account is not None and not good:
        note_failure(account.pk, at)
    return _by_password(account.pk if account else 0, good=good, by=by, at=at)


def _waste(password: str) -> bool:
    """Take the time of a password check where there is nothing to check."""
    make_password(password)
    return False


@action("parties.sign_in", label=N_("登录"), allow=SYSTEM_ONLY)
def _by_password(account_id: int, *, good: bool, by: Actor, at: datetime) -> SignedIn:
    """Somebody signs in with name and password."""
    account = check_usable(Account.objects.filter(pk=account_id).first(), at)
    if not good:
        raise wrong_credentials()
    return _entered(account, at, second_factor=account.totp_on)


def _entered(account: Account, at: datetime, *, second_factor: bool) -> SignedIn:
    if account.failures and not second_factor:
        account.failures = 0
        account.save(update_fields=["failures"])
    worn = account.has_usable_password() and passwords.expired(
        account.password_changed_at, at, days=settings().password_days
    )
    return SignedIn(account.pk, second_factor, account.must_change or worn)


def second_factor(account_id: int, code: str, *, by: Actor, at: datetime) -> SignedIn:
    """Check the one-time code (RFC 6238) after the password; a code works once. Unauthenticated otherwise."""
    account = Account.objects.filter(pk=account_id).first()
    step = matching_step(account, code, at) if account else 0
    if account and not step:
        note_failure(account.pk, at)
    return _by_code(account_id, step=step, by=by, at=at)


@action("parties.second_factor", label=N_("动态口令登录"), allow=SYSTEM_ONLY)
def _by_code(account_id: int, *, step: int, by: Actor, at: datetime) -> SignedIn:
    """Somebody shows the second factor."""
    account = check_usable(Account.objects.select_for_update().filter(pk=account_id).first(), at)
    if step <= account.totp_step:
        raise Unauthenticated(_("动态口令不正确或已使用，请等待下一个口令后重试。"))
    account.totp_step = step
    account.save(update_fields=["totp_step"])
    return _entered(account, at, second_factor=False)


def matching_step(account: Account, code: str, at: datetime) -> int:
    """Return the time step whose code this is: now, one before or one after; 0 for none."""
    if account.totp_secret is None:
        return 0
    totp = pyotp.TOTP(keys.reveal(bytes(account.totp_secret)).decode(), interval=STEP_SECONDS)
    now = int(at.timestamp()) // STEP_SECONDS
    typed = "".join(code.split())[:8]
    return next(
        (s for s in (now, now - 1, now + 1) if hmac.compare_digest(totp.generate_otp(s).encode(), typed.encode())), 0
    )


@action("parties.sign_in_by_identity", label=N_("外部身份登录"), allow=SYSTEM_ONLY)
def sign_in_by_identity(kind: str, *, issuer: str, subject: str, by: Actor, at: datetime) -> SignedIn:
    """Sign in whom another trust service vouches for: kind "oidc" or "certificate". Unauthenticated when not linked."""
    link = IdentityLink.objects.filter(kind=kind, issuer=issuer, subject=subject).select_related("account").first()
    if link is None:
        raise Unauthenticated(_("该身份尚未与本平台账号关联，请联系安全管理员办理关联。"))
    account = check_usable(link.account, at)
    return SignedIn(account.pk, account.totp_on, must_change=False)


def challenge_statement(challenge: str) -> bytes:
    """Return the bytes that a certificate's holder signs for a challenge: bound to this platform's address."""
    return f"{_CHALLENGE}|{settings().web_origin}|{challenge}".encode()


def sign_in_by_certificate(
    certificate: bytes, *, challenge: str, signature: bytes | None, by: Actor, at: datetime
) -> SignedIn:
    """Sign in with an SM2 certificate of a listed authority (R-SEC-003).

    signature: over `challenge_statement(challenge)`; None where a trusted TLS proxy has proven the key already.
    Unauthenticated for an unlisted issuer, an expired or revoked certificate, a wrong signature, no linked account.
    """
    return _by_certificate(certificate, challenge=challenge, signature=signature, by=by, at=at)


@action("parties.sign_in_by_certificate", label=N_("证书登录"), allow=SYSTEM_ONLY)
def _by_certificate(
    certificate: bytes, *, challenge: str, signature: bytes | None, by: Actor, at: datetime
) -> SignedIn:
    """Somebody signs in with an SM2 certificate."""
    try:
        holder = certificates.verify_certificate(certificate, trust.issuers(), at)
    except CryptoRefused as refused:
        raise Unauthenticated(str(refused)) from None
    if signature is not None and not sm2.verify(holder.public, challenge_statement(challenge), signature):
        raise Unauthenticated(_("证书签名校验未通过，请确认使用的是该证书对应的介质，并重新获取挑战码。"))
    return sign_in_by_identity(
        "certificate", issuer=holder.issuer, subject=trust.serial_text(holder.serial), by=by, at=at
    )
