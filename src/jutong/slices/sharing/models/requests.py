"""Sharing requests and what belongs to them: consents, the one supplement notice, standing consents."""

from __future__ import annotations

from typing import Any

from django.db import models

from jutong.kernel.models import Case


class SharingRequest(Case):
    """One consumer's request to one provider for one resource (W06).

    items: names of the items asked for. conditions: wire row conditions. basis_* etc.: the elements of national-2025#20.
    agreement: number of the agreement that it is made under, if any.
    commercial: the use is paid for or serves business. verdict: what the authority says of a non-acceptance: {"justified", "words", "by", "at"}.
    digest: SM3 over everything asked for; consented_digest: the version the consumer's head consented to.
    attachments: ids of stored files. supplement: {"papers": [...], "told_at", "until"}, the one notice. reply: the prepared reply, see `rules.Reply`.
    """

    number = models.CharField(max_length=24, unique=True, null=True)  # noqa: DJ001 - unique once it is given
    consumer = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority_id = models.BigIntegerField()
    resource = models.ForeignKey("catalogue.Entry", on_delete=models.PROTECT, related_name="+")
    resource_title = models.CharField(max_length=200)
    entry_version = models.IntegerField()
    share_type = models.CharField(max_length=16)
    items = models.JSONField()
    conditions = models.JSONField(default=list)
    key_items = models.JSONField(default=list)
    modes = models.JSONField()
    purposes = models.JSONField()
    use_basis = models.TextField()
    use_scene = models.TextField()
    use_scope = models.TextField()
    duty = models.TextField(default="")
    personal_basis = models.CharField(max_length=200, default="")
    commercial = models.BooleanField(default=False)
    agreement = models.CharField(max_length=40, default="")
    use_from = models.DateField()
    use_until = models.DateField()
    declared = models.BooleanField()
    attachments = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    created_by = models.BigIntegerField()
    created_at = models.DateTimeField()
    consented_digest = models.CharField(max_length=64, default="")
    consented_by = models.CharField(max_length=100, default="")
    consented_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    supplement = models.JSONField(default=dict)
    supplement_until = models.DateField(null=True)
    supplied = models.TextField(default="")
    extension_asked = models.JSONField(default=dict)
    reply = models.JSONField(default=dict)
    replied_at = models.DateTimeField(null=True)
    reply_reason = models.TextField(default="")
    remark = models.TextField(default="")
    verdict = models.JSONField(default=dict)
    delivered_at = models.DateTimeField(null=True)
    grant_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["consumer", "-id"], name="request_consumer"),
            models.Index(fields=["provider", "state", "-id"], name="request_provider"),
            models.Index(fields=["authority_id", "state"], name="request_authority"),
            models.Index(
                fields=["authority_id"], name="request_extension", condition=models.Q(extension_asked__has_key="days")
            ),
            models.Index(
                fields=["authority_id", "started_on", "state", "id"],
                name="request_watched",
                condition=models.Q(received_at__isnull=False),
            ),
            models.Index(fields=["grant_id"], name="request_grant", condition=~models.Q(grant_id=None)),
        ]

    def event_payload(self) -> dict[str, Any]:
        """Name the parties, the resource and the grant."""
        return {
            "number": self.number,
            "title": self.resource_title,
            "resource_id": self.resource_id,
            "provider_id": self.provider_id,
            "consumer_id": self.consumer_id,
            "authority_id": self.authority_id,
            "grant_id": self.grant_id,
        }


class StandingConsent(models.Model):
    """常设同意: the provider's sharing-unit head's consent, once, for an unconditional resource (reading 17)."""

    resource = models.ForeignKey("catalogue.Entry", on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    given_by = models.CharField(max_length=100)
    given_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["resource"], condition=models.Q(ended_at=None), name="one_standing_consent_a_resource"
            )
        ]


class RequestNumber(models.Model):
    """The last number given in a year; its row lock gives every received request its own."""

    year = models.IntegerField(primary_key=True)
    last = models.IntegerField(default=0)


class CaseNumber(models.Model):
    """The last number given in a year in a series (disputes, changes of use, permits)."""

    series = models.CharField(max_length=4)
    year = models.IntegerField()
    last = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "year"], name="one_case_number_a_year")]
