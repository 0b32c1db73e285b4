"""Writing versions: content, items and the search row, for one entry or for thousands, always in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import uuid4

import msgspec

from jutong.crypto import sm3
from jutong.kernel.actors import Actor
from jutong.slices.catalogue.models import Entry, EntryVersion, Item, Listing, Mark
from jutong.slices.catalogue.queries.copying import copy_rows, fresh_ids
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.text import title_key
from jutong.slices.catalogue.rules.words import IN_FORCE, SMALL_FACETS, vector

_VERSION = ("id", "entry_id", "number", "content", "digest", "editor_id", "editor_name", "edited_at", "note")
_ITEM = ("version_id", "position", "name", "column", "type", "share_type", "detail")
_LISTING = ("entry_id", "in_force", "provider_id", "region", "domain", *SMALL_FACETS, "facets", "released_on", "search")
Pairs = Sequence[tuple[Entry, Content]]


def digest_of(content: Content) -> str:
    """Return the SM3 of a content, hex: equal digests are equal contents."""
    return sm3.hexdigest(msgspec.json.encode(content, order="deterministic"))


def describe(entry: Entry, content: Content, at: datetime) -> None:
    """Set the entry's own columns from the content it now has; the caller saves."""
    entry.title = content.title
    entry.title_key = title_key(content.title)[:200]
    entry.resource_class = content.resource_class
    entry.share_type = content.share_type
    entry.changed_at = at


def add_version(entry: Entry, content: Content, *, by: Actor, at: datetime, note: str = "") -> None:
    """Add the next version to one saved entry and describe the entry by it; the caller saves the entry."""
    describe(entry, content, at)
    entry.version += 1
    entry.working_id = fresh_ids(EntryVersion, 1)[0]
    add_versions([(entry, content)], by=by, at=at, note=note)


def number_versions(entries: Sequence[Entry]) -> None:
    """Give each entry the id of the version that `add_versions` will write for it; the caller saves the entries."""
    for entry, pk in zip(entries, fresh_ids(EntryVersion, len(entries)), strict=True):
        entry.working_id = pk


def add_versions(pairs: Pairs, *, by: Actor, at: datetime, note: str = "") -> None:
    """Write the versions that entries already name (`working_id`, `version`), with items and search rows, in bulk."""
    copy_rows(
        EntryVersion,
        _VERSION,
        (
            (
                entry.working_id,
                entry.pk,
                entry.version,
                msgspec.json.encode(msgspec.structs.replace(content, items=())).decode(),
                digest_of(content),
                by.account_id,
                by.name[:100],
                at,
                note[:200],
            )
            for entry, content in pairs
        ),
    )
    copy_rows(Item, _ITEM, (row for entry, content in pairs for row in _items(entry.working_id or 0, content)))
    list_entries([(entry, content) for entry, content in pairs if entry.published_id is None], in_force=False)


def _items(version: int, content: Content) -> Iterator[tuple[object, ...]]:
    for place, item in enumerate(content.items):
        share = item.share_type or content.share_type
        yield version, place, item.name, item.column, item.type, share, msgspec.json.encode(item).decode()


def list_entries(pairs: Pairs, *, in_force: bool) -> None:
    """Write the search rows of entries as these contents describe them, in place of earlier ones."""
    Listing.objects.filter(entry__in=[entry.pk for entry, _content in pairs]).delete()
    copy_rows(Listing, _LISTING, (_listing(entry, content, in_force=in_force) for entry, content in pairs))
    if in_force:
        _mark()


def _mark() -> None:
    """Say that what is in force changed, so that no kept counts are shown for it."""
    Mark.objects.update_or_create(name=IN_FORCE, defaults={"value": uuid4().hex})


def _listing(entry: Entry, content: Content, *, in_force: bool) -> tuple[object, ...]:
    labels = [
        entry.provider_name, content.domain, content.industry, content.system, content.matter, entry.code or "",
        *content.keywords, *(item.name for item in content.items), *(item.column for item in content.items),
    ]  # fmt: skip
    small = [str(getattr(content, name)) for name in SMALL_FACETS]
    return (
        entry.pk,
        in_force,
        entry.provider_id,
        entry.region,
        content.domain,
        *small,
        "|".join(small),
        content.released_on,
        vector(content.title, labels, content.abstract),
    )


def unlist(ids: Sequence[int]) -> None:
    """Take entries out of what departments find; their rows stay for their providers."""
    Listing.objects.filter(entry__in=ids).update(in_force=False)
    _mark()
