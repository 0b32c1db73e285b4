"""The policy profile of the tests' city, and days before and after the decree."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from jutong.kernel import jurisdiction
from jutong.kernel.models import Clock, PolicyAssignment

if TYPE_CHECKING:
    from world import World

PROFILES = (
    "national-2025",
    "jiangxi-2017",
    "inner-mongolia-2018",
    "neijiang-2020",
    "liyang-2020",
    "national-project-opinion",
)
BEFORE = datetime(2025, 6, 2, 2, 0, tzinfo=UTC)
"""A Monday on which offices were closed (the Dragon Boat holiday), before the decree was in force."""


def under(world: World, profile: str) -> None:
    """Let the city have lived under a profile since 2017, instead of any other."""
    jurisdiction._policy.cache_clear()
    PolicyAssignment.objects.filter(region=world.region).delete()
    PolicyAssignment.objects.create(
        region=world.region, profile=profile, effective_from=date(2017, 1, 1), assigned_at=world.at
    )


def due(kind: str, case_id: int, name: str) -> date:
    """Return the last day of a case's limit."""
    return Clock.objects.get(case_kind=kind, case_id=case_id, name=name).due_day
