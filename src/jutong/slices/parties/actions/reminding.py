"""Making reminders, each once for each person and way, and sending those that are due; run by the worker, not by people."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from jutong.kernel import agenda, inbox, jobs, jurisdiction, outbox
from jutong.kernel.actors import Role, system_actor
from jutong.kernel.models import Progress
from jutong.kernel.settings import settings
from jutong.slices.parties.actions import handed
from jutong.slices.parties.actions.sending import Letter, NotSent, Post, mail, post_all
from jutong.slices.parties.models import Reminder, ReminderHook, ReminderSetting
from jutong.slices.parties.queries.reminders import Wish, wishes
from jutong.slices.parties.rules import reminders as rules
from jutong.slices.parties.rules.reminders import Kind

log = logging.getLogger(__name__)

Mailer = Callable[[Letter], None]

TASK: Final = "parties.reminders"
PLATFORM: Final = system_actor("reminders")
CHANNELS: Final = ("email", "webhook")
LIMITS: Final = ("clock.due_soon", "clock.overdue")
BATCH: Final = 500
"""Reminders of one batch; with a person's daily reminder all of theirs that are due, so that they are one letter."""
BATCH_SECONDS: Final = 60.0
"""What a slow server did not take in this time goes with the next batch: well before the claim counts as given up."""
STALE: Final = timedelta(minutes=3)
"""A piece of sending older than this has ended without a word (kill -9); what it held is looked at again."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What people are to be reminded of: `key` says of what, so that it is made once; but: the account that caused it."""

    kind: Kind
    key: str
    subject: agenda.Subject
    posts: frozenset[tuple[Role, int]]
    but: int | None = None


def remind(occasions: Sequence[Occasion], *, at: datetime) -> int:
    """Queue one reminder of each occasion for everybody in its posts who wants it, by each way they chose.

    A few statements for all occasions and all people; an occasion met again makes nothing. Returns how many were meant.
    """
    workday = jurisdiction.calendar().is_workday
    by_post: dict[tuple[Role, int], list[Wish]] = defaultdict(list)
    for wish in wishes({post for one in occasions for post in one.posts}, at):
        by_post[wish.role, wish.department_id].append(wish)
    rows: dict[tuple[int, str, str], Reminder] = {}
    for one in occasions:
        for wish in (wish for post in one.posts for wish in by_post.get(post, ())):
            if wish.account_id == one.but or not wish.covers(one.kind, one.subject.workflow):
                continue
            hours = {"first": wish.quiet_from, "last": wish.quiet_until}
            when = rules.goes_at(at, daily=wish.daily, **hours, workday=workday)
            for channel in CHANNELS:
                if getattr(wish, channel):
                    rows[wish.account_id, channel, one.key] = _row(one, wish, channel, at, when)
    Reminder.objects.bulk_create(rows.values(), ignore_conflicts=True, batch_size=2000)
    return len(rows)


def _row(one: Occasion, wish: Wish, channel: str, at: datetime, when: datetime) -> Reminder:
    subject = one.subject
    return Reminder(
        account_id=wish.account_id, channel=channel, key=one.key, kind=one.kind, case_kind=subject.workflow,
        number=subject.number[:64], title=subject.title[:200], due_day=subject.due_day, link=subject.url[:300],
        daily=wish.daily, made_at=at, send_at=when,
    )  # fmt: skip


def remind_of(events: Sequence[outbox.Event], *, at: datetime) -> int:
    """Remind of moves (those whose turn it is) and of limits that come near or have passed (those who can move the case)."""
    cases: dict[str, set[int]] = defaultdict(set)
    for event in events:
        said = event.payload
        kind, pk = (
            (said["case_kind"], said["case_id"]) if event.name in LIMITS else (event.name.partition(".")[0], said["id"])
        )
        cases[kind].add(pk)
    subjects = {(kind, pk): one for kind, ids in cases.items() for pk, one in agenda.subjects_of(kind, ids).items()}
    occasions = [_limit(event, subjects) if event.name in LIMITS else _move(event, subjects) for event in events]
    return remind([one for one in occasions if one is not None and one.posts], at=at)


def _move(event: outbox.Event, subjects: dict[tuple[str, int], agenda.Subject]) -> Occasion | None:
    """Return the occasion of a move; nothing once the case has moved on."""
    said, kind = event.payload, event.name.partition(".")[0]
    subject = subjects.get((kind, said["id"]))
    if subject is None or subject.state != said["to"]:
        return None
    which = said["verb"] if said["from"] == said["to"] else event.id
    by = (said.get("by") or {}).get("account")
    return Occasion(Kind.NEW, f"new:{kind}:{subject.id}:{which}", subject, subject.posts, by)


