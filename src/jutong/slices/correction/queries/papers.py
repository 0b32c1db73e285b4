"""Papers handed in with a case, as its page names them."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.kernel.models import StoredFile
from jutong.slices.correction.models import Concern


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper: its file's id, name and size in bytes."""

    id: int
    name: str
    size: int


def papers_of(case: Concern) -> tuple[Paper, ...]:
    """Return a case's papers in the order they were handed in."""
    found = StoredFile.objects.in_bulk(case.attachments)
    return tuple(Paper(pk, found[pk].name, found[pk].size) for pk in case.attachments if pk in found)
