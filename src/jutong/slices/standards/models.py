"""Tables of the standards library: versions of compilation specifications and of catalogues of grades, and how peers write our codes."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class SpecificationVersion(models.Model):
    """A version of a compilation specification; once published it is never changed.

    region: division code of a local specification, empty for the national one. elements: `wire.specification.Element`s
    as JSON; the national one's with every local addition. effective_from: Beijing day from which it is in force, None
    while it is a draft; what came before is superseded from then on.
    """

    region = models.CharField(max_length=12, default="", blank=True)
    number = models.IntegerField()
    reference = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=100)
    basis = models.CharField(max_length=200, default="")
    serial_digits = models.IntegerField(default=6)
    elements = models.JSONField(encoder=DjangoJSONEncoder)
    effective_from = models.DateField(null=True)
    drafted_by = models.CharField(max_length=100)
    drafted_at = models.DateTimeField()
    published_by = models.CharField(max_length=100, default="")
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "number"], name="one_specification_of_a_number"),
            models.UniqueConstraint(
                fields=["region"], condition=models.Q(published_at=None), name="one_draft_specification"
            ),
            models.UniqueConstraint(
                fields=["region", "effective_from"],
                condition=models.Q(effective_from__isnull=False),
                name="one_specification_a_day",
            ),
        ]


class GradeScheme(models.Model):
    """A version of a region's catalogue of grades; once published it is never changed (GB/T 43697-2024, R-SEC-040).

    grades: `rules.grades.Grade`s as JSON. effective_from: Beijing day from which it is in force, None while it is a draft.
    """

    region = models.CharField(max_length=12)
    number = models.IntegerField()
    reference = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=100)
    basis = models.CharField(max_length=200, default="")
    grades = models.JSONField(encoder=DjangoJSONEncoder)
    effective_from = models.DateField(null=True)
    drafted_by = models.CharField(max_length=100)
    drafted_at = models.DateTimeField()
    published_by = models.CharField(max_length=100, default="")
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "number"], name="one_grade_scheme_of_a_number"),
            models.UniqueConstraint(
                fields=["region"], condition=models.Q(published_at=None), name="one_draft_grade_scheme"
            ),
            models.UniqueConstraint(
                fields=["region", "effective_from"],
                condition=models.Q(effective_from__isnull=False),
                name="one_grade_scheme_a_day",
            ),
        ]


class PeerCode(models.Model):
    """How one peer writes one of our codes, in one direction (standards-facts 2.1).

    direction: "in", given is theirs and becomes ours; "out", given is ours and becomes theirs. A value without a row
    is refused, never given a default.
    """

    peer = models.CharField(max_length=40)
    direction = models.CharField(max_length=3)
    element = models.CharField(max_length=40)
    given = models.CharField(max_length=60)
    becomes = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["peer", "direction", "element", "given"], name="one_meaning_of_a_peers_code"
            )
        ]


class ProfileDraft(models.Model):
    """What a region's authority proposes over a text: stricter values, internal targets, its own instrument (R-OVR-036).

    One a region; issuing it makes a `kernel.PolicyAssignment` of it, and the draft goes.
    """

    region = models.CharField(max_length=12, unique=True)
    profile = models.CharField(max_length=64)
    overrides = models.JSONField(default=dict)
    targets = models.JSONField(default=dict)
    basis = models.CharField(max_length=200, default="")
    drafted_by = models.CharField(max_length=100)
    drafted_at = models.DateTimeField()


class PurposeCode(models.Model):
    """A purpose of use that an administrator added to the four of every profile (R-SHR-010); code and name never change.

    retired_at: no new request or grant names it from then on; what was granted stays, and the code is never given again.
    """

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=20, unique=True)
    meaning = models.CharField(max_length=200)
    added_by = models.CharField(max_length=100)
    added_at = models.DateTimeField()
    retired_by = models.CharField(max_length=100, default="")
    retired_at = models.DateTimeField(null=True)
