"""Citizens and organisations who ask, with no more of them than is needed, sealed (R-SEC-025)."""

from __future__ import annotations

from django.db import models

from jutong.slices.correction.rules.terms import ApplicantKind


class Applicant(models.Model):
    """A person or organisation whose identity was checked.

    name, number, phone: SM4 at rest. digest: keyed SM3 over kind and number, by which one is found again. checked_by,
    reference: which register vouched for the identity, and how it names the check.
    """

    kind = models.CharField(max_length=16, choices=ApplicantKind.choices())
    digest = models.CharField(max_length=64, unique=True)
    name = models.BinaryField()
    number = models.BinaryField()
    phone = models.BinaryField(default=b"")
    name_shown = models.CharField(max_length=20)
    number_shown = models.CharField(max_length=20)
    checked_by = models.CharField(max_length=32)
    reference = models.CharField(max_length=64)
    checked_at = models.DateTimeField()


class KnownIdentity(models.Model):
    """The local register of identities: a keyed digest of kind, number and name, and who saw the papers."""

    digest = models.CharField(max_length=64, unique=True)
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    entered_by = models.CharField(max_length=100)
    at = models.DateTimeField()


class Look(models.Model):
    """Somebody looked at an applicant's identity unmasked, and why; kept beside the audit's entry."""

    applicant = models.ForeignKey(Applicant, on_delete=models.PROTECT, related_name="looks")
    case = models.CharField(max_length=40)
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+", null=True)
    by_name = models.CharField(max_length=100)
    reason = models.TextField()
    at = models.DateTimeField()
