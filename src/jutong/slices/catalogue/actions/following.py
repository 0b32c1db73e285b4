"""The duty list follows the catalogue and the designations, in the transaction that changes them: both or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel import inbox, outbox
from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.clock import beijing_day
from jutong.slices.catalogue.actions.duties import catalogue_version, counted, next_number, supersede
from jutong.slices.catalogue.events import DUTIES_CHANGED
from jutong.slices.catalogue.models import (
    Designation,
    DutyLine,
    DutyList,
    Entry,
    Homonym,
    ItemSource,
    Notice,
    RegionalVersion,
)
from jutong.slices.catalogue.queries.contents import contents_of
from jutong.slices.catalogue.queries.deriving import changed_lines
from jutong.slices.catalogue.queries.keys import keys_of
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.workflow import DUTY_LIST

PLATFORM: Final = system_actor("catalogue")


@dataclass(slots=True)
class _Changes:
    """What becomes of lines: those that end, those that begin, and keys for which another department must be found."""

    ended: list[DutyLine] = field(default_factory=list)
    begun: list[DutyLine] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)


def follow_catalogue(entries: Sequence[Entry], *, at: datetime, notice: Notice | None = None) -> None:
    """Give the catalogue of the entries' regions, and the duty list in force there, their next version (R-CAT-032).

    Runs in the transaction that publishes or withdraws the entries: what fails here undoes that too.
    """
    for region in sorted({entry.region for entry in entries}):
        here = [entry for entry in entries if entry.region == region]
        number = catalogue_version(region) + 1
        RegionalVersion.objects.create(region=region, number=number, entries=len(here), notice=notice, at=at)
        if old := supersede(region, at):
            series, number = old.series_id or old.pk, next_number(region)
            changes = _changes(here, series, number)
            _renew(old, series, number, changes, sorted(changes.lost), at)


def follow_designation(case: Designation, *, at: datetime) -> None:
    """Bring the lines of a designation's items to their source, in a new version of the list in force (W05, W28)."""
    if old := supersede(case.region, at):
        series, number = old.series_id or old.pk, next_number(case.region)
        keys = sorted(case.items.values_list("key", flat=True))
        _renew(old, series, number, _Changes(), keys, at)


def _changes(entries: Sequence[Entry], series: int, number: int) -> _Changes:
    """Compare what the entries now say with their lines; an item that has its line elsewhere stays there."""
    region = entries[0].region
    contents = contents_of(entry.published_id for entry in entries)
    keys = keys_of(item.name for content in contents.values() for item in content.items)
    homonyms = set(Homonym.objects.filter(region=region, key__in=keys.values()).values_list("key", flat=True))
    sources = {row.key: row for row in ItemSource.objects.filter(region=region, until=None, key__in=keys.values())}
    found = _Changes()
    mine = {entry.pk for entry in entries}
    wanted: dict[str, DutyLine] = {}
    for entry in entries:
        for bare, line in _lines_of(entry, contents.get(entry.published_id or 0), keys, series, number):
            source = sources.get(bare)
            if bare in homonyms:
                line.key = f"{bare}@{entry.provider_id}"
            elif source and source.provider_id != entry.provider_id:
                continue
            wanted.setdefault(line.key, line)
    open_lines = DutyLine.objects.filter(series=series, until=None)
    held = {line.key: line for line in open_lines.filter(key__in=wanted)}
    for key, line in wanted.items():
        old, source = held.get(key), sources.get(key)
        if old is None:
            found.begun.append(line)
        elif _moves(old, line, mine, claimed=bool(source and source.provider_id == line.department_id)):
            found.ended.append(old)
            found.begun.append(line)
    left = open_lines.filter(entry__in=mine).exclude(key__in=wanted)
    found.lost = {line.key.partition("@")[0] for line in left}
    return found


def _lines_of(
    entry: Entry, content: Content | None, keys: dict[str, str], series: int, number: int
) -> Iterable[tuple[str, DutyLine]]:
    for item in content.items if content else ():
        bare = keys[item.name]
        if content and bare and item.source != "reference":
            yield bare, DutyLine(
                series_id=series, key=bare, name=item.name, department_id=entry.provider_id, entry=entry,
                how=content.format_class, system=content.system, cycle=content.update_cycle, since=number,
            )  # fmt: skip


def _moves(old: DutyLine, new: DutyLine, mine: set[int], *, claimed: bool) -> bool:
    """Tell whether a line is replaced: its own entry changed, its place is gone, or its department is now the source."""
    if old.department_id != new.department_id:
        return claimed
    if old.entry_id is not None and old.entry_id not in mine:
        return False
    return (old.entry_id, old.how, old.system, old.cycle) != (new.entry_id, new.how, new.system, new.cycle)


def _renew(old: DutyList, series: int, number: int, changes: _Changes, keys: Sequence[str], at: datetime) -> None:
    DutyLine.objects.filter(pk__in=[line.pk for line in changes.ended]).update(until=number)
    ended = [(line.department_id, line.name) for line in changes.ended]
    begun = list(changes.begun)
    if keys:
        gone, kept = changed_lines(series, old.region, keys, since=number)
        ended += [(row[2], row[1]) for row in gone]
        begun += [_line(series, number, row) for row in kept]
    DutyLine.objects.bulk_create(begun, batch_size=1000)
    new = _renew_list(by=PLATFORM, at=at, old=old, number=number, counts=counted(series))
    _tell_changed(new, ended, [(line.department_id, line.name) for line in begun], at)


def _line(series: int, since: int, row: Sequence[Any]) -> DutyLine:
    names = ("key", "name", "department_id", "entry_id", "how", "system", "cycle", "rivals")
    return DutyLine(series_id=series, since=since, **dict(zip(names, row, strict=True)))


@DUTY_LIST.opens("renew")
def _renew_list(*, by: Actor, at: datetime, old: DutyList, number: int, counts: dict[str, int]) -> DutyList:
    """Make the next version of the list in force; it shares the lines that did not change."""
    today = beijing_day(at)
    return DutyList(
        region=old.region, authority_id=old.authority_id, number=number, series_id=old.series_id or old.pk,
        catalogue_version=catalogue_version(old.region), document=old.document, effective_on=today, in_force_on=today,
        at=at, **counts,
    )  # fmt: skip


def _tell_changed(
    new: DutyList, ended: Sequence[tuple[int | None, str]], begun: Sequence[tuple[int | None, str]], at: datetime
) -> None:
    """Tell each department whose lines ended or began, and publish both (R-CAT-032)."""
    changed: dict[int, dict[str, list[str]]] = {}
    for what, pairs in (("ended", ended), ("begun", begun)):
        for department, name in pairs:
            if department:
                changed.setdefault(department, {"ended": [], "begun": []})[what].append(name)
    for department, names in sorted(changed.items()):
        said = _("采集责任清单第 %(number)d 版：本部门减少 %(ended)d 项，新增或变更 %(begun)d 项")
        inbox.tell(
            department_id=department,
            title=said % {"number": new.number, "ended": len(names["ended"]), "begun": len(names["begun"])},
            text=_("减少：%(ended)s；新增或变更：%(begun)s")
            % {"ended": "、".join(names["ended"][:50]) or "—", "begun": "、".join(names["begun"][:50]) or "—"},
            link=f"/catalogue/sources/duties/{new.pk}/?department={department}",
            at=at,
        )
    if changed:
        payload = {
            "id": new.pk,
            "departments": {str(pk): names for pk, names in changed.items()},
            **new.event_payload(),
        }
        outbox.publish(DUTIES_CHANGED, f"{DUTY_LIST.name}:{new.pk}", payload, at=at, by=PLATFORM)
