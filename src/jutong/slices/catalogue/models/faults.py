"""Tables of findings about catalogues, each with its evidence, and how it is put right (W16)."""

from __future__ import annotations

from typing import Any

from django.db import models

from jutong.kernel.workflow import Case


class Fault(Case):
    """A finding against a department: what was found, by which article, on which evidence, and its rectification.

    found_by: inspection, report or check. wilful: done on purpose, as far as the inspection shows. entry: the entry it is
    about, None for the catalogue as a whole. reporter: the department that reported it. subject: tells findings of one
    thing apart, so that a check proposes none twice. demand, due_on: what has to be put right, and by when. done: what the
    department says it did. decided: the authority's last word with its reason.
    """

    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey("catalogue.Entry", null=True, on_delete=models.SET_NULL, related_name="+")
    reporter = models.ForeignKey("parties.Department", null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=24)
    found_by = models.CharField(max_length=12)
    wilful = models.BooleanField(default=False)
    article = models.CharField(max_length=60)
    text = models.TextField()
    evidence = models.TextField()
    subject = models.CharField(max_length=80, default="")
    demand = models.TextField(default="")
    due_on = models.DateField(null=True)
    done = models.TextField(default="")
    done_on = models.DateField(null=True)
    decided = models.TextField(default="")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["department", "kind", "subject"],
                condition=~models.Q(subject="") & ~models.Q(state__in=["finding_rejected", "verified"]),
                name="one_open_finding_of_a_thing",
            )
        ]
        indexes = [
            models.Index(fields=["authority", "-at"], name="fault_for_authority"),
            models.Index(fields=["department", "-at"], name="fault_of_department"),
        ]

    def event_payload(self) -> dict[str, Any]:
        """Ids for consumers of this case's events."""
        return {"department_id": self.department_id, "authority_id": self.authority_id, "kind": self.kind}
