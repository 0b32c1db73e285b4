"""Regions, departments, competent authorities and sector lines."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from jutong.kernel.terms import Level, OrgType


class Region(models.Model):
    """A division by its code (GB/T 2260, GB/T 10114); an ended one names its successor and stays."""

    code = models.CharField(max_length=12, primary_key=True)
    name = models.CharField(max_length=60)
    level = models.CharField(max_length=16, choices=Level.choices())
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    successor = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")


class Department(models.Model):
    """A body that provides and uses data (R-OVR-001).

    uscc: unified social credit code, empty while unconfirmed. mandate: the document that entrusts a body.
    by_reference: shares by reference to the decree (R-OVR-050), outside national-2025#39 and #40.
    confirmed: false for one that an import named and nobody has checked yet. signature_required: acts of legal effect
    in its name need the person's SM2 signature (R-SEC-002). goals: goals and duties for sharing (R-OVR-006).
    correction_channel: where corrections of its data are asked for (national-2025#26); correction_public: its rules open
    that channel to the public.
    """

    name = models.CharField(max_length=120)
    short_name = models.CharField(max_length=40, default="")
    uscc = models.CharField(max_length=18, default="")
    org_type = models.CharField(max_length=24, choices=OrgType.choices(), default=OrgType.GOVERNMENT)
    region = models.ForeignKey(Region, on_delete=models.PROTECT)
    level = models.CharField(max_length=16, choices=Level.choices())
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    mandate = models.ForeignKey("kernel.StoredFile", null=True, on_delete=models.PROTECT, related_name="+")
    by_reference = models.BooleanField(default=False)
    goals = models.TextField(default="")
    correction_channel = models.CharField(max_length=200, default="")
    correction_public = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    confirmed = models.BooleanField(default=True)
    signature_required = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "name"], name="department_name_in_region"),
            models.UniqueConstraint(fields=["uscc"], condition=~models.Q(uscc=""), name="department_uscc"),
        ]


class Authority(models.Model):
    """The competent authority of a region: which department, for which functions, since when (R-OVR-002)."""

    region = models.ForeignKey(Region, on_delete=models.PROTECT)
    department = models.ForeignKey(Department, on_delete=models.PROTECT)
    functions = ArrayField(models.CharField(max_length=16))
    since = models.DateField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region"], condition=models.Q(ended_at=None), name="one_authority_a_region")
        ]


class SectorLine(models.Model):
    """A sector (行业、领域) and the department that guides sharing in it (R-OVR-040)."""

    name = models.CharField(max_length=60, unique=True)
    lead = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    active = models.BooleanField(default=True)


class SectorMember(models.Model):
    """A department of a sector line."""

    line = models.ForeignKey(SectorLine, on_delete=models.CASCADE)
    department = models.ForeignKey(Department, on_delete=models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "department"], name="once_in_a_line")]


class SectorNote(models.Model):
    """Guidance of a sector lead to the departments of its line."""

    line = models.ForeignKey(SectorLine, on_delete=models.CASCADE)
    title = models.CharField(max_length=120)
    text = models.TextField()
    by_account = models.BigIntegerField(null=True)
    at = models.DateTimeField()
