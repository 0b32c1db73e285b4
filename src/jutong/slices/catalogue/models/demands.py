"""Tables of demands: what departments want of others, the region's issued lists, and the published matching procedure."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from jutong.kernel.workflow import Case

OVER = ("rejected", "met", "met_by_entry", "met_by_request", "ended")
"""States in which a demand is over."""


class MatchingProcedure(models.Model):
    """The authority's published workflow of matching supply and demand in one version (供需对接流程, national-2025#20).

    steps: `rules.demands.Step` as JSON. answer_days: working days a department has to answer a demand given to it,
    empty where the authority sets none; demands keep the version they began under.
    """

    region = models.CharField(max_length=12)
    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    version = models.IntegerField()
    steps = models.JSONField()
    answer_days = models.IntegerField(null=True)
    note = models.CharField(max_length=1000, default="")
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "version"], name="one_procedure_of_a_version")]


class DemandList(models.Model):
    """需求清单 of a region as its authority issued it: number, document, how many demands it took up (neijiang-2020#12)."""

    region = models.CharField(max_length=12)
    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    number = models.IntegerField()
    document = models.CharField(max_length=100)
    lines = models.IntegerField()
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "number"], name="one_demand_list_of_a_number")]


class Demand(Case):
    """W04 and S51: data a department wants for a duty, until an entry or a request gives it or it ends with a reason.

    wanted_key: `rules.text.title_key` of what is wanted. provider: the likely one that the consumer named, then the one
    it was given to. entry: what is to meet it, published or still being compiled; by_request: only a request for it
    does. answer_days: of its procedure. suggested: entries that search found when it came in. declined: departments that
    gave it back, with reason and day. reason: of a rejection or an end. listed: the region's list that took it up.
    """

    consumer = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+", db_index=False)
    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+", db_index=False)
    provider = models.ForeignKey(
        "parties.Department", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    scope = models.CharField(max_length=16)
    wanted = models.CharField(max_length=200)
    wanted_key = models.CharField(max_length=200)
    contents = models.TextField()
    items = models.JSONField(default=list)
    duty = models.CharField(max_length=500)
    basis = models.CharField(max_length=300)
    entry = models.ForeignKey("catalogue.Entry", null=True, on_delete=models.SET_NULL, related_name="+")
    by_request = models.BooleanField(default=False)
    request_number = models.CharField(max_length=24, default="")
    with_catalogue = models.BooleanField(default=False)
    procedure = models.ForeignKey(MatchingProcedure, null=True, on_delete=models.PROTECT, related_name="+")
    answer_days = models.IntegerField(null=True)
    listed = models.ForeignKey(DemandList, null=True, on_delete=models.PROTECT, related_name="demands")
    suggested = models.JSONField(default=list)
    declined = models.JSONField(default=list)
    reason = models.CharField(max_length=500, default="")
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    over_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["consumer", "wanted_key"], condition=~Q(state__in=OVER), name="one_open_demand_a_department"
            )
        ]
        indexes = [
            models.Index(fields=["consumer", "-id"], name="demand_of_consumer"),
            models.Index(fields=["provider", "state"], name="demand_for_provider"),
            models.Index(fields=["authority", "state"], name="demand_for_authority"),
        ]

    @property
    def number(self) -> str:
        """The demand's number: XQ-2026-000012."""
        return f"XQ-{self.started_on.year}-{self.pk:06d}"

    def event_payload(self) -> dict[str, Any]:
        """Ids for consumers of this case's events."""
        return {
            "consumer_id": self.consumer_id,
            "provider_id": self.provider_id,
            "authority_id": self.authority_id,
            "entry_id": self.entry_id,
        }
