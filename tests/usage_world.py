"""What tests of use share: a grant of civil's to hr, batches obtained under it, and the people who act."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jutong.slices.exchange import actions as exchange
from jutong.slices.grants import actions as grants
from jutong.slices.usage import actions
from jutong.slices.usage.models import Copy, UseRecord
from reports import delivered

if TYPE_CHECKING:
    from jutong.dataplane.identity import Identity
    from jutong.slices.exchange.models import Run
    from jutong.slices.grants.models import Grant
    from world import World


def moment(day: str, hour: int = 2) -> datetime:
    """A moment of a day, by default at ten o'clock in Beijing."""
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


def drained(world: World, at: datetime) -> None:
    """Deliver what was published; a runner's reports come an hour after the beginning of the world."""
    world.drain(max(at, moment("2026-03-02", 3)))


def batch(world: World, grant: Grant, node: Identity) -> Run:
    """Let hr's clerk obtain one batch file."""
    run = exchange.order_batch(by=world.actor("hr.clerk"), at=world.at, grant_id=grant.pk)
    delivered(run, node, artefact_digest="ab" * 32, bytes=99)
    drained(world, world.at)
    return run


def finished(world: World, grant: Grant, at: datetime | None = None, ground: str = "purpose_reached") -> None:
    """Let hr's head end the use of a grant."""
    at = at or world.at
    by = world.actor("hr.head", at=at)
    grants.finish_grant(grant.pk, by=by, at=at, reason="清查工作已经完成", ground=ground)
    drained(world, at)


def copies(grant: Grant) -> list[int]:
    """The ids of a grant's copies."""
    return list(Copy.objects.filter(record__grant_id=grant.pk).order_by("pk").values_list("pk", flat=True))


def record(grant: Grant) -> UseRecord:
    """The use record of a grant."""
    return UseRecord.objects.get(grant_id=grant.pk)


def instructed(world: World, grant: Grant, at: datetime | None = None, **changes: Any) -> None:
    """Let civil's officer say that all copies are to be destroyed."""
    at = at or world.at
    given = {"copies": copies(grant), "instruction": "destroy", "due_on": moment("2026-03-20").date(), **changes}
    actions.instruct(grant.pk, by=world.actor("civil.officer", at=at), at=at, **given)


def destroyed(world: World, grant: Grant, at: datetime | None = None, **changes: Any) -> None:
    """Let hr's officer report that all copies were destroyed."""
    at = at or world.at
    proof = (io.BytesIO(b"%PDF-1.4 receipt"), "销毁记录.pdf")
    given: dict[str, Any] = {
        "copies": copies(grant), "report": actions.Report("destroyed", at.date(), "王芳"), "proof": proof, **changes,
    }  # fmt: skip
    actions.report(grant.pk, by=world.actor("hr.officer", at=at), at=at, **given)


def accepted(world: World, grant: Grant, at: datetime | None = None) -> None:
    """Let civil's officer accept the proof of all copies."""
    at = at or world.at
    actions.accept(grant.pk, by=world.actor("civil.officer", at=at), at=at, copies=copies(grant))
    drained(world, at)
