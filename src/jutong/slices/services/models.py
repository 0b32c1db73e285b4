"""Figures of use, by day and by minute, which reports were taken, and refused calls that look like misuse."""

from __future__ import annotations

from django.db import models


class UsageDay(models.Model):
    """Calls of one system under one grant on one Beijing day, by mode and purpose; figures for pages, not for proof.

    grant_id and system_id are ids of other slices' rows, kept after those are gone. refused is part of calls.
    """

    grant_id = models.BigIntegerField()
    system_id = models.BigIntegerField()
    day = models.DateField()
    mode = models.CharField(max_length=24)
    purpose = models.CharField(max_length=32)
    calls = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["grant_id", "day", "system_id", "mode", "purpose"], name="one_usage_day")
        ]


class UsageMinute(models.Model):
    """Calls of one system under one grant in one minute; kept for a week, for the console.

    failed, part of refused: for a reason on our side. latency: calls by class of `wire.usage.LATENCY_MS`.
    """

    grant_id = models.BigIntegerField()
    system_id = models.BigIntegerField()
    minute = models.DateTimeField(db_index=True)
    calls = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    latency = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["grant_id", "minute", "system_id"], name="one_usage_minute")]


class Alert(models.Model):
    """Refused calls of one kind of misuse by one system under one grant on one Beijing day (R-SHR-017).

    kind: as in `wire.Evidence`. traces: names of the first calls in the gateways' audit chains, the evidence.
    """

    grant_id = models.BigIntegerField()
    reference = models.CharField(max_length=20)
    resource_title = models.CharField(max_length=200)
    provider_id = models.BigIntegerField(db_index=True)
    consumer_id = models.BigIntegerField()
    system_id = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    day = models.DateField()
    calls = models.IntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)
    traces = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["grant_id", "system_id", "kind", "day"], name="one_alert_a_day")]


class UsageWriter(models.Model):
    """The last batch of usage taken from one gateway process, so that none counts twice."""

    node = models.CharField(max_length=64)
    writer = models.CharField(max_length=64)
    number = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["node", "writer"], name="one_usage_writer")]
