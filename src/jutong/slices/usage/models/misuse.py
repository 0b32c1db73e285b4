"""Misuse of obtained data (W25): the case, the grants concerned, and what was found, said and decided."""

from __future__ import annotations

from typing import Any

from django.db import models

from jutong.kernel.models import Case


class MisuseCase(Case):
    """Suspected, then confirmed or dismissed misuse by one consumer of what one provider shares with it.

    source: system, provider, authority, complaint or inspection; source_ref: the case it comes from, as people cite it.
    kind, alert_grant_id: of what the gateway refused, for a case the system opened (`services.rules.MISUSE_KINDS`).
    category: `MisuseKind`, ground: `Ground`, as confirmed. handler: who handled the data, by name. keeper_id: the provider,
    where it is the one that suspended; null where the authority did. suspended_by_id: the suspending department.
    limit_day: last Beijing day of the rectification, limit_days: in working days from the suspension. demand: what has to
    be rectified. reported_at: the newest report of the consumer that was not returned. refused_at, refusal: the recorded
    refusal to rectify. decision: in words, of restoring or terminating. ended_at: dismissed, restored or terminated.
    """

    number = models.CharField(max_length=24, unique=True)
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    consumer = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority_id = models.BigIntegerField(db_index=True)
    title = models.CharField(max_length=200)
    source = models.CharField(max_length=12)
    source_ref = models.CharField(max_length=80, default="")
    kind = models.CharField(max_length=16, default="")
    alert_grant_id = models.BigIntegerField(null=True)
    category = models.CharField(max_length=24, default="")
    ground = models.CharField(max_length=24, default="")
    text = models.TextField()
    handler = models.CharField(max_length=100, default="")
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=100)
    dismissed_for = models.TextField(default="")
    keeper_id = models.BigIntegerField(null=True)
    suspended_by_id = models.BigIntegerField(null=True)
    suspended_at = models.DateTimeField(null=True)
    limit_day = models.DateField(null=True)
    limit_days = models.IntegerField(default=0)
    demand = models.TextField(default="")
    reported_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    refusal = models.TextField(default="")
    decision = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alert_grant_id", "kind"],
                condition=models.Q(state="alerted", source="system"),
                name="one_misuse_alert_a_grant_and_kind",
            )
        ]
        indexes = [
            models.Index(fields=["provider", "-id"], name="misuse_provider"),
            models.Index(fields=["consumer", "-id"], name="misuse_consumer"),
        ]

    def event_payload(self) -> dict[str, Any]:
        """Name the parties and the grants concerned."""
        return {
            "number": self.number,
            "provider_id": self.provider_id,
            "consumer_id": self.consumer_id,
            "authority_id": self.authority_id,
            "grant_ids": sorted(self.grants.values_list("grant_id", flat=True)),
        }


class MisuseGrant(models.Model):
    """A grant that a case of misuse concerns. suspended: this case stopped it; outcome: restored, terminated or nothing yet."""

    case = models.ForeignKey(MisuseCase, on_delete=models.CASCADE, related_name="grants", db_index=False)
    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="+")
    suspended = models.BooleanField(default=False)
    outcome = models.CharField(max_length=12, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "grant"], name="one_grant_a_misuse_case")]


class MisuseNote(models.Model):
    """Something found, said or decided in a case of misuse; never changed.

    sort: alert (what a gateway refused; alert_id: the row of services that counts it), usage (what was obtained, as it
    stood when the case was opened or confirmed), evidence, report (of the consumer's rectification), returned, refusal,
    decision. attachments: ids of stored files.
    """

    case = models.ForeignKey(MisuseCase, on_delete=models.CASCADE, related_name="notes")
    sort = models.CharField(max_length=12)
    text = models.TextField()
    alert_id = models.BigIntegerField(null=True)
    attachments = models.JSONField(default=list)
    at = models.DateTimeField()
    by_name = models.CharField(max_length=100)
    department_name = models.CharField(max_length=120, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "alert_id"], condition=models.Q(alert_id__isnull=False), name="one_note_an_alert"
            )
        ]
