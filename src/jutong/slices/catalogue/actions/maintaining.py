"""Maintaining a department's entries from its own systems: each brought to what the system states, one by one (R-CAT-017)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from jutong.kernel.actors import Actor
from jutong.kernel.errors import Refusal
from jutong.slices.catalogue.actions.drafting import compile_entry, edit_entry
from jutong.slices.catalogue.actions.revising import revise
from jutong.slices.catalogue.actions.storing import digest_of
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.queries.contents import content_of
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.text import title_key

UNSAID: Final = ("specification", "catalogue_level", "records", "updated_on", "secret", "extra")
"""Elements that the interface does not state; an update leaves them, and answers about persons, as they are."""


@dataclass(frozen=True, slots=True)
class Stated:
    """An entry as a department's system states it: by its id or code, else by its title in the department.

    version: the one the system saw, None where it does not mind.
    """

    content: Content
    entry_id: int | None = None
    code: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Maintained:
    """What became of one: created, updated or unchanged with id and version, or refused with the refusal."""

    outcome: str
    entry_id: int | None = None
    version: int = 0
    refusal: Refusal | None = None


def maintain(stated: Iterable[Stated], *, by: Actor, at: datetime) -> list[Maintained]:
    """Bring entries of the actor's department to what is stated, in their order; a refused one stops none of the others.

    A new title becomes a draft, a changed content a new version; a published entry is taken into revision for it, and
    stays in force until the new version went through review. The same content changes nothing, however often it comes.
    """
    return [_maintained(one, by, at) for one in stated]


def _maintained(one: Stated, by: Actor, at: datetime) -> Maintained:
    entry = _meant(one, by)
    before = entry.version if entry else 0
    try:
        if entry is None and not one.entry_id and not one.code:
            made = compile_entry(by=by, at=at, provider_id=by.department_id or 0, content=one.content)
            return Maintained("created", made.pk, made.version)
        if entry is not None and entry.state == "published":
            if entry.working and digest_of(_whole(entry, one.content)) == entry.working.digest:
                return Maintained("unchanged", entry.pk, before)
            revise(entry.pk, by=by, at=at)
        content = _whole(entry, one.content) if entry else one.content
        key = entry.pk if entry else one.entry_id or 0
        found = edit_entry(key, by=by, at=at, content=content, expected_version=one.version)
    except Refusal as refusal:
        return Maintained("refused", entry.pk if entry else None, before, refusal)
    return Maintained("unchanged" if found.version == before else "updated", found.pk, found.version)


def _whole(entry: Entry, content: Content) -> Content:
    """Return what is stated with what the interface has no word for, as the entry has it."""
    present = content_of(entry.working_id or 0)
    answered = {item.name: item.not_personal for item in present.items if item.not_personal}
    items = tuple(
        msgspec.structs.replace(item, not_personal=item.not_personal or answered.get(item.name, ""))
        for item in content.items
    )
    return msgspec.structs.replace(content, items=items, **{name: getattr(present, name) for name in UNSAID})


def _meant(one: Stated, by: Actor) -> Entry | None:
    rows = Entry.objects.select_related("working")
    if one.entry_id:
        return rows.filter(pk=one.entry_id).first()
    if one.code:
        return rows.filter(code=one.code).first()
    mine = rows.filter(provider=by.department_id).exclude(state="withdrawn")
    return mine.filter(title_key=title_key(one.content.title)[:200]).first()
