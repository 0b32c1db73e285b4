"""People as information managers, the posts they hold, delegations, sharing units, unit roles and internal rules."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from jutong.kernel.actors import Role
from jutong.kernel.models import Case
from jutong.slices.parties.rules.words import RulesKind, UnitKind


class Person(Case):
    """A person whom a department has reported (W23): state reported, confirmed, active or ended.

    replaces: whom the person follows (R-OVR-008). title: 职务.
    """

    name = models.CharField(max_length=60)
    phone = models.CharField(max_length=20, default="")
    email = models.CharField(max_length=120, default="")
    title = models.CharField(max_length=60, default="")
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT)
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["department", "name"], name="person_department")]

    def event_payload(self) -> dict[str, object]:
        """Return the ids that consumers need."""
        return {"department_id": self.department_id}


class PostHeld(models.Model):
    """A person's role in a department, from a day to an optional last day; ended rows are the history."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(max_length=24, choices=[(str(role), role.label) for role in Role])
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT)
    since = models.DateField()
    until = models.DateField(null=True)
    granted_by = models.BigIntegerField(null=True)
    granted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role", "department"], condition=Q(ended_at=None), name="one_post_of_a_kind"
            ),
            models.UniqueConstraint(
                fields=["department", "role"],
                condition=Q(ended_at=None, role__in=["principal", "sharing_unit_head"]),
                name="one_principal_one_head",
            ),
        ]
        indexes = [models.Index(fields=["department", "role"], condition=Q(ended_at=None), name="post_department")]


class Delegation(models.Model):
    """代办: in the absence of a post's holder another person acts, from one day to another, both included.

    duties: the workflows it is limited to; empty for everything that the post may do.
    """

    post = models.ForeignKey(PostHeld, on_delete=models.PROTECT)
    to = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="acting")
    since = models.DateField()
    until = models.DateField()
    duties = ArrayField(models.CharField(max_length=64), default=list)
    reason = models.CharField(max_length=200, default="")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["to"], condition=Q(ended_at=None), name="delegation_open")]


class SharingUnit(models.Model):
    """政务数据共享工作机构: exactly one active per department, with its six duties (national-2025#11)."""

    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT)
    name = models.CharField(max_length=80)
    duties = ArrayField(models.CharField(max_length=16))
    since = models.DateField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["department"], condition=Q(ended_at=None), name="one_sharing_unit")
        ]


class UnitRole(models.Model):
    """A unit of a department and its duties in sharing (R-OVR-010); business bureaus may be several."""

    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT)
    kind = models.CharField(max_length=16, choices=UnitKind.choices())
    name = models.CharField(max_length=80)
    duties = models.TextField()
    contact = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL)
    since = models.DateField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["department", "kind"],
                condition=Q(ended_at=None) & ~Q(kind="business"),
                name="one_unit_of_a_kind",
            )
        ]


class InternalRules(models.Model):
    """A department's internal rules in one version; earlier versions stay (R-OVR-009)."""

    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT)
    kind = models.CharField(max_length=16, choices=RulesKind.choices())
    version = models.IntegerField()
    title = models.CharField(max_length=120)
    file = models.ForeignKey("kernel.StoredFile", on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField()
    filed_by = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["department", "kind", "version"], name="one_version_of_rules")]
