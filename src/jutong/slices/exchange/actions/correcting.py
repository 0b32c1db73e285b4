"""Rows set aside, put right by the provider: uploaded, looked at, confirmed, and delivered by a run of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO

import msgspec

from jutong.crypto import sm3
from jutong.kernel import heartbeats, nodes
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.errors import NotThere, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.exchange.actions.ordering import allowed, enter, lock_task, reachable
from jutong.slices.exchange.formats import corrections as formats
from jutong.slices.exchange.models import CorrectedRow, Correction, Run, SetAside
from jutong.slices.exchange.rules import OPEN, check_term
from jutong.slices.exchange.rules import corrections as rules
from jutong.slices.exchange.rules.corrections import PROVIDER, Known, Line
from jutong.slices.exchange.workflow import EXCHANGE_TASK, may_know
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties
from jutong.wire.transfers import CorrectedValue


@dataclass(frozen=True, slots=True)
class Compared:
    """A line of an upload beside the row it means; value is what the person wrote, told to that person only."""

    line: int
    number: int
    key: str
    item: str
    old: str
    reason: str
    value: str
    fault: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What an upload comes to. correction_id: 0 where nothing in it can be delivered."""

    run_id: int
    correction_id: int
    lines: tuple[Compared, ...]

    @property
    def good(self) -> int:
        """How many lines can be delivered."""
        return sum(not line.fault for line in self.lines)


@action("exchange.correct_rows", label=N_("上传更正表"), allow=PROVIDER, on=Run, visible=may_know)
def correct_rows(run: Run, *, by: Actor, at: datetime, source: IO[bytes]) -> Preview:
    """Take the sheet of a run's rows set aside, filled in; compare and check it, and keep it sealed for its confirmation.

    The values are sealed (SM2) to the node that set the rows aside, which alone can open both; the file is not kept.
    WrongState where the run or its grant do not allow it; RuleBroken for a sheet that is not ours.
    """
    rules.check_run(run.state, run.task.kind, dirty=run.dirty)
    _check_newest(run)
    grant = grants.grant(run.grant_id, by)
    check_term(grant.state, grant.valid_from, grant.valid_until, at)
    lines = formats.lines_of(source)
    kept = _kept(run, lines)
    done = _delivered(kept)
    items = {item["item"]: item for item in grant.items}
    tested = {condition["item"] for condition in grant.conditions}
    compared, good, seen = [], list[tuple[Line, SetAside]](), set[int]()
    for line in lines:
        row = kept.get(line.row_id)
        known = Known(row.item, bool(row.parcel.content), row.pk in done or row.pk in seen) if row else None
        fault = rules.fault_of(line, known, items, tested)
        if row and not fault:
            seen.add(row.pk)
            good.append((line, row))
        place = (row.number, row.key, row.item, row.value, row.reason) if row else (0, "", line.item, "", "")
        compared.append(Compared(line.line, *place, value=line.value, fault=fault))
    Correction.objects.filter(run=run, delivery=None).delete()
    return Preview(run.pk, _keep(run, good, by, at) if good else 0, tuple(compared))


def _check_newest(run: Run) -> None:
    later = run.task.runs.filter(pk__gt=run.pk, state="released", corrects=None).exists()
    rules.check_newest(run.terms.get("read", "full"), later=later)


def _kept(run: Run, lines: Sequence[Line]) -> dict[int, SetAside]:
    """Return the rows of the run's present round that the lines mean."""
    found = SetAside.objects.filter(
        parcel__run=run, parcel__order_id=run.order_id, pk__in=[each.row_id for each in lines]
    )
    return {row.pk: row for row in found.select_related("parcel")}


def _delivered(rows: dict[int, SetAside]) -> set[int]:
    """Return which rows have been delivered since, or are on their way."""
    sent = CorrectedRow.objects.filter(row_id__in=rows, correction__delivery__state__in=[*OPEN, "released"])
    return set(sent.values_list("row_id", flat=True))


def _keep(run: Run, good: Sequence[tuple[Line, SetAside]], by: Actor, at: datetime) -> int:
    """Keep the values sealed, and their shape for people."""
    node = good[0][1].parcel.node
    if any(row.parcel.node != node for _line, row in good):
        raise RuleBroken(N_("这些行分别留存在不同的运行节点上，请按节点分批更正。"), field="file")
    parcels = sorted({row.parcel_id for _line, row in good})
    places = {
        parcel: {
            pk: n
            for n, pk in enumerate(SetAside.objects.filter(parcel=parcel).order_by("pk").values_list("pk", flat=True))
        }
        for parcel in parcels
    }
    values = [
        CorrectedValue(parcels.index(row.parcel_id), places[row.parcel_id][row.pk], line.item, line.value)
        for line, row in good
    ]
    made = Correction.objects.create(
        run=run,
        parcels=parcels,
        content=nodes.seal(msgspec.json.encode(values), node),
        account_id=by.account_id,
        account_name=by.name[:100],
        at=at,
    )
    CorrectedRow.objects.bulk_create(
        CorrectedRow(correction=made, row=row, value=rules.shown(line.value)) for line, row in good
    )
    return made.pk


def _link(run: Run, *, by: Actor, at: datetime) -> None:
    """Let the upload know the run that delivers it."""
    Correction.objects.filter(run=run.corrects, delivery=None).update(delivery=run)


@EXCHANGE_TASK.opens("resubmit", then=_link)
def deliver_corrected(*, by: Actor, at: datetime, run_id: int, correction_id: int) -> Run:
    """Order the delivery of exactly the corrected rows under the same grant, into the same table, once (R-EXC-019).

    NotThere for an upload that is not there, was replaced or forgotten; WrongState where grant or resource do not allow
    it now; Conflict while the task runs.
    """
    heartbeats.check_runner(at)
    found = Correction.objects.select_for_update().filter(pk=correction_id, run_id=run_id).first()
    if found is None or not may_know(by, found.run):
        raise NotThere(N_("没有找到这次更正，可能已过期或被新的上传取代，请重新上传更正表。"))
    if found.delivery_id is not None:
        raise WrongState(N_("这次更正已经确认补送，不能重复确认。"))
    first = found.run
    _check_newest(first)
    grant, mount = allowed(first.grant_id, first.task.kind, by, at)
    reachable(first.task, grant, mount, system_actor("exchange"), at)
    lock_task(first.task)
    run = Run(
        region=by.region or parties.department(grant.consumer_id).region,
        task=first.task,
        grant_id=grant.id,
        title=grant.resource_title,
        entry_code=grant.entry_code,
        provider_id=grant.provider_id,
        consumer_id=grant.consumer_id,
        corrects=first,
        correction_digest=sm3.hexdigest(bytes(found.content)),
    )
    enter(run, grant, mount, by, at)
    return run


def purge_corrected(run_id: int) -> None:
    """Forget the corrected values of a run that has ended; what they looked like stays."""
    Correction.objects.filter(delivery_id=run_id).update(content=b"")


def forget_corrections(at: datetime) -> int:
    """Forget uploads that nobody confirmed within a day."""
    return Correction.objects.filter(delivery=None, at__lt=at - rules.DRAFT_LIFE).delete()[0]
