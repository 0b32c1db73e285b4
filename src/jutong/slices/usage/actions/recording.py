"""W30: use records open with the grant, are filled by platform and consumer, and are closed period by period."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from jutong.kernel import inbox, jurisdiction
from jutong.kernel.actors import Actor, Role, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere, Refusal, RuleBroken
from jutong.kernel.settings import settings
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties
from jutong.slices.sharing import queries as sharing
from jutong.slices.usage.models import UsePeriod, UseRecord, UseVersion
from jutong.slices.usage.queries.figures import figures_of
from jutong.slices.usage.rules import records as rules
from jutong.slices.usage.workflow import USE_RECORD
from jutong.slices.usage.workflow.records import RUNNING

PLATFORM: Final = system_actor("usage")
KEEPS_RECORDS: Final = Role.DATA_OFFICER
"""Who in a consumer is told that a record waits."""
AT_ONCE: Final = 200


def record_of(grant_id: int, *, at: datetime) -> UseRecord | None:
    """Return the use record of a grant, opened now where there was none; None for an unknown grant."""
    found = UseRecord.objects.filter(grant_id=grant_id).first()
    return found or records_of(grants.facts_by_ids([grant_id]), at=at).get(grant_id)


def records_of(facts: Mapping[int, grants.Facts], *, at: datetime) -> dict[int, UseRecord]:
    """Return the use records of grants by the grant's id, opened now where there were none."""
    records = {record.grant_id: record for record in UseRecord.objects.filter(grant_id__in=facts)}
    missing = [one for pk, one in sorted(facts.items()) if pk not in records]
    for opened in open_records(by=PLATFORM, at=at, facts=missing) if missing else []:
        if isinstance(opened, Refusal):
            raise opened
        records[opened.grant_id] = opened
    return records


def _first_day(opened_at: datetime, at: datetime) -> date:
    """Return the first day of a record's first reporting period, which ends with a period of the year."""
    return max(beijing_day(opened_at), beijing_day(at))


def _begin(records: Sequence[UseRecord], *, by: Actor, at: datetime) -> None:
    """Begin the first reporting period of each record."""
    UsePeriod.objects.bulk_create(
        [
            UsePeriod(record=one, number=1, first_day=_first_day(one.opened_at, at), last_day=one.period_until)
            for one in records
            if one.period_until
        ],
        batch_size=1000,
    )


@USE_RECORD.opens_many("open", then=_begin)
def open_records(*, by: Actor, at: datetime, facts: Sequence[grants.Facts]) -> list[UseRecord | Refusal]:
    """Open the use records and ledgers of grants (national-2025#29); personal information with the basis of its handling."""
    entries = catalogue.published_by_ids({one.resource_id for one in facts})
    bases = sharing.personal_bases_of([one.id for one in facts])
    authorities = {region: _authority(region) for region in {one.region for one in facts if not one.authority_id}}
    return [
        UseRecord(
            region=one.region,
            grant_id=one.id,
            reference=one.reference,
            resource_id=one.resource_id,
            resource_title=one.resource_title,
            entry_code=one.entry_code,
            consumer_id=one.consumer_id,
            provider_id=one.provider_id,
            authority_id=one.authority_id or authorities[one.region],
            items=list(one.items),
            personal=one.resource_id in entries and entries[one.resource_id].personal,
            personal_basis=bases.get(one.id, ""),
            opened_at=one.valid_from,
            period_until=rules.period_end(_first_day(one.valid_from, at), settings().use_record_months),
        )
        for one in facts
    ]


def _authority(region: str) -> int | None:
    try:
        return parties.authority_of(region)
    except RuleBroken:  # none is registered: the record is kept all the same
        return None


def follow_versions(grant_ids: Collection[int], *, at: datetime) -> None:
    """Keep the items of records as the newest versions of their grants have them."""
    facts = grants.facts_by_ids(grant_ids)
    for pk, record in records_of(facts, at=at).items():
        if record.items != list(facts[pk].items):
            record.items = list(facts[pk].items)
            record.save(update_fields=["items"])


