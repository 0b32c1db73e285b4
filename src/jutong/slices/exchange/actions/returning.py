"""Rows of a submitted batch that came back: handed out to their department as a file to be put right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import IO

from jutong.kernel import files
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.kernel.terms import N_
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.exchange import queries
from jutong.slices.exchange.formats import returned, submitting, tables
from jutong.slices.exchange.models import Submission, SubmissionFault
from jutong.slices.exchange.rules import submissions as rules
from jutong.slices.exchange.rules.corrections import PROVIDER
from jutong.slices.exchange.workflow import OVERSEERS


def _sees(by: Actor, submission: Submission) -> bool:
    return by.holds(*OVERSEERS) or submission.provider_id in by.serves


@action("exchange.return_rows", label=N_("取回退回行"), allow=PROVIDER, on=Submission, visible=_sees)
def return_rows(submission: Submission, *, by: Actor, at: datetime, file: IO[bytes]) -> str:
    """Write the rows of a batch that were refused, each with its reasons, to be handed in again; returns the format.

    The file is of the format in which the batch came, which the entry takes. The values are the department's own and
    stand there as they were handed in, so only its people get them, and each time is audited. NotThere where nothing
    came back; RuleBroken where the entry has other items by now.
    """
    found: dict[int, list[rules.Fault]] = defaultdict(list)
    for fault in SubmissionFault.objects.filter(submission=submission).order_by("number", "id").iterator():
        found[fault.number].append(rules.Fault(fault.number, fault.item, "", fault.rule, fault.reason))
    if not found:
        raise NotThere(N_("该批次没有退回的行。"))
    items = queries.expected(catalogue.require_published(submission.resource_id))
    kind = tables.format_of(submission.file_name)
    returned.write(file, kind, items, _rows(submission, kind, items, found))
    return kind


def _rows(
    submission: Submission, kind: str, items: list[rules.Expected], found: dict[int, list[rules.Fault]]
) -> Iterator[submitting.Returned]:
    """Yield what came back; rows behind the last fault that was kept are looked at again."""
    kept = max(found) if submission.faults > sum(map(len, found.values())) else rules.MOST_ROWS
    lines = tables.rows_of(files.path(submission.file_id), kind)
    _number, header = next(lines)
    places = rules.check_header(items, header)
    for number, row in lines:
        faults = list(rules.faults_of(items, places, number, row)) if number > kept else found.get(number, [])
        if faults:
            yield [row[place] if place < len(row) else "" for place in places.values()], faults
