"""Circumstances that may have to be rectified, as the slices below and this one put them forward."""

from __future__ import annotations

from django.db import models


class ProposedFinding(models.Model):
    """A circumstance put forward by an event; a person of the supervision decides (W16), nothing follows from the row.

    event_id: of the outbox, so that an event heard twice stands here once. kind: as the event names it. subject: the case,
    "sharing_request:12". words: what shows it. source: the articles.
    """

    event_id = models.BigIntegerField(unique=True)
    kind = models.CharField(max_length=48)
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority_id = models.BigIntegerField(null=True)
    subject = models.CharField(max_length=80)
    words = models.TextField(default="")
    source = models.CharField(max_length=400, default="")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["authority_id", "-at"], name="proposed_finding_newest")]