def fill_record(record: UseRecord | int, *, by: Actor, at: datetime, number: int, content: rules.Content) -> UseRecord:
    """Write what the consumer says of one reporting period; the earlier versions stay readable (R-SHR-054).

    A record that was incomplete for want of it is complete with it. RuleBroken for an unknown status or nothing said;
    NotThere for a period that the record does not have.
    """
    with transaction.atomic():
        return recheck(_fill(record, by=by, at=at, number=number, content=content).pk, at=at)


def recheck(record_id: int, *, at: datetime) -> UseRecord:
    """Look again at what a record lacks: one that was incomplete may be complete now, one that was final only kept."""
    record = UseRecord.objects.select_for_update().get(pk=record_id)
    lacking = lacking_of(record)
    if record.lacking != lacking:
        record.lacking = lacking
        record.save(update_fields=["lacking"])
    if not lacking and record.state == "incomplete":
        return _complete(record, by=PLATFORM, at=at)
    if not lacking and record.state == "final":
        return retain_record(record, by=PLATFORM, at=at)
    return record


@USE_RECORD.action("fill")
def _fill(record: UseRecord, *, by: Actor, at: datetime, number: int, content: rules.Content) -> None:
    """Keep a new version of a period's record; nothing that was said before is lost."""
    rules.check_content(content)
    period = record.periods.select_for_update().filter(number=number).first()
    if period is None:
        raise NotThere(_("没有找到该填报期。"))
    said = dataclasses.asdict(content)
    for name, value in said.items():
        setattr(period, name, value.strip())
    period.version += 1
    period.changed_at, period.changed_by = at, by.name[:100]
    period.save()
    UseVersion.objects.create(period=period, version=period.version, content=said, at=at, by_name=by.name[:100])


def lacking_of(record: UseRecord) -> list[dict[str, Any]]:
    """Return what the closed periods of a record lack: [{"number", "fields"}]; places told since count."""
    wanted = rules.asked(record.policy.list("use_records"))
    unplaced = record.copies.filter(disposed_on=None, storage="").count()
    found = []
    for period in record.periods.exclude(closed_at=None).order_by("number"):
        stood = rules.Figures(**period.figures)
        known = dataclasses.replace(stood, unplaced=min(stood.unplaced, unplaced))
        said = {name: getattr(period, name) for name in rules.FIELDS}
        if fields := rules.lacking(said, wanted, known):
            found.append({"number": period.number, "fields": fields})
    return found


def settle_due(at: datetime) -> int:
    """Close the reporting periods that are over; returns how many records that were."""
    due = UseRecord.objects.filter(state__in=RUNNING, period_until__lt=beijing_day(at)).order_by("period_until", "pk")
    ids = list(due.values_list("pk", flat=True)[:AT_ONCE])
    for pk in ids:
        settle(pk, at=at)
    return len(ids)


def settle(record_id: int, *, at: datetime) -> UseRecord:
    """Close what is over of a record, begin the next period, and say whether it is complete; its consumer is told if not."""
    with transaction.atomic():
        record = UseRecord.objects.select_for_update().get(pk=record_id)
        close_periods(record, before=beijing_day(at), at=at)
        record.save(update_fields=["period_until", "lacking"])
        if not record.lacking:
            return _complete(record, by=PLATFORM, at=at)
        lacking = _lack(record, by=PLATFORM, at=at)
        title = _("使用记录不完整，请补充：%(reference)s %(title)s") % {
            "reference": record.reference,
            "title": record.resource_title,
        }
        link = f"/usage/ledger/{record.grant_id}/"
        inbox.tell(department_id=record.consumer_id, role=KEEPS_RECORDS, title=title, link=link, at=at)
        return lacking


