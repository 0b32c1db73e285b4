"""Sharing disputes from negotiation to the government's decision, what was said in them, and the bodies that decide (W07)."""

from __future__ import annotations

from typing import Any

from django.db import models

from jutong.kernel.models import Case


class Dispute(Case):
    """A dispute between a consumer and a provider about sharing (national-2025#28; W07).

    kind: see `rules.disputes.KINDS`. applicant_id: the department that raised it. authority_id: who coordinates, once it
    is escalated; superior_id: the authority above it, who sees it when it lies there too long (idle_since).
    government_id: who decides when coordination fails. asked, grant_id: the request and the grant it is about, where there is one.
    proposal: an outcome one party put forward, with "by" and "department"; outcome: what was settled or decided.
    opinion: the coordinating authority's own. decision_number, decided_on: the government's. outcome_grant_id: the grant
    that the outcome opened or changed. acted_on: the day of the coordinating authority's last act. elsewhere: the common
    superior authority where it works on another instance; carrier_id: the authority here that sends the signed file
    (sent_file; sent_digest: SM3 of its payload in hex) and takes the signed answer in (answer_file).
    """

    number = models.CharField(max_length=24, unique=True)
    kind = models.CharField(max_length=24)
    consumer = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    applicant_id = models.BigIntegerField()
    authority_id = models.BigIntegerField(null=True)
    superior_id = models.BigIntegerField(null=True)
    government_id = models.BigIntegerField(null=True)
    resource = models.ForeignKey("catalogue.Entry", on_delete=models.PROTECT, related_name="+")
    resource_title = models.CharField(max_length=200)
    asked = models.ForeignKey("sharing.SharingRequest", null=True, on_delete=models.PROTECT, related_name="disputes")
    grant_id = models.BigIntegerField(null=True)
    duty = models.TextField()
    statement = models.TextField()
    created_by = models.BigIntegerField()
    created_at = models.DateTimeField()
    proposal = models.JSONField(default=dict)
    outcome = models.JSONField(default=dict)
    outcome_grant_id = models.BigIntegerField(null=True)
    failure = models.TextField(default="")
    opinion = models.TextField(default="")
    decision_number = models.CharField(max_length=80, default="")
    decided_on = models.DateField(null=True)
    acted_on = models.DateField(null=True)
    idle_since = models.DateField(null=True)
    closed_at = models.DateTimeField(null=True)
    elsewhere = models.ForeignKey("sharing.AuthorityElsewhere", null=True, on_delete=models.PROTECT, related_name="+")
    carrier_id = models.BigIntegerField(null=True)
    sent_file = models.BinaryField(default=bytes)
    sent_digest = models.CharField(max_length=64, default="")
    sent_at = models.DateTimeField(null=True)
    answer_file = models.BinaryField(default=bytes)

    class Meta:
        indexes = [
            models.Index(fields=["consumer", "-id"], name="dispute_consumer"),
            models.Index(fields=["provider", "-id"], name="dispute_provider"),
            models.Index(fields=["authority_id", "state"], name="dispute_authority"),
        ]

    def event_payload(self) -> dict[str, Any]:
        """Name the parties, what it is about and who coordinates."""
        return {
            "number": self.number,
            "kind": self.kind,
            "title": self.resource_title,
            "resource_id": self.resource_id,
            "provider_id": self.provider_id,
            "consumer_id": self.consumer_id,
            "authority_id": self.authority_id,
            "request_id": self.asked_id,
            "grant_id": self.outcome_grant_id or self.grant_id,
            "result": self.outcome.get("result", ""),
        }


class DisputeNote(models.Model):
    """Something said or recorded in a dispute; never changed.

    sort: statement (of a party), absence (a party said nothing), minutes, expert, department (others concerned).
    side: consumer, provider or empty. source: name of the expert or department. attachments: ids of stored files.
    """

    dispute = models.ForeignKey(Dispute, on_delete=models.CASCADE, related_name="notes")
    sort = models.CharField(max_length=12)
    side = models.CharField(max_length=12, default="")
    source = models.CharField(max_length=120, default="")
    text = models.TextField()
    attachments = models.JSONField(default=list)
    at = models.DateTimeField()
    by_name = models.CharField(max_length=100)
    department_name = models.CharField(max_length=120, default="")


class DisputeBody(models.Model):
    """Which registered department stands for the people's government or the leading group of a region (national-2025#28).

    sort: government, leading_group.
    """

    region = models.CharField(max_length=12)
    sort = models.CharField(max_length=16)
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    named_by = models.CharField(max_length=100)
    named_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region", "sort"], condition=models.Q(ended_at=None), name="one_dispute_body_a_region"
            )
        ]
