"""Two hundred entries are reviewed and published together in a real browser, while one of them is moved by somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chromium import browsing_here, site_here
from jutong.slices.catalogue import actions
from jutong.slices.catalogue.models import Entry, Opinion
from published import ASSESSED, content
from windows import People, drained
from world import World

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MANY = 200


@pytest.fixture
def handed_in(world: World) -> list[int]:
    """Entries of the civil affairs bureau that wait for the authority."""
    officer, at = world.actor("civil.officer"), world.at
    ids = []
    for number in range(MANY):
        title = f"{'低保救助养老婚姻殡葬慈善社区区划残疾儿童'[number % 10 * 2 :][:2]}业务{number // 10 + 101}号台账"
        given = content(title, share_type="unconditional")
        ids.append(actions.compile_entry(by=officer, at=at, provider_id=world.department("civil"), content=given).pk)
    for entry in Entry.objects.filter(pk__in=ids).order_by("pk"):
        assessed = actions.assess(entry, by=world.actor("civil.secrecy"), at=at, **ASSESSED)
        actions.leader_approve(assessed, by=world.actor("civil.leader"), at=at)
    moved = actions.submit_entries(ids, by=officer, at=at)
    assert moved.done == ids, moved.refused
    return ids


@pytest.fixture
def people(world: World, handed_in: list[int], tmp_path: Path) -> Iterator[People]:
    with browsing_here("reviewing two hundred was") as browser, site_here() as address:
        yield People(browser, address, world, tmp_path)


def test_two_hundred_are_passed_and_published_together_and_the_one_that_moved_is_named(
    people: People, world: World, handed_in: list[int]
) -> None:
    reviewer = people("authority.reviewer", "/catalogue/review/")
    reviewer.get_by_label("每页条数").select_option(str(MANY))
    reviewer.get_by_role("button", name="查询").click()
    reviewer.get_by_label("选择本页全部").check()
    assert reviewer.locator("input[name=ids]:checked").count() == MANY
    moved = Entry.objects.get(pk=handed_in[7])
    reviewer.get_by_label(f"对《{Entry.objects.get(pk=handed_in[3]).title}》的意见").fill("摘要可再详细些")
    reviewer.get_by_label("总体意见").fill("同意发布")
    people.look("authority.reviewer", "review")
    actions.return_entry(moved.pk, by=world.actor("authority.chief"), at=world.at, reason="另案退回")
    reviewer.get_by_role("button", name="批量审核通过").click()
    told = reviewer.locator("main")
    assert f"未办理 1 条：《{moved.title}》" in told.inner_text()
    assert reviewer.get_by_role("link", name=moved.title).is_visible()
    people.look("authority.reviewer", "review-batch")
    assert Entry.objects.filter(state="reviewed").count() == MANY - 1
    assert Opinion.objects.get(entry=handed_in[3], kind="review").text == "摘要可再详细些"
    people("authority.reviewer", f"/catalogue/review/?state=reviewed&size={MANY}")
    reviewer.get_by_label("选择本页全部").check()
    reviewer.get_by_role("button", name="批量发布").click()
    assert f"已办理 {MANY - 1} 条" in told.inner_text()
    assert "通告编号" in told.inner_text()
    drained(world)
    people("authority.reviewer", "/catalogue/supervision/")
    people.look("authority.reviewer", "supervision")
    people("authority.reviewer", f"/catalogue/supervision/{world.department('civil')}/")
    people.look("authority.reviewer", "supervised")
    assert Entry.objects.filter(state="published").count() == MANY - 1
    assert people.complaints == []
