"""What would become of a file's rows, set by set, before anything is written: new, changed, the same, or back with reasons."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from jutong.kernel.clock import beijing_day
from jutong.kernel.terms import N_, Zone
from jutong.slices.catalogue.actions.noticing import NEAR, collected_elsewhere
from jutong.slices.catalogue.actions.storing import digest_of
from jutong.slices.catalogue.formats.dragging import undragged
from jutong.slices.catalogue.formats.elements import Manner
from jutong.slices.catalogue.formats.raw import RawEntry, Source
from jutong.slices.catalogue.formats.understanding import Draft, understand
from jutong.slices.catalogue.models import Entry, ImportRun
from jutong.slices.catalogue.queries.contents import contents_of
from jutong.slices.catalogue.queries.neighbours import neighbours
from jutong.slices.catalogue.queries.zones import here
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.findings import Finding
from jutong.slices.catalogue.rules.near import item_key, stem
from jutong.slices.catalogue.rules.overlay import overlaid, same
from jutong.slices.catalogue.rules.purposes import unlisted
from jutong.slices.catalogue.rules.repairs import REPAIRS
from jutong.slices.catalogue.rules.text import clean_title, title_key
from jutong.slices.catalogue.rules.typical import drag_filled
from jutong.slices.catalogue.workflow import ENTRY
from jutong.slices.parties import queries as parties
from jutong.slices.standards import queries as standards

UNASKED: Final = frozenset(REPAIRS) - {"drag_fill"}
"""Repairs made where nobody is there to look at them: on the command line."""
OPEN: Final = frozenset({"draft", "revising"})
Key = tuple[int, str]
Meet = Callable[[Sequence[str]], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Row:
    """A draft with its place in the platform: provider and key; `digest` is of what the file states."""

    draft: Draft
    content: Content
    provider_id: int
    provider_name: str
    warnings: tuple[Finding, ...]
    digest: str

    @property
    def key(self) -> Key:
        """Provider and title, as they may stand once only."""
        return self.provider_id, title_key(self.content.title)[:200]


@dataclass(frozen=True, slots=True)
class Changed:
    """A row that would change an entry: what it holds now, and what it would hold."""

    row: Row
    entry: Entry
    present: Content
    content: Content


@dataclass
class SortedSet:
    """One set of rows by what would become of them."""

    back: list[tuple[Draft, tuple[Finding, ...]]] = field(default_factory=list)
    fresh: list[Row] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    unchanged: list[tuple[Row, Entry]] = field(default_factory=list)


def manner_of(run: ImportRun, source: Source, *, allowed: frozenset[str] | None, at: datetime) -> Manner:
    """Return how a run's file is to be understood."""
    own = parties.department(run.department_id).name if run.department_id else ""
    return Manner(
        guide=source.kind == "guide",
        strict=source.kind != "table",
        own=own,
        specification=standards.specification_for(run.region, beijing_day(at)),
        peer=standards.peer_codes(run.peer, "in") if run.peer else {},
        allowed=allowed,
        inner=here() == Zone.INNER,
        purposes=standards.purpose_words(),
    )


