"""The kernel's tables: cases' common columns, clocks, audit, outbox, inbox, files, progress, calendar and profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now

if TYPE_CHECKING:
    from jutong.kernel.policy import Policy


class Case(models.Model):
    """What every case has: a state that only the workflow engine writes, and the profile version it started under.

    profile: "name@version", see `PolicyAssignment.reference`. started_on: Beijing day of the start. revision: grows with every move, for conflict checks.
    """

    state = models.CharField(max_length=32, db_index=True, editable=False)
    previous_state = models.CharField(max_length=32, default="", editable=False)
    region = models.CharField(max_length=12, db_index=True)
    profile = models.CharField(max_length=64, editable=False)
    started_on = models.DateField(editable=False)
    revision = models.IntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    @property
    def policy(self) -> Policy:
        """The rules this case started under, kept however profiles change later (R-OVR-036)."""
        from jutong.kernel import jurisdiction

        return jurisdiction.policy_of(self.profile, self.started_on)

    def event_payload(self) -> dict[str, Any]:
        """Return ids that consumers of this case's events need beside its own id."""
        return {}


class ClockState(models.TextChoices):
    """A clock runs, waits for papers, or has stopped."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class Clock(models.Model):
    """One statutory limit of one case, counted in working days of Beijing.

    days: the limit when it started. extended: working days added. due_day: last day; due_at: its end (UTC).
    overdue_on: the working day after, on which the event is recorded. remaining: days left when paused.
    explanation: the limit and its source in words. obliged_id: the department that has to act. target: an internal target
    where no text gives a number; it is never overdue (R-OVR-039). resumed_on, resumed_days: the Beijing day on which it
    went on after a pause, and the working days it has had from then; empty while it counts from its start.
    """

    case_kind = models.CharField(max_length=64)
    case_id = models.BigIntegerField()
    name = models.CharField(max_length=32)
    label = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=ClockState.choices, default=ClockState.RUNNING)
    started_on = models.DateField()
    days = models.IntegerField()
    extended = models.IntegerField(default=0)
    waited = models.IntegerField(default=0)
    due_day = models.DateField()
    due_at = models.DateTimeField()
    overdue_on = models.DateField()
    warn_on = models.DateField()
    paused_on = models.DateField(null=True)
    remaining = models.IntegerField(null=True)
    resumed_on = models.DateField(null=True)
    resumed_days = models.IntegerField(null=True)
    provisional = models.BooleanField(default=False)
    target = models.BooleanField(default=False)
    parameter = models.CharField(max_length=64)
    explanation = models.CharField(max_length=400)
    obliged_id = models.BigIntegerField(null=True)
    stopped_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case_kind", "case_id", "name"], name="one_clock_of_a_name")]
        indexes = [
            models.Index(
                fields=["overdue_on"], name="clock_overdue", condition=models.Q(state="running", overdue_at=None)
            ),
            models.Index(fields=["warn_on"], name="clock_warn", condition=models.Q(state="running", warned_at=None)),
            models.Index(fields=["obliged_id", "due_day"], name="clock_obliged", condition=~models.Q(state="stopped")),
            models.Index(
                fields=["case_kind", "due_day", "case_id"], name="clock_open", condition=~models.Q(state="stopped")
            ),
            models.Index(
                fields=["case_kind", "case_id"],
                name="clock_late",
                condition=models.Q(state="stopped", stopped_at__gt=models.F("due_at"), target=False),
            ),
        ]


class AuditEntry(models.Model):
    """One act or refusal. Append-only: the database refuses update and delete (see the first migration)."""

    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=100)
    acting_for = models.BigIntegerField(null=True)
    department_id = models.BigIntegerField(null=True, db_index=True)
    channel = models.CharField(max_length=8)
    address = models.CharField(max_length=64)
    trace = models.CharField(max_length=64)
    verb = models.CharField(max_length=80)
    subject_kind = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=64)
    outcome = models.CharField(max_length=8)
    code = models.CharField(max_length=32)
    reason = models.TextField()
    before = models.CharField(max_length=64)
    after = models.CharField(max_length=64)
    detail = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "id"], name="audit_subject"),
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["actor_id", "at"], name="audit_actor_at"),
        ]


class AuditPending(models.Model):
    """Entries not sealed yet; filled by a trigger, emptied by the sealer."""

    entry_id = models.BigIntegerField(primary_key=True)


class AuditSeal(models.Model):
    """A sealed piece of the centre's chain.

    entry_ids in chain order; digests: their SM3 values, 32 bytes each, joined; head: SM3 chain value after the last,
    starting from `prev`; signature: SM2 over "number|count|prev|head|sealed_at".
    """

    number = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField()
    entry_ids = ArrayField(models.BigIntegerField())
    digests = models.BinaryField()
    prev = models.CharField(max_length=64)
    head = models.CharField(max_length=64)
    key_id = models.CharField(max_length=16)
    public = models.CharField(max_length=128)
    signature = models.BinaryField()


class AuditSegment(models.Model):
    """A sealed chain file of a gateway or node, as shipped; `lines` is the file, kept beside the database by digest."""

    writer = models.CharField(max_length=64)
    number = models.BigIntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    prev = models.CharField(max_length=64)
    head = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    closed_at = models.DateTimeField()
    received_at = models.DateTimeField()
    envelope = models.BinaryField()
    lines = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["writer", "number"], name="one_segment_of_a_number")]


class AuditPurge(models.Model):
    """An export whose entries may be deleted afterwards: the only deletion there is, signed by the audit administrator."""

    upto_seal = models.BigIntegerField(unique=True)
    older_than = models.DateTimeField()
    export_digest = models.CharField(max_length=64)
    statement = models.TextField()
    signature = models.BinaryField()
    public = models.CharField(max_length=128)
    by_account = models.BigIntegerField()
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)


class OutboxState(models.TextChoices):
    """A held event failed too often and waits for a person; later events of its subject wait behind it."""

    PENDING = "pending"
    DONE = "done"
    HELD = "held"
    SKIPPED = "skipped"


class OutboxEvent(models.Model):
    """A fact in the past tense, published in the transaction that made it true."""

    name = models.CharField(max_length=80)
    subject = models.CharField(max_length=120)
    payload = models.JSONField(encoder=DjangoJSONEncoder)
    at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=OutboxState.choices, default=OutboxState.PENDING)
    attempts = models.IntegerField(default=0)
    next_try = models.DateTimeField()
    error = models.TextField(default="")
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="outbox_open", condition=models.Q(state="pending")),
            models.Index(
                fields=["subject", "id"], name="outbox_subject", condition=models.Q(state__in=["pending", "held"])
            ),
        ]


class InboxItem(models.Model):
    """A notice to one person, or to everyone who holds a role in a department."""

    account_id = models.BigIntegerField(null=True, db_index=True)
    department_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=32, default="")
    title = models.CharField(max_length=200)
    text = models.TextField(default="")
    link = models.CharField(max_length=300, default="")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["department_id", "role", "-id"], name="inbox_department")]


class InboxRead(models.Model):
    """Who has read which notice."""

    item = models.ForeignKey(InboxItem, on_delete=models.CASCADE)
    account_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account_id", "item"], name="read_once")]


class StoredFile(models.Model):
    """An attachment, kept once by its SM3 digest; `media_type` was sniffed from the content."""

    digest = models.CharField(max_length=64, db_index=True)
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    account_id = models.BigIntegerField(null=True)
    department_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()


class Progress(models.Model):
    """A piece of long work and how far it is."""

    task = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    account_id = models.BigIntegerField(null=True)
    department_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, default="waiting")  # waiting, running, done, failed
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    message = models.CharField(max_length=500, default="")
    result_file = models.ForeignKey(StoredFile, null=True, on_delete=models.SET_NULL)
    result_link = models.CharField(max_length=300, default="")
    at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    arguments = models.JSONField(default=dict, encoder=DjangoJSONEncoder)


class OnceToken(models.Model):
    """A form token that was used: a second submission of the same form is refused."""

    token = models.CharField(max_length=64, primary_key=True)
    account_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(db_default=Now())


class CalendarDay(models.Model):
    """A day of a later year's official calendar, loaded by an administrator."""

    day = models.DateField(primary_key=True)
    workday = models.BooleanField()
    name = models.CharField(max_length=40, default="")


