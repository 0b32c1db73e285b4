"""Taking the entries of a file in, set by set: good rows become drafts, the others come back with their reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec
from django.db import transaction

from jutong.kernel.actors import Actor
from jutong.kernel.terms import N_
from jutong.kernel.workflow import open_many
from jutong.slices.catalogue.actions.coding import adopt_codes
from jutong.slices.catalogue.actions.refusing import remarks
from jutong.slices.catalogue.actions.storing import add_versions, describe, digest_of, number_versions
from jutong.slices.catalogue.formats.raw import RawEntry, Source
from jutong.slices.catalogue.formats.understanding import Draft, understand
from jutong.slices.catalogue.formats.wording import said
from jutong.slices.catalogue.models import Entry, ImportRun
from jutong.slices.catalogue.queries.contents import contents_of
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.findings import Finding
from jutong.slices.catalogue.rules.text import clean_title, title_key
from jutong.slices.catalogue.rules.typical import drag_filled
from jutong.slices.catalogue.workflow import ENTRY
from jutong.slices.parties import actions as parties_actions
from jutong.slices.parties import queries as parties

SET: Final = 500
_MOST_REASONS: Final = 20
_MOST_WARNINGS: Final = 20
Key = tuple[int, str]


@dataclass
class Absorbed:
    """What became of a file's rows; `returned` pairs a refused row with its findings."""

    source: Source
    columns: Mapping[str, int]
    total: int
    accepted: int = 0
    updated: int = 0
    unchanged: int = 0
    warned: int = 0
    returned: list[tuple[RawEntry, tuple[Finding, ...]]] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """How many rows came back."""
        return len(self.returned)

    def reasons(self) -> list[list[object]]:
        """Return the commonest reasons with how often they were given."""
        counts = Counter(said(f) for _raw, findings in self.returned for f in findings if f.grave)
        return [[reason, times] for reason, times in counts.most_common(_MOST_REASONS)]


@dataclass(frozen=True, slots=True)
class _Row:
    """A draft with its place in the platform: provider and key."""

    draft: Draft
    content: Content
    provider_id: int
    provider_name: str
    warnings: tuple[Finding, ...]

    @property
    def key(self) -> Key:
        return self.provider_id, title_key(self.content.title)[:200]


def absorb(
    run: ImportRun,
    source: Source,
    entries: Sequence[RawEntry],
    *,
    by: Actor,
    at: datetime,
    watch: Callable[[int, int], None],
) -> Absorbed:
    """Take entries in, `SET` at a time, each set in one transaction; running it again changes nothing more."""
    columns = source.columns or _columns(source, run.mapping)
    absorbed = Absorbed(source, columns, len(entries))
    work = _Work(run, absorbed, by, at, drag_filled(_titles(entries)))
    for first in range(0, len(entries), SET):
        with transaction.atomic():
            work.take(entries[first : first + SET])
        watch(min(first + SET, len(entries)), len(entries))
    return absorbed


def _columns(source: Source, mapping: Mapping[str, str]) -> dict[str, int]:
    return {element: source.headers.index(header) for element, header in mapping.items() if header in source.headers}


def _titles(entries: Sequence[RawEntry]) -> Iterator[tuple[int, str, str]]:
    for number, raw in enumerate(entries):
        yield number, str(raw.values.get("provider", "")), clean_title(raw.values.get("title"))


