"""The table of registered data sources."""

from __future__ import annotations

from django.db import models

from jutong.kernel.terms import Zone
from jutong.slices.sources.rules import Engine, Tls


class DataSource(models.Model):
    """A department's database: where it is, with which account it is reached, and what it serves for.

    secret: the account's password, SM4 at rest (`kernel.keys.conceal`), never shown again. ca: PEM of the authority that
    signed the server's certificate, empty for the system's own. provides: resources can be mounted on it. receives: the
    department's granted data can be transferred into it. tested_*: the last connection test and what it said.
    """

    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=80)
    engine = models.CharField(max_length=20, choices=Engine.choices(), default=Engine.POSTGRESQL)
    host = models.CharField(max_length=253)
    port = models.IntegerField()
    database = models.CharField(max_length=63)
    user = models.CharField(max_length=63)
    secret = models.BinaryField()
    tls = models.CharField(max_length=12, choices=Tls.choices(), default=Tls.VERIFY_FULL)
    ca = models.TextField(default="")
    zone = models.CharField(max_length=8, choices=Zone.choices(), default=Zone.OUTER)
    provides = models.BooleanField(default=True)
    receives = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    tested_at = models.DateTimeField(null=True)
    tested_ok = models.BooleanField(null=True)
    tested_message = models.CharField(max_length=500, default="")
    product = models.CharField(max_length=200, default="")
    registered_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["department", "title"], name="source_title_in_department")]
