"""Rows set aside in the management API: uploading what was put right, and confirming its delivery."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import File, Router, Schema, Status, UploadedFile

from jutong.kernel import clock, faces
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.api.runs import DetailOut, Id

router = Router()


class ComparedOut(Schema):
    """A line of the sheet beside the row it means: the old value masked, the new one, and why it cannot be delivered."""

    line: int
    number: int
    key: str
    item: str
    old: str
    reason: str
    value: str
    fault: str


class PreviewOut(Schema):
    """What an upload comes to; good: lines that can be delivered; correction_id: what to confirm, 0 for nothing."""

    run_id: int
    correction_id: int
    good: int
    lines: list[ComparedOut]


@router.post("/runs/{run_id}/corrections", response={201: PreviewOut}, summary="上传更正表")
def correct(request: HttpRequest, run_id: Id, file: File[UploadedFile]) -> Status[Any]:
    """Upload the filled-in sheet of a run's rows set aside (Excel) and compare; nothing is delivered yet."""
    preview = actions.correct_rows(run_id, by=faces.actor_of(request), at=clock.now(), source=file)
    return Status(201, preview)


@router.post("/runs/{run_id}/corrections/{correction_id}", response={201: DetailOut}, summary="确认补送更正后的行")
def deliver(request: HttpRequest, run_id: Id, correction_id: Id) -> Status[Any]:
    """Confirm an upload: exactly its rows are delivered by a run of their own, which is returned."""
    actor = faces.actor_of(request)
    run = actions.deliver_corrected(by=actor, at=clock.now(), run_id=run_id, correction_id=correction_id)
    return Status(201, queries.run(run.pk, actor))
