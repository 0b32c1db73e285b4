"""Two people at once: codes without gaps, one decision, and search that is never behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from jutong.kernel.actors import system_actor
from jutong.kernel.errors import WrongState
from jutong.slices.catalogue import actions, search
from jutong.slices.catalogue.actions.coding import give_codes
from jutong.slices.catalogue.models import Entry
from published import ASSESSED, content, published
from world import World


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Run deeds in threads of their own and return what each returned or raised."""
    answers: list[Any] = [None] * len(deeds)
    start = threading.Barrier(len(deeds))

    def run(place: int, deed: Callable[[], Any]) -> None:
        start.wait()
        try:
            answers[place] = deed()
        except Exception as error:  # noqa: BLE001 - the answer is what the test looks at
            answers[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, deed)) for place, deed in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def ready_entries(world: World, count: int, provider: str = "civil") -> list[Entry]:
    entries = []
    for number in range(count):
        entry = actions.compile_entry(
            by=world.actor(f"{provider}.officer"), at=world.at, provider_id=world.department(provider),
            content=content(f"资源{'甲乙丙丁戊己庚辛'[number]}"),
        )  # fmt: skip
        actions.assess(entry, by=world.actor(f"{provider}.secrecy"), at=world.at, **ASSESSED)
        actions.leader_approve(entry, by=world.actor(f"{provider}.leader"), at=world.at)
        entries.append(entry)
    return entries


@pytest.mark.django_db(transaction=True)
def test_codes_are_distinct_and_without_gaps_when_many_submit_at_once(world: World) -> None:
    first, *others = ready_entries(world, 6)
    officer = world.actor("civil.officer")
    actions.submit(first, by=officer, at=world.at)

    def submit_and_linger(entry: Entry) -> None:
        with transaction.atomic():
            actions.submit(entry.pk, by=officer, at=world.at)
            time.sleep(0.1)

    answers = at_once(*(partial(submit_and_linger, entry) for entry in others))
    assert not [answer for answer in answers if isinstance(answer, Exception)], answers
    codes = sorted(Entry.objects.values_list("code", flat=True))
    assert codes == [f"3070010001/{n:06d}" for n in range(1, 7)]


def test_a_rolled_back_submission_gives_its_number_back(world: World) -> None:
    one, other = ready_entries(world, 2)
    with transaction.atomic():
        give_codes([(one, content())], at=world.at)
        assert one.code == "3070010001/000001"
        transaction.set_rollback(True)
    submitted = actions.submit(other, by=world.actor("civil.officer"), at=world.at)
    assert submitted.code == "3070010001/000001"


@pytest.mark.django_db(transaction=True)
def test_two_reviewers_deciding_at_once_decide_once(world: World) -> None:
    (entry,) = ready_entries(world, 1)
    actions.submit(entry, by=world.actor("civil.officer"), at=world.at)
    reviewer, chief = world.actor("authority.reviewer"), world.actor("authority.chief")
    answers = at_once(
        lambda: actions.review(entry.pk, by=reviewer, at=world.at),
        lambda: actions.return_entry(entry.pk, by=chief, at=world.at, reason="重写"),
    )
    assert sum(isinstance(answer, WrongState) for answer in answers) == 1
    assert sum(isinstance(answer, Entry) for answer in answers) == 1


def test_kept_counts_are_never_behind_what_is_published(world: World) -> None:
    clerk = world.actor("market.clerk")

    def seen() -> int:
        results = search.search("低保", actor=clerk)
        facet = next((f for f in results.facets if f.name == "share_type"), None)
        assert results.page.total == len(results.found)
        assert results.page.total == (sum(v.count for v in facet.values) if facet else 0)
        return results.page.total

    assert seen() == 0
    pk = published(world, title="低保甲")
    assert seen() == 1
    published(world, title="低保乙")
    assert seen() == seen() == 2
    actions.withdraw(pk, by=system_actor("grants"), at=world.at, reason="停用")
    assert seen() == 1