class Sorting:
    """Sorts a file's rows while its sets go by; knows what was seen before, writes nothing.

    meet: gives the departments' ids by name where a whole region is imported.
    """

    def __init__(self, run: ImportRun, manner: Manner, entries: Sequence[RawEntry], meet: Meet) -> None:
        self.manner = manner
        self.run = run
        joins = manner.strict and (manner.allowed is None or "drag_fill" in manner.allowed)
        self.entries = undragged(entries) if joins else list(entries)
        self.runs = drag_filled(self._titles())
        self.meet = meet
        self.place = 0
        self.seen: dict[Key, int] = {}
        self.near: dict[tuple[int, str], str] = {}
        self.providers: set[int] = set()
        self.departments: dict[str, int] = {}
        self.own = None if run.department_id is None else parties.department(run.department_id)

    def _titles(self) -> Iterator[tuple[int, str, str]]:
        for number, raw in enumerate(self.entries):
            yield number, str(raw.values.get("provider", "")), clean_title(raw.values.get("title"))

    def sort(self, entries: Sequence[RawEntry]) -> SortedSet:
        """Sort one set."""
        found = SortedSet()
        drafts = [understand(raw, self.manner) for raw in entries]
        rows = self._met([row for row in self._placed(drafts, found) if not self._repeated(row, found)])
        known = self._known(rows)
        twins = [(row, known.get(row.draft.code) or known.get(row.key)) for row in rows]
        found.fresh = [self._compared(row) for row, twin in twins if twin is None and not self._unlisted(row, found)]
        self._differing([(row, twin) for row, twin in twins if twin is not None], found)
        return found

    def _placed(self, drafts: Sequence[Draft], found: SortedSet) -> Iterator[Row]:
        if self.own is None:
            names = sorted(
                {draft.provider for draft in drafts if draft.content and draft.provider} - self.departments.keys()
            )
            self.departments |= self.meet(names) if names else {}
        for draft in drafts:
            run_warning = self.runs.get(self.place)
            self.place += 1
            if draft.content is None:
                found.back.append((draft, draft.findings))
            elif (provider := self._provider(draft.provider)) is None:
                own = {"own": self.own.name if self.own else ""}
                found.back.append((draft, (*draft.findings, Finding("provider", _NOT_OWN, own))))
            else:
                warnings = (*draft.findings, *([run_warning] if run_warning else []))
                yield Row(draft, draft.content, *provider, warnings, digest_of(draft.content))

    def _provider(self, name: str) -> tuple[int, str] | None:
        if self.own is None:
            return self.departments[name], name
        mine = {self.own.name, self.own.short_name}
        return (self.own.id, self.own.name) if name in mine else None

    def _repeated(self, row: Row, found: SortedSet) -> bool:
        first = self.seen.setdefault(row.key, row.draft.raw.number)
        if first == row.draft.raw.number:
            return False
        found.back.append((row.draft, (Finding("title", _TWICE, {"line": first}),)))
        return True

    def _met(self, rows: Sequence[Row]) -> list[Row]:
        """Return rows with warnings of items that another department provides with authority."""
        stated = [(row.provider_id, row.content) for row in rows]
        told = collected_elsewhere(self.run.region, stated, at=self.run.at)
        return [
            replace(row, warnings=(*row.warnings, *more)) if more else row for row, more in zip(rows, told, strict=True)
        ]

    def _known(self, rows: Sequence[Row]) -> dict[object, Entry]:
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

    def _unlisted(self, row: Row, found: SortedSet, *, held: Collection[str] = ()) -> bool:
        """Send a row back that names a purpose of use which is no longer on the list and was not named before."""
        faults = unlisted(row.content, self.manner.specification, held=held)
        if faults:
            found.back.append((row.draft, faults))
        return bool(faults)

    def _compared(self, row: Row) -> Row:
        """Return a new row with a warning where an entry of the same provider is probably the same (near-duplicate)."""
        if not self.manner.strict:
            return row
        if row.provider_id not in self.providers:
            self.providers.add(row.provider_id)
            self.near |= {(row.provider_id, key): title for key, title in neighbours(row.provider_id).items()}
        keys = [f"title:{stem(row.content.title)}", f"items:{item_key(item.name for item in row.content.items)}"]
        keys = [key for key in keys if not key.endswith(":")]
        twin = next((self.near[row.provider_id, key] for key in keys if (row.provider_id, key) in self.near), "")
        for key in keys:
            self.near.setdefault((row.provider_id, key), row.content.title)
        if not twin:
            return row
        return replace(row, warnings=(*row.warnings, Finding("title", NEAR, {"title": twin[:60]}, grave=False)))

    def _differing(self, rows: Sequence[tuple[Row, Entry]], found: SortedSet) -> None:
        fresh = [(row, entry) for row, entry in rows if row.digest != entry.source_digest]
        found.unchanged += [(row, entry) for row, entry in rows if row.digest == entry.source_digest]
        present = contents_of(entry.working_id for _row, entry in fresh)
        for row, entry in fresh:
            before = present[entry.working_id or 0]
            after = overlaid(before, row.content, row.draft.stated)
            if same(before, after):
                found.unchanged.append((row, entry))
            elif self._unlisted(row, found, held=before.use_purposes):
                continue
            elif entry.state in OPEN or (entry.state == "published" and self.own is not None):
                found.changed.append(Changed(row, entry, before, after))
            else:
                state = {"state": ENTRY.state_label(entry.state)}
                found.back.append((row.draft, (Finding("title", _UNDER_WAY, state),)))


_NOT_OWN: Final = N_("只能导入本部门的目录，请把提供方改为“%(own)s”，或由平台管理员按地区导入")
_TWICE: Final = N_("与第 %(line)d 行重复：同一提供方的名称相同（标点、空格、全半角不同也算相同），请保留一行")
_UNDER_WAY: Final = N_("平台已有该目录，当前状态为“%(state)s”，内容不同；请先在平台发起修订或等待审核结束再导入")
UNCONFIRMED: Final = N_("平台已发布该目录，文件中的内容不同；您没有确认修改已发布的目录，未作改动")