def close_periods(record: UseRecord, *, before: date, at: datetime) -> None:
    """Close the periods that end before a day with what the platform knows of them, and open those that follow."""
    while period := record.periods.filter(closed_at=None, last_day__lt=before).order_by("number").first():
        period.figures = dataclasses.asdict(figures_of(record, period.first_day, period.last_day))
        period.closed_at = at
        period.save(update_fields=["figures", "closed_at"])
        if record.ended_at is None:
            _open_period(record, period.number + 1, rules.next_day(period.last_day))
        else:
            record.period_until = None
    record.lacking = lacking_of(record)


def _open_period(record: UseRecord, number: int, first: date) -> None:
    last = rules.period_end(first, settings().use_record_months)
    UsePeriod.objects.create(record=record, number=number, first_day=first, last_day=last)
    record.period_until = last


@USE_RECORD.action("complete")
def _complete(record: UseRecord, *, by: Actor, at: datetime) -> None:
    """Every closed period has all that is asked for."""


@USE_RECORD.action("lack")
def _lack(record: UseRecord, *, by: Actor, at: datetime) -> None:
    """A closed period lacks something; consumer and authority see it in their lists (R-SHR-054)."""


def end_record(grant_id: int, *, at: datetime) -> UseRecord | None:
    """Note that the grant ended, and why; the running period ends with that day. Returns the record once it is noted."""
    record, facts = record_of(grant_id, at=at), grants.facts_of(grant_id)
    if record is None or facts is None or facts.ended_at is None:
        return None
    if record.ended_at is None:
        record.ended_at, record.ground = facts.ended_at, facts.ground
        last = beijing_day(facts.ended_at)
        running = record.periods.filter(closed_at=None).order_by("number").first()
        if running is not None:
            running.last_day = record.period_until = max(running.first_day, min(running.last_day, last))
            running.save(update_fields=["last_day"])
        record.save(update_fields=["ended_at", "ground", "period_until"])
    return record


@USE_RECORD.action("finish")
def finish_record(record: UseRecord, *, by: Actor, at: datetime) -> None:
    """The grant ended and no copy is open: the retention of the record begins (national-2025#29; W30)."""
    close_periods(record, before=date.max, at=at)
    last = record.disposals.order_by("-accepted_at").values_list("accepted_at", flat=True).first()
    record.disposed_at = last or record.ended_at
    record.kept_until = _kept_until(record)


@USE_RECORD.action("lengthen")
def lengthen_retention(record: UseRecord, *, by: Actor, at: datetime, years: int | None, basis: str) -> None:
    """Record that a law or administrative regulation has the record kept longer; it wins (R-SHR-055).

    RuleBroken below three years or the texts' own period, and without the basis.
    """
    rules.check_longer(years, basis, _least_months(record))
    record.legal_years, record.legal_basis = years, basis.strip()[:200]
    if record.kept_until is not None:
        record.kept_until = max(record.kept_until, _kept_until(record))


def _least_months(record: UseRecord) -> int:
    """Return the months that the texts ask for: of the day the record began, or of the day its use ended."""
    day = beijing_day(record.ended_at) if record.ended_at else record.started_on
    name = "use_record_retention_years"
    months = (record.policy.months(name), jurisdiction.policy_for(record.region, day).months(name))
    return max([rules.LEAST_YEARS * rules.MONTHS, *(one for one in months if one)])


def _kept_until(record: UseRecord) -> date:
    ended, disposed = record.ended_at, record.disposed_at
    if ended is None or disposed is None:
        raise ValueError("retention is counted once the grant ended and its copies are disposed of")
    by_law = record.legal_years * rules.MONTHS if record.legal_years else None
    return rules.kept_until(beijing_day(ended), beijing_day(disposed), _least_months(record), by_law)


@USE_RECORD.action("retain")
def retain_record(record: UseRecord, *, by: Actor, at: datetime) -> None:
    """Nothing is missing any more: the record is only kept from now on."""
