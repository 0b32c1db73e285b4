"""Questions and remarks about entries and about cataloguing, with their answers."""

from __future__ import annotations

from django.db import models

from jutong.slices.catalogue.models.entries import Entry


class Question(models.Model):
    """A question or a remark about an entry, or a question about a topic of cataloguing, and its answer (R-CAT-049).

    topic: a code of `rules.guidance.TOPICS`, empty where the entry says it all. addressee: provider or authority, who
    answers; a remark needs no answer and can have one. provider, authority: who they are, fixed when it was asked.
    """

    entry = models.ForeignKey(Entry, null=True, on_delete=models.CASCADE, related_name="questions")
    topic = models.CharField(max_length=24, default="")
    kind = models.CharField(max_length=12)
    addressee = models.CharField(max_length=12)
    provider = models.ForeignKey("parties.Department", null=True, on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey("parties.Department", null=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    account_id = models.BigIntegerField(null=True)
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField()
    answer = models.TextField(default="")
    answered_by = models.CharField(max_length=100, default="")
    answered_for = models.CharField(max_length=200, default="")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-at"], name="question_newest")]
