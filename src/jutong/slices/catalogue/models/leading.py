"""Tables of who answers for what: lead departments of base libraries and themes, and designated catalogue offices."""

from __future__ import annotations

from django.db import models


class Lead(models.Model):
    """The department that leads a base library or a theme in a region, since a day until it is replaced or ended.

    resource_class: base or theme; category: code of the library or theme. document: number of the decision. ended_for:
    why it ended, empty for one that was replaced. authority: who decided.
    """

    region = models.CharField(max_length=12)
    resource_class = models.CharField(max_length=12)
    category = models.CharField(max_length=60)
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    document = models.CharField(max_length=100)
    since = models.DateField()
    until = models.DateField(null=True)
    ended_for = models.CharField(max_length=500, default="")
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region", "resource_class", "category"],
                condition=models.Q(until=None),
                name="one_lead_a_library",
            )
        ]


class Office(models.Model):
    """The one unit that registers, checks and submits the entries of a government or a department (jiangxi-2017#11).

    department: whose entries, None for all departments of the region. named_by: the department that decided, whose
    people can end it.
    """

    region = models.CharField(max_length=12)
    department = models.ForeignKey("parties.Department", null=True, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    named_by = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    document = models.CharField(max_length=100)
    since = models.DateField()
    until = models.DateField(null=True)
    ended_for = models.CharField(max_length=500, default="")
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region"],
                condition=models.Q(until=None, department=None),
                name="one_catalogue_office_a_region",
            ),
            models.UniqueConstraint(
                fields=["department"],
                condition=models.Q(until=None, department__isnull=False),
                name="one_catalogue_office_a_department",
            ),
        ]
