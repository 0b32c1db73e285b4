"""Changes of published entries as cases of their own: begun with a reason, done when the new version is in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count

from jutong.kernel.actors import Actor
from jutong.slices.catalogue.models import Entry, Revision
from jutong.slices.catalogue.workflow import ENTRY


@ENTRY.action("revise")
def revise(case: Entry, *, by: Actor, at: datetime, note: str = "") -> None:
    """Begin a revision; the published version stays in force until the new one is published (W01). note: why."""
    note_begun([case], note, by=by, at=at)


def note_begun(entries: Sequence[Entry], reason: str, *, by: Actor, at: datetime) -> None:
    """Open the change of published entries that were just taken into revision, one by one or by an import."""
    counted = Revision.objects.filter(entry__in=[entry.pk for entry in entries]).values("entry")
    before = dict(counted.annotate(many=Count("pk")).values_list("entry", "many"))
    Revision.objects.bulk_create(
        [
            Revision(
                entry=entry, number=before.get(entry.pk, 0) + 1, reason=reason.strip(), account_name=by.name[:100],
                from_version_id=entry.published_id or 0, begun_at=at,
            )
            for entry in entries
        ],
        batch_size=500,
    )  # fmt: skip


def note_revised(entries: Sequence[Entry], *, at: datetime) -> None:
    """Note which version each open revision of these entries brought into force."""
    versions = {entry.pk: entry.working_id for entry in entries}
    rows = list(Revision.objects.filter(entry__in=versions, done_at=None))
    for row in rows:
        row.done_at, row.to_version_id = at, versions[row.entry_id]
    Revision.objects.bulk_update(rows, ["done_at", "to_version"], batch_size=500)
