"""Reviews of what several grants of one consumer give together (R-SEC-031)."""

from __future__ import annotations

from typing import Any

from django.db import models

from jutong.kernel.models import Case


class AggregationReview(Case):
    """The secrecy review of what a consumer can join from several grants, and of the product it makes of it.

    grant_id: the grant whose opening made the combination sensitive. parts: [{"grant_id", "resource_id", "provider_id",
    "title", "level", "items"}] as they stood then; joined_by: the semantics of the items that join them; level: the highest grade of a part.
    product, use, safeguards: of the integrated product, as the consumer registered it. verdict: passed or refused, with
    opinion, by whom and when; released_at: when the consumer stored or released the product. holding: the grant is suspended
    until the review lets its data be delivered; admitted: {"opinion", "by", "at"} when it did.
    """

    number = models.CharField(max_length=24, unique=True)
    consumer = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority_id = models.BigIntegerField(db_index=True)
    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    parts = models.JSONField(default=list)
    joined_by = models.JSONField(default=list)
    level = models.CharField(max_length=24, default="")
    product = models.CharField(max_length=200, default="")
    use = models.TextField(default="")
    safeguards = models.TextField(default="")
    registered_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=8, default="")
    opinion = models.TextField(default="")
    reviewed_by = models.CharField(max_length=100, default="")
    reviewed_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    holding = models.BooleanField(default=False)
    admitted = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["grant"], name="one_aggregation_review_a_grant")]
        indexes = [models.Index(fields=["consumer", "-id"], name="aggregation_consumer")]

    def event_payload(self) -> dict[str, Any]:
        """Name the consumer, the authority and the grant."""
        return {
            "number": self.number,
            "consumer_id": self.consumer_id,
            "authority_id": self.authority_id,
            "grant_id": self.grant_id,
        }
