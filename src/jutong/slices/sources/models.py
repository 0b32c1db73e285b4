"""The tables of registered data sources and front-end nodes."""

from __future__ import annotations

from typing import Any

from django.db import models

from jutong.kernel.models import Case
from jutong.kernel.terms import Zone
from jutong.slices.sources.rules import Engine, Tls


class FrontEndNode(Case):
    """A front-end node (前置机): a machine at a department's edge which provides and obtains shared data (R-EXC-004).

    name: given at the allocation, never used twice. public: hex SM2 key it made itself. secret: shared with us for its
    calls, SM4 at rest. code_digest: SM3 of the one-time code, good until `code_until` and for a few tries.
    certificate: our signed statement about its key (wire envelope as JSON), `serial` its number. encryption,
    authentication: algorithms it offers. capabilities, health: what it said last. config: what it has to keep to.
    silent: no heartbeat for longer than its limit, which was alarmed.
    """

    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=80)
    zone = models.CharField(max_length=8, choices=Zone.choices(), default=Zone.OUTER)
    address_note = models.CharField(max_length=200, default="")
    purpose = models.CharField(max_length=500, default="")
    name = models.CharField(max_length=40, default="")
    public = models.CharField(max_length=128, default="")
    secret = models.BinaryField(default=b"")
    code_digest = models.CharField(max_length=64, default="", db_index=True)
    code_until = models.DateTimeField(null=True)
    certificate = models.BinaryField(default=b"")
    serial = models.IntegerField(default=0)
    certificate_until = models.DateTimeField(null=True)
    encryption = models.JSONField(default=list)
    authentication = models.JSONField(default=list)
    version = models.CharField(max_length=40, default="")
    capabilities = models.JSONField(default=list)
    config = models.JSONField(default=dict)
    config_revision = models.IntegerField(default=1)
    health = models.JSONField(default=dict)
    last_seen_at = models.DateTimeField(null=True)
    silent = models.BooleanField(default=False)
    remark = models.CharField(max_length=500, default="")
    applied_at = models.DateTimeField()
    allocated_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["department", "title"],
                condition=models.Q(ended_at__isnull=True),
                name="node_title_in_department",
            ),
            models.UniqueConstraint(fields=["name"], condition=~models.Q(name=""), name="node_name_once"),
        ]

    def event_payload(self) -> dict[str, Any]:
        """Name the node and its department."""
        return {"name": self.name, "department_id": self.department_id}


class DataSource(models.Model):
    """A department's database: where it is (`database` is the path of an SQLite file), with which account it is reached, and what it serves for.

    secret: the account's password, SM4 at rest (`kernel.keys.conceal`), never shown again. ca: PEM of the authority that
    signed the server's certificate, empty for the system's own. options: of a file store or an HTTP interface. provides: resources can be mounted on it. receives: the
    department's granted data can be transferred into it. statement_seconds: the longest a reading statement may take, 0 for
    no limit. dedicated: reached over the department's dedicated business network. tested_*: the last connection test,
    what it said and how long it took, in milliseconds.
    """

    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=80)
    engine = models.CharField(max_length=20, choices=Engine.choices(), default=Engine.POSTGRESQL)
    host = models.CharField(max_length=253, blank=True)
    port = models.IntegerField()
    database = models.CharField(max_length=255)
    user = models.CharField(max_length=63, blank=True)
    secret = models.BinaryField()
    tls = models.CharField(max_length=12, choices=Tls.choices(), default=Tls.VERIFY_FULL)
    ca = models.TextField(default="")
    options = models.JSONField(default=dict)
    statement_seconds = models.IntegerField(default=0)
    dedicated = models.BooleanField(default=False)
    zone = models.CharField(max_length=8, choices=Zone.choices(), default=Zone.OUTER)
    provides = models.BooleanField(default=True)
    receives = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    node = models.ForeignKey(FrontEndNode, on_delete=models.PROTECT, null=True, related_name="sources")
    tested_at = models.DateTimeField(null=True)
    tested_ok = models.BooleanField(null=True)
    tested_message = models.CharField(max_length=500, default="")
    tested_ms = models.IntegerField(null=True)
    product = models.CharField(max_length=200, default="")
    registered_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["department", "title"], name="source_title_in_department")]


class SourceCheck(models.Model):
    """A connection test of a data source: whether it succeeded, how long it took, what was said."""

    source = models.ForeignKey(DataSource, on_delete=models.CASCADE, related_name="checks")
    at = models.DateTimeField()
    ok = models.BooleanField()
    milliseconds = models.IntegerField()
    message = models.CharField(max_length=500, default="")
    by_name = models.CharField(max_length=100)

    class Meta:
        indexes = [models.Index(fields=["source", "-id"], name="check_of_source")]
