"""Accounts: the first administrators, passwords, locks, switching off and on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password as matches
from django.contrib.auth.hashers import make_password
from django.db.models import F
from django.utils.translation import gettext as _

from jutong.kernel.actions import action
from jutong.kernel.actors import ADMINISTRATORS, ANYONE, SYSTEM_ONLY, Actor, Role
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, Unauthenticated, WrongState
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.parties.actions.organisation import ensure_regions, name_authority, register_department
from jutong.slices.parties.actions.people import activate, confirm, report
from jutong.slices.parties.actions.posts import appoint
from jutong.slices.parties.models import Account, Department, PasswordUsed, PostHeld
from jutong.slices.parties.rules import passwords
from jutong.slices.parties.rules.words import ManagerState
from jutong.slices.parties.workflow import SECURITY_ADMINS, SYSTEM_ADMINS


@dataclass(frozen=True, slots=True)
class First:
    """Somebody of the first hour: sign-in name, person's name, first password (to be changed at once)."""

    username: str
    name: str
    password: str


@action("parties.establish_administrators", label=N_("平台初始化"), allow=SYSTEM_ONLY)
def establish_administrators(
    *,
    regions: Mapping[str, str],
    region: str,
    department: str,
    people: Mapping[Role, First],
    by: Actor,
    at: datetime,
) -> dict[Role, int]:
    """Set up an empty instance: its regions, the authority's department, the three administrators, an operator.

    regions: {code: name}, with those above `region`. people: the three administrators, optionally the platform
    operator and the authority's posts. Returns account ids by role. WrongState where an administrator exists already.
    """
    if PostHeld.objects.filter(role__in=ADMINISTRATORS).exists():
        raise WrongState(_("本平台已有管理员，不能重复初始化。"))
    if missing := ADMINISTRATORS - set(people):
        raise RuleBroken(_("初始化必须同时设立三类管理员，还缺：%s。") % "、".join(sorted(_(r.label) for r in missing)))
    ensure_regions(regions, by=by, at=at)
    row = Department.objects.filter(region_id=region, name=department).first()
    own = row or register_department(name=department, region=region, by=by, at=at)
    name_authority(region=region, department_id=own.pk, by=by, at=at)
    ids = {}
    for role, first in people.items():
        person = report(department_id=own.pk, name=first.name, by=by, at=at)
        confirm(person, by=by, at=at)
        activate(person, username=first.username, password=first.password, by=by, at=at)
        appoint(person, role=role, by=by, at=at)
        ids[role] = Account.objects.get(person=person).pk
    return ids


@action("parties.change_password", label=N_("修改口令"), allow=ANYONE, on=Account)
def change_password(account: Account, *, old: str, new: str, by: Actor, at: datetime) -> None:
    """Change one's own password; every other session of the account ends.

    RuleBroken: the old one is wrong, the new one breaks a rule or was used among the last ones.
    """
    if account.pk != by.account_id:
        raise NotThere(_("没有找到该账号。"))
    if not matches(old, account.password):
        raise RuleBroken(_("原口令不正确，请重新填写。"), field="old_password")
    _set_password(account, new, at)
    account.must_change = False
    account.save()


def _set_password(account: Account, new: str, at: datetime) -> None:
    given = settings()
    names = [account.username, account.person.name, account.person.phone]
    passwords.check_password(new, names=names, least=given.password_length)
    used = list(PasswordUsed.objects.filter(account=account).order_by("-at", "-id")[: given.password_history])
    if any(matches(new, hashed) for hashed in [account.password, *(row.hashed for row in used)]):
        raise RuleBroken(
            _("新口令不得与当前口令和最近 %d 次用过的口令相同，请重新设置。") % given.password_history,
            field="new_password",
        )
    account.password = make_password(new)
    account.password_changed_at = at
    account.generation += 1
    PasswordUsed.objects.create(account=account, hashed=account.password, at=at)
    kept = PasswordUsed.objects.filter(account=account).order_by("-at", "-id").values("pk")[: given.password_history]
    PasswordUsed.objects.filter(account=account).exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()


@action("parties.reset_password", label=N_("重置口令"), allow=SECURITY_ADMINS, on=Account)
def reset_password(account: Account, *, password: str, by: Actor, at: datetime) -> None:
    """Set a first password again, unlock, take off the second factor and end every session; it must be changed next."""
    if account.pk == by.account_id:
        raise NotAllowed(_("不能重置自己的口令，请使用“修改口令”。"))
    _set_password(account, password, at)
    account.must_change = True
    account.failures, account.locked_until = 0, None
    account.totp_on, account.totp_secret = False, None
    account.save()


@action("parties.unlock", label=N_("解除锁定"), allow=SECURITY_ADMINS, on=Account)
def unlock(account: Account, *, by: Actor, at: datetime) -> None:
    """Lift the lock that failed sign-ins brought."""
    account.failures, account.locked_until = 0, None
    account.save(update_fields=["failures", "locked_until"])


@action("parties.disable_account", label=N_("停用账号"), allow=SECURITY_ADMINS | SYSTEM_ADMINS, on=Account)
def disable_account(account: Account, *, by: Actor, at: datetime) -> None:
    """Switch an account off; its sessions and API keys stop with the next call."""
    if account.pk == by.account_id:
        raise NotAllowed(_("不能停用自己的账号，请由其他管理员办理。"))
    account.is_active = False
    account.generation += 1
    account.save(update_fields=["is_active", "generation"])


@action("parties.enable_account", label=N_("启用账号"), allow=SECURITY_ADMINS, on=Account)
def enable_account(account: Account, *, by: Actor, at: datetime) -> None:
    """Switch an account on again; WrongState for the account of a person who is not active (R-OVR-008)."""
    if account.person.state != ManagerState.ACTIVE:
        raise WrongState(_("账号未关联在岗人员，不能启用；请先由部门报送并经平台管理员确认。"))
    account.is_active = True
    account.save(update_fields=["is_active"])


def note_failure(account_id: int, at: datetime) -> None:
    """Count a failed sign-in and lock the account when there were too many in a row."""
    given = settings()
    Account.objects.filter(pk=account_id).update(failures=F("failures") + 1)
    Account.objects.filter(pk=account_id, failures__gte=given.lock_failures).update(
        locked_until=at + timedelta(minutes=given.lock_minutes), failures=0
    )


def check_usable(account: Account | None, at: datetime) -> Account:
    """Return the account if it may sign in; the same Unauthenticated for unknown, switched off and locked ones."""
    if account is None or not account.is_active or (account.locked_until and account.locked_until > at):
        raise wrong_credentials()
    return account


def wrong_credentials() -> Unauthenticated:
    """Return the one answer to every failed sign-in: it tells nothing about accounts."""
    return Unauthenticated(_("用户名或口令不正确，或账号暂不可用；连续失败将锁定账号，请核对后重试或联系安全管理员。"))
