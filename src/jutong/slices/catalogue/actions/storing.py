"""Writing versions: content, items and the search row, for one entry or for thousands, always in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from jutong.crypto import sm3
from jutong.kernel.actors import Actor
from jutong.slices.catalogue.models import ClassNode, Entry, EntryVersion, Item, Listing
from jutong.slices.catalogue.queries.copying import copy_rows, fresh_ids
from jutong.slices.catalogue.queries.standing import standings
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.listing import Whereabouts, search_row, vocabulary
from jutong.slices.catalogue.rules.text import title_key
from jutong.slices.catalogue.rules.words import SMALL_FACETS
from jutong.slices.catalogue.search.vocabulary import learn

_VERSION = ("id", "entry_id", "number", "content", "digest", "editor_id", "editor_name", "edited_at", "note")
_ITEM = ("version_id", "position", "name", "column", "type", "share_type", "detail")
_LISTING = (
    "entry_id", "in_force", "provider_id", "region", "domain", *SMALL_FACETS, "facets", "released_on", "class_code",
    "standing", "search",
)  # fmt: skip
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
    list_entries([(entry, content) for entry, content in pairs if entry.published_id is None], in_force=False, at=at)


def _items(version: int, content: Content) -> Iterator[tuple[object, ...]]:
    for place, item in enumerate(content.items):
        share = item.share_type or content.share_type
        yield version, place, item.name, item.column, item.type, share, msgspec.json.encode(item).decode()


def list_entries(pairs: Pairs, *, in_force: bool, at: datetime) -> None:
    """Write the search rows of entries as these contents describe them, in place of earlier ones.

    The words of what comes into force enter the vocabulary; counts follow by the table's own triggers.
    """
    ids = [entry.pk for entry, _content in pairs]
    classes = dict(
        ClassNode.objects.filter(
            pk__in=[entry.class_node_id for entry, _c in pairs if entry.class_node_id]
        ).values_list("pk", "code")
    )
    standing = standings(ids, at=at) if in_force else {}
    Listing.objects.filter(entry__in=ids).delete()
    copy_rows(Listing, _LISTING, (_listing(e, c, classes, standing.get(e.pk, 0), in_force=in_force) for e, c in pairs))
    if in_force:
        learn(Counter(word for _entry, content in pairs for word in vocabulary(content)))


def _listing(
    entry: Entry, content: Content, classes: Mapping[int, str], standing: int, *, in_force: bool
) -> tuple[object, ...]:
    code = classes.get(entry.class_node_id or 0, "")
    where = Whereabouts(entry.provider_id, entry.provider_name, entry.region, code, entry.code or "")
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
        code,
        standing,
        search_row(content, where, standing),
    )


def unlist(ids: Sequence[int]) -> None:
    """Take entries out of what departments find; their rows stay for their providers."""
    Listing.objects.filter(entry__in=ids).update(in_force=False)
