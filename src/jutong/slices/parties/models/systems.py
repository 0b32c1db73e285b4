"""Registered business systems and their call keys."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from jutong.kernel.terms import Zone
from jutong.slices.parties.rules.words import Connection


class BusinessSystem(models.Model):
    """A department's business system that calls the gateway (R-EXC-005, R-EXC-011).

    key_id: names its HMAC-SM3 key in every call. sealed_key: that key, SM2-sealed to the data plane; it is kept nowhere
    else. addresses: networks it may call from; empty for any.
    """

    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT)
    name = models.CharField(max_length=80)
    purpose = models.CharField(max_length=200, default="")
    zone = models.CharField(max_length=8, choices=Zone.choices(), default=Zone.OUTER)
    addresses = ArrayField(models.CharField(max_length=50), default=list)
    active = models.BooleanField(default=True)
    connection = models.CharField(max_length=16, choices=Connection.choices(), default=Connection.NOT_CONNECTED)
    connected_on = models.DateField(null=True)
    connection_record = models.CharField(max_length=300, default="")
    key_id = models.CharField(max_length=24, unique=True)
    sealed_key = models.BinaryField()
    key_made_at = models.DateTimeField()
    registered_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["department", "name"], name="system_name_in_department")]
