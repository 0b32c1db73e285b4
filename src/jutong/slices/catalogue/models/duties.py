"""Tables of the collection duty list (采集责任清单): the regional catalogue's versions, lists, their lines, collections."""

from __future__ import annotations

from typing import Any

from django.db import models

from jutong.kernel.workflow import Case


class RegionalVersion(models.Model):
    """One version of a region's catalogue: entries were published together, or one was withdrawn.

    entries: how many changed. notice: the authority's notice, empty for a withdrawal.
    """

    region = models.CharField(max_length=12)
    number = models.IntegerField()
    entries = models.IntegerField()
    notice = models.ForeignKey("catalogue.Notice", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "number"], name="one_regional_version")]


class DutyList(Case):
    """W05: which department collects which item of a region, derived from one version of its catalogue (neijiang-2020#13).

    number: counts the region's lists. series: the list whose lines these are; a list that follows a catalogue update
    shares them with the one before. lines, conflicts: how many it has, and how many items lie with several departments.
    document, effective_on: number of the decision and first day, set when it is issued.
    """

    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    number = models.IntegerField()
    series = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    catalogue_version = models.IntegerField()
    lines = models.IntegerField(default=0)
    conflicts = models.IntegerField(default=0)
    document = models.CharField(max_length=100, default="")
    effective_on = models.DateField(null=True)
    in_force_on = models.DateField(null=True)
    ended_on = models.DateField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "number"], name="one_duty_list_of_a_number"),
            models.UniqueConstraint(
                fields=["region"], condition=models.Q(state="in_force"), name="one_duty_list_in_force"
            ),
        ]

    def event_payload(self) -> dict[str, Any]:
        """Ids for consumers of this case's events."""
        return {"authority_id": self.authority_id, "region": self.region, "number": self.number}


class DutyLine(models.Model):
    """An item of a series of duty lists and the one department that collects it: how, how often, for which entry.

    key: as `catalogue_item_key` makes it; a name that departments use for different things carries the department behind
    an @. rivals: the departments of an item that lies with several, which then has no department. since, until: the
    numbers of the first list with this line and of the first without it.
    """

    series = models.ForeignKey(DutyList, on_delete=models.CASCADE, related_name="duties", db_index=False)
    key = models.CharField(max_length=140)
    name = models.CharField(max_length=128)
    department = models.ForeignKey("parties.Department", null=True, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey("catalogue.Entry", null=True, on_delete=models.SET_NULL, related_name="+")
    how = models.CharField(max_length=24, default="")
    system = models.CharField(max_length=200, default="")
    cycle = models.CharField(max_length=16, default="")
    rivals = models.JSONField(default=list)
    since = models.IntegerField()
    until = models.IntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "key"], condition=models.Q(until=None), name="one_duty_an_item")
        ]
        indexes = [models.Index(fields=["series", "department"], name="duty_of_department")]


class Collection(models.Model):
    """A collection that a department registered before it began: items within its own duties (R-CEN-005)."""

    region = models.CharField(max_length=12)
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    items = models.JSONField(default=list)
    purpose = models.CharField(max_length=500)
    basis = models.CharField(max_length=300)
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["department", "-at"], name="collection_of_department")]
