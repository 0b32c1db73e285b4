"""Tables of the assessments before an entry is submitted, and of what the values of its columns were recognised as."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from jutong.kernel.models import StoredFile
from jutong.kernel.workflow import Case


class Assessment(Case):
    """A secrecy-risk or personal-information impact assessment of one version of an entry (national-2025#13).

    kind: a code of `rules.assessments.KINDS`. scope: digest of what was assessed (`rules.assessments.scope_of`), share_type: the
    sharing type then; both hold for later versions of the same scope that share no wider. answers: {question: answer},
    result: a code of `RESULTS`. responsible: who answers for it in the department. valid_until: last day, empty without an end.
    """

    entry = models.ForeignKey("catalogue.Entry", on_delete=models.CASCADE, related_name="assessments")
    version = models.ForeignKey("catalogue.EntryVersion", on_delete=models.CASCADE, related_name="+")
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=32)
    scope = models.CharField(max_length=64)
    share_type = models.CharField(max_length=16)
    answers = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    result = models.CharField(max_length=20)
    conclusion = models.TextField()
    measures = models.TextField(default="")
    number = models.CharField(max_length=64, default="")
    responsible = models.CharField(max_length=100)
    valid_until = models.DateField(null=True)
    attachment = models.ForeignKey(StoredFile, null=True, on_delete=models.SET_NULL, related_name="+")
    assessor = models.CharField(max_length=100)
    at = models.DateTimeField()
    approved_by = models.CharField(max_length=100, default="")
    approved_at = models.DateTimeField(null=True)
    remark = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["provider", "-at"], name="assessment_of_provider")]

    def event_payload(self) -> dict[str, Any]:
        """Ids for consumers of this case's events."""
        return {"entry_id": self.entry_id, "provider_id": self.provider_id, "kind": self.kind, "result": self.result}


class Recognised(models.Model):
    """What the values of a column behind an entry were recognised as, with the percent of them that are so.

    column: its technical name, or the item it is mounted for.
    """

    entry = models.ForeignKey("catalogue.Entry", on_delete=models.CASCADE, related_name="recognised", db_index=False)
    column = models.CharField(max_length=128)
    meaning = models.CharField(max_length=16)
    share = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "column"], name="one_meaning_a_column")]
