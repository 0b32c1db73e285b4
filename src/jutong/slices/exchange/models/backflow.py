"""The table of back-flows: what a lower department needs of an upper one about its own area, and how it is arranged."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from jutong.kernel.models import Case
from jutong.slices.exchange.rules import LONGEST_CRON


class Backflow(Case):
    """Back-flow (W27): an upper department returns to a lower one what it holds about the lower one's area.

    duty: what the lower department does with it; items: what it needs; division_item: the item that selects the rows;
    prefixes, moved_away: the area (`parties.queries.Area`). cron, security: as arranged. condition, evidence: a further
    condition that the lower department reported. late_since: the schedule passed without a released run. authority_id: of
    the upper department's region, which is the common superior of both; unanswered_since: the internal target's day, once
    a need was shown to it. change_id: the filed change (W15) that ends or changes the arrangement; new_cron,
    new_security: what it will be then.
    """

    resource = models.ForeignKey("catalogue.Entry", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    entry_code = models.CharField(max_length=64)
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    consumer = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    duty = models.CharField(max_length=1000)
    items = models.JSONField()
    division_item = models.CharField(max_length=200)
    prefixes = models.JSONField(default=list)
    moved_away = models.JSONField(default=list)
    cron = models.CharField(max_length=LONGEST_CRON, default="")
    security = models.CharField(max_length=1000, default="")
    grant = models.ForeignKey("grants.Grant", null=True, on_delete=models.PROTECT, related_name="+")
    task = models.OneToOneField("exchange.TransferTask", null=True, on_delete=models.PROTECT, related_name="+")
    condition = models.CharField(max_length=1000, default="")
    evidence = models.CharField(max_length=1000, default="")
    late_since = models.DateTimeField(null=True)
    authority_id = models.BigIntegerField(null=True)
    unanswered_since = models.DateField(null=True)
    change_id = models.BigIntegerField(null=True)
    new_cron = models.CharField(max_length=LONGEST_CRON, default="")
    new_security = models.CharField(max_length=1000, default="")
    needed_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["resource", "consumer"], condition=~Q(state="ended"), name="one_backflow_of_a_resource"
            )
        ]
        indexes = [models.Index(fields=["authority_id", "-id"], name="backflow_of_authority")]

    def event_payload(self) -> dict[str, Any]:
        """Name the parties, the authority above both, and the resource."""
        return {
            "resource_id": self.resource_id,
            "provider_id": self.provider_id,
            "consumer_id": self.consumer_id,
            "authority_id": self.authority_id,
        }
