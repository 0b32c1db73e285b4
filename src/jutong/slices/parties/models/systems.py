"""Registered business systems and their call keys."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from jutong.kernel.models import Case
from jutong.kernel.terms import Zone
from jutong.slices.parties.rules.access import Network, Signing, Transport


class BusinessSystem(Case):
    """A department's business system that calls the gateway (R-EXC-005, R-EXC-011, W21).

    key_id: names its HMAC-SM3 key in every call. sealed_key: that key, SM2-sealed to the data plane; it is kept nowhere
    else. signing: how it signs its calls. addresses: networks it may call from; empty for any. network: what carries it, `network_exception` why not one
    that the profile names. cross_department: it shares with other departments. protection: its graded protection and
    other security measures, in words. connected_on, connection_record: the test that connected it.
    """

    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT)
    name = models.CharField(max_length=80)
    purpose = models.CharField(max_length=200, default="")
    zone = models.CharField(max_length=8, choices=Zone.choices(), default=Zone.OUTER)
    addresses = ArrayField(models.CharField(max_length=50), default=list)
    active = models.BooleanField(default=True)
    network = models.CharField(max_length=10, choices=Network.choices(), default=Network.OUTER)
    network_exception = models.CharField(max_length=300, default="")
    hosting = models.CharField(max_length=100, default="")
    cross_department = models.BooleanField(default=True)
    transport = models.CharField(max_length=8, choices=Transport.choices(), default="")
    protection = models.CharField(max_length=300, default="")
    connected_on = models.DateField(null=True)
    connection_record = models.CharField(max_length=300, default="")
    operating_since = models.DateField(null=True)
    signing = models.CharField(max_length=12, choices=Signing.choices(), default=Signing.OWN)
    key_id = models.CharField(max_length=24, unique=True)
    sealed_key = models.BinaryField()
    key_made_at = models.DateTimeField()
    registered_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["department", "name"], name="system_name_in_department")]

    def event_payload(self) -> dict[str, Any]:
        """Name the department and whether the system may call."""
        return {"department_id": self.department_id, "active": self.active}