class PolicyAssignment(models.Model):
    """Which profile holds in a region from a day on; `overrides` are stricter local values (version > 1).

    basis: the region's own instrument, named as the source of its values. targets: internal targets in working days.
    """

    region = models.CharField(max_length=12)
    profile = models.CharField(max_length=64)
    version = models.IntegerField(default=1)
    effective_from = models.DateField()
    overrides = models.JSONField(default=dict)
    targets = models.JSONField(default=dict)
    basis = models.CharField(max_length=200, default="")
    assigned_by = models.BigIntegerField(null=True)
    assigned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "effective_from"], name="one_profile_a_day"),
            models.UniqueConstraint(fields=["region", "profile", "version"], name="one_profile_version"),
        ]

    @property
    def reference(self) -> str:
        """The profile version as a case keeps it; with the region where stricter local values are laid over it."""
        own = self.overrides or self.targets
        return f"{self.profile}:{self.region}@{self.version}" if own else f"{self.profile}@1"

    @property
    def articles(self) -> tuple[str, ...]:
        """The source of the region's own values, as profiles name articles."""
        return (self.basis,) if self.basis else ()


class RateCount(models.Model):
    """How often a key (an account or an address, and a kind of request) was seen in one minute."""

    key = models.CharField(max_length=120)
    minute = models.BigIntegerField(help_text="whole minutes since 1970-01-01 UTC")
    count = models.IntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "minute"], name="one_count_a_minute")]


