"""Endpoints by which a department's own system maintains its entries: many at once, revise (R-CAT-017)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field, ValidationError

from jutong.kernel import clock, faces
from jutong.kernel.errors import RuleBroken
from jutong.kernel.faces import shapes
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.actions import Maintained, Stated
from jutong.slices.catalogue.api.asking import Short
from jutong.slices.catalogue.api.deciding import Id, NoteIn, Number
from jutong.slices.catalogue.api.entries import ContentIn, EntryOut, Words, out

router = Router()
MOST_AT_ONCE = 200


class StatedIn(Schema):
    """An entry as a system states it: by id or code, else by its title. version: the one the system saw."""

    id: Number | None = None
    code: Annotated[str, Field(max_length=64)] = ""
    version: Annotated[int, Field(ge=1, le=10**6)] | None = None
    content: ContentIn

    def stated(self) -> Stated:
        """Return it as the action takes it."""
        return Stated(self.content.content(), self.id, self.code, self.version)


class StatedsIn(Schema):
    """Up to 200 entries; each is looked at by itself (`StatedIn`), so that a malformed one comes back alone."""

    entries: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_AT_ONCE)]


class MaintainedOut(Schema):
    """What became of the entry at this place of the list. outcome: created, updated, unchanged, refused.

    status, problem, detail, remarks: of a refusal, as in problem+json.
    """

    place: int
    outcome: str
    id: int | None = None
    version: int = 0
    status: int = 200
    problem: str = ""
    detail: str = ""
    remarks: dict[str, str] = {}


class MaintainedsOut(Schema):
    """Counts and one line for each entry."""

    created: int
    updated: int
    unchanged: int
    refused: int
    entries: list[MaintainedOut]


@router.post("/batch", response=MaintainedsOut, summary="批量维护本部门目录")
def maintain(request: HttpRequest, body: StatedsIn) -> dict[str, Any]:
    """Create or update entries of the caller's department; each good one is stored, each other says why not."""
    lines: dict[int, MaintainedOut] = {}
    good: dict[int, Stated] = {}
    for place, given in enumerate(body.entries):
        try:
            good[place] = StatedIn.model_validate(given).stated()
        except ValidationError as error:
            lines[place] = _misshapen(place, error.errors())
    made = actions.maintain(good.values(), by=faces.actor_of(request), at=clock.now())
    lines |= {place: _line(place, one) for place, one in zip(good, made, strict=True)}
    ordered = [lines[place] for place in sorted(lines)]
    counts = {
        name: sum(line.outcome == name for line in ordered) for name in ("created", "updated", "unchanged", "refused")
    }
    return {**counts, "entries": ordered}


def _misshapen(place: int, errors: Sequence[Any]) -> MaintainedOut:
    refusal = shapes.misshapen(errors)
    return MaintainedOut(
        place=place, outcome="refused", status=refusal.status, problem=refusal.code, detail=refusal.sentence,
        remarks=refusal.remarks,
    )  # fmt: skip


def _line(place: int, one: Maintained) -> MaintainedOut:
    told = MaintainedOut(place=place, outcome=one.outcome, id=one.entry_id, version=one.version)
    if one.refusal is not None:
        told.status, told.problem, told.detail = one.refusal.status, one.refusal.code, one.refusal.sentence
        told.remarks = one.refusal.remarks if isinstance(one.refusal, RuleBroken) else {}
    return told


@router.post("/{entry_id}/revise", response=EntryOut, summary="发起修订")
def revise(request: HttpRequest, entry_id: Id, body: NoteIn) -> dict[str, Any]:
    """Begin a revision of a published entry; the published version stays in force meanwhile."""
    actor, at = faces.actor_of(request), clock.now()
    actions.revise(entry_id, by=actor, at=at, note=body.note)
    return out(queries.entry(entry_id, actor=actor, at=at))


class MergeIn(Schema):
    """The code of the entry that goes into this one, and why."""

    code: Short
    reason: Words


@router.post("/{entry_id}/merge", response=EntryOut, summary="合并目录")
def merge(request: HttpRequest, entry_id: Id, body: MergeIn) -> dict[str, Any]:
    """Let another published entry of the department go into this one, by a revision of this one."""
    actor, at = faces.actor_of(request), clock.now()
    actions.merge_entries(entry_id, by=actor, at=at, code=body.code, reason=body.reason)
    return out(queries.entry(entry_id, actor=actor, at=at))
