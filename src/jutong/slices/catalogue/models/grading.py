"""Tables of the grades of data: every change of a grade with its reason, and the catalogue of important data."""

from __future__ import annotations

from typing import Any

from django.db import models

from jutong.kernel.workflow import Case


class GradeChange(models.Model):
    """A change of the grade of an entry, or of one of its items, in a version (R-SEC-012, R-SEC-040); item empty: the entry's."""

    entry = models.ForeignKey("catalogue.Entry", on_delete=models.CASCADE, related_name="grade_changes", db_index=False)
    version = models.IntegerField()
    item = models.CharField(max_length=128, default="")
    old = models.CharField(max_length=16, default="")
    new = models.CharField(max_length=16, default="")
    reason = models.CharField(max_length=500, default="")
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["entry", "-id"], name="grade_change_of_entry")]


class ImportantData(Case):
    """An entry in the catalogue of important data (重要数据目录), from its publication until its grade is lower.

    level: core or important, as published. protection: the measures; responsible: who answers for them; body: the
    management body. number: of the report to the authority. review_on: by when the measures are to be looked at again.
    """

    entry = models.ForeignKey("catalogue.Entry", on_delete=models.PROTECT, related_name="important")
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    level = models.CharField(max_length=16)
    protection = models.TextField(default="")
    responsible = models.CharField(max_length=100, default="")
    body = models.CharField(max_length=200, default="")
    remark = models.TextField(default="")
    found_at = models.DateTimeField()
    reported_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    review_on = models.DateField(null=True)
    reminded_on = models.DateField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entry"], condition=~models.Q(state="removed"), name="one_important_listing_an_entry"
            )
        ]

    def event_payload(self) -> dict[str, Any]:
        """Ids for consumers of this case's events."""
        return {
            "entry_id": self.entry_id,
            "provider_id": self.provider_id,
            "authority_id": self.authority_id,
            "level": self.level,
        }
