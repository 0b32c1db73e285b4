"""Counts by department that triggers keep beside pulses and hand-ins, so that supervision adds up some hundred rows.

What counts is the sum of the rows. They are only added, in the statement's own transaction, so that nobody waits for
anybody; a timer joins them.
"""

from __future__ import annotations

from django.db import models


class PulseTally(models.Model):
    """How much a department's entries in force add to a figure from a day on; figures are `queries.tallies.FIGURES`.

    What holds on every day has the day 0001-01-01; what an entry will only suffer from later has the first such day.
    """

    provider_id = models.BigIntegerField()
    authority_id = models.BigIntegerField(null=True)
    figure = models.CharField(max_length=16)
    day = models.DateField()
    amount = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["authority_id", "day"], name="pulse_tally_authority"),
            models.Index(fields=["provider_id", "day"], name="pulse_tally_provider"),
        ]


class TurnTally(models.Model):
    """How many hand-ins of a department, submitted in a month (its first day, Beijing), had an outcome after some days.

    outcome and days are those of `ReviewTurn`.
    """

    provider_id = models.BigIntegerField()
    authority_id = models.BigIntegerField(null=True)
    month = models.DateField()
    outcome = models.CharField(max_length=12)
    days = models.IntegerField(null=True)
    amount = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["authority_id", "month"], name="turn_tally_authority"),
            models.Index(fields=["provider_id", "month"], name="turn_tally_provider"),
        ]
