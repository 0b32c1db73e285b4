"""Filing (备案) of compiled catalogues and restrictive types, taking note of it, and flags for the reviewing authority."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from django.utils.translation import gettext as _

from jutong.kernel import inbox, jurisdiction
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, WrongState
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Moved, each
from jutong.slices.catalogue.actions.noticing import MOST_WARNINGS
from jutong.slices.catalogue.actions.refusing import remarks
from jutong.slices.catalogue.models import Entry, Opinion
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.filing import against_duty, files_catalogue, files_type
from jutong.slices.catalogue.workflow import AUTHORITY, ENTRY, PROVIDER
from jutong.slices.parties import queries as parties


def file_submitted(cases: Sequence[Entry], *, by: Actor, at: datetime) -> None:
    """Make the record of filing that a submission is: of restrictive types, or of every entry where the local text says so.

    Filing blocks nothing; it waits beside the review until the authority takes note of it (W01).
    """
    due = [case for case in cases if files_catalogue(case.policy) or files_type(case.policy, case.share_type)]
    _write(due, by=by, at=at)


def _write(cases: Sequence[Entry], *, by: Actor, at: datetime) -> None:
    Opinion.objects.bulk_create(
        [
            Opinion(
                entry=case, version_id=case.working_id or 0, kind="filing", passed=True,
                number=f"BA{beijing_day(at):%Y%m%d}-{case.pk}", account_id=by.account_id, account_name=by.name[:100],
                department_id=by.department_id, at=at,
            )
            for case in cases
        ],
        batch_size=500,
    )  # fmt: skip


@action("catalogue.file_entry", label=N_("目录备案"), allow=PROVIDER, on=Entry, visible=ENTRY.visible)
def file_entry(entry: Entry, *, by: Actor, at: datetime) -> None:
    """File a compiled entry with the same-level authority (inner-mongolia-2018#12); it gets a number and the day.

    NotAllowed where the local text files nothing, Conflict for a version that is filed, WrongState once withdrawn.
    """
    if not files_catalogue(jurisdiction.policy_for(entry.region, beijing_day(at))):
        raise NotAllowed(_("现行政策规则不要求目录备案，提交审核即可。"))
    if entry.state == "withdrawn":
        raise WrongState(_("目录已撤销，不再备案。"))
    if entry.opinions.filter(kind="filing", version=entry.working_id).exists():
        raise Conflict(_("该目录的现有版本已经备案，无需重复备案。"))
    if entry.authority_id is None:
        entry.authority_id = parties.authority_of(entry.region)
        entry.save(update_fields=["authority"])
    _write([entry], by=by, at=at)


def file_entries(ids: Iterable[int], *, by: Actor, at: datetime) -> Moved:
    """File a set; the authority is told of it once. Those that cannot be filed are refused one by one."""
    moved = each(ids, partial(file_entry, by=by, at=at))
    filed = Entry.objects.filter(pk__in=moved.done).order_by().values_list("region", flat=True)
    for region in sorted(set(filed)):
        inbox.tell(
            department_id=parties.authority_of(region),
            title=_("%(name)s报来目录备案 %(count)d 条") % {"name": by.department_name, "count": len(moved.done)},
            link="/catalogue/filings/",
            at=at,
        )
    return moved


@action("catalogue.acknowledge_filing", label=N_("确认备案"), allow=AUTHORITY, on=Entry, visible=ENTRY.visible)
def acknowledge_filing(entry: Entry, *, by: Actor, at: datetime) -> None:
    """Take note of the filing of an entry; it never blocks publication (inner-mongolia-2018#12)."""
    filing = entry.opinions.filter(kind="filing", acknowledged_at=None).order_by("-at").first()
    if filing is None:
        raise NotThere(_("该目录没有待确认的备案。"))
    filing.acknowledged_at = at
    filing.save(update_fields=["acknowledged_at"])


def acknowledge_filings(ids: Iterable[int], *, by: Actor, at: datetime) -> Moved:
    """Take note of the filings of a set."""
    return each(ids, partial(acknowledge_filing, by=by, at=at))


def flag_against_duty(pairs: Sequence[tuple[Entry, Content]]) -> None:
    """Mark entries that withhold what the local text wants shared, for the reviewer to see; the caller saves (R-CAT-039)."""
    for case, content in pairs:
        found = [list(pair) for pair in remarks(against_duty(content, case.policy)).items()]
        case.warnings = [*found, *(one for one in case.warnings if one not in found)][:MOST_WARNINGS]
