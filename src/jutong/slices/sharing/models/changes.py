"""Changes of use and external provision, with every release (W08)."""

from __future__ import annotations

from typing import Any

from django.db import models

from jutong.kernel.models import Case


class UseChange(Case):
    """A consumer's application for a wider scope, another purpose or provision to a third party (national-2025#25; W08).

    kind: scope, purpose, third_party. items, purposes, scope: what is asked beside the grant; recipient, content: of an
    external provision. until: last Beijing day of the permit. permit: its number, once consented. version: the grant's
    version that the consent made. releases: how many were logged.
    """

    number = models.CharField(max_length=24, unique=True)
    kind = models.CharField(max_length=16)
    grant_id = models.BigIntegerField(db_index=True)
    grant_reference = models.CharField(max_length=24)
    resource_id = models.BigIntegerField()
    resource_title = models.CharField(max_length=200)
    share_type = models.CharField(max_length=16)
    consumer = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority_id = models.BigIntegerField(null=True)
    items = models.JSONField(default=list)
    purposes = models.JSONField(default=list)
    scope = models.TextField(default="")
    recipient = models.CharField(max_length=200, default="")
    content = models.TextField(default="")
    why = models.TextField()
    until = models.DateField(null=True)
    commercial = models.BooleanField(default=False)
    attachments = models.JSONField(default=list)
    created_by = models.BigIntegerField()
    created_at = models.DateTimeField()
    reply_reason = models.TextField(default="")
    replied_by = models.CharField(max_length=100, default="")
    replied_at = models.DateTimeField(null=True)
    permit = models.CharField(max_length=24, default="")
    version = models.IntegerField(null=True)
    releases = models.IntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["consumer", "-id"], name="use_change_consumer"),
            models.Index(fields=["provider", "-id"], name="use_change_provider"),
        ]

    def event_payload(self) -> dict[str, Any]:
        """Name the parties, the grant and the kind."""
        return {
            "number": self.number,
            "kind": self.kind,
            "grant_id": self.grant_id,
            "resource_id": self.resource_id,
            "provider_id": self.provider_id,
            "consumer_id": self.consumer_id,
            "version": self.version,
        }


class Release(models.Model):
    """One provision of shared data to a third party, as the consumer reports it; never changed.

    change: the permit it is logged against, None where there is none. fault: why it lies outside every permit, empty
    for one that is within; such a one is told as a finding (R-SHR-019).
    """

    change = models.ForeignKey(UseChange, null=True, on_delete=models.PROTECT, related_name="logged")
    grant_id = models.BigIntegerField(db_index=True)
    recipient = models.CharField(max_length=200)
    items = models.JSONField(default=list)
    rows = models.BigIntegerField(default=0)
    released_on = models.DateField()
    fault = models.TextField(default="")
    by_name = models.CharField(max_length=100)
    at = models.DateTimeField()