class Heartbeat(models.Model):
    """The last sign of life of a process. process: "node/name"; kind: worker, runner, gateway; stopped_at: its last word."""

    process = models.CharField(max_length=120, primary_key=True)
    kind = models.CharField(max_length=16)
    node = models.CharField(max_length=64, default="")
    version = models.CharField(max_length=32, default="")
    busy = models.IntegerField(default=0)
    since = models.DateTimeField()
    at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)


class KeyHandover(models.Model):
    """A key of this instance or of a node gave way to another; append-only, signed by the new key and, unless lost, the old.

    owner: "instance" or a node's name. upto: last seal (instance) under the old key; 0 for a node. statement: what is signed.
    """

    owner = models.CharField(max_length=64)
    kind = models.CharField(max_length=8)  # rotated, lost
    old_public = models.CharField(max_length=128)
    new_public = models.CharField(max_length=128)
    upto = models.BigIntegerField(default=0)
    reason = models.TextField(default="")
    statement = models.TextField()
    old_signature = models.BinaryField(default=bytes)
    new_signature = models.BinaryField()
    at = models.DateTimeField()


class ArchivePackage(models.Model):
    """A package of records that was written before they were purged (R-SEC-034); the file itself lies in the archive's folder.

    number: of registration. kind: what it holds, record_ids: of which records. digest: SM3 of the file. state: writing, or
    verified once it was read back without a fault.
    """

    number = models.CharField(max_length=32, default="")
    kind = models.CharField(max_length=32)
    name = models.CharField(max_length=100)
    state = models.CharField(max_length=8, default="writing")
    digest = models.CharField(max_length=64, default="")
    record_ids = ArrayField(models.BigIntegerField(), default=list)
    at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(state="writing"), name="one_package_written_at_a_time"
            )
        ]
        indexes = [GinIndex(fields=["record_ids"], name="package_records")]
