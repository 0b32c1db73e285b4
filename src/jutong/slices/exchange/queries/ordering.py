"""What an order can choose from: the department's grants that offer the mode, and its own target databases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jutong.kernel.actors import Actor
from jutong.slices.exchange.rules import MODES_FOR
from jutong.slices.grants import queries as grants
from jutong.slices.grants.queries import GrantRow
from jutong.slices.sources import queries as sources
from jutong.slices.sources.queries import SourceRow
from jutong.wire.transfers import OrderKind


@dataclass(frozen=True, slots=True)
class Ordering:
    """Grants in force that offer this kind of delivery, and (for tables) where the rows can go."""

    grants: tuple[GrantRow, ...]
    targets: tuple[SourceRow, ...]


def ordering(actor: Actor, kind: OrderKind, *, at: datetime) -> Ordering:
    """Return what the actor's department can order at this moment."""
    held, _meta = grants.grants(actor, side="consumer", state="granted", size=200)
    usable = tuple(
        grant
        for grant in held
        if set(MODES_FOR[kind]) & set(grant.modes) and grant.valid_from <= at < grant.valid_until
    )
    own = actor.department_id
    targets = sources.choices(own, receives=True) if own and kind is OrderKind.TABLE else []
    return Ordering(usable, tuple(targets))
