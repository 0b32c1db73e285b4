"""A person's further credentials: second factor, API keys, certificates, identities elsewhere, signatures."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pyotp
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from jutong.crypto import certificates, sm2, sm3
from jutong.crypto.errors import CryptoRefused
from jutong.kernel import keys
from jutong.kernel.actions import action
from jutong.kernel.actors import ANYONE, Actor
from jutong.kernel.errors import Conflict, NotThere, RuleBroken, TooMany
from jutong.kernel.terms import N_
from jutong.slices.parties.actions.signing_in import matching_step
from jutong.slices.parties.formats import trust
from jutong.slices.parties.models import Account, ApiKey, Department, IdentityLink, SignedAct
from jutong.slices.parties.rules import organisations
from jutong.slices.parties.workflow import SECURITY_ADMINS

KEY_MARK: Final = "jt_"
MOST_KEYS: Final = 10
LONGEST_DAYS: Final = 366
_KINDS: Final = ("oidc", "certificate")


@dataclass(frozen=True, slots=True)
class Issued:
    """A new API key: `text` is shown once and kept nowhere."""

    id: int
    text: str
    expires_at: datetime


def _own(account: Account, by: Actor) -> None:
    if account.pk != by.account_id:
        raise NotThere(_("没有找到该账号。"))


@action("parties.prepare_second_factor", label=N_("生成动态口令种子"), allow=ANYONE, on=Account)
def prepare_second_factor(account: Account, *, by: Actor, at: datetime) -> str:
    """Make a new TOTP seed and return its otpauth address for the QR code; it counts only once confirmed."""
    _own(account, by)
    if account.totp_on:
        raise Conflict(_("动态口令已启用；更换设备请先停用。"))
    seed = pyotp.random_base32()
    account.totp_secret = keys.conceal(seed.encode())
    account.save(update_fields=["totp_secret"])
    return pyotp.TOTP(seed).provisioning_uri(name=account.username, issuer_name=_("聚通"))


@action("parties.confirm_second_factor", label=N_("启用动态口令"), allow=ANYONE, on=Account)
def confirm_second_factor(account: Account, *, code: str, by: Actor, at: datetime) -> None:
    """Turn the second factor on with a first right code."""
    _own(account, by)
    step = matching_step(account, code, at)
    if not step:
        raise RuleBroken(_("动态口令不正确，请核对手机时间后重新输入。"), field="code")
    account.totp_on, account.totp_step = True, step
    account.save(update_fields=["totp_on", "totp_step"])


@action("parties.remove_second_factor", label=N_("停用动态口令"), allow=ANYONE, on=Account)
def remove_second_factor(account: Account, *, code: str, by: Actor, at: datetime) -> None:
    """Turn the second factor off, with a right code."""
    _own(account, by)
    if not account.totp_on or matching_step(account, code, at) <= account.totp_step:
        raise RuleBroken(_("动态口令不正确或已使用，请等待下一个口令后重试。"), field="code")
    account.totp_on, account.totp_secret = False, None
    account.save(update_fields=["totp_on", "totp_secret"])


@action("parties.issue_api_key", label=N_("申请接口密钥"), allow=ANYONE)
def issue_api_key(*, name: str, days: int, by: Actor, at: datetime) -> Issued:
    """Issue a personal key for the management API, valid for 1 to 366 days; TooMany beyond ten."""
    if not 1 <= days <= LONGEST_DAYS:
        raise RuleBroken(_("有效期应为 1 至 %d 天，请修改。") % LONGEST_DAYS, field="days")
    owner = by.account_id or 0
    if ApiKey.objects.filter(account_id=owner, revoked_at=None, expires_at__gt=at).count() >= MOST_KEYS:
        raise TooMany(_("每人最多 %d 个有效的接口密钥，请先停用不再使用的。") % MOST_KEYS)
    text = KEY_MARK + secrets.token_urlsafe(32)
    row = ApiKey.objects.create(
        account_id=owner,
        name=organisations.check_name(name, most=60),
        prefix=text[:10],
        digest=sm3.hexdigest(text.encode()),
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    return Issued(row.pk, text, row.expires_at)


@action("parties.revoke_api_key", label=N_("停用接口密钥"), allow=ANYONE, on=ApiKey)
def revoke_api_key(key: ApiKey, *, by: Actor, at: datetime) -> None:
    """Revoke one of one's own keys; it stops with the next call."""
    if key.account_id != by.account_id:
        raise NotThere(_("没有找到该接口密钥。"))
    key.revoked_at = key.revoked_at or at
    key.save(update_fields=["revoked_at"])


