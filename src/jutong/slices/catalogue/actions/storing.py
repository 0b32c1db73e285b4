"""Writing versions: content, items and the search row, for one entry or for thousands, always in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db.models import OuterRef, Subquery

from jutong.crypto import sm3
from jutong.kernel.actors import Actor
from jutong.slices.catalogue.models import Entry, EntryVersion, Item, Listing
from jutong.slices.catalogue.rules.content import Content, ItemContent, to_json
from jutong.slices.catalogue.rules.text import title_key
from jutong.slices.catalogue.rules.words import SMALL_FACETS, vector

_LISTED = ("in_force", "provider_id", "region", "domain", *SMALL_FACETS, "facets", "released_on", "search")


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


def add_version(entry: Entry, content: Content, *, by: Actor, at: datetime, note: str = "") -> EntryVersion:
    """Add the next version to one saved entry and describe the entry by it; the caller saves the entry."""
    describe(entry, content, at)
    entry.version += 1
    version = add_versions([(entry, content)], by=by, at=at, note=note)[0]
    entry.working = version
    return version


def add_versions(
    pairs: Sequence[tuple[Entry, Content]], *, by: Actor, at: datetime, note: str = ""
) -> list[EntryVersion]:
    """Write versions numbered by their entries' `version`, with items and search rows, in bulk."""
    versions = EntryVersion.objects.bulk_create(
        [
            EntryVersion(
                entry=entry,
                number=entry.version,
                content=to_json(msgspec.structs.replace(content, items=())),
                digest=digest_of(content),
                editor_id=by.account_id,
                editor_name=by.name[:100],
                edited_at=at,
                note=note,
            )
            for entry, content in pairs
        ],
        batch_size=500,
    )
    Item.objects.bulk_create(
        [
            _item(version, place, item, content)
            for version, (_entry, content) in zip(versions, pairs, strict=True)
            for place, item in enumerate(content.items)
        ],
        batch_size=1000,
    )
    list_entries([(entry, content) for entry, content in pairs if entry.published_id is None], in_force=False)
    return versions


def _item(version: EntryVersion, place: int, item: ItemContent, content: Content) -> Item:
    return Item(
        version=version,
        position=place,
        name=item.name,
        column=item.column,
        type=item.type,
        share_type=item.share_type or content.share_type,
        detail=msgspec.to_builtins(item),
    )


def point_to_newest(ids: Sequence[int]) -> None:
    """Let entries point to their newest version, set-based."""
    newest = EntryVersion.objects.filter(entry=OuterRef("pk")).order_by("-number").values("pk")[:1]
    Entry.objects.filter(pk__in=ids).update(working=Subquery(newest))


def list_entries(pairs: Sequence[tuple[Entry, Content]], *, in_force: bool) -> None:
    """Write the search rows of entries as these contents describe them."""
    Listing.objects.bulk_create(
        [_listing(entry, content, in_force=in_force) for entry, content in pairs],
        update_conflicts=True,
        unique_fields=["entry"],
        update_fields=_LISTED,
        batch_size=500,
    )


def _listing(entry: Entry, content: Content, *, in_force: bool) -> Listing:
    labels = [
        entry.provider_name, content.domain, content.industry, content.system, content.matter, entry.code or "",
        *content.keywords, *(item.name for item in content.items), *(item.column for item in content.items),
    ]  # fmt: skip
    small = {name: getattr(content, name) for name in SMALL_FACETS}
    return Listing(
        entry=entry,
        in_force=in_force,
        provider_id=entry.provider_id,
        region=entry.region,
        domain=content.domain,
        **small,
        facets="|".join(small.values()),
        released_on=content.released_on,
        search=vector(content.title, labels, content.abstract),
    )


def unlist(ids: Sequence[int]) -> None:
    """Take entries out of what departments find; their rows stay for their providers."""
    Listing.objects.filter(entry__in=ids).update(in_force=False)
