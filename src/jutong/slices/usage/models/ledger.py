"""The consumer's ledger below a use record: copies of what was obtained, and the systems and persons that use it."""

from __future__ import annotations

from django.db import models

from jutong.slices.usage.rules.ledger import CopyKind, HolderKind


class Copy(models.Model):
    """A copy of a grant's data that the consumer holds (national-2025#27): obtained through the platform, or made of one.

    source: what it is, once per record ("run:12", "task:4", "calls", "own:3"). first_at, obtained_at: when it came first and
    last. storage: where it lies, in the consumer's words. of: the copy an own one was made of. disposed_on, disposed_how: as
    the provider accepted it (a copy kept for a stated duty is disposed of as "kept").
    """

    record = models.ForeignKey("usage.UseRecord", on_delete=models.CASCADE, related_name="copies", db_index=False)
    kind = models.CharField(max_length=12, choices=CopyKind.choices())
    source = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    first_at = models.DateTimeField()
    obtained_at = models.DateTimeField()
    rows = models.BigIntegerField(default=0)
    storage = models.CharField(max_length=300, default="")
    stored_by = models.CharField(max_length=100, default="")
    stored_at = models.DateTimeField(null=True)
    disposed_on = models.DateField(null=True)
    disposed_how = models.CharField(max_length=12, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "source"], name="one_copy_of_a_source")]
        indexes = [models.Index(fields=["source"], name="copy_source", condition=models.Q(kind="batch"))]


class Holder(models.Model):
    """A business system or a person of the consumer that uses a grant's data.

    known: found by the platform (a system that called, a person who fetched), not entered by the consumer. until: last day.
    """

    record = models.ForeignKey("usage.UseRecord", on_delete=models.CASCADE, related_name="holders", db_index=False)
    kind = models.CharField(max_length=8, choices=HolderKind.choices())
    name = models.CharField(max_length=200)
    duty = models.CharField(max_length=300, default="")
    known = models.BooleanField(default=False)
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "kind", "name"], name="one_holder_of_a_name")]


class LateAccess(models.Model):
    """Somebody fetched, or tried to fetch, a batch that was recorded as destroyed; entry_id: the audit entry that shows it."""

    copy = models.ForeignKey(Copy, on_delete=models.CASCADE, related_name="late_accesses")
    entry_id = models.BigIntegerField(unique=True)
    by_name = models.CharField(max_length=100)
    outcome = models.CharField(max_length=8)
    at = models.DateTimeField()


class TrailMark(models.Model):
    """One row: up to which entry the audit trail was looked through for accesses to destroyed batches."""

    upto = models.BigIntegerField(default=0)
