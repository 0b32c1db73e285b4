"""Who wants reminders of what, and a person's own reminders with the state of their ways."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Q, Value
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.parties.models import Account, PostHeld, Reminder, ReminderHook, ReminderSetting
from jutong.slices.parties.queries.actors import DUTIES, lent_on
from jutong.slices.parties.rules.reminders import Kind

STATES = {
    "waiting": N_("待发送"),
    "sending": N_("发送中"),
    "sent": N_("已送达"),
    "unclear": N_("结果不明"),
    "failed": N_("发送失败"),
    "dropped": N_("未发送"),
}
"""States of a reminder, as people read them."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How one account wants to be reminded of what concerns a post. duties: workflows a deputy's post is limited to."""

    role: Role
    department_id: int
    duties: tuple[str, ...]
    account_id: int
    kinds: tuple[str, ...]
    email: bool
    webhook: bool
    daily: bool
    quiet_from: int
    quiet_until: int

    def covers(self, kind: Kind, duty: str) -> bool:
        """Tell whether this kind is wanted, and whether the post is held for the workflow."""
        return str(kind) in self.kinds and (not self.duties or duty in self.duties)


_WISHED: Final = ("account_id", "kinds", "email", "webhook", "daily", "quiet_from", "quiet_until")


def wishes(posts: Iterable[tuple[Role, int]], at: datetime) -> list[Wish]:
    """Return who holds or acts in one of the posts today and wants reminders: three statements, however many people."""
    today = beijing_day(at)
    held, lent = Q(pk__in=[]), Q(pk__in=[])
    for role, department in posts:
        held |= Q(role=str(role), department_id=department)
        lent |= Q(post__role=str(role), post__department_id=department)
    in_force = Q(ended_at=None, since__lte=today) & (Q(until=None) | Q(until__gte=today))
    holders = [
        *PostHeld.objects.filter(held, in_force).values_list(
            "person__account__pk", "role", "department_id", Value(None, DUTIES)
        ),
        *lent_on(today).filter(lent).values_list("to__account__pk", "post__role", "post__department_id", "duties"),
    ]
    wanted = ReminderSetting.objects.filter(
        Q(email=True) | Q(webhook=True), account_id__in={row[0] for row in holders}, account__is_active=True
    )
    wish = {row[0]: row for row in wanted.values_list(*_WISHED)}
    return [
        Wish(Role(role), department, tuple(duties or ()), *wish[account])
        for account, role, department, duties in holders
        if account in wish
    ]


@dataclass(frozen=True, slots=True)
class SentRow:
    """One reminder that went, waits or failed."""

    id: int
    channel: str
    channel_label: str
    kind: str
    kind_label: str
    number: str
    title: str
    due_day: date | None
    link: str
    state: str
    state_label: str
    made_at: datetime
    send_at: datetime
    done_at: datetime | None
    attempts: int
    problem: str


@dataclass(frozen=True, slots=True)
class OwnReminders:
    """What one is reminded of, by which ways, and what became of the newest reminders.

    address: the own mail address. mails: whether this platform sends mail. hosts: where addresses may be. url: the registered one.
    """

    account_id: int
    kinds: tuple[str, ...]
    email: bool
    webhook: bool
    daily: bool
    quiet_from: int
    quiet_until: int
    address: str
    mails: bool
    hosts: tuple[str, ...]
    url: str
    paused: bool
    problem: str
    sent: tuple[SentRow, ...]


def own_reminders(actor: Actor, *, limit: int = 30) -> OwnReminders:
    """Return the actor's own settings, address and newest reminders."""
    mine = actor.account_id or 0
    setting = ReminderSetting.objects.filter(account_id=mine).first()
    hook = ReminderHook.objects.filter(account_id=mine).first()
    account = Account.objects.select_related("person").get(pk=mine)
    own = settings()
    rows = Reminder.objects.filter(account_id=mine).order_by("-id")[:limit]
    kinds = tuple(setting.kinds) if setting else tuple(str(kind) for kind in Kind)
    return OwnReminders(
        account_id=mine,
        kinds=kinds,
        email=bool(setting and setting.email),
        webhook=bool(setting and setting.webhook),
        daily=bool(setting and setting.daily),
        quiet_from=setting.quiet_from if setting else 0,
        quiet_until=setting.quiet_until if setting else 0,
        address=account.person.email,
        mails=bool(own.smtp_url),
        hosts=tuple(own.outgoing_hosts),
        url=hook.url if hook else "",
        paused=bool(hook and hook.paused_at),
        problem=hook.problem if hook else "",
        sent=tuple(_sent(row) for row in rows),
    )


def _sent(row: Reminder) -> SentRow:
    return SentRow(
        row.pk,
        row.channel,
        _("邮件") if row.channel == "email" else _("推送"),
        row.kind,
        _(Kind(row.kind).label),
        row.number,
        row.title,
        row.due_day,
        row.link,
        row.outcome,
        _(STATES[row.outcome]),
        row.made_at,
        row.send_at,
        row.done_at,
        row.attempts,
        row.problem,
    )