class _Work:
    """The state of one import while its sets go by: what was seen, which departments are known."""

    def __init__(
        self, run: ImportRun, absorbed: Absorbed, by: Actor, at: datetime, runs: Mapping[int, Finding]
    ) -> None:
        self.run = run
        self.absorbed = absorbed
        self.by = by
        self.at = at
        self.runs = runs
        self.place = 0
        self.seen: dict[Key, int] = {}
        self.departments: dict[str, int] = {}
        self.own = None if run.department_id is None else parties.department(run.department_id)

    def take(self, entries: Sequence[RawEntry]) -> None:
        """Take one set in."""
        kind, own = self.absorbed.source.kind, self.own.name if self.own else ""
        drafts = [understand(raw, guide=kind == "guide", strict=kind != "table", own=own) for raw in entries]
        rows = [row for row in self._placed(drafts) if not self._repeated(row)]
        known = self._known(rows)
        twins = [(row, known.get(row.draft.code) or known.get(row.key)) for row in rows]
        self._open([row for row, twin in twins if twin is None])
        self._renew([(row, twin) for row, twin in twins if twin is not None])

    def _back(self, draft: Draft, *findings: Finding) -> None:
        self.absorbed.returned.append((draft.raw, findings))

    def _placed(self, drafts: Sequence[Draft]) -> Iterator[_Row]:
        self._meet([draft.provider for draft in drafts if draft.content and draft.provider])
        for draft in drafts:
            run_warning = self.runs.get(self.place)
            self.place += 1
            if draft.content is None:
                self._back(draft, *draft.findings)
            elif (provider := self._provider(draft.provider)) is None:
                self._back(draft, *draft.findings, _NOT_OWN)
            else:
                warnings = (*draft.findings, *([run_warning] if run_warning else []))
                yield _Row(draft, draft.content, *provider, warnings)

    def _meet(self, names: Sequence[str]) -> None:
        """Know the departments a set names; those the region has not yet are registered as unconfirmed."""
        unknown = sorted(set(names) - self.departments.keys())
        if self.own is None and unknown:
            self.departments |= parties_actions.ensure_departments(unknown, self.run.region, by=self.by, at=self.at)

    def _provider(self, name: str) -> tuple[int, str] | None:
        if self.own is None:
            return self.departments[name], name
        mine = {self.own.name, self.own.short_name}
        return (self.own.id, self.own.name) if name in mine else None

    def _repeated(self, row: _Row) -> bool:
        first = self.seen.setdefault(row.key, row.draft.raw.number)
        if first == row.draft.raw.number:
            return False
        self._back(row.draft, Finding("title", _TWICE, {"line": first}))
        return True

    def _known(self, rows: Sequence[_Row]) -> dict[object, Entry]:
        """Return entries that the platform already has, by code and by (provider, title)."""
        found: dict[object, Entry] = {}
        titles = {row.key[1] for row in rows}
        providers = {row.provider_id for row in rows}
        mine = Entry.objects.filter(provider__in=providers).exclude(state="withdrawn")
        for entry in mine.filter(title_key__in=titles):
            found[entry.provider_id, entry.title_key] = entry
        if codes := {row.draft.code for row in rows if row.draft.code}:
            found |= {entry.code: entry for entry in mine.filter(code__in=codes)}
        return found

    def _open(self, rows: Sequence[_Row]) -> None:
        entries = [self._entry(row) for row in rows]
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
        self.absorbed.warned += sum(bool(row.warnings) for _entry, row in pairs)

    def _entry(self, row: _Row) -> Entry:
        entry = Entry(
            region=self.run.region,
            provider_id=row.provider_id,
            provider_name=row.provider_name,
            version=1,
            import_run=self.run,
            source_digest=digest_of(row.content),
            warnings=_warnings(row),
            created_at=self.at,
        )
        describe(entry, row.content, self.at)
        return entry

    def _write(self, pairs: Sequence[tuple[Entry, Content]]) -> None:
        add_versions(pairs, by=self.by, at=self.at, note=self.run.file_name)

    def _renew(self, rows: Sequence[tuple[_Row, Entry]]) -> None:
        """Update drafts that the file describes anew; entries on their way or in force are left alone, with a reason."""
        changed = []
        for row, entry in rows:
            if digest_of(row.content) == entry.source_digest:
                self.absorbed.unchanged += 1
            elif entry.state in {"draft", "revising"}:
                changed.append((row, entry))
            else:
                self._back(row.draft, Finding("title", _UNDER_WAY, {"state": ENTRY.state_label(entry.state)}))
        if not changed:
            return
        moved = ENTRY.advance_many("edit", [e.pk for _r, e in changed], by=self.by, at=self.at, one_audit_row=True)
        done = [(row, entry) for row, entry in changed if entry.pk in moved.done]
        present = contents_of(entry.working_id for _row, entry in done)
        pairs = [(entry, _overlaid(present[entry.working_id or 0], row.content)) for row, entry in done]
        for (row, entry), (_entry, content) in zip(done, pairs, strict=True):
            describe(entry, content, self.at)
            entry.version += 1
            entry.source_digest = digest_of(row.content)
            entry.warnings = _warnings(row)
        number_versions([entry for entry, _content in pairs])
        columns = [
            "title", "title_key", "resource_class", "share_type", "version", "working", "source_digest", "warnings",
            "changed_at",
        ]  # fmt: skip
        Entry.objects.bulk_update([entry for entry, _content in pairs], columns, batch_size=500)
        self._write(pairs)
        self.absorbed.updated += len(pairs)


def _warnings(row: _Row) -> list[list[str]]:
    return [[field, sentence] for field, sentence in remarks(row.warnings).items()][:_MOST_WARNINGS]


def _overlaid(present: Content, brought: Content) -> Content:
    """Return the present content with everything the file states on top; what the file leaves out stays."""
    blank = Content(title="")
    stated = {
        name: getattr(brought, name)
        for name in Content.__struct_fields__
        if getattr(brought, name) != getattr(blank, name)
    }
    return msgspec.structs.replace(present, **stated)


_NOT_OWN: Final = Finding("provider", N_("只能导入本部门的目录，请改正提供方或由平台管理员按地区导入"))
_TWICE: Final = N_("与第 %(line)d 行重复：同一提供方的名称相同（标点、空格、全半角不同也算相同），请保留一行")
_UNDER_WAY: Final = N_("平台已有该目录，当前状态为“%(state)s”，内容不同；请先在平台发起修订或等待审核结束再导入")
