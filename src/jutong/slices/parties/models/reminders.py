"""What a person wants to be reminded of outside the platform, where it goes, and every reminder that went or waits."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from jutong.slices.parties.models.accounts import Account
from jutong.slices.parties.rules.reminders import Kind


class ReminderSetting(models.Model):
    """What an account is reminded of, and when: without a row, only inside the platform.

    kinds: see `rules.reminders.Kind`. email, webhook: ways that are on. daily: gathered at 08:30 of the next working day.
    quiet_from, quiet_until: Beijing hours between which nothing goes out (equal: no quiet hours).
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="+")
    kinds = ArrayField(models.CharField(max_length=8))
    email = models.BooleanField(default=False)
    webhook = models.BooleanField(default=False)
    daily = models.BooleanField(default=False)
    quiet_from = models.IntegerField(default=0)
    quiet_until = models.IntegerField(default=0)


class ReminderHook(models.Model):
    """The address that a person's reminders are posted to as CloudEvents. secret: SM4-concealed, signs each call (HMAC-SM3).

    failures: in a row; paused: too many of them, until its owner takes it up again.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="+")
    url = models.CharField(max_length=300)
    secret = models.BinaryField()
    created_at = models.DateTimeField()
    failures = models.IntegerField(default=0)
    paused_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, default="")


class Reminder(models.Model):
    """One reminder to one person by one way; `key` says of what, so that it is made once.

    number, title, due_day, link: all that it says. send_at: not before. outcome: waiting, sending, sent, failed, dropped (the way is off or paused).
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=8)  # email, webhook
    key = models.CharField(max_length=160)
    kind = models.CharField(max_length=8, choices=Kind.choices())
    case_kind = models.CharField(max_length=64)
    number = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    due_day = models.DateField(null=True)
    link = models.CharField(max_length=300)
    daily = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    send_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, default="waiting")
    attempts = models.IntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "channel", "key"], name="one_reminder")]
        indexes = [
            models.Index(fields=["send_at"], name="reminder_waiting", condition=Q(outcome__in=["waiting", "sending"])),
            models.Index(fields=["account", "-id"], name="reminder_account"),
            models.Index(fields=["made_at"], name="reminder_made"),
        ]
