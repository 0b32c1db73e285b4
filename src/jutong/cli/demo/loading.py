"""Publishing the demo city's catalogue through the product's own actions: compiled, assessed, approved, reviewed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from jutong.cli.demo.city import STORY, City
from jutong.cli.demo.resources import ANSWERS, RESOURCES, contents

if TYPE_CHECKING:
    from jutong.slices.catalogue.actions import Content

IMPORTED: Final = "police"
"""Its officer imports her own catalogue in the story."""
EARLIER: Final = {"weather": 200, "education": 60, "market": 30}
"""Departments whose entries were published so many days ago, and mostly never updated or used since."""


def publish_all(city: City, at: datetime, say: Callable[[str], None]) -> int:
    """Publish every department's entries but those of the story; returns how many."""
    waiting: dict[datetime, list[int]] = defaultdict(list)
    for number, department in enumerate(RESOURCES, start=1):
        if department != IMPORTED:
            then = at - timedelta(days=EARLIER.get(department, 0))
            waiting[then] += submitted(city, department, contents(department), then)
        if number % 10 == 0:
            say(f"  {number}/{len(RESOURCES)} 个部门")
    return sum(_published(city, ids, then) for then, ids in sorted(waiting.items()))


def _published(city: City, ids: list[int], at: datetime) -> int:
    from jutong.slices.catalogue import actions

    reviewer = city.actor("data.reviewer", at)
    actions.review_entries(ids, by=reviewer, at=at)
    moved, _notice = actions.publish_entries(ids, by=reviewer, at=at)
    return len(moved.done)


def submitted(city: City, department: str, entries: Iterable[Content], at: datetime) -> list[int]:
    """Compile entries, have them assessed and approved inside the department, and submit them; returns their ids."""
    from jutong.slices.catalogue import actions

    officer = city.actor(f"{department}.officer", at)
    ids = []
    for content in entries:
        entry = actions.compile_entry(by=officer, at=at, provider_id=city.departments[department], content=content)
        ids.append(int(entry.pk))
        approve(city, department, ids[-1], content, at)
    actions.submit_entries(ids, by=officer, at=at)
    return ids


def approve(city: City, department: str, entry_id: int, content: Content, at: datetime) -> None:
    """Have an entry assessed by the secrecy officer and approved by the leader of its department."""
    from jutong.slices.catalogue import actions

    secrecy = city.actor(f"{department}.{'secrecy' if department in STORY else 'head'}", at)
    actions.assess(
        entry_id,
        by=secrecy,
        at=at,
        secret=False,
        secrecy="不涉及国家秘密和工作秘密",
        personal_information="已评估，影响可控" if content.personal else "",
        answers=ANSWERS if content.personal else {},
    )
    actions.leader_approve(entry_id, by=city.actor(f"{department}.leader", at), at=at)
