"""Tables of the review: each time an entry was handed in and what became of it, and sets decided together."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class ReviewTurn(models.Model):
    """One hand-in of an entry for review: from submission to the authority's word, and to publication.

    outcome: "" while it waits, reviewed, returned, withdrawn. days: working days from submission to the word.
    """

    entry = models.ForeignKey("catalogue.Entry", on_delete=models.CASCADE, related_name="+", db_index=False)
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+", db_index=False)
    authority = models.ForeignKey(
        "parties.Department", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    submitted_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, default="")
    days = models.IntegerField(null=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry"], condition=models.Q(outcome=""), name="one_open_turn_an_entry")
        ]
        indexes = [
            models.Index(fields=["entry"], name="turn_of_entry"),
            models.Index(
                fields=["authority", "submitted_at"],
                include=["provider", "outcome", "days"],
                name="turn_for_authority",
            ),
            models.Index(
                fields=["provider", "submitted_at"],
                include=["authority", "outcome", "days"],
                name="turn_of_provider",
            ),
        ]


class ReviewBatch(models.Model):
    """A set of entries that a reviewer decided together.

    verb: review, determine, return_entry or publish. note: said of all; number: of a determination; remarks: {entry id:
    text} said of single ones. chosen: ids, until the work is done. refused: [id, title, provider, sentence] of those
    that did not move. notices: numbers of what a publication announced. address, channel: by which door it was asked.
    """

    verb = models.CharField(max_length=20)
    note = models.TextField(default="")
    number = models.CharField(max_length=64, default="")
    remarks = models.JSONField(default=dict)
    chosen = models.JSONField(default=list)
    total = models.IntegerField()
    done = models.IntegerField(default=0)
    refused = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    notices = models.CharField(max_length=500, default="")
    progress_id = models.BigIntegerField(null=True)
    finished_at = models.DateTimeField(null=True)
    account_id = models.BigIntegerField(null=True, db_index=True)
    account_name = models.CharField(max_length=100)
    address = models.CharField(max_length=64, default="")
    channel = models.CharField(max_length=8, default="page")
    at = models.DateTimeField()
