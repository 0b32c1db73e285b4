"""Numbers that people cite."""

from __future__ import annotations

from django.db import models


class CaseNumber(models.Model):
    """The last number given to a series in a Beijing year ("WG", 2026); its row lock gives every case its own."""

    series = models.CharField(max_length=8)
    year = models.IntegerField()
    last = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "year"], name="one_usage_series_a_year")]
