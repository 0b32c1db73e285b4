"""Tables of this slice: mounts, one per entry, and the tables that were found in departments' data sources."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class Mount(models.Model):
    """An entry's table (挂接): source, place and the column of every item.

    mapping: [{"item", "column", "kind", "key", "masking"}] in the order of the items; an empty column: not provided.
    entry_version: the published version it was made for. version: grows with every change. remark: what a person should
    look at because a later version was published. prepared: {"source_id", "schema", "table", "mapping", "at", "by"} of the
    form that a change of the service (W15) brings into force on its day.
    """

    entry = models.OneToOneField("catalogue.Entry", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    code = models.CharField(max_length=64)
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey("sources.DataSource", on_delete=models.PROTECT, related_name="+")
    schema = models.CharField(max_length=63)
    table = models.CharField(max_length=63)
    mapping = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    entry_version = models.IntegerField()
    version = models.IntegerField(default=1)
    active = models.BooleanField(default=True)
    remark = models.CharField(max_length=500, default="")
    prepared = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    mounted_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=100)

    class Meta:
        indexes = [models.Index(fields=["provider", "active"], name="mount_of_provider")]


class SourceTable(models.Model):
    """A table as it was last found in a data source (盘点), and the entry that was compiled from it (反编目).

    rows: as its database estimates; gone_at: when it was no longer found. columns: wire columns as last read; profile: the
    wire's profile, examples masked at the source; trouble: why the last reading failed. entry: what was compiled from it;
    known: the columns it had then, or when its changes were last accepted. left_out: why it is not to be catalogued.
    progress_id: of the reading that was last asked for.
    """

    source = models.ForeignKey("sources.DataSource", on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    schema = models.CharField(max_length=63)
    table = models.CharField(max_length=63)
    comment = models.CharField(max_length=500, default="")
    rows = models.BigIntegerField(default=0)
    found_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    columns = models.JSONField(default=list)
    profile = models.JSONField(default=dict)
    read_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=500, default="")
    progress_id = models.BigIntegerField(null=True)
    entry = models.OneToOneField("catalogue.Entry", null=True, on_delete=models.SET_NULL, related_name="+")
    known = models.JSONField(default=list)
    compiled_at = models.DateTimeField(null=True)
    compiled_by = models.CharField(max_length=100, default="")
    left_out = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "schema", "table"], name="one_row_a_table")]
        indexes = [models.Index(fields=["department", "schema", "table"], name="table_of_department")]

    @property
    def place(self) -> str:
        """Schema and table, joined by a dot."""
        return ".".join(filter(None, (self.schema, self.table)))
