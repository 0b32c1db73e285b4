"""Grants with their versions, and the projection of everything the data plane must know."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from jutong.kernel.models import Case


class Grant(Case):
    """A directed authorisation (定向授权) of one resource to one department.

    items: [{"item", "column", "kind", "masking"}]; key_items, confirm_items: item names; conditions: wire conditions;
    modes, purposes: codes; quota: {"calls_per_day", "rows_per_batch", "batches_per_day"}; case_ref: what it came from
    ("sharing_request:12"); origin: that case's number as people cite it; request_digest: SM3 of the agreed request; hash_key: for keyed hashes, sealed to the data plane beside us; own_hash_key: the same, SM4 at rest, from which it is
    sealed to front-end nodes (empty for grants opened before there were any). listing: records
    may be listed page by page; portal: each call names the service item it is made for; endpoints: what of the
    department's own interface may be called. Of batch files: marked, their rows are ordered by `canary` (a secret, SM4 at
    rest, made once and kept, so that old copies can still be traced); notice stands visibly in them; receiver_key (hex SM2
    public key, the consumer's own): only its holder opens them. held_by: number of the case that keeps it suspended, which
    alone restores or terminates it; empty where it was merely stopped. framed_by: the line of the agreement that the request
    behind it was made under ("agreement:12:5-7"), whose limits and end it shares; empty where there is none.
    """

    resource = models.ForeignKey("catalogue.Entry", on_delete=models.PROTECT, related_name="+")
    resource_title = models.CharField(max_length=200)
    entry_code = models.CharField(max_length=64)
    entry_version = models.IntegerField()
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    consumer = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority_id = models.BigIntegerField(null=True)
    version = models.IntegerField(default=1)
    items = models.JSONField()
    key_items = models.JSONField(default=list)
    confirm_items = models.JSONField(default=list)
    conditions = models.JSONField(default=list)
    modes = models.JSONField()
    purposes = models.JSONField()
    basis = models.TextField()
    scope = models.TextField(default="")
    remarks = models.TextField(default="")
    quota = models.JSONField(default=dict)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(db_index=True)
    case_ref = models.CharField(max_length=80, db_index=True)
    origin = models.CharField(max_length=80, default="")
    request_digest = models.CharField(max_length=64)
    hash_key = models.BinaryField()
    listing = models.BooleanField(default=False)
    portal = models.BooleanField(default=False)
    endpoints = models.JSONField(default=list)
    marked = models.BooleanField(default=False)
    canary = models.BinaryField(default=b"")
    notice = models.CharField(max_length=200, default="")
    receiver_key = models.CharField(max_length=130, default="")
    own_hash_key = models.BinaryField(default=b"")
    ended_ground = models.CharField(max_length=32, default="")
    ended_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")
    held_by = models.CharField(max_length=24, default="")
    framed_by = models.CharField(max_length=64, default="", db_index=True)
    calls = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["consumer", "-id"], name="grant_consumer"),
            models.Index(fields=["provider", "-id"], name="grant_provider"),
        ]

    def event_payload(self) -> dict[str, Any]:
        """Name the parties, the resource and where the grant came from."""
        return {
            "resource_id": self.resource_id,
            "provider_id": self.provider_id,
            "consumer_id": self.consumer_id,
            "case_ref": self.case_ref,
            "ground": self.ended_ground,
        }


class GrantVersion(models.Model):
    """A grant as it stood under one version number; never changed. agreed: consented to as the widest from then on."""

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="versions")
    version = models.IntegerField()
    content = models.JSONField(encoder=DjangoJSONEncoder)
    agreed = models.BooleanField(default=False)
    at = models.DateTimeField()
    by_name = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["grant", "version"], name="one_grant_version")]


class BundleSerial(models.Model):
    """One row: the serial of the newest change. Its row lock makes serials become visible in order."""

    value = models.BigIntegerField(default=0)


class BundleItem(models.Model):
    """One thing the data plane must know, as wire JSON; `removed` ones are told to it as removed."""

    kind = models.CharField(max_length=16)  # grants, mounts, sources, callers, marks, nodes
    key = models.CharField(max_length=80)
    serial = models.BigIntegerField(db_index=True)
    body = models.BinaryField()
    removed = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="one_bundle_item")]


class ServiceChange(Case):
    """W15: a provider ends or changes the service of a published resource; consumers are heard, the authority filed with, on a day.

    kind: end or change; what: how it is served from then on. case_ref: the one arrangement it concerns, as its grant names it
    ("backflow:3"); empty: all of the resource. stop_on: first Beijing day without service, or in the new form. successor: code of the entry it is merged into. filed_on: day of the
    filing, number its number. acknowledged_by: who took note of it at the authority. grants_ended: how many ended.
    """

    resource = models.ForeignKey("catalogue.Entry", on_delete=models.PROTECT, related_name="+")
    resource_title = models.CharField(max_length=200)
    entry_code = models.CharField(max_length=64)
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority_id = models.BigIntegerField()
    kind = models.CharField(max_length=8, default="end")
    what = models.TextField(default="")
    case_ref = models.CharField(max_length=80, default="")
    cause = models.TextField()
    stop_on = models.DateField(db_index=True)
    successor = models.CharField(max_length=64, default="")
    number = models.CharField(max_length=64, default="")
    filed_on = models.DateField(null=True)
    acknowledged_by = models.CharField(max_length=100, default="")
    stopped_at = models.DateTimeField(null=True)
    grants_ended = models.IntegerField(default=0)
    cancelled_for = models.TextField(default="")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["resource", "case_ref"],
                condition=models.Q(state__in=["justified", "negotiated", "filed", "announced"]),
                name="one_open_change_a_resource",
            )
        ]
        indexes = [models.Index(fields=["provider", "-id"], name="change_of_provider")]

    def event_payload(self) -> dict[str, Any]:
        """Ids for consumers of this case's events."""
        return {
            "resource_id": self.resource_id,
            "provider_id": self.provider_id,
            "authority_id": self.authority_id,
            "kind": self.kind,
            "case_ref": self.case_ref,
        }


class ChangeConsumer(models.Model):
    """A consumer whose grant a change would end, and the result of the negotiation with it: agreed, disagreed, or none yet."""

    change = models.ForeignKey(ServiceChange, on_delete=models.CASCADE, related_name="consumers", db_index=False)
    consumer = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    provider_id = models.BigIntegerField()
    result = models.CharField(max_length=12, default="")
    text = models.TextField(default="")
    by_name = models.CharField(max_length=100, default="")
    given_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "consumer"], name="one_consumer_a_change")]
