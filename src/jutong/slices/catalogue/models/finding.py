"""Tables behind finding: the vocabulary, synonyms, counts of what is in force, saved searches, who uses what."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class Word(models.Model):
    """A word of published titles and items, as `rules.spelling` spells it; for slips of the pen and pinyin.

    entries: in how many publications it was met. What is published is found without this table.
    """

    word = models.CharField(max_length=40, primary_key=True)
    entries = models.BigIntegerField(default=0)
    pinyin = models.CharField(max_length=160, default="")
    initials = models.CharField(max_length=40, default="")
    sound = models.CharField(max_length=160, default="")
    grams = ArrayField(models.CharField(max_length=4))

    class Meta:
        indexes = [
            models.Index(fields=["pinyin"], name="word_pinyin"),
            models.Index(fields=["initials"], name="word_initials"),
            models.Index(fields=["sound"], name="word_sound"),
            GinIndex(fields=["grams"], name="word_grams"),
        ]


class Tally(models.Model):
    """Counts of what is in force by facet and value, written by triggers of the listing; what counts is the sum.

    facet "all" counts everything. Rows are only added, so that nobody waits for anybody; a timer joins them.
    """

    facet = models.CharField(max_length=20)
    value = models.CharField(max_length=80)
    entries = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["facet"], name="tally_facet")]


class Synonym(models.Model):
    """A set of terms that mean the same on this platform; where there is none, the starting list holds."""

    terms = ArrayField(models.CharField(max_length=40))
    note = models.CharField(max_length=200, default="")


class SavedSearch(models.Model):
    """A search that a person keeps: words, chosen facets, and the tsquery they were understood as.

    subscribed: told of what is published and matches. fresh: how many entries matched since it was last looked at.
    """

    account_id = models.BigIntegerField(db_index=True)
    name = models.CharField(max_length=100)
    text = models.CharField(max_length=200)
    chosen = models.JSONField(default=dict)
    query = models.TextField(default="")
    subscribed = models.BooleanField(default=True)
    fresh = models.IntegerField(default=0)
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)


class Use(models.Model):
    """A grant as the catalogue hears of it from above: which entry of whom goes to whom, since when, until when.

    grant_id is the id of a higher slice's row. used_on: last day on which a call came under it.
    """

    grant_id = models.BigIntegerField(primary_key=True)
    entry = models.ForeignKey("catalogue.Entry", on_delete=models.CASCADE, related_name="+")
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    consumer = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    since = models.DateField()
    ended_on = models.DateField(null=True)
    used_on = models.DateField(null=True)
