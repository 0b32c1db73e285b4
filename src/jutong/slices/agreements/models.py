"""Agreements between departments: what each version says, and who signed it (W09)."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from jutong.kernel.models import Case


class Agreement(Case):
    """An agreement of two departments or more (national-project-opinion#8), or one of secrecy (jiangxi-2017#19).

    kind: see `rules.Kind`. party_ids: the departments. pending: number of the version that waits for signatures (0: none),
    unsigned_ids: who has not signed it yet. version: number of the version in force (0: none yet). since, until: its
    term, or the draft's, as Beijing days. joint: the pending version is a document issued jointly, which the authority
    confirms instead of signatures. warned_for: the end of term for which the parties were warned. stopped_by: the
    department that suspended it; held_grants: the grants that were suspended with it.
    """

    number = models.CharField(max_length=24, unique=True)
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=200)
    party_ids = ArrayField(models.BigIntegerField())
    unsigned_ids = ArrayField(models.BigIntegerField(), default=list)
    authority_id = models.BigIntegerField()
    version = models.IntegerField(default=0)
    pending = models.IntegerField(default=1)
    since = models.DateField(null=True)
    until = models.DateField(null=True, db_index=True)
    joint = models.BooleanField(default=False)
    drafted_by = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    created_by = models.BigIntegerField()
    created_at = models.DateTimeField()
    warned_for = models.DateField(null=True)
    reason = models.TextField(default="")
    stopped_by = models.BigIntegerField(null=True)
    held_grants = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            GinIndex(fields=["party_ids"], name="agreement_parties"),
            models.Index(fields=["authority_id", "-id"], name="agreement_authority"),
        ]

    def event_payload(self) -> dict[str, Any]:
        """Name the parties and the version in force."""
        return {
            "number": self.number,
            "party_ids": list(self.party_ids),
            "version": self.version,
            "pending": self.pending,
        }


class AgreementVersion(models.Model):
    """What an agreement says under one version number; unchanged from the first signature on.

    content: `rules.Content`. digest: what is signed, see `rules.digest`. why: the reason of an amendment. joint_file: id
    of the stored joint document. attested_by: who at the authority confirmed it. in_force_at: when it came into force;
    dropped_at: when it was given up before that.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.IntegerField()
    content = models.JSONField(encoder=DjangoJSONEncoder)
    digest = models.CharField(max_length=64)
    why = models.TextField(default="")
    joint_file = models.BigIntegerField(null=True)
    drafted_by = models.CharField(max_length=100)
    drafted_at = models.DateTimeField()
    attested_by = models.CharField(max_length=100, default="")
    in_force_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "number"], name="one_agreement_version")]


class AgreementSignature(models.Model):
    """A party's signature under one version.

    statement: what was signed, see `rules.statement`. signature: this instance's SM2 signature (DER) over it, with the
    public key (hex) it was made by. own: the person's own signature was given with it; slice parties keeps it.
    """

    version = models.ForeignKey(AgreementVersion, on_delete=models.CASCADE, related_name="signatures", db_index=False)
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    account_id = models.BigIntegerField()
    name = models.CharField(max_length=100)
    post = models.CharField(max_length=32)
    at = models.DateTimeField()
    statement = models.TextField()
    signature = models.BinaryField()
    public_key = models.CharField(max_length=130)
    own = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "department"], name="one_signature_a_party")]


class AgreementNumber(models.Model):
    """The last number given in a year; its row lock gives every agreement its own."""

    year = models.IntegerField(primary_key=True)
    last = models.IntegerField(default=0)
