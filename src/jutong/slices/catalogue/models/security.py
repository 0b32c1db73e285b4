"""Tables of the security assessments of a department's sharing, and of their findings."""

from __future__ import annotations

from typing import Any

from django.db import models

from jutong.kernel.models import StoredFile
from jutong.kernel.workflow import Case


class SecurityAssessment(Case):
    """A security assessment of a department's sharing, organised by its sharing unit (national-2025#11(5)).

    scope: what is assessed. planned_on: the day it is planned for; done_on: when it was done. conductor: who did it.
    """

    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    scope = models.TextField()
    planned_on = models.DateField()
    conductor = models.CharField(max_length=200, default="")
    summary = models.TextField(default="")
    done_on = models.DateField(null=True)
    closed_at = models.DateTimeField(null=True)
    report = models.ForeignKey(StoredFile, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["department", "-done_on"], name="security_assessment_done")]

    def event_payload(self) -> dict[str, Any]:
        """Ids for consumers of this case's events."""
        return {"department_id": self.department_id, "authority_id": self.authority_id}


class SecurityFinding(models.Model):
    """A finding of a security assessment: who has to put it right by when, and what was done."""

    assessment = models.ForeignKey(SecurityAssessment, on_delete=models.CASCADE, related_name="findings")
    text = models.TextField()
    owner = models.CharField(max_length=100)
    due_on = models.DateField()
    result = models.TextField(default="")
    done_by = models.CharField(max_length=100, default="")
    done_at = models.DateTimeField(null=True)

    @property
    def department_id(self) -> int:
        """Whose finding it is, for permission."""
        return self.assessment.department_id
