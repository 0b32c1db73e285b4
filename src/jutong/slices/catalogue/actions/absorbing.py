"""Taking the entries of a file in, set by set: good rows become drafts, the others come back with their reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction

from jutong.kernel.actors import Actor
from jutong.kernel.workflow import open_many
from jutong.slices.catalogue.actions.coding import adopt_codes
from jutong.slices.catalogue.actions.noticing import MOST_WARNINGS
from jutong.slices.catalogue.actions.refusing import remarks
from jutong.slices.catalogue.actions.regrading import note_regraded
from jutong.slices.catalogue.actions.revising import note_begun
from jutong.slices.catalogue.actions.sorting import OPEN, UNCONFIRMED, Changed, Row, Sorting, manner_of
from jutong.slices.catalogue.actions.storing import add_versions, describe, number_versions
from jutong.slices.catalogue.formats.raw import RawEntry, Source
from jutong.slices.catalogue.formats.understanding import Draft
from jutong.slices.catalogue.formats.wording import said
from jutong.slices.catalogue.models import Entry, ImportRun
from jutong.slices.catalogue.queries.leading import registrars
from jutong.slices.catalogue.queries.specified import duties_in
from jutong.slices.catalogue.queries.zones import here
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.findings import Finding
from jutong.slices.catalogue.rules.obligations import stamped
from jutong.slices.catalogue.workflow import ENTRY
from jutong.slices.parties import actions as parties_actions

SET: Final = 500
_MOST_REASONS: Final = 20


@dataclass
class Absorbed:
    """What became of a file's rows; `returned` pairs a refused row with its findings. repaired: repairs made."""

    source: Source
    columns: Mapping[str, int]
    total: int
    accepted: int = 0
    updated: int = 0
    unchanged: int = 0
    warned: int = 0
    repaired: int = 0
    returned: list[tuple[RawEntry, tuple[Finding, ...]]] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """How many rows came back."""
        return len(self.returned)

    def reasons(self) -> list[list[object]]:
        """Return the commonest reasons with how often they were given."""
        counts = Counter(said(f) for _raw, findings in self.returned for f in findings if f.grave)
        return [[reason, times] for reason, times in counts.most_common(_MOST_REASONS)]


def absorb(
    run: ImportRun,
    source: Source,
    entries: Sequence[RawEntry],
    *,
    by: Actor,
    at: datetime,
    watch: Callable[[int, int], None],
) -> Absorbed:
    """Take entries in, `SET` at a time, each set in one transaction; running it again changes nothing more.

    Repairs are made as far as the run's person agreed to; published entries are changed, as a revision of theirs, only
    where the person confirmed it.
    """

    def meet(names: Sequence[str]) -> Mapping[str, int]:
        """Know departments by name; those the region has not yet are registered as unconfirmed."""
        return parties_actions.ensure_departments(names, run.region, by=by, at=at)

    manner = manner_of(run, source, allowed=frozenset(run.repairs), at=at)
    sorting = Sorting(run, manner, entries, meet)
    entries = sorting.entries
    absorbed = Absorbed(source, source.columns or columns_of(source, run.mapping), len(entries))
    work = _Work(run, absorbed, by, at)
    for first in range(0, len(entries), SET):
        with transaction.atomic():
            work.take(sorting, entries[first : first + SET])
        watch(min(first + SET, len(entries)), len(entries))
    return absorbed


def columns_of(source: Source, mapping: Mapping[str, str]) -> dict[str, int]:
    """Return where a mapping {element: header} finds each element."""
    return {element: source.headers.index(header) for element, header in mapping.items() if header in source.headers}


