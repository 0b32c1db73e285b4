"""Corrected versions of a resource's data, who received the wrong one, and fields of the open catalogue that were changed."""

from __future__ import annotations

from django.db import models


class CorrectedVersion(models.Model):
    """The data of a resource after a confirmed error, numbered from 1 for each resource.

    case: "verification:12". record, record_shown: which record (empty: the whole resource). items: the corrected items.
    published_at: when the receivers were told; until then the provider may still change it.
    """

    resource = models.ForeignKey("catalogue.Entry", on_delete=models.PROTECT, related_name="+")
    number = models.IntegerField()
    case = models.CharField(max_length=40, unique=True)
    record = models.BinaryField(default=b"")
    record_digest = models.CharField(max_length=64, default="")
    record_shown = models.CharField(max_length=60, default="")
    note = models.TextField()
    by_name = models.CharField(max_length=100)
    at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["resource", "number"], name="one_corrected_version")]


class CorrectedItem(models.Model):
    """One value as it was and as it is, SM4 at rest."""

    version = models.ForeignKey(CorrectedVersion, on_delete=models.CASCADE, related_name="items")
    item = models.CharField(max_length=200)
    old = models.BinaryField(default=b"")
    new = models.BinaryField(default=b"")


class Receiver(models.Model):
    """A department that had obtained the data, and whether it fetched the correction.

    calls, rows, runs: what it had obtained; fetched_by: who fetched it.
    """

    version = models.ForeignKey(CorrectedVersion, on_delete=models.CASCADE, related_name="receivers")
    consumer = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    calls = models.BigIntegerField(default=0)
    runs = models.IntegerField(default=0)
    last_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True)
    fetched_by = models.CharField(max_length=100, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "consumer"], name="one_receiver_a_version")]
        indexes = [models.Index(fields=["consumer", "-id"], name="receiver_newest")]


class OpenField(models.Model):
    """A field of an entry of the open catalogue as the authority changed it (neijiang-2020#31)."""

    entry = models.ForeignKey("catalogue.Entry", on_delete=models.PROTECT, related_name="+")
    field = models.CharField(max_length=16)
    value = models.TextField()
    case = models.CharField(max_length=40)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "field"], name="one_open_field")]
