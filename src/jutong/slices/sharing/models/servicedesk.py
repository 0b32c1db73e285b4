"""What a service desk asks of citizens and organisations: service items with their papers (R-SHR-023)."""

from __future__ import annotations

from django.db import models


class ServiceItem(models.Model):
    """A service item (政务服务事项) of a department. code: of the list of service items, where it has one."""

    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority_id = models.BigIntegerField(db_index=True)
    name = models.CharField(max_length=200)
    code = models.CharField(max_length=64, default="")
    changed_by = models.CharField(max_length=100)
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["department", "name"], condition=models.Q(ended_at=None), name="one_service_item_a_name"
            )
        ]


class ServicePaper(models.Model):
    """A paper or an item that a service item asks for.

    entry: the entry of the catalogue it was found to be by a person, or that it is asked for in spite of. reason, unmet:
    why it is asked for anyway, and why sharing does not meet the duty; asked_by, asked_at: who recorded it.
    """

    item = models.ForeignKey(ServiceItem, on_delete=models.CASCADE, related_name="papers")
    place = models.IntegerField()
    name = models.CharField(max_length=200)
    entry = models.ForeignKey("catalogue.Entry", null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(default="")
    unmet = models.TextField(default="")
    asked_by = models.CharField(max_length=100, default="")
    asked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "name"], name="one_paper_a_name")]

    @property
    def department_id(self) -> int:
        """Whose service item asks for it."""
        return self.item.department_id
