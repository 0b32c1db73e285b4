"""One grant with its versions and what changed between them, and those that end soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from jutong.kernel.actors import Actor
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants.models import Grant
from jutong.slices.grants.queries.grants import GrantRow, VersionRow, agreed_of, grant, mine, row_of, versions
from jutong.slices.grants.rules import Agreed

SOON: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Changed:
    """What one version changed against the one before: names of terms with both values; nothing for the first."""

    version: VersionRow
    terms: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True, slots=True)
class GrantView:
    """A grant as its page shows it; side: consumer, provider or nothing."""

    row: GrantRow
    side: str
    history: tuple[Changed, ...]


def detail(grant_id: int, actor: Actor) -> GrantView:
    """Return a grant with its versions, newest first. NotThere where the actor may not know of it."""
    row = grant(grant_id, actor)
    rows = versions(grant_id, actor)
    before: list[VersionRow | None] = [*rows[1:], None]
    side = "consumer" if row.consumer_id in actor.serves else "provider" if row.provider_id in actor.serves else ""
    return GrantView(row, side, tuple(_changed(new, old) for new, old in zip(rows, before, strict=True)))


def _changed(new: VersionRow, old: VersionRow | None) -> Changed:
    if old is None:
        return Changed(new, ())
    names = [name for name in new.content if new.content[name] != old.content.get(name)]
    return Changed(new, tuple((name, old.content.get(name), new.content[name]) for name in names))


@dataclass(frozen=True, slots=True)
class Adjustable:
    """A grant that is to be changed: as it is, what was agreed, and the items rows can be limited by."""

    row: GrantRow
    agreed: Agreed
    items: tuple[str, ...]


def adjustable(grant_id: int, actor: Actor) -> Adjustable:
    """Return a grant with what was last agreed: the widest terms it may be changed to."""
    row = grant(grant_id, actor)
    agreed = agreed_of(grant_id)
    entry = catalogue.published(row.resource_id)
    names = [item.name for item in entry.items] if entry else []
    return Adjustable(row, agreed, tuple(dict.fromkeys([*(column.item for column in agreed.items), *names])))


def ending_soon(actor: Actor, at: datetime) -> list[GrantRow] | None:
    """Return working grants of the actor's departments that end within 30 days (at most 20), None where there are none."""
    rows = Grant.objects.select_related("provider", "consumer").filter(
        mine(actor), state="granted", valid_until__lte=at + SOON
    )
    return [row_of(g) for g in rows.order_by("valid_until")[:20]] or None
