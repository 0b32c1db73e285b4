"""What an order can choose from: the department's grants that offer the mode, and its own target databases."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from jutong.kernel.actors import Actor
from jutong.kernel.errors import Refusal
from jutong.kernel.terms import Masking
from jutong.slices.exchange.queries.following import followable
from jutong.slices.exchange.rules import FOLDERS, GROWS, MODES_FOR
from jutong.slices.grants import queries as grants
from jutong.slices.grants.queries import GrantRow
from jutong.slices.sources import queries as sources
from jutong.slices.sources.queries import SourceRow
from jutong.wire.grants import Column
from jutong.wire.transfers import OrderKind

_ASKED: Final = 3
_MOST_TABLES: Final = 500


@dataclass(frozen=True, slots=True)
class Ordering:
    """Grants in force that offer this kind of delivery, and (but for batch files) where the data can go."""

    grants: tuple[GrantRow, ...]
    targets: tuple[SourceRow, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What the wizard chooses from: usable grants, targets and folders among them as (id, name); the modes of each grant."""

    grant_choices: tuple[tuple[str, str], ...]
    target_choices: tuple[tuple[str, str], ...]
    folder_choices: tuple[tuple[str, str], ...]
    modes: dict[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class PlanChoices:
    """What a plan can name: unmasked granted items, those that can grow, and tasks to follow."""

    plain: tuple[str, ...]
    growing: tuple[str, ...]
    tasks: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class TargetTable:
    """A table that is there already in a target database."""

    source: str
    name: str
    comment: str


def ordering(actor: Actor, kind: OrderKind, *, at: datetime) -> Ordering:
    """Return what the actor's department can order at this moment."""
    held, _meta = grants.grants(actor, side="consumer", state="granted", size=200)
    usable = tuple(
        grant
        for grant in held
        if set(MODES_FOR[kind]) & set(grant.modes) and grant.valid_from <= at < grant.valid_until
    )
    own = actor.department_id
    targets = sources.choices(own, receives=True) if own and kind is not OrderKind.BATCH else []
    if kind is OrderKind.FILES:
        targets = [target for target in targets if target.engine == FOLDERS]
    return Ordering(usable, tuple(targets))


def offer(actor: Actor, *, at: datetime) -> Offer:
    """Return what a standing task of the actor's department can be set up from."""
    kinds = [ordering(actor, kind, at=at) for kind in (OrderKind.TABLE, OrderKind.BATCH, OrderKind.FILES)]
    usable = {grant.id: grant for each in kinds for grant in each.grants}
    return Offer(
        grant_choices=tuple((str(g.id), f"{g.reference} {g.resource_title}") for g in usable.values()),
        target_choices=tuple((str(target.id), target.title) for target in kinds[0].targets),
        folder_choices=tuple((str(target.id), target.title) for target in kinds[2].targets),
        modes={grant.id: grant.modes for grant in usable.values()},
    )


def targets_of(actor: Actor) -> tuple[tuple[str, str], ...]:
    """Return the databases that the actor's department can take data into, as (id, name)."""
    found = sources.choices(actor.department_id, receives=True) if actor.department_id else []
    return tuple((str(each.id), each.title) for each in found if each.engine != FOLDERS)


def plan_choices(actor: Actor, grant_id: int, *, but: int | None = None) -> PlanChoices:
    """Return what the plan of a task under a grant can name. NotThere for a grant the actor may not know of."""
    columns = msgspec.convert(grants.grant(grant_id, actor).items, tuple[Column, ...])
    plain = [column for column in columns if column.masking is Masking.NONE]
    return PlanChoices(
        plain=tuple(column.item for column in plain),
        growing=tuple(column.item for column in plain if column.kind in GROWS),
        tasks=tuple(followable(actor, but=but)),
    )


def tables_of(actor: Actor, target_ids: Sequence[str]) -> list[TargetTable]:
    """Return the tables of the first target databases, as far as the actor may see them and they answer."""
    found = []
    for target_id in target_ids[:_ASKED]:
        with suppress(Refusal):
            title = sources.source(int(target_id), actor).title
            tables = sources.tables(int(target_id), actor)
            found += [TargetTable(title, table.name, table.comment) for table in tables]
    return found[:_MOST_TABLES]
