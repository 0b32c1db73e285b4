"""Tables of the exchange: what is to be delivered where, each run of it, and the receipts that prove it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from jutong.kernel.models import Case
from jutong.slices.exchange.rules import OPEN, Encoding, Format, Kind, Mode


class TransferTask(models.Model):
    """What is delivered under a grant: into which table of the consumer (kind table), or as which file (kind batch)."""

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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "kind", "target", "schema", "table", "mode", "format", "encoding"],
                name="one_task_of_a_kind",
                nulls_distinct=False,
            )
        ]


class Run(Case):
    """One delivery (W22): ordered by a person, carried out by a runner, again with a new `round` after a failure.

    serial: place in the feed of orders. statement: the canonical JSON of what was asked, digest: its SM3 (hex), bound
    into the receipts. cancelled: the consumer asked to stop. rows_done, rows_total: as last reported. expires_at: until
    when a batch file can be fetched. settled_at: when the run ended.
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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task"], condition=Q(state__in=OPEN), name="one_open_run_of_a_task")
        ]
        indexes = [
            models.Index(fields=["consumer", "-id"], name="run_consumer"),
            models.Index(fields=["provider", "-id"], name="run_provider"),
            models.Index(fields=["grant", "-id"], name="run_grant"),
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


class OrderSerial(models.Model):
    """One row: the serial of the newest order. Its row lock makes serials become visible in order."""

    value = models.BigIntegerField(default=0)
