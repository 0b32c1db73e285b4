"""A person's own reminders: what, by which way and when; the address they are posted to, and its key."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import keys
from jutong.kernel.actions import action
from jutong.kernel.actors import ANYONE, Actor
from jutong.kernel.errors import NotThere, RuleBroken, WrongState
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.parties.models import Account, Reminder, ReminderHook, ReminderSetting
from jutong.slices.parties.rules import reminders as rules


@dataclass(frozen=True, slots=True)
class HookKey:
    """The key that signs what is posted: shown once, kept concealed."""

    url: str
    secret: str = field(repr=False)


def _own(account: Account, by: Actor) -> None:
    if account.pk != by.account_id:
        raise NotThere(_("没有找到该账号。"))


@action("parties.set_reminders", label=N_("设置提醒"), allow=ANYONE, on=Account)
def set_reminders(
    account: Account,
    *,
    kinds: Sequence[str],
    email: bool = False,
    webhook: bool = False,
    daily: bool = False,
    quiet_from: int = 0,
    quiet_until: int = 0,
    by: Actor,
    at: datetime,
) -> None:
    """Say what one is reminded of outside the platform: kinds (new, due_soon, overdue), ways, at once or daily at 08:30.

    quiet_from, quiet_until: Beijing hours in which nothing goes out; equal for none. RuleBroken: no mail address known,
    no posting address registered, hours that are none. Notices inside the platform are not touched by it.
    """
    _own(account, by)
    rules.check_hours(quiet_from, quiet_until)
    chosen = [str(kind) for kind in rules.Kind if kind in set(kinds)]
    if email and "@" not in account.person.email:
        raise RuleBroken(_("您还没有登记电子邮箱，请先由本部门联络员在人员信息中补充邮箱。"), field="email")
    if webhook and not ReminderHook.objects.filter(account=account).exists():
        raise RuleBroken(_("您还没有登记推送地址，请先登记后再开启推送。"), field="webhook")
    ReminderSetting.objects.update_or_create(
        account=account,
        defaults={
            "kinds": chosen, "email": email, "webhook": webhook, "daily": daily, "quiet_from": quiet_from,
            "quiet_until": quiet_until,
        },
    )  # fmt: skip


@action("parties.register_hook", label=N_("登记提醒推送地址"), allow=ANYONE, on=Account)
def register_hook(account: Account, *, url: str, by: Actor, at: datetime) -> HookKey:
    """Register the https address that one's reminders are posted to as CloudEvents; returns the key, shown once.

    A new address replaces the former with its key. RuleBroken for a host that the setting `outgoing_hosts` does not name.
    """
    _own(account, by)
    secret = secrets.token_hex(32)
    address = rules.check_url(url, settings().outgoing_hosts)
    ReminderHook.objects.update_or_create(
        account=account,
        defaults={
            "url": address, "secret": keys.conceal(secret.encode()), "created_at": at, "failures": 0, "paused_at": None,
            "problem": "",
        },
    )  # fmt: skip
    return HookKey(address, secret)


@action("parties.resume_hook", label=N_("恢复提醒推送"), allow=ANYONE, on=Account)
def resume_hook(account: Account, *, by: Actor, at: datetime) -> None:
    """Take a paused posting address up again. WrongState when it is not paused."""
    _own(account, by)
    if (
        not ReminderHook.objects.filter(account=account)
        .exclude(paused_at=None)
        .update(paused_at=None, failures=0, problem="")
    ):
        raise WrongState(_("推送地址没有暂停，无需恢复。"))


@action("parties.remove_hook", label=N_("删除提醒推送地址"), allow=ANYONE, on=Account)
def remove_hook(account: Account, *, by: Actor, at: datetime) -> None:
    """Forget the posting address and its key; what still waits for it is dropped. NotThere without one."""
    _own(account, by)
    if not ReminderHook.objects.filter(account=account).delete()[0]:
        raise NotThere(_("您没有登记推送地址。"))
    ReminderSetting.objects.filter(account=account).update(webhook=False)
    Reminder.objects.filter(account=account, channel="webhook", outcome="waiting").update(outcome="dropped", done_at=at)
