"""Which records carry a mark now, and business that was handled as usual meanwhile."""

from __future__ import annotations

from django.db import models


class MarkedRecord(models.Model):
    """A record (or with an empty digest a whole resource) and its marks now: {kind: sentence}; locked while they change."""

    resource = models.ForeignKey("catalogue.Entry", on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, default="")
    shown = models.CharField(max_length=60, default="")
    kinds = models.JSONField(default=dict)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["resource", "digest"], name="one_marked_record")]


class Handling(models.Model):
    """Business that a unit handled as usual while the data was being verified."""

    verification = models.ForeignKey("correction.Verification", on_delete=models.PROTECT, related_name="handlings")
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=100)
    proof = models.CharField(max_length=200)
    text = models.TextField(default="")
    at = models.DateTimeField()
