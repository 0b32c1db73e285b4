"""Import runs: the mapping to confirm, how far the work is, and what came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.slices.catalogue.models import ImportRun
from jutong.slices.catalogue.rules.repairs import REPAIRS


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One import as its pages show it; `samples` are a few lines of cells as text."""

    id: int
    file_name: str
    kind: str
    headers: tuple[str, ...]
    samples: tuple[tuple[str, ...], ...]
    mapping: dict[str, str]
    region: str
    whole_region: bool
    started: bool
    progress_id: int | None
    finished_at: datetime | None
    total: int
    accepted: int
    updated: int
    unchanged: int
    refused: int
    warned: int
    reasons: tuple[tuple[str, int], ...]
    error_file_id: int | None
    account_name: str
    at: datetime
    peer: str = ""
    repaired: int = 0
    waits: bool = False
    plan: PlanRow | None = None


@dataclass(frozen=True, slots=True)
class RepairRow:
    """A kind of repair a file needs: how often, and examples (line, element, before, after)."""

    kind: str
    label: str
    times: int
    examples: tuple[tuple[int, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """An entry that a file would change: the file's line, whether it is published, (element, old, new)."""

    line: int
    entry_id: int
    title: str
    published: bool
    changes: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What a look at a file found: what would become of its rows, repairs to agree to, changes to confirm."""

    total: int
    fresh: int
    unchanged: int
    refused: int
    changing: int
    changing_published: int
    notes: tuple[str, ...]
    repairs: tuple[RepairRow, ...]
    changes: tuple[ChangeRow, ...]
    reasons: tuple[tuple[str, int], ...]


def import_run(run_id: int, *, actor: Actor) -> ImportRow:
    """Return one import of the actor's own. NotThere for another's."""
    run = ImportRun.objects.filter(pk=run_id).first()
    if run is None or (actor.account_id is not None and run.account_id != actor.account_id):
        raise NotThere(_("没有找到该次导入。"))
    return _row(run)


def import_runs(actor: Actor, *, number: int = 1, size: int = 20) -> tuple[list[ImportRow], Page]:
    """Return the actor's imports, newest first."""
    rows, meta = page(ImportRun.objects.filter(account_id=actor.account_id).order_by("-pk"), number, size)
    return [_row(run) for run in rows], meta


def _row(run: ImportRun) -> ImportRow:
    return ImportRow(
        id=run.pk,
        file_name=run.file_name,
        kind=run.kind,
        headers=tuple(run.headers),
        samples=tuple(tuple(row) for row in run.samples),
        mapping=run.mapping,
        region=run.region,
        whole_region=run.whole_region,
        started=run.started,
        progress_id=run.progress_id,
        finished_at=run.finished_at,
        total=run.total,
        accepted=run.accepted,
        updated=run.updated,
        unchanged=run.unchanged,
        refused=run.refused,
        warned=run.warned,
        reasons=tuple((reason, times) for reason, times in run.reasons),
        error_file_id=run.error_file_id,
        account_name=run.account_name,
        at=run.at,
        peer=run.peer,
        repaired=run.repaired,
        waits=run.checked_at is not None and not run.confirmed,
        plan=_plan(run.plan) if run.plan else None,
    )


def _plan(kept: dict[str, Any]) -> PlanRow:
    repairs = kept["repairs"]
    counts = {name: kept[name] for name in ("total", "fresh", "unchanged", "refused", "changing", "changing_published")}
    return PlanRow(
        **counts,
        notes=tuple(kept["notes"]),
        repairs=tuple(
            RepairRow(kind, _(label), repairs[kind][0], tuple((n, f, b, a) for n, f, b, a in repairs[kind][1]))
            for kind, label in REPAIRS.items()
            if kind in repairs
        ),
        changes=tuple(
            ChangeRow(line, pk, title, published, tuple((e, old, new) for e, old, new in told))
            for line, pk, title, published, told in kept["changes"]
        ),
        reasons=tuple((reason, times) for reason, times in kept["reasons"]),
    )
