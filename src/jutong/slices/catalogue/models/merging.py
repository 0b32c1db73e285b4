"""Mergers of two entries: which one goes into which, and when it was done."""

from __future__ import annotations

from django.db import models


class Merger(models.Model):
    """An entry that goes into another: it is withdrawn once the other's revision, which takes its items over, is published.

    done_at: from then on the merged entry's code leads to `stays`.
    """

    stays = models.ForeignKey("catalogue.Entry", on_delete=models.CASCADE, related_name="+")
    merged = models.ForeignKey("catalogue.Entry", on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=500)
    account_id = models.BigIntegerField(null=True)
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merged"], condition=models.Q(done_at=None), name="one_merger_at_a_time")
        ]
