"""Tables of the exchange: what is to be delivered where, each run of it, and the receipts that prove it."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import models
from django.db.models import Q

from jutong.kernel.models import Case
from jutong.slices.exchange.models.backflow import Backflow
from jutong.slices.exchange.models.between import Parcel, RunHalf
from jutong.slices.exchange.rules import LONGEST_CRON, OPEN, Encoding, Format, Kind, Mode, Terms, Trigger

__all__ = [
    "Backflow",
    "CorrectedRow",
    "Correction",
    "DirtyParcel",
    "OffPlatform",
    "OrderSerial",
    "Parcel",
    "Run",
    "RunHalf",
    "RunReceipt",
    "RunSample",
    "SetAside",
    "SourceLimit",
    "Submission",
    "SubmissionFault",
    "Timeliness",
    "TransferTask",
]


class TransferTask(models.Model):
    """What is delivered under a grant: into which table of the consumer (kind table), or as which file (kind batch).

    terms: how its runs read, check and hold back (`rules.Terms`). cron: schedule in Beijing time; due_at: when it
    strikes next. after_task: runs when that one was released; after_update: when the resource's data changed.
    shape: digest of the source's columns that a person accepted. remark: why the last time did not start a run.
    alarmed_at: when people were last told that a source's change log for it grows. deleted_at: no longer wanted; its
    runs stay.
    """

    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices())
    target = models.ForeignKey("sources.DataSource", null=True, on_delete=models.PROTECT, related_name="+")
    schema = models.CharField(max_length=63, default="")
    table = models.CharField(max_length=63, default="")
    mode = models.CharField(max_length=8, choices=Mode.choices(), default=Mode.REPLACE)
    format = models.CharField(max_length=8, choices=Format.choices(), default=Format.CSV)
    encoding = models.CharField(max_length=8, choices=Encoding.choices(), default=Encoding.UTF8)
    account_id = models.BigIntegerField(null=True)
    account_name = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    terms = models.JSONField(default=dict)
    cron = models.CharField(max_length=LONGEST_CRON, default="")
    due_at = models.DateTimeField(null=True, db_index=True)
    after_task = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="followers")
    after_update = models.BooleanField(default=False)
    paused = models.BooleanField(default=False)
    shape = models.CharField(max_length=128, default="")
    remark = models.CharField(max_length=500, default="")
    alarmed_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "kind", "target", "schema", "table", "mode", "format", "encoding"],
                name="one_task_of_a_kind",
                nulls_distinct=False,
            )
        ]

    @property
    def consumer_id(self) -> int:
        """The department it delivers to."""
        return self.grant.consumer_id

    @property
    def provider_id(self) -> int:
        """The department whose data it delivers."""
        return self.grant.provider_id

    @property
    def agreed(self) -> Terms:
        """The terms in words of the rules."""
        return msgspec.convert(self.terms, Terms)


class Run(Case):
    """One delivery (W22): ordered by a person, carried out by a runner, again with a new `round` after a failure.

    serial: place in the feed of orders. statement: the canonical JSON of what was asked, digest: its SM3 (hex), bound
    into the receipts. cancelled: the consumer asked to stop. rows_done, rows_total: as last reported. expires_at: until
    when a batch file can be fetched. settled_at: when the run ended. trigger: what set it off. terms, shape, repair,
    not_before, not_after: as ordered. source: where the rows come from. waiting: there is no room at a source yet, the
    runners do not see it. differing: partitions that did not reconcile; drift: digest of the columns found when they are
    not the accepted ones; dirty: rows set aside; lag_seconds: of change capture. corrects: the run whose rows, set aside
    and put right since, are all that this one delivers; correction_digest: SM3 (hex) of what was put right, sealed.
    of_source: it last failed because the source gave nothing. sender, receiver: the front-end nodes behind which source and target sit, where they are two; empty otherwise.
    """

    task = models.ForeignKey(TransferTask, on_delete=models.PROTECT, related_name="runs")
    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="+")
    grant_version = models.IntegerField()
    title = models.CharField(max_length=200)
    entry_code = models.CharField(max_length=64)
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    consumer = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    round = models.IntegerField(default=1)
    serial = models.BigIntegerField(db_index=True)
    statement = models.TextField()
    digest = models.CharField(max_length=64)
    account_id = models.BigIntegerField(null=True)
    account_name = models.CharField(max_length=100)
    ordered_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    cancelled = models.BooleanField(default=False)
    attempt = models.IntegerField(default=0)
    rows_done = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(default=0)
    message = models.CharField(max_length=500, default="")
    artefact_id = models.CharField(max_length=80, default="")
    node = models.CharField(max_length=64, default="")
    reported_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    trigger = models.CharField(max_length=8, choices=Trigger.choices(), default=Trigger.PERSON)
    terms = models.JSONField(default=dict)
    shape = models.CharField(max_length=128, default="")
    repair = models.JSONField(default=list)
    not_before = models.DateTimeField(null=True)
    not_after = models.DateTimeField(null=True)
    source = models.ForeignKey("sources.DataSource", null=True, on_delete=models.PROTECT, related_name="+")
    waiting = models.BooleanField(default=False)
    priority = models.IntegerField(default=5)
    bytes_done = models.BigIntegerField(default=0)
    dirty = models.BigIntegerField(default=0)
    lag_seconds = models.FloatField(default=0.0)
    differing = models.JSONField(default=list)
    drift = models.CharField(max_length=128, default="")
    drift_text = models.CharField(max_length=1000, default="")
    of_source = models.BooleanField(default=False)
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="corrected_by")
    correction_digest = models.CharField(max_length=64, default="")
    sender = models.CharField(max_length=40, default="")
    receiver = models.CharField(max_length=40, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task"], condition=Q(state__in=OPEN), name="one_open_run_of_a_task")
        ]
        indexes = [
            models.Index(fields=["consumer", "-id"], name="run_consumer"),
            models.Index(fields=["provider", "-id"], name="run_provider"),
            models.Index(fields=["grant", "-id"], name="run_grant"),
            models.Index(fields=["priority", "id"], condition=Q(waiting=True), name="run_waiting"),
            models.Index(fields=["grant"], condition=Q(of_source=True), name="run_of_source"),
        ]

    @property
    def order_id(self) -> str:
        """The order's id at the runners; a retry is a new order."""
        return f"R{self.pk}-{self.round}"

    def event_payload(self) -> dict[str, Any]:
        """Name the parties, the grant and the kind."""
        return {
            "run_id": self.pk,
            "grant_id": self.grant_id,
            "kind": self.task.kind,
            "task_id": self.task_id,
            "order_id": self.order_id,
            "provider_id": self.provider_id,
            "consumer_id": self.consumer_id,
            "account_id": self.account_id,
        }


