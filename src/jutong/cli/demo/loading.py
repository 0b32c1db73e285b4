"""Publishing the demo city's catalogue through the product's own actions: compiled, assessed, approved, reviewed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from jutong.cli.demo.city import STORY, City
from jutong.cli.demo.resources import ANSWERS, RESOURCES, contents

if TYPE_CHECKING:
    from jutong.slices.catalogue.actions import Content

IMPORTED: Final = "police"
"""Its officer imports her own catalogue in the story."""


def publish_all(city: City, at: datetime, say: Callable[[str], None]) -> int:
    """Publish every department's entries but those of the story; returns how many."""
    from jutong.slices.catalogue import actions

    waiting: list[int] = []
    for number, department in enumerate(RESOURCES, start=1):
        if department != IMPORTED:
            waiting += submitted(city, department, contents(department), at)
        if number % 10 == 0:
            say(f"  {number}/{len(RESOURCES)} 个部门")
    reviewer = city.actor("data.reviewer", at)
    actions.review_entries(waiting, by=reviewer, at=at)
    moved, _notice = actions.publish_entries(waiting, by=reviewer, at=at)
    return len(moved.done)


def submitted(city: City, department: str, entries: Iterable[Content], at: datetime) -> list[int]:
    """Compile entries, have them assessed and approved inside the department, and submit them; returns their ids."""
    from jutong.slices.catalogue import actions

    officer = city.actor(f"{department}.officer", at)
    secrecy = city.actor(f"{department}.{'secrecy' if department in STORY else 'head'}", at)
    leader = city.actor(f"{department}.leader", at)
    ids = []
    for content in entries:
        entry = actions.compile_entry(by=officer, at=at, provider_id=city.departments[department], content=content)
        actions.assess(
            entry,
            by=secrecy,
            at=at,
            secret=False,
            secrecy="不涉及国家秘密和工作秘密",
            personal_information="已评估，影响可控" if content.personal else "",
            answers=ANSWERS if content.personal else {},
        )
        actions.leader_approve(entry, by=leader, at=at)
        ids.append(int(entry.pk))
    actions.submit_entries(ids, by=officer, at=at)
    return ids
