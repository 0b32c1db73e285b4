"""Figures of use: calls per grant, system and day."""

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
