"""What the public sees: the open catalogue with its corrections, and a case followed by number and code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from jutong.kernel import queries as kernel
from jutong.kernel.clock import beijing_day
from jutong.kernel.models import ClockState
from jutong.kernel.paging import Page
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.correction.models import Concern, OpenField
from jutong.slices.correction.queries.cases import told_of
from jutong.slices.correction.queries.marks import MarkRow, marks_of
from jutong.slices.correction.workflow import WORKFLOWS
from jutong.slices.parties import queries as parties


@dataclass(frozen=True, slots=True)
class OpenView:
    """An entry of the open catalogue as it stands, the fields that were corrected, and the marks on its data."""

    entry: catalogue.OpenEntry
    corrected: dict[str, date]
    marks: tuple[MarkRow, ...]
    channel: str


@dataclass(frozen=True, slots=True)
class FollowedCase:
    """A case as somebody of the public follows it; overdue: a statutory limit has passed."""

    kind: str
    title: str
    number: str
    subject: str
    state: str
    state_label: str
    received_at: datetime
    due_on: date | None
    overdue: bool
    told: tuple[tuple[datetime, str], ...]
    went_on_as: str


def open_entries(*, text: str = "", number: int = 1) -> tuple[list[catalogue.OpenEntry], Page]:
    """Return a page of the open catalogue, corrected fields as the authority changed them."""
    found, meta = catalogue.opened(text=text, number=number)
    fields = OpenField.objects.filter(entry_id__in=[entry.id for entry in found]).values_list(
        "entry_id", "field", "value"
    )
    changed: dict[int, dict[str, str]] = {}
    for entry_id, field, value in fields:
        changed.setdefault(entry_id, {})[field] = value
    return [_as_corrected(entry, changed.get(entry.id, {})) for entry in found], meta


def _as_corrected(entry: catalogue.OpenEntry, changed: Mapping[str, Any]) -> catalogue.OpenEntry:
    return replace(entry, **changed)


def open_entry(entry_id: int) -> OpenView:
    """Return one entry of the open catalogue. NotThere for one that is not in it."""
    entry = catalogue.require_opened(entry_id)
    fields = list(OpenField.objects.filter(entry_id=entry_id))
    changed = {one.field: one.value for one in fields}
    return OpenView(
        _as_corrected(entry, changed),
        {one.field: beijing_day(one.changed_at) for one in fields},
        marks_of(entry_id),
        parties.correction_channel(entry.provider_id).text,
    )


def following(case: Concern, at: datetime) -> FollowedCase:
    """Return a case for its applicant; a converted one says as which case it goes on."""
    kind = next(name for name, flow in WORKFLOWS.items() if isinstance(case, flow.model))
    clocks = [c for c in kernel.clocks(kind, [case.pk], at).get(case.pk, ()) if c.state != ClockState.STOPPED]
    due = min((clock.due_day for clock in clocks), default=None)
    to, _colon, pk = case.converted_to.partition(":")
    went_on = WORKFLOWS[to].model._default_manager.get(pk=int(pk)).number if to else ""
    return FollowedCase(
        kind=kind,
        title=_(WORKFLOWS[kind].title),
        number=case.number,
        subject=case.title,
        state=case.state,
        state_label=WORKFLOWS[kind].state_label(case.state),
        received_at=case.received_at,
        due_on=due,
        overdue=any(clock.left < 0 and not clock.target for clock in clocks),
        told=told_of(case),
        went_on_as=went_on,
    )