class RunReceipt(models.Model):
    """A signed receipt of one order: of the sender, the receiver, or (side "centre") our counter-signature."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="receipts")
    order_id = models.CharField(max_length=80)
    side = models.CharField(max_length=8)
    envelope = models.BinaryField()
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order_id", "side"], name="one_receipt_a_side")]


class RunSample(models.Model):
    """One report of a run on its way: how far it was, for the line of throughput; attempts of one order in a row."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="samples")
    round = models.IntegerField()
    at = models.DateTimeField()
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    lag_seconds = models.FloatField(default=0.0)

    class Meta:
        indexes = [models.Index(fields=["run", "round", "at"], name="sample_run")]


class DirtyParcel(models.Model):
    """A parcel of rows that a run set aside, taken once.

    group, look, aside: see `wire.DirtyRows`. content: the rows themselves, sealed to the provider's node; emptied at
    `forgotten_at`, when they have been kept long enough.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="dirty_parcels")
    order_id = models.CharField(max_length=80)
    batch = models.IntegerField()
    group = models.CharField(max_length=200, default="")
    look = models.IntegerField(default=0)
    aside = models.BigIntegerField(default=0)
    node = models.CharField(max_length=64)
    content = models.BinaryField()
    at = models.DateTimeField()
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order_id", "group", "batch"], name="one_parcel_of_a_batch")]
        indexes = [models.Index(fields=["at"], condition=Q(forgotten_at=None), name="parcel_kept")]


class SetAside(models.Model):
    """A row that was set aside: its place in the source, its key, the item, the value (masked) and the reason."""

    parcel = models.ForeignKey(DirtyParcel, on_delete=models.CASCADE, related_name="rows")
    number = models.BigIntegerField()
    item = models.CharField(max_length=200)
    value = models.CharField(max_length=500)
    reason = models.CharField(max_length=500)
    key = models.CharField(max_length=200, default="")


class Correction(models.Model):
    """An upload of corrected values for rows that a run set aside, waiting for its confirmation or delivered.

    parcels: ids of the parcels that hold the rows, in the order that `content` counts them. content: the values
    (`wire.CorrectedValue`), sealed to the node that set the rows aside; emptied when the delivery has ended.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="corrections")
    delivery = models.OneToOneField(Run, null=True, on_delete=models.CASCADE, related_name="correction")
    parcels = models.JSONField(default=list)
    content = models.BinaryField()
    account_id = models.BigIntegerField(null=True)
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField(db_index=True)


