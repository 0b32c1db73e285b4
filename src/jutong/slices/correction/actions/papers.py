"""Papers handed in with an application, kept with the case: a refusal takes them back with all else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, cast

from django.db import transaction

from jutong.kernel import files
from jutong.kernel.actors import Actor
from jutong.slices.correction.actions.raising import department_asks
from jutong.slices.correction.actions.verifying import report
from jutong.slices.correction.models import Verification
from jutong.slices.correction.rules import papers as rules

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile


def keep(uploads: Sequence[UploadedFile[bytes]], *, by: Actor, at: datetime) -> tuple[int, ...]:
    """Keep uploaded papers and return their ids; RuleBroken for too many or for what is no paper, TooLarge beyond 10 MB."""
    rules.check_number(len(uploads))
    kept = []
    for upload in uploads:
        file = files.store(cast("IO[bytes]", upload), upload.name or "", by=by, at=at, limit=rules.MOST_BYTES)
        rules.check_paper(file.name, file.media_type)
        kept.append(file.id)
    return tuple(kept)


def report_with_papers(
    *, by: Actor, at: datetime, uploads: Sequence[UploadedFile[bytes]], **words: Any
) -> Verification:
    """Ask for a verification as `report` does, for one's own department, with papers that show the doubt or the error."""
    with transaction.atomic():
        asker = department_asks(by, at, papers=keep(uploads, by=by, at=at))
        return report(by=by, at=at, asker=asker, **words)