@action("parties.link_identity", label=N_("关联外部身份"), allow=SECURITY_ADMINS, on=Account)
def link_identity(account: Account, *, kind: str, issuer: str, subject: str, by: Actor, at: datetime) -> IdentityLink:
    """Say that an identity elsewhere is this account: OIDC issuer and subject, or certificate issuer and serial."""
    issuer = organisations.check_text(issuer, most=300, field="issuer")
    subject = organisations.check_text(subject, most=300, field="subject")
    if kind not in _KINDS:
        raise RuleBroken(_("身份来源应为 oidc 或 certificate，请从列表中选择。"), field="kind")
    try:
        with transaction.atomic():
            return IdentityLink.objects.create(account=account, kind=kind, issuer=issuer, subject=subject, linked_at=at)
    except IntegrityError:
        raise Conflict(_("该身份已与其他账号关联，请先解除原关联。")) from None


@action("parties.unlink_identity", label=N_("解除身份关联"), allow=SECURITY_ADMINS, on=IdentityLink)
def unlink_identity(link: IdentityLink, *, by: Actor, at: datetime) -> None:
    """Take an identity off its account."""
    link.delete()


@action("parties.register_certificate", label=N_("登记签名证书"), allow=SECURITY_ADMINS, on=Account)
def register_certificate(account: Account, *, certificate: bytes, by: Actor, at: datetime) -> None:
    """Register a person's SM2 signing certificate: for signing in and for acts that need a signature (R-SEC-002)."""
    try:
        holder = certificates.verify_certificate(certificate, trust.issuers(), at)
    except CryptoRefused as refused:
        raise RuleBroken(str(refused), field="certificate") from None
    account.public_key = sm2.public_hex(holder.public)
    account.certificate_name = holder.subject[:300]
    account.save(update_fields=["public_key", "certificate_name"])
    subject = trust.serial_text(holder.serial)
    known = IdentityLink.objects.filter(kind="certificate", issuer=holder.issuer, subject=subject).first()
    if known and known.account_id != account.pk:
        raise Conflict(_("该证书已登记给其他账号，请核对。"))
    if not known:
        link_identity(account, kind="certificate", issuer=holder.issuer, subject=subject, by=by, at=at)


@action("parties.verify_signature", label=N_("核验并保存电子签名"), allow=ANYONE)
def verify_signature(statement: bytes, *, department_id: int, subject: str, by: Actor, at: datetime) -> None:
    """Keep the actor's signature under an act of legal effect (R-SEC-002).

    statement: what is signed, as `kernel.signing.statement` builds it. No signature is accepted only where the
    department does not require one. RuleBroken: missing where required, no registered certificate, or not valid.
    """
    signature = by.signature
    if not signature:
        if Department.objects.filter(pk=department_id, signature_required=True).exists():
            sentence = _("本部门要求对该操作进行电子签名：请用登记的签名证书对“%(statement)s”签名后提交。")
            raise RuleBroken(sentence % {"statement": statement.decode()}, field="signature")
        return
    account = Account.objects.get(pk=by.account_id or 0)
    if not account.public_key:
        raise RuleBroken(_("您的账号尚未登记签名证书，请联系安全管理员登记。"), field="signature")
    if not sm2.verify(sm2.public_from_hex(account.public_key), statement, signature):
        raise RuleBroken(_("电子签名校验未通过：签名与办理内容或您登记的证书不符，请重新签名。"), field="signature")
    SignedAct.objects.create(
        account=account,
        subject=subject[:120],
        statement_digest=sm3.hexdigest(statement),
        signature=signature,
        public_key=account.public_key,
        at=at,
    )