class _Work:
    """Writes what the sets of one import bring."""

    def __init__(self, run: ImportRun, absorbed: Absorbed, by: Actor, at: datetime) -> None:
        self.run = run
        self.absorbed = absorbed
        self.by = by
        self.at = at
        self.duties = duties_in(run.region, at)

    def take(self, sorting: Sorting, entries: Sequence[RawEntry]) -> None:
        """Take one set in."""
        found = sorting.sort(entries)
        for draft, findings in found.back:
            self._back(draft, *findings)
        self.absorbed.unchanged += len(found.unchanged)
        self._open(found.fresh)
        self._renew(found.changed)

    def _back(self, draft: Draft, *findings: Finding) -> None:
        self.absorbed.returned.append((draft.raw, findings))

    def _open(self, rows: Sequence[Row]) -> None:
        named = registrars(self.run.region, {row.provider_id for row in rows})
        entries = [self._entry(row, named[row.provider_id]) for row in rows]
        coded = [(place, row.draft.code) for place, row in enumerate(rows) if row.draft.code]
        clashes = adopt_codes([(entries[place], code) for place, code in coded])
        refused = {coded[at][0]: sentence for at, sentence in clashes.items()}
        for place, sentence in refused.items():
            self._back(rows[place].draft, Finding("code", sentence))
        pairs = [
            (entry, row) for place, (entry, row) in enumerate(zip(entries, rows, strict=True)) if place not in refused
        ]
        if not pairs:
            return
        opened = [entry for entry, _row in pairs]
        number_versions(opened)
        open_many(ENTRY, "compile", opened, at=self.at)
        self._write([(entry, row.content) for entry, row in pairs])
        self.absorbed.accepted += len(pairs)
        self._count([row for _entry, row in pairs])

    def _entry(self, row: Row, registrar: int) -> Entry:
        entry = Entry(
            region=self.run.region,
            provider_id=row.provider_id,
            provider_name=row.provider_name,
            registrar_id=registrar,
            version=1,
            import_run=self.run,
            source_digest=row.digest,
            warnings=_warnings(row),
            created_at=self.at,
            zone=here(),
        )
        describe(entry, row.content, self.at)
        return entry

    def _count(self, rows: Sequence[Row]) -> None:
        self.absorbed.warned += sum(bool(row.warnings) for row in rows)
        self.absorbed.repaired += sum(len(row.draft.repairs) for row in rows)

    def _write(self, pairs: Sequence[tuple[Entry, Content]]) -> None:
        named = [(entry, stamped(content, self.duties)) for entry, content in pairs]
        add_versions(named, by=self.by, at=self.at, note=self.run.file_name)

    def _renew(self, changed: Sequence[Changed]) -> None:
        """Update drafts and, where it was confirmed, published entries as revisions; the latter stay in force meanwhile."""
        published = [one for one in changed if one.entry.state not in OPEN]
        if published and self.run.change_published:
            moved = ENTRY.advance_many(
                "revise", [one.entry.pk for one in published], by=self.by, at=self.at, one_audit_row=True
            )
            begun = [one.entry for one in published if one.entry.pk in moved.done]
            note_begun(begun, self.run.file_name, by=self.by, at=self.at)
        elif published:
            for one in published:
                self._back(one.row.draft, Finding("title", UNCONFIRMED))
            changed = [one for one in changed if one.entry.state in OPEN]
        if not changed:
            return
        moved = ENTRY.advance_many("edit", [c.entry.pk for c in changed], by=self.by, at=self.at, one_audit_row=True)
        done = [one for one in changed if one.entry.pk in moved.done]
        entries = {entry.pk: entry for entry in Entry.objects.filter(pk__in=moved.done)}
        pairs = [(entries[one.entry.pk], one.content) for one in done]
        for one, (entry, content) in zip(done, pairs, strict=True):
            describe(entry, content, self.at)
            entry.version += 1
            entry.source_digest = one.row.digest
            entry.warnings = _warnings(one.row)
        number_versions([entry for entry, _content in pairs])
        columns = [
            "title", "title_key", "resource_class", "share_type", "version", "working", "source_digest", "warnings",
            "changed_at",
        ]  # fmt: skip
        Entry.objects.bulk_update([entry for entry, _content in pairs], columns, batch_size=500)
        self._write(pairs)
        before = {one.entry.pk: one.present for one in done}
        regraded = [(entry, before[entry.pk], content) for entry, content in pairs]
        note_regraded(regraded, self.run.file_name, by=self.by, at=self.at)
        self.absorbed.updated += len(pairs)
        self._count([one.row for one in done])


def _warnings(row: Row) -> list[list[str]]:
    return [[field, sentence] for field, sentence in remarks(row.warnings).items()][:MOST_WARNINGS]
