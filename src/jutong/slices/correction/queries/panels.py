"""What this slice shows on pages that join slices: marks and channel on an entry's page, corrections on the workbench."""

from __future__ import annotations

from datetime import datetime

from jutong.kernel.actors import Actor
from jutong.kernel.panels import Said
from jutong.slices.catalogue.queries import EntryDetail
from jutong.slices.correction.queries.corrected import CorrectionLine, corrections
from jutong.slices.correction.queries.marks import EntryMarks, marks_of


def entry_panel(_actor: Actor, _at: datetime, *, entry: EntryDetail) -> Said | None:
    """Return the marks on a published entry's data and the correction channel of its department (R-COR-020)."""
    if entry.in_force is None:
        return None
    channel = entry.channel
    return Said(EntryMarks(entry.row.id, marks_of(entry.row.id), channel.text, channel.open_to_public))


def to_fetch(actor: Actor, _at: datetime) -> list[CorrectionLine] | None:
    """Return corrections that the actor's departments have not fetched yet, at most 6."""
    return corrections(actor, waiting=True, size=6)[0] or None