class CorrectedRow(models.Model):
    """A row of an upload: which one, and what the corrected value looks like."""

    correction = models.ForeignKey(Correction, on_delete=models.CASCADE, related_name="rows")
    row = models.ForeignKey(SetAside, on_delete=models.CASCADE, related_name="corrected")
    value = models.CharField(max_length=60)


class SourceLimit(models.Model):
    """What the owner of a data source allows the exchange to ask of it; 0 and empty mean no limit.

    most_runs: runs at the same time. rows_per_second: of each run. hours: a `rules.Window` in JSON, or empty.
    """

    source = models.OneToOneField("sources.DataSource", on_delete=models.CASCADE, related_name="+")
    most_runs = models.IntegerField(default=0)
    rows_per_second = models.IntegerField(default=0)
    hours = models.JSONField(default=dict)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=100)


class Submission(models.Model):
    """A batch that a provider submitted for an entry, checked against the version in force (R-EXC-010, R-EXC-017).

    rows: read; accepted: without fault; refused: with at least one; faults: broken rules counted. ok: no item was
    missing and a row was left, so the accepted rows count as provided. unbound: no item is bound to a standard or code
    list; unchecked: names of the items bound to a code list whose codes the entry does not give.
    """

    resource = models.ForeignKey("catalogue.Entry", on_delete=models.PROTECT, related_name="+")
    entry_version = models.IntegerField()
    title = models.CharField(max_length=200)
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey("kernel.StoredFile", on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    ok = models.BooleanField()
    rows = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    faults = models.BigIntegerField(default=0)
    remark = models.CharField(max_length=500, default="")
    unbound = models.BooleanField(default=False)
    unchecked = models.JSONField(default=list)
    account_id = models.BigIntegerField(null=True)
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["provider", "-id"], name="submission_provider")]


class SubmissionFault(models.Model):
    """A value of a submitted batch that breaks a rule: its row, item, value (masked where sensitive), rule, reason."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="found")
    number = models.BigIntegerField()
    item = models.CharField(max_length=200)
    value = models.CharField(max_length=200)
    rule = models.CharField(max_length=12)
    reason = models.CharField(max_length=300)


class Timeliness(models.Model):
    """When the next batch of a submitted entry is due, and since when it is late."""

    resource = models.OneToOneField("catalogue.Entry", on_delete=models.CASCADE, related_name="+")
    provider = models.ForeignKey("parties.Department", on_delete=models.CASCADE, related_name="+")
    title = models.CharField(max_length=200)
    cycle = models.CharField(max_length=16)
    last_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True, db_index=True)
    late_since = models.DateTimeField(null=True)


class OffPlatform(models.Model):
    """A delivery of conditional information outside the platform, where the profile of its day lets it be (R-SHR-025)."""

    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    consumer = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    delivered_on = models.DateField()
    reason = models.CharField(max_length=1000)
    profile = models.CharField(max_length=60)
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField()


class OrderSerial(models.Model):
    """One row: the serial of the newest order. Its row lock makes serials become visible in order."""

    value = models.BigIntegerField(default=0)
