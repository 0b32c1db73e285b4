"""Tables of what goes between two front-end nodes: parcels, and how far each half of an order has come."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Parcel(models.Model):
    """A sealed parcel of files on its way between two front-end nodes; its body lies below the data folder, unreadable to us.

    key: its name, chosen by the sender. slip: the sender's signed envelope as JSON. received: bytes of the body that are
    here. receipt: the receiver's, as envelope JSON; collected_at: when the sender took it. order_id: of the order whose
    sending half packed it, empty for dropped files.
    """

    key = models.CharField(max_length=40, unique=True)
    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="+")
    number = models.BigIntegerField()
    sender = models.CharField(max_length=40)
    receiver = models.CharField(max_length=40)
    slip = models.BinaryField()
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    received = models.BigIntegerField(default=0)
    receipt = models.BinaryField(default=b"")
    made_at = models.DateTimeField()
    announced_at = models.DateTimeField()
    arrived_at = models.DateTimeField(null=True)
    landed_at = models.DateTimeField(null=True)
    collected_at = models.DateTimeField(null=True)
    order_id = models.CharField(max_length=80, default="", db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["receiver", "key"], condition=Q(landed_at__isnull=True), name="parcel_waiting"),
            models.Index(fields=["sender", "key"], condition=Q(collected_at__isnull=True), name="parcel_uncollected"),
        ]


class RunHalf(models.Model):
    """What the node of one half of an order said last. side: sender or receiver; reported: a runner's state.

    serial: place in the feed of orders of what this node has still to be told, when the other half ended the run.
    position: how far the target has come, as its own node told. ended: the half is over and needs nothing any more.
    """

    run = models.ForeignKey("exchange.Run", on_delete=models.CASCADE, related_name="halves")
    order_id = models.CharField(max_length=80)
    side = models.CharField(max_length=8)
    node = models.CharField(max_length=40)
    serial = models.BigIntegerField(default=0)
    reported = models.CharField(max_length=12, default="queued")
    attempt = models.IntegerField(default=0)
    rows_done = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(default=0)
    bytes_done = models.BigIntegerField(default=0)
    message = models.CharField(max_length=500, default="")
    position = models.CharField(max_length=255, null=True)  # noqa: DJ001 - nothing told is not the beginning
    reported_at = models.DateTimeField(null=True)
    ended = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order_id", "side"], name="one_half_a_side")]
        indexes = [models.Index(fields=["node", "serial"], condition=Q(ended=False), name="half_untold")]
