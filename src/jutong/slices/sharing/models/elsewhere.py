"""Authorities that work on another instance, and the disputes that travel to and from them as signed files."""

from __future__ import annotations

from django.db import models


class AuthorityElsewhere(models.Model):
    """The competent authority of a region that works on another instance (national-2025#28).

    region: division code, 000000 for the State Council's. public: SM2 public key (hex) of its instance, by which its files
    are known. A row is never changed; another takes its place (ended_at).
    """

    region = models.CharField(max_length=12)
    name = models.CharField(max_length=120)
    public = models.CharField(max_length=128)
    named_by = models.CharField(max_length=100)
    named_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region"], condition=models.Q(ended_at=None), name="one_authority_elsewhere_a_region"
            )
        ]


class DisputeTaken(models.Model):
    """A dispute that another instance handed to an authority here for coordination; the case stays open there.

    authority_id: department here that coordinates. sender: who sent it. digest: SM3 (hex) of the file's payload. content:
    `wire.disputes.DisputeFile` as JSON. answer: the signed answer, empty as long as there is none.
    """

    number = models.CharField(max_length=24)
    sender = models.ForeignKey(AuthorityElsewhere, on_delete=models.PROTECT, related_name="+")
    authority_id = models.BigIntegerField(db_index=True)
    digest = models.CharField(max_length=64, unique=True)
    content = models.JSONField()
    taken_by = models.CharField(max_length=100)
    taken_at = models.DateTimeField()
    outcome = models.JSONField(default=dict)
    answer = models.BinaryField(default=bytes)
    answered_by = models.CharField(max_length=100, default="")
    answered_at = models.DateTimeField(null=True)
