"""The four kinds of concern: verification (W10), objection (W11), correction of the open catalogue (W12), complaint (W29)."""

from __future__ import annotations

from typing import Any

from django.db import models

from jutong.kernel.models import Case
from jutong.slices.correction.rules.concerns import FEEDBACK


class Concern(Case):
    """What all four have: who asks about what since when, and what was told.

    number: given on receipt. channel: sharing or open system. applicant: of the public; consumer: a department that uses
    the data; one of the two. provider: the department that has to act. record: value of the key item, SM4 at rest (empty:
    the whole resource); record_digest: keyed SM3 of it; record_shown: masked. received_at: first receipt, kept through
    conversions; received_on its Beijing day, from which limits count. code_digest: SM3 of number and code, for following a
    case without an account. told: [{"at", "text"}] to the applicant; urgings: [{"at", "by", "text"}]. extension_asked:
    {"days", "reason", "by", "at"}. attachments: ids of stored files. converted_from, converted_to: "verification:12".
    """

    number = models.CharField(max_length=24, unique=True)
    channel = models.CharField(max_length=8)
    applicant = models.ForeignKey(
        "correction.Applicant", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    consumer = models.ForeignKey("parties.Department", null=True, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority_id = models.BigIntegerField(db_index=True)
    resource = models.ForeignKey("catalogue.Entry", null=True, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    items = models.JSONField(default=list)
    record = models.BinaryField(default=b"")
    record_digest = models.CharField(max_length=64, default="")
    record_shown = models.CharField(max_length=60, default="")
    text = models.TextField()
    attachments = models.JSONField(default=list)
    received_at = models.DateTimeField()
    received_on = models.DateField()
    code_digest = models.CharField(max_length=64, default="")
    by_name = models.CharField(max_length=100, default="")
    result = models.CharField(max_length=16, default="")
    reason = models.TextField(default="")
    basis = models.TextField(default="")
    told = models.JSONField(default=list)
    urgings = models.JSONField(default=list)
    extension_asked = models.JSONField(default=dict)
    extended_days = models.IntegerField(default=0)
    converted_from = models.CharField(max_length=40, default="")
    converted_to = models.CharField(max_length=40, default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def event_payload(self) -> dict[str, Any]:
        """Name the parties and the resource; nobody of the public."""
        return {
            "number": self.number,
            "title": self.title,
            "resource_id": self.resource_id,
            "provider_id": self.provider_id,
            "consumer_id": self.consumer_id,
            "authority_id": self.authority_id,
        }

    @property
    def side(self) -> str:
        """Under which variant of a limit the case falls: consumer or public_applicant."""
        return "consumer" if self.consumer_id else "public_applicant"


class Verification(Concern):
    """W10: doubt or evident error.

    found_on: when it was found; late: fed back after the limit; beyond_target: after the region's internal target. filing: number of the
    filing with the authority (jiangxi-2017#18). fed_back_at: when the applicant was told the result.
    """

    kind = models.CharField(max_length=8)
    found_on = models.DateField(null=True)
    late = models.BooleanField(default=False)
    beyond_target = models.BooleanField(default=False)
    filing = models.CharField(max_length=32, default="")
    fed_back_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["resource", "record_digest", "state"], name="verification_marks"),
            models.Index(fields=["provider", "-id"], name="verification_provider"),
        ]

    @property
    def covered(self) -> bool:
        """Whether the limit ends only with correction and feedback (national-2025#26)."""
        return FEEDBACK in self.policy.list("verification_limit_covers")


class Objection(Concern):
    """W11: to the authority.

    ground, evidence: as handed in. scope: own or department. marked_at: when the data was marked;
    department_since: Beijing day on which the department received it; decided_at.
    """

    ground = models.CharField(max_length=16)
    evidence = models.TextField()
    scope = models.CharField(max_length=12, default="")
    marked_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    notified_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["resource", "record_digest", "state"], name="objection_marks"),
            models.Index(fields=["provider", "-id"], name="objection_provider"),
        ]


class OpenCorrection(Concern):
    """W12: the open-data catalogue.

    field: in doubt; proposed: what it should say by the applicant; agreed: what the
    provider asks the authority to set.
    """

    field = models.CharField(max_length=16)
    proposed = models.TextField(default="")
    agreed = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["provider", "-id"], name="open_correction_provider")]


class Complaint(Concern):
    """W29: an act in data sharing that infringes a right.

    first_department_id: where it was handed in; right: the right
    concerned; examined: findings from logs and statements; misuse: the facts show misuse; links: [{"kind", "reference"}];
    no_link: why nothing was handed over. notified_at: when the complainant was told.
    """

    first_department_id = models.BigIntegerField()
    right = models.CharField(max_length=200)
    examined = models.TextField(default="")
    misuse = models.BooleanField(default=False)
    links = models.JSONField(default=list)
    no_link = models.TextField(default="")
    notified_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["provider", "-id"], name="complaint_department")]


class Counter(models.Model):
    """The last number given to a kind of case in a year ("XH-2026"); its row lock gives every case its own."""

    name = models.CharField(max_length=32, primary_key=True)
    last = models.IntegerField(default=0)
