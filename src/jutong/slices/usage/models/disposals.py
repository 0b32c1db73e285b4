"""Disposal of copies when the use ends (W26)."""

from __future__ import annotations

from typing import Any

from django.db import models

from jutong.kernel.models import Case
from jutong.slices.usage.rules.disposals import Instruction, Method


class Disposal(Case):
    """A copy has to be disposed of as the provider requires, and that has to be proven (national-2025#27; W26).

    ground: why its use ended. instruction, due_on, words: what the provider wants, by which Beijing day, for which duty
    where it is kept; instructed_on: the Beijing day of the instruction. method, executed_on, executor, proof, note: what the consumer reports. returned_for: why the provider
    did not accept a report. proposed_at: when its lateness was put forward as a finding.
    """

    record = models.ForeignKey("usage.UseRecord", on_delete=models.CASCADE, related_name="disposals")
    copy = models.ForeignKey("usage.Copy", on_delete=models.CASCADE, related_name="disposals")
    grant_id = models.BigIntegerField(db_index=True)
    resource_title = models.CharField(max_length=200)
    copy_title = models.CharField(max_length=200)
    consumer = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority_id = models.BigIntegerField(null=True)
    ground = models.CharField(max_length=32)
    began_at = models.DateTimeField()
    instruction = models.CharField(max_length=8, choices=Instruction.choices(), default="")
    due_on = models.DateField(null=True)
    instructed_on = models.DateField(null=True)
    words = models.TextField(default="")
    method = models.CharField(max_length=12, choices=Method.choices(), default="")
    executed_on = models.DateField(null=True)
    executor = models.CharField(max_length=100, default="")
    proof = models.ForeignKey("kernel.StoredFile", null=True, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(default="")
    reported_at = models.DateTimeField(null=True)
    reported_by = models.CharField(max_length=100, default="")
    returned_for = models.TextField(default="")
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.CharField(max_length=100, default="")
    proposed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["copy"],
                condition=models.Q(state__in=["ended", "instructed", "reported", "accepted"]),
                name="one_open_disposal_of_a_copy",
            )
        ]
        indexes = [
            models.Index(fields=["consumer", "-id"], name="disposal_consumer"),
            models.Index(fields=["provider", "-id"], name="disposal_provider"),
        ]

    def event_payload(self) -> dict[str, Any]:
        """Name the grant, the copy and the parties."""
        return {
            "grant_id": self.grant_id,
            "copy_id": self.copy_id,
            "consumer_id": self.consumer_id,
            "provider_id": self.provider_id,
            "authority_id": self.authority_id,
        }
