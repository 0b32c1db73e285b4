"""Use records: one per grant, its reporting periods with every earlier version, who inspected it, what was provided (W30)."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from jutong.kernel.models import Case
from jutong.slices.usage.rules.disposals import Instruction


class UseRecord(Case):
    """What a consumer does with the data of one grant, and the head of that grant's ledger (national-2025#29; W30).

    grant_id, resource_id: ids of other slices' rows, kept after those are gone. items: names granted; personal: the resource
    holds personal information, handled on `personal_basis`. period_until: last day of the reporting period that runs.
    lacking: what the closed periods lack. instruction, instruction_days, instruction_duty: how the provider wants copies
    disposed of, said in advance. disposed_at: when the last copy was proven disposed of. legal_years, legal_basis: a
    longer period by law. kept_until: last Beijing day the record has to be kept; digest: SM3 of what was purged.
    """

    grant_id = models.BigIntegerField(unique=True)
    reference = models.CharField(max_length=24)
    resource_id = models.BigIntegerField()
    resource_title = models.CharField(max_length=200)
    entry_code = models.CharField(max_length=64)
    consumer = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority_id = models.BigIntegerField(null=True, db_index=True)
    items = models.JSONField(default=list)
    personal = models.BooleanField(default=False)
    personal_basis = models.TextField(default="")
    opened_at = models.DateTimeField()
    period_until = models.DateField(null=True, db_index=True)
    lacking = models.JSONField(default=list)
    instruction = models.CharField(max_length=8, choices=Instruction.choices(), default="")
    instruction_days = models.IntegerField(null=True)
    instruction_duty = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)
    ground = models.CharField(max_length=32, default="")
    disposed_at = models.DateTimeField(null=True)
    legal_years = models.IntegerField(null=True)
    legal_basis = models.CharField(max_length=200, default="")
    kept_until = models.DateField(null=True, db_index=True)
    digest = models.CharField(max_length=64, default="")
    purged_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["consumer", "-id"], name="use_record_consumer"),
            models.Index(fields=["provider", "-id"], name="use_record_provider"),
        ]

    def event_payload(self) -> dict[str, Any]:
        """Name the grant and the parties."""
        return {
            "grant_id": self.grant_id,
            "resource_id": self.resource_id,
            "consumer_id": self.consumer_id,
            "provider_id": self.provider_id,
            "authority_id": self.authority_id,
        }


class UsePeriod(models.Model):
    """One reporting period of a use record, first_day to last_day (Beijing days).

    scene, process, effect, storage, destruction, status: what the consumer says, as it stands now (`version`, 0: nothing
    yet). figures: what the platform knew of the period when it was closed.
    """

    record = models.ForeignKey(UseRecord, on_delete=models.CASCADE, related_name="periods", db_index=False)
    number = models.IntegerField()
    first_day = models.DateField()
    last_day = models.DateField()
    scene = models.TextField(default="")
    process = models.TextField(default="")
    effect = models.TextField(default="")
    storage = models.TextField(default="")
    destruction = models.TextField(default="")
    status = models.CharField(max_length=12, default="")
    version = models.IntegerField(default=0)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=100, default="")
    figures = models.JSONField(default=dict)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "number"], name="one_use_period")]


class UseVersion(models.Model):
    """What a period said under one version number; never changed."""

    period = models.ForeignKey(UsePeriod, on_delete=models.CASCADE, related_name="versions", db_index=False)
    version = models.IntegerField()
    content = models.JSONField(encoder=DjangoJSONEncoder)
    at = models.DateTimeField()
    by_name = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["period", "version"], name="one_use_version")]


class Inspection(models.Model):
    """The authority or the provider read a use record (national-2025#29); side: authority, provider."""

    record = models.ForeignKey(UseRecord, on_delete=models.CASCADE, related_name="inspections")
    side = models.CharField(max_length=12)
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    account_id = models.BigIntegerField()
    by_name = models.CharField(max_length=100)
    at = models.DateTimeField()


class Provision(models.Model):
    """One provision of a grant's data: to whom, which items, on what basis, when (national-2025#37).

    source: what it was, once per record ("run:12", "day:2026-03-02"). mode: as exchanged. basis: for personal information
    the basis of its handling, else the basis of the grant. copy: what it made or renewed.
    """

    record = models.ForeignKey(UseRecord, on_delete=models.CASCADE, related_name="provisions", db_index=False)
    copy = models.ForeignKey("usage.Copy", null=True, on_delete=models.SET_NULL, related_name="provisions")
    source = models.CharField(max_length=40)
    mode = models.CharField(max_length=24)
    recipient = models.CharField(max_length=200)
    items = models.JSONField(default=list)
    personal = models.BooleanField(default=False)
    basis = models.TextField(default="")
    rows = models.BigIntegerField(default=0)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "source"], name="one_provision_of_a_source")]
