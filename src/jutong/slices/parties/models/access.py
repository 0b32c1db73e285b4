"""What the register of access holds beside the systems themselves: migrations, networks, support, violations, incidents."""

from __future__ import annotations

from typing import Any

from django.db import models

from jutong.kernel.models import Case
from jutong.slices.parties.rules.access import Side, SupportKind


class AccessCase(Case):
    """What all these cases have: whose it is, what it is called, what is to be said about it."""

    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    text = models.TextField(default="")
    account_name = models.CharField(max_length=100, default="")
    opened_at = models.DateTimeField()

    class Meta:
        abstract = True

    def event_payload(self) -> dict[str, Any]:
        """Name the department."""
        return {"department_id": self.department_id}


class Step(models.Model):
    """A milestone of a migration or plan, or a task after an incident: of one case, due on a day, done on a day."""

    kind = models.CharField(max_length=32)
    case_id = models.BigIntegerField()
    title = models.CharField(max_length=200)
    due_on = models.DateField()
    done_on = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "case_id"], name="access_step_of_case")]


class LegacyExchange(AccessCase):
    """An exchange between departments from before the platform, to be moved onto it step by step (R-EXC-013)."""

    counterpart = models.ForeignKey("parties.Department", null=True, on_delete=models.PROTECT, related_name="+")


class DedicatedNetwork(AccessCase):
    """A department's dedicated network with its plan of connection; `exception`: what the State provides (R-EXC-015)."""

    exception = models.CharField(max_length=300, default="")


class SupportRequest(AccessCase):
    """A question to the technical support group and its answer (R-EXC-022)."""

    kind = models.CharField(max_length=20, choices=SupportKind.choices())
    answer = models.TextField(default="")
    answered_by = models.CharField(max_length=100, default="")
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)


class DirectExchange(AccessCase):
    """A reported exchange that goes round the platform, from `department` to `receiver` (R-EXC-002)."""

    receiver = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    decision = models.CharField(max_length=1000, default="")

    def event_payload(self) -> dict[str, Any]:
        """Name both departments and what was found, for whoever supervises."""
        return {"department_id": self.department_id, "receiver_id": self.receiver_id, "title": self.title}


class SecurityIncident(AccessCase):
    """A security incident; `side` is the one party that answers for it (R-SEC-028)."""

    side = models.CharField(max_length=10, choices=Side.choices(), default="")
    conclusion = models.TextField(default="")


class Training(models.Model):
    """A training of the support group: what, when, and who came from which department (R-EXC-022)."""

    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=SupportKind.choices())
    held_on = models.DateField()
    account_name = models.CharField(max_length=100)


class Participation(models.Model):
    """A department's people at a training."""

    training = models.ForeignKey(Training, on_delete=models.CASCADE, related_name="participations")
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    people = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["training", "department"], name="department_once_in_training")]
