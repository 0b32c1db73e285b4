"""Tables of the one authoritative source of an item (一数一源): the register, its cases, and tasks to support a source."""

from __future__ import annotations

from typing import Any

from django.db import models

from jutong.kernel.workflow import Case


class ItemSource(models.Model):
    """Who provides an item of a region with authority, from `since` until `until` (empty: still); one at a time.

    key: the item's name as `catalogue_item_key` makes it. entry: where it is provided, empty while the department has no
    published entry with it. ground: published (the department's entry says so) or designated (national-2025#19).
    """

    region = models.CharField(max_length=12)
    key = models.CharField(max_length=128)
    name = models.CharField(max_length=128)
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey("catalogue.Entry", null=True, on_delete=models.SET_NULL, related_name="+")
    ground = models.CharField(max_length=12)
    designation = models.ForeignKey("Designation", null=True, on_delete=models.PROTECT, related_name="+")
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "key"], condition=models.Q(until=None), name="one_source_an_item")
        ]


class Homonym(models.Model):
    """A name that different departments use for different things: settled as no overlap (同名异义)."""

    region = models.CharField(max_length=12)
    key = models.CharField(max_length=128)
    designation = models.ForeignKey("Designation", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "key"], name="one_homonym_a_key")]


class Designation(Case):
    """W28: items that several departments collect, until the authority names their source (national-2025#19).

    found_by: check, or report of a department whose claim met another one's. source: the designated department.
    effective_on: from when; document: number of the decision. replaces: the designation that ends when this one enters
    into force. target_on: internal target; superior_id: the authority above, once it was told that the target has passed.
    """

    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    found_by = models.CharField(max_length=8)
    reason = models.CharField(max_length=500, default="")
    source = models.ForeignKey("parties.Department", null=True, on_delete=models.PROTECT, related_name="+")
    document = models.CharField(max_length=100, default="")
    effective_on = models.DateField(null=True)
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    target_on = models.DateField()
    superior_id = models.BigIntegerField(null=True)
    ended_for = models.CharField(max_length=500, default="")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["authority", "-at"], name="designation_of_authority")]

    def event_payload(self) -> dict[str, Any]:
        """Ids for consumers of this case's events."""
        return {"authority_id": self.authority_id, "source_id": self.source_id, "region": self.region}


class DesignatedItem(models.Model):
    """An item that a designation is about."""

    designation = models.ForeignKey(Designation, on_delete=models.CASCADE, related_name="items", db_index=False)
    key = models.CharField(max_length=128, db_index=True)
    name = models.CharField(max_length=128)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["designation", "key"], name="one_item_a_designation")]


class Party(models.Model):
    """A department that collects items of a designation, one of its entries with them, and its opinion once given."""

    designation = models.ForeignKey(Designation, on_delete=models.CASCADE, related_name="parties", db_index=False)
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey("catalogue.Entry", null=True, on_delete=models.SET_NULL, related_name="+")
    opinion = models.TextField(default="")
    given_by = models.CharField(max_length=100, default="")
    given_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["designation", "department"], name="one_party_a_department")]


class SourceTask(Case):
    """What a source department asks of another one that holds parts of its data: correct or supplement by a day (R-CEN-027).

    items: names. late: done after `due_on`.
    """

    designation = models.ForeignKey(Designation, on_delete=models.PROTECT, related_name="tasks")
    source = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    holder = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    items = models.JSONField(default=list)
    text = models.CharField(max_length=1000)
    due_on = models.DateField(db_index=True)
    done_on = models.DateField(null=True)
    note = models.CharField(max_length=1000, default="")
    late = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["holder", "-due_on"], name="source_task_of_holder"),
            models.Index(fields=["source", "-due_on"], name="source_task_of_source"),
        ]

    def event_payload(self) -> dict[str, Any]:
        """Ids for consumers of this case's events."""
        return {"source_id": self.source_id, "holder_id": self.holder_id, "authority_id": self.authority_id}
