"""The table of mounts: one per entry."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class Mount(models.Model):
    """An entry's table (挂接): source, place and the column of every item.

    mapping: [{"item", "column", "kind", "key", "masking"}] in the order of the items; an empty column: not provided.
    entry_version: the published version it was made for. version: grows with every change. remark: what a person should
    look at because a later version was published.
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
    mounted_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=100)

    class Meta:
        indexes = [models.Index(fields=["provider", "active"], name="mount_of_provider")]
