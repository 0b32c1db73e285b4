"""Figures of use, by day and by minute, which reports were taken, refused calls that look like misuse, services that stopped."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
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


class ServiceStop(models.Model):
    """A resource whose running grants give nothing, though no end was filed (national-2025#39(7)).

    cause: unmounted, source, suspended, failing, batches; words: what shows it. since: when it began, as far as it is known.
    proposed_at: when it was put forward as a possible finding; ended_at: when it was to be had again, or nobody had a
    grant any more.
    """

    resource_id = models.BigIntegerField()
    resource_title = models.CharField(max_length=200)
    provider_id = models.BigIntegerField(db_index=True)
    authority_id = models.BigIntegerField(null=True)
    consumer_ids = ArrayField(models.BigIntegerField())
    cause = models.CharField(max_length=12)
    words = models.CharField(max_length=300)
    since = models.DateTimeField()
    found_at = models.DateTimeField()
    proposed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["resource_id"], condition=models.Q(ended_at=None), name="one_open_stop_a_resource"
            )
        ]


class UsageWriter(models.Model):
    """The last batch of usage taken from one gateway process, so that none counts twice."""

    node = models.CharField(max_length=64)
    writer = models.CharField(max_length=64)
    number = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["node", "writer"], name="one_usage_writer")]
