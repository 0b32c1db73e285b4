"""Batches that providers submit for their entries: checked row by row, reported, and their timeliness watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import IO, Final

from django.utils.translation import gettext as _

from jutong.kernel import files, inbox, jurisdiction, outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role, Who, system_actor
from jutong.kernel.clock import beijing_day, end_of_day
from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.terms import N_, ShareType
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.catalogue.queries import PublishedEntry
from jutong.slices.exchange import events, queries
from jutong.slices.exchange.formats import tables
from jutong.slices.exchange.models import OffPlatform, Submission, SubmissionFault, Timeliness
from jutong.slices.exchange.rules import submissions as rules
from jutong.slices.exchange.rules.corrections import PROVIDER
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties

SUBMITTERS: Final = Who("submitters", PROVIDER.label, PROVIDER.roles)
MOST_LATE: Final = 500
"""Entries found late in one sweep."""


@dataclass(slots=True)
class _Checked:
    """What the rows of a file came to."""

    rows: int = 0
    refused: int = 0
    count: int = 0
    faults: list[rules.Fault] = field(default_factory=list)


@action("exchange.submit_batch", allow=SUBMITTERS, label=N_("报送数据"))
def submit_batch(*, by: Actor, at: datetime, resource_id: int, source: IO[bytes], name: str) -> Submission:
    """Take a provider's batch for a published entry and check it against format, items, types and code lists.

    Every row stands alone, whatever the file's format: the good ones are accepted, the others come back with a report by
    row and their reasons (`return_rows`). A batch that lacks an item, or of which no row is left, is kept as rejected
    (R-EXC-010, R-EXC-017). RuleBroken for a file that cannot be read, holds no rows or whose format the entry does not
    declare; NotAllowed for other departments' people.
    """
    entry = catalogue.require_published(resource_id)
    if PROVIDER.permits(by, entry) is None:
        raise NotAllowed(N_("只有提供部门的数据专员或系统工程师可以报送数据。"))
    kind = tables.format_of(name)
    if not kind:
        raise RuleBroken(N_("请报送 CSV、Excel 或 JSON 行文件（.csv、.xlsx、.json、.jsonl）。"), field="file")
    rules.check_declared(kind, entry.format_types)
    file = files.store(source, name, by=by, at=at)
    items = queries.expected(entry)
    checked, remark = _checked(file.id, kind, items)
    if not checked.rows and not remark:
        raise RuleBroken(N_("文件中没有数据行，请填写后再报送。"), field="file")
    submission = Submission.objects.create(
        resource_id=entry.id,
        entry_version=entry.version,
        title=entry.title,
        provider_id=entry.provider_id,
        file_id=file.id,
        file_name=file.name[:200],
        digest=file.digest,
        ok=not remark,
        rows=checked.rows,
        accepted=0 if remark else checked.rows - checked.refused,
        refused=checked.refused,
        faults=checked.count,
        remark=remark[:500],
        unbound=not any(item.standard or item.codes for item in items),
        unchecked=rules.unchecked(items),
        account_id=by.account_id,
        account_name=by.name[:100],
        at=at,
    )
    _keep(submission, checked.faults)
    if submission.ok:
        _provided(entry, submission, by, at)
    return submission


def _checked(file_id: int, kind: str, items: Sequence[rules.Expected]) -> tuple[_Checked, str]:
    """Check a stored file; returns its figures, and why nothing of it can be read by items, where that is so."""
    found = _Checked()
    lines = tables.rows_of(files.path(file_id), kind)
    _number, header = next(lines, (0, ()))
    try:
        places = rules.check_header(items, header)
    except RuleBroken as broken:
        return found, broken.sentence
    for number, row in lines:
        found.rows += 1
        if found.rows > rules.MOST_ROWS:
            raise RuleBroken(N_("一次最多报送 1000000 行，请拆分后报送。"), field="file")
        faults = list(rules.faults_of(items, places, number, row))
        found.count += len(faults)
        found.refused += bool(faults)
        found.faults += faults[: max(0, rules.MOST_FAULTS - len(found.faults))]
    none_left = found.rows and found.refused == found.rows
    return found, _("没有一行符合目录声明，请按退回原因更正后重新报送。") if none_left else ""


def _keep(submission: Submission, faults: Sequence[rules.Fault]) -> None:
    SubmissionFault.objects.bulk_create(
        [
            SubmissionFault(
                submission=submission,
                number=fault.number,
                item=fault.item[:200],
                value=fault.value.replace("\x00", "")[:200],
                rule=fault.rule,
                reason=fault.reason[:300],
            )
            for fault in faults
        ],
        batch_size=1000,
    )


def _provided(entry: PublishedEntry, submission: Submission, by: Actor, at: datetime) -> None:
    """The entry is up to date: the next batch is due a cycle later, and who follows the data is told."""
    Timeliness.objects.update_or_create(
        resource_id=entry.id, defaults=_watched(entry, at) | {"last_at": at, "late_since": None}
    )
    payload = {
        "submission_id": submission.pk, "resource_id": entry.id, "provider_id": entry.provider_id,
        "file_id": submission.file_id, "rows": submission.accepted,
    }  # fmt: skip
    outbox.publish(events.SUBMISSION_ACCEPTED, f"resource:{entry.id}", payload, at=at, by=by)


def _watched(entry: PublishedEntry, at: datetime) -> dict[str, object]:
    due = rules.due_after(entry.update_cycle, beijing_day(at))
    return {
        "provider_id": entry.provider_id, "title": entry.title, "cycle": entry.update_cycle,
        "due_at": end_of_day(due) if due else None,
    }  # fmt: skip


def watch_entry(resource_id: int, *, at: datetime) -> bool:
    """Watch a newly published entry that is to be submitted as files without conditions; returns whether it is."""
    entry = catalogue.published(resource_id)
    if entry is None or entry.share_type != ShareType.UNCONDITIONAL:
        return False
    if not any(kind in rules.FILE_TYPES for kind in entry.format_types):
        return False
    Timeliness.objects.get_or_create(resource_id=resource_id, defaults=_watched(entry, at))
    return True


def find_late(at: datetime) -> int:
    """Note the entries whose limit has passed without a batch, tell their departments and publish it; returns how many."""
    rows = Timeliness.objects.filter(due_at__lte=at, late_since=None).order_by("due_at")
    late = list(rows.select_for_update(of=("self",), skip_locked=True)[:MOST_LATE])
    for row in late:
        row.late_since = row.due_at
        row.save(update_fields=["late_since"])
        inbox.tell(
            department_id=row.provider_id,
            role=Role.DATA_OFFICER,
            title=_("数据未按更新周期报送：%s") % row.title,
            link="/exchange/submissions/",
            at=at,
        )
        payload = {
            "resource_id": row.resource_id, "provider_id": row.provider_id, "due_at": row.due_at, "last_at": row.last_at
        }  # fmt: skip
        outbox.publish(
            events.SUBMISSION_LATE, f"resource:{row.resource_id}", payload, at=at, by=system_actor("exchange")
        )
    return len(late)


@action("exchange.record_off_platform", allow=SUBMITTERS, label=N_("登记平台外提供"))
def record_off_platform(*, by: Actor, at: datetime, grant_id: int, delivered_on: date, reason: str) -> OffPlatform:
    """Record that conditional information was delivered outside the platform, as an exception with its reason (R-SHR-025).

    The profile of the day of delivery decides: RuleBroken where it forbids such deliveries (everywhere from 2025-08-01
    on) or the reason is missing; NotAllowed for others than the provider's people.
    """
    grant = grants.grant(grant_id, by)
    if PROVIDER.permits(by, grant) is None:
        raise NotAllowed(N_("只有提供部门的数据专员或系统工程师可以登记。"))
    if delivered_on > beijing_day(at):
        raise RuleBroken(N_("“提供日期”不能晚于今天，请修改。"), field="delivered_on")
    policy = jurisdiction.policy_for(parties.department(grant.provider_id).region, delivered_on)
    rules.check_off_platform(policy.text("off_platform_delivery"), reason)
    return OffPlatform.objects.create(
        grant_id=grant_id,
        title=grant.resource_title,
        provider_id=grant.provider_id,
        consumer_id=grant.consumer_id,
        delivered_on=delivered_on,
        reason=reason.strip()[:1000],
        profile=policy.reference,
        account_name=by.name[:100],
        at=at,
    )
