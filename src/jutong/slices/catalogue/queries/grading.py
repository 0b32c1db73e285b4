"""Grades: an entry's with proposals and history, the lines of a sheet, and what a published entry's grade asks of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.levels import label_of
from jutong.slices.catalogue.formats.grading import Line
from jutong.slices.catalogue.models import Entry, GradeChange, Recognised
from jutong.slices.catalogue.queries.contents import content_of, contents_of
from jutong.slices.catalogue.queries.published import published
from jutong.slices.catalogue.queries.recognised import recognised
from jutong.slices.catalogue.queries.zones import here
from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.slices.catalogue.rules.grading import Suggestion, allowed_modes, suggested, suggested_for
from jutong.slices.catalogue.rules.marking import NOTHING, Seen
from jutong.slices.catalogue.workflow import ENTRY, PROVIDER
from jutong.slices.standards import queries as standards
from jutong.wire.grants import Mode
from jutong.wire.levels import Scheme

MOST_CHANGES: Final = 100
_SET: Final = 200


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposed grade in words; level empty where nothing is proposed."""

    level: str = ""
    label: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class GradedItem:
    """An item with its grade. level: its own, empty where it is its entry's."""

    name: str
    column: str
    level: str
    level_label: str
    sensitive: bool
    not_personal: str
    proposed: Proposed


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change of a grade; item empty: the entry's."""

    item: str
    old: str
    new: str
    version: int
    reason: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Grading:
    """An entry's grades as their page shows them. levels: (code, label) of those in force; scheme: what they are called."""

    entry_id: int
    title: str
    provider_name: str
    state_label: str
    version: int
    level: str
    level_label: str
    category: str
    personal: bool
    proposed: Proposed
    items: tuple[GradedItem, ...]
    levels: tuple[tuple[str, str], ...]
    scheme: str
    changes: tuple[ChangeRow, ...]
    may_grade: bool
    revises: bool


@dataclass(frozen=True, slots=True)
class Handling:
    """What a published entry's grade asks of those who share it. masked: items that are masked by default.

    modes: delivery modes it allows.
    """

    level: str
    label: str
    modes: tuple[Mode, ...]
    masked: frozenset[str]


def handling(entry_id: int, *, at: datetime) -> Handling | None:
    """Return what the grade of a published entry asks by the catalogue of grades in force; None when it is not in force."""
    entry = published(entry_id)
    if entry is None:
        return None
    scheme = standards.grades_for(entry.region, beijing_day(at))
    grade = scheme.grade(entry.security_level)
    content = content_of(entry.version_id)
    masked = {
        item.name
        for item in content.items
        if (own := scheme.grade(item.security_level or content.security_level)) and own.masked
    }
    return Handling(
        level=entry.security_level,
        label=label_of(entry.security_level),
        modes=allowed_modes(grade),
        masked=frozenset(masked),
    )


def modes_allowed(entry_id: int, *, at: datetime) -> tuple[tuple[Mode, ...], str] | None:
    """Return the delivery modes that the grade of a published entry allows, and its name; None when it is not in force."""
    rows = Entry.objects.filter(pk=entry_id, published__isnull=False, zone=here())
    found = rows.values_list("region", "published__content__security_level").first()
    if found is None:
        return None
    region, level = found[0], found[1] or ""
    return allowed_modes(standards.grades_for(region, beijing_day(at)).grade(level)), label_of(level)


def grading(entry_id: int, *, actor: Actor, at: datetime) -> Grading:
    """Return an entry's grades with proposals. NotThere for what is not the actor's department's or the authority's."""
    case = Entry.objects.filter(pk=entry_id).first()
    if (
        case is None
        or not (actor.serves & {case.provider_id, case.authority_id} or actor.holds(Role.AUDITOR))
        or case.state == "withdrawn"
    ):
        raise NotThere(_("没有找到该目录条目，或您无权知悉。"))
    content, seen = content_of(case.working_id or 0), recognised(case.pk)
    scheme = standards.grades_for(case.region, beijing_day(at))
    found = [suggested(item, scheme, seen) for item in content.items]
    rows = GradeChange.objects.filter(entry=case.pk).order_by("-pk")[:MOST_CHANGES]
    editable = {"edit", "correct", "amend", "amend_revision", "revise"}
    return Grading(
        entry_id=case.pk,
        title=content.title,
        provider_name=case.provider_name,
        state_label=ENTRY.state_label(case.state),
        version=case.version,
        level=content.security_level,
        level_label=label_of(content.security_level),
        category=content.data_category,
        personal=content.personal,
        proposed=_proposed(suggested_for(content, found, scheme)),
        items=tuple(_graded(item, one) for item, one in zip(content.items, found, strict=True)),
        levels=tuple((one.code, label_of(one.code)) for one in scheme.grades),
        scheme=_(scheme.title),
        changes=tuple(
            ChangeRow(row.item, label_of(row.old), label_of(row.new), row.version, row.reason, row.account_name, row.at)
            for row in rows
        ),
        may_grade=PROVIDER.permits(actor, case) is not None
        and any(button.verb in editable for button in ENTRY.open_to(actor, case)),
        revises=case.state == "published",
    )  # fmt: skip


def _graded(item: ItemContent, found: Suggestion | None) -> GradedItem:
    return GradedItem(
        item.name, item.column, item.security_level, label_of(item.security_level), item.sensitive, item.not_personal,
        _proposed(found),
    )  # fmt: skip


def _proposed(found: Suggestion | None) -> Proposed:
    if found is None:
        return Proposed()
    words = {name: _(str(value)) for name, value in found.params.items()}
    return Proposed(found.level, label_of(found.level), _(found.why) % words if words else _(found.why))


def levels_of(actor: Actor, *, at: datetime) -> tuple[str, ...]:
    """Return the grades in force where an actor works, the lowest first."""
    return tuple(one.code for one in standards.grades_for(actor.region, beijing_day(at)).grades)


def grading_lines(actor: Actor, *, at: datetime, open_only: bool = False) -> Iterator[Line]:
    """Yield the entries of the actor's departments with their items as lines of the sheet; open_only: with a proposal."""
    mine = Entry.objects.filter(provider__in=actor.serves).exclude(state="withdrawn").order_by("pk")
    keys = list(mine.values_list("pk", "code", "region", "working"))
    for first in range(0, len(keys), _SET):
        rows = keys[first : first + _SET]
        contents = contents_of(working for *_rest, working in rows)
        seen: dict[int, dict[str, str]] = {}
        for pk, column, meaning in Recognised.objects.filter(entry__in=[row[0] for row in rows]).values_list(
            "entry", "column", "meaning"
        ):
            seen.setdefault(pk, {})[column] = meaning
        for pk, code, region, working in rows:
            scheme = standards.grades_for(region, beijing_day(at))
            lines = _lines(pk, code or "", contents[working or 0], seen.get(pk, NOTHING), scheme)
            yield from (line for line in lines if not open_only or (line.proposed and line.proposed != line.present))


def _lines(pk: int, code: str, content: Content, seen: Seen, scheme: Scheme) -> Iterator[Line]:
    found = [suggested(item, scheme, seen) for item in content.items]
    own = _proposed(suggested_for(content, found, scheme))
    place = {"entry_id": pk, "title": content.title, "code": code}
    yield Line(**place, present=content.security_level, proposed=own.level, why=own.why)  # type: ignore[arg-type]
    for item, one in zip(content.items, found, strict=True):
        words = _proposed(one)
        yield Line(
            **place, item=item.name, column=item.column, present=item.security_level or content.security_level,  # type: ignore[arg-type]
            proposed=words.level, why=words.why,
        )  # fmt: skip
