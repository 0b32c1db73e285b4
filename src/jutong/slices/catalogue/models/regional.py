"""Tables of regional catalogues: what departments and the governments below put into one, each entry once, with its origin."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class Aggregation(models.Model):
    """One time an authority aggregated its region's catalogue; the numbers are what came of it (national-2025#12).

    entries: how many the catalogue then held. added, changed, withdrawn: against the aggregation before. conflicts: left
    out because several have the same code.
    """

    region = models.CharField(max_length=12)
    number = models.IntegerField()
    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    entries = models.IntegerField()
    added = models.IntegerField()
    changed = models.IntegerField()
    withdrawn = models.IntegerField()
    conflicts = models.IntegerField()
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "number"], name="one_aggregation_of_a_number")]


class Reported(models.Model):
    """An entry that a government below reported from a platform of its own (报送), as that platform's machine form.

    record: `wire.catalogue.Entry`. gone: the last report did not hold it any more.
    """

    region = models.CharField(max_length=12)
    code = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    provider_name = models.CharField(max_length=200)
    resource_class = models.CharField(max_length=12)
    share_type = models.CharField(max_length=16)
    version = models.IntegerField()
    record = models.JSONField(encoder=DjangoJSONEncoder)
    gone = models.BooleanField(default=False)
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "provider_name", "code"], name="one_reported_entry_of_a_code")
        ]


class RegionalEntry(models.Model):
    """An entry's one row in a region's catalogue: where it comes from, in which version, and how it stands there.

    key: tells own entries (e and its id) from reported ones (r and its id). origin: region it comes from. standing: held;
    conflict while another has its code; left_out once that was settled for the other. added, changed, gone: numbers of
    the aggregations in which it came, last changed and went.
    """

    region = models.CharField(max_length=12)
    key = models.CharField(max_length=24)
    entry = models.ForeignKey("catalogue.Entry", null=True, on_delete=models.CASCADE, related_name="+")
    reported = models.ForeignKey(Reported, null=True, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    provider_name = models.CharField(max_length=200)
    provider_id = models.BigIntegerField(null=True)
    origin = models.CharField(max_length=12)
    resource_class = models.CharField(max_length=12)
    share_type = models.CharField(max_length=16)
    version = models.IntegerField()
    standing = models.CharField(max_length=8)
    added = models.IntegerField()
    changed = models.IntegerField()
    gone = models.IntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "key"], name="one_row_an_entry_and_region")]
        indexes = [
            models.Index(fields=["region", "-changed", "title"], name="regional_newest", condition=models.Q(gone=None)),
            models.Index(fields=["region", "code"], name="regional_code", condition=models.Q(gone=None)),
        ]


class Settlement(models.Model):
    """The authority's decision which of several entries with one code its region's catalogue holds (key as above)."""

    region = models.CharField(max_length=12)
    code = models.CharField(max_length=64)
    key = models.CharField(max_length=24)
    reason = models.CharField(max_length=500)
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "code"], name="one_settlement_a_code")]
