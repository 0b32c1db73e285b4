"""The table of changes to published entries: why a revision was begun, and which version it brought into force."""

from __future__ import annotations

from django.db import models


class Revision(models.Model):
    """One change of a published entry (W01, published → revising → published); its state is its entry's.

    number: counts the entry's changes. from_version: in force when it began; to_version: what it brought into force,
    empty while it is under way.
    """

    entry = models.ForeignKey("catalogue.Entry", on_delete=models.CASCADE, related_name="revisions", db_index=False)
    number = models.IntegerField()
    reason = models.TextField(default="")
    from_version = models.ForeignKey("catalogue.EntryVersion", on_delete=models.CASCADE, related_name="+")
    to_version = models.ForeignKey("catalogue.EntryVersion", null=True, on_delete=models.CASCADE, related_name="+")
    account_name = models.CharField(max_length=100)
    begun_at = models.DateTimeField(db_index=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "number"], name="one_revision_of_a_number"),
            models.UniqueConstraint(
                fields=["entry"], condition=models.Q(done_at=None), name="one_open_revision_an_entry"
            ),
        ]
