"""Tables of the census of information resources: censuses, departments' declarations and their lines, gaps found."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models

from jutong.kernel.workflow import Case
from jutong.slices.catalogue.rules.census import PLACES, QUANTITIES, plain


def _quantity() -> models.DecimalField[Any, Any]:
    return models.DecimalField(max_digits=14 + PLACES, decimal_places=PLACES, null=True)


class Quantities(models.Model):
    """The six quantities of a resource, or of all that a department declared; None where nothing is known.

    Volumes in G, records in units of ten thousand, as the national census asks.
    """

    stored_volume = _quantity()
    stored_records = _quantity()
    shared_volume = _quantity()
    shared_records = _quantity()
    opened_volume = _quantity()
    opened_records = _quantity()

    class Meta:
        abstract = True

    def quantities(self) -> dict[str, Any]:
        """Return the six by name, without needless zeros."""
        stated = {name: getattr(self, name) for name in QUANTITIES}
        return {name: None if value is None else Decimal(plain(Decimal(value))) for name, value in stated.items()}


class Census(Case):
    """政务信息资源普查 of a region (inner-mongolia-2018#28): every department declares its resources until a day.

    number: counts the region's censuses. document: the decision it rests on. counted_on: the day whose figures are
    asked. filled_at: when the lines were proposed from the catalogue. reminded_on: last day on which the departments
    that had not declared were reminded.
    """

    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    number = models.IntegerField()
    title = models.CharField(max_length=200)
    document = models.CharField(max_length=100, default="")
    counted_on = models.DateField()
    due_on = models.DateField(db_index=True)
    filled_at = models.DateTimeField(null=True)
    reminded_on = models.DateField(null=True)
    closed_on = models.DateField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "number"], name="one_census_of_a_number"),
            models.UniqueConstraint(fields=["region"], condition=models.Q(state="open"), name="one_open_census"),
        ]

    def event_payload(self) -> dict[str, Any]:
        """Ids for consumers of this case's events."""
        return {"authority_id": self.authority_id, "region": self.region, "number": self.number}


class Declaration(Case, Quantities):
    """One department's task in a census: to declare its resources. The six sums and counts are of what it declared.

    lines: how many resources the census knows of it. corrected: of them with other figures than the catalogue gave.
    missing, gone: as `KINDS` says. refused: rows of the last sheet that came back, as (row, name, {column: sentence}).
    sent_back: why the authority wants it again.
    """

    census = models.ForeignKey(Census, on_delete=models.CASCADE, related_name="declarations", db_index=False)
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    lines = models.IntegerField(default=0)
    corrected = models.IntegerField(default=0)
    missing = models.IntegerField(default=0)
    gone = models.IntegerField(default=0)
    refused = models.JSONField(default=list)
    sent_back = models.CharField(max_length=500, default="")
    declared_at = models.DateTimeField(null=True)
    declared_by = models.CharField(max_length=100, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["census", "department"], name="one_declaration_a_department")]

    def event_payload(self) -> dict[str, Any]:
        """Ids for consumers of this case's events."""
        return {"census_id": self.census_id, "department_id": self.department_id, "authority_id": self.authority_id}


class CensusLine(Quantities):
    """A resource of a declaration: an entry of the catalogue, or one that the catalogue lacks (then without entry).

    title_key: as entries have it. kind: a code of `KINDS`. computed: the quantities as the catalogue gave them.
    """

    declaration = models.ForeignKey(Declaration, on_delete=models.CASCADE, related_name="resources", db_index=False)
    entry = models.ForeignKey("catalogue.Entry", null=True, on_delete=models.SET_NULL, related_name="+")
    title = models.CharField(max_length=200)
    title_key = models.CharField(max_length=200)
    code = models.CharField(max_length=64, default="")
    kind = models.CharField(max_length=12)
    computed = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["declaration", "entry"], name="one_line_an_entry"),
            models.UniqueConstraint(
                fields=["declaration", "title_key"], condition=models.Q(entry=None), name="one_line_a_missing_name"
            ),
        ]
        indexes = [models.Index(fields=["declaration", "kind"], name="census_line_of_kind")]


class CensusGap(Case):
    """A resource that a department declared and the catalogue lacks: the task to compile it (R-CAT-041).

    entry: the entry that was published for it. reason: why the authority lets it be left out.
    """

    line = models.OneToOneField(CensusLine, null=True, on_delete=models.SET_NULL, related_name="gap")
    census = models.ForeignKey(Census, on_delete=models.CASCADE, related_name="gaps", db_index=False)
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+", db_index=False)
    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    title_key = models.CharField(max_length=200)
    entry = models.ForeignKey("catalogue.Entry", null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=500, default="")
    ended_on = models.DateField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["census", "state"], name="gap_of_census"),
            models.Index(fields=["department", "title_key"], name="gap_of_department"),
        ]

    def event_payload(self) -> dict[str, Any]:
        """Ids for consumers of this case's events."""
        return {"census_id": self.census_id, "department_id": self.department_id, "title": self.title}