def _limit(event: outbox.Event, subjects: dict[tuple[str, int], agenda.Subject]) -> Occasion | None:
    """Return the occasion of a limit: for the department that has to act; when it has passed, its sharing unit's head, too."""
    said, kind = event.payload, Kind(event.name.partition(".")[2])
    subject = subjects.get((said["case_kind"], said["case_id"]))
    if subject is None:
        return None
    obliged = said["obliged_id"]
    posts = {post for post in subject.posts if obliged in (None, post[1])}
    if kind is Kind.OVERDUE and obliged is not None:
        posts.add((Role.SHARING_UNIT_HEAD, obliged))
    key = f"{kind}:{subject.workflow}:{subject.id}:{said['clock']}:{said['due_day']}"
    return Occasion(kind, key, subject, frozenset(posts))


def wanted() -> list[str]:
    """Return the events that reminders are made of; none while nobody wants any outside the platform."""
    return [*LIMITS, *agenda.moves()] if ReminderSetting.objects.exists() else []


def begin_sending(at: datetime) -> int:
    """Defer one piece of sending where something is due and none is at it; returns 1 when it did."""
    due = Reminder.objects.filter(outcome="waiting", send_at__lte=at) | Reminder.objects.filter(
        outcome="sending", claimed_at__lte=at - STALE
    )
    at_it = Progress.objects.filter(task=TASK, state__in=["waiting", "running"], at__gt=at - STALE)
    if not due.exists() or at_it.exists():
        return 0
    jobs.start(TASK, _("发送提醒"), by=PLATFORM, at=at)
    return 1


def send_due(at: datetime, post: Mailer | None = None) -> int:
    """Send a batch of what is due; returns how many reminders were handled, well or badly.

    post: sends a letter over a connection that is open already; without it, one is opened for this batch. No transaction
    is open meanwhile, and however many people there are, a batch takes the same few statements. Each is claimed before
    it is sent; a letter is noted as taken the moment the server took it (`handed`), so that after kill -9 nobody gets it
    again, and what was not taken goes once more, a mail under the same Message-ID, a post under the same id.
    """
    _release_stale(at)
    rows, dropped = _claimed(at)
    mails = [row for row in rows if row.channel == "email"]
    posts = [row for row in rows if row.channel == "webhook"]
    if mails and post is None:
        with mail() as send:
            _mail(mails, at, send)
    elif mails and post is not None:
        _mail(mails, at, post)
    _post(posts, at)
    return len(rows) + dropped


def _release_stale(at: datetime) -> None:
    """Take up what a process left that ended without a word: what it noted as taken is sent, the rest waits again."""
    stale = Reminder.objects.filter(outcome="sending", claimed_at__lte=at - STALE)
    for path, taken in handed.left_behind().items():
        stale.filter(pk__in=taken).update(outcome="sent", done_at=at)
        if taken and not Reminder.objects.filter(pk__in=taken, outcome="sending").exists():
            path.unlink(missing_ok=True)
    stale.update(outcome="waiting")


def _claimed(at: datetime) -> tuple[list[Reminder], int]:
    """Claim what is due: with a person's daily reminder all that are due go, as one letter; and how many nobody wants now."""
    with transaction.atomic():
        due = Reminder.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            outcome="waiting", send_at__lte=at
        )
        first = list(due.order_by("send_at", "pk").values_list("pk", "account_id", "daily")[:BATCH])
        gathered = {account for _pk, account, daily in first if daily}
        more = due.filter(account_id__in=gathered, daily=True).values_list("pk", flat=True) if gathered else []
        ids = {pk for pk, _account, _daily in first} | set(more)
        Reminder.objects.filter(pk__in=ids).update(outcome="sending", claimed_at=at)
    rows = list(Reminder.objects.select_related("account__person").filter(pk__in=ids).order_by("due_day", "pk"))
    wishes = ReminderSetting.objects.in_bulk({row.account_id for row in rows})
    good = [row for row in rows if row.account.is_active and getattr(wishes.get(row.account_id), row.channel, False)]
    kept = {row.pk for row in good}
    _finish([row for row in rows if row.pk not in kept], "dropped", at)
    return good, len(rows) - len(good)


