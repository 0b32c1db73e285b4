"""What a move needs beside its state, and how a case is kept past all moves, since the walk asks about one move alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from test_requests import answered

from correction_world import entered
from jutong.kernel import jurisdiction
from world import World

Words = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """What a move needs: words said with it; columns that stand before; the sort of case it is made on.

    only: the one profile whose text gives it, where that is no row's rule but the number behind a limit or the procedure
    it leads into. by: who makes it, where that is not all the same.
    """

    words: Words | Callable[[World, Any], Words] = field(default_factory=dict)
    before: Words | Callable[[World, Any, str], Words] = field(default_factory=dict)
    sort: str = "any"
    only: str = ""
    by: str = ""


def saved(world: World, model: Any, **columns: Any) -> Any:
    """Keep a case of civil's data and hr's use; its state is set as one goes."""
    fields = {one.attname for one in model._meta.concrete_fields}
    given = {
        "region": world.region, "consumer_id": world.department("hr"), "provider_id": world.department("civil"),
        "authority_id": world.department("authority"), "started_on": world.at.date(), "resource_title": "城乡低保对象信息",
        "profile": jurisdiction.policy_for(world.region, world.at.date()).reference, **columns,
    }  # fmt: skip
    case = model(**{name: value for name, value in given.items() if name in fields})
    case.save()
    return case


def granted(world: World) -> int:
    """Return a grant of civil's to hr."""
    return answered(world, entered(world)).grant_id or 0