def _finish(rows: Sequence[Reminder], outcome: str, at: datetime, problem: str = "") -> None:
    Reminder.objects.filter(pk__in=[row.pk for row in rows]).update(outcome=outcome, done_at=at, problem=problem[:200])


def _again(rows: Sequence[Reminder], at: datetime, problem: str) -> None:
    """Let failed ones wait for their next try, or give them up: a statement for each number of tries there is."""
    by_tries: dict[int, list[Reminder]] = defaultdict(list)
    for row in rows:
        by_tries[row.attempts + 1].append(row)
    for tries, some in by_tries.items():
        if tries >= rules.ATTEMPTS:
            _finish(some, "failed", at, problem)
        else:
            Reminder.objects.filter(pk__in=[row.pk for row in some]).update(
                outcome="waiting", attempts=tries, send_at=at + rules.retry_after(tries), problem=problem[:200]
            )


def _put_back(rows: Sequence[Reminder], at: datetime) -> None:
    """Let those wait that were not tried."""
    Reminder.objects.filter(pk__in=[row.pk for row in rows]).update(outcome="waiting", send_at=at)


def _mail(rows: Sequence[Reminder], at: datetime, send: Mailer) -> None:
    letters: dict[tuple[int, int], list[Reminder]] = defaultdict(list)
    for row in rows:
        letters[row.account_id, 0 if row.daily else row.pk].append(row)
    sent: list[Reminder] = []
    failed: dict[str, list[Reminder]] = defaultdict(list)
    left, until = list(letters.values()), time.monotonic() + BATCH_SECONDS
    with handed.slip() as taken:
        while left and time.monotonic() < until:
            together = left.pop(0)
            try:
                send(_letter(together))
            except NotSent as why:
                failed[str(why)] += together
                if why.whole:
                    break
            else:
                taken.note(row.pk for row in together)
                sent += together
        _finish(sent, "sent", at)
        for problem, some in failed.items():
            _again(some, at, problem)
        later = at + rules.retry_after(1) if failed and left else at
        _put_back([row for together in left for row in together], later)


def _letter(rows: Sequence[Reminder]) -> Letter:
    lines = [
        f"{rules.words(Kind(row.kind), row.number, row.title, row.due_day)}\n{settings().web_origin}{row.link}"
        for row in rows
    ]
    first = rules.words(Kind(rows[0].kind), rows[0].number, rows[0].title, rows[0].due_day)
    subject = first if len(rows) == 1 else _("您有 %d 件事项提醒") % len(rows)
    return Letter(rows[0].account.person.email, subject, "\n\n".join(lines), tuple(row.pk for row in rows))


def _post(rows: Sequence[Reminder], at: datetime) -> None:
    hooks = ReminderHook.objects.in_bulk({row.account_id for row in rows}) if rows else {}
    until = time.monotonic() + BATCH_SECONDS
    for place, row in enumerate(rows):
        if time.monotonic() >= until:
            _put_back(rows[place:], at)
            return
        hook = hooks.get(row.account_id)
        if hook is None or hook.paused_at:
            _finish([row], "dropped", at, _("推送地址已暂停或删除。"))
            continue
        try:
            post_all(Post(hook.url, bytes(hook.secret)), row)
        except NotSent as why:
            _again([row], at, str(why))
            _count_failure(hook, str(why), at)
        else:
            _finish([row], "sent", at)
            if hook.failures:
                hook.failures = 0
                hook.save(update_fields=["failures"])


def _count_failure(hook: ReminderHook, why: str, at: datetime) -> None:
    """Count a failure; after too many in a row the address is paused and its owner told, with the remedy."""
    hook.failures += 1
    hook.problem = why[:200]
    if hook.failures >= rules.FAILURES:
        hook.paused_at = at
        inbox.tell(
            account_id=hook.account_id,
            title=_("提醒推送地址连续 %d 次失败，已暂停；请检查后在“提醒设置”中恢复") % hook.failures,
            text=why,
            link="/parties/me/reminders",
            at=at,
        )
    hook.save(update_fields=["failures", "problem", "paused_at"])


def forget_reminders(at: datetime) -> int:
    """Forget reminders older than the setting `reminder_days`; returns how many."""
    old = Reminder.objects.filter(made_at__lt=at - timedelta(days=settings().reminder_days))
    ids = list(old.exclude(outcome__in=["waiting", "sending"]).values_list("pk", flat=True)[:5000])
    return Reminder.objects.filter(pk__in=ids).delete()[0] if ids else 0
