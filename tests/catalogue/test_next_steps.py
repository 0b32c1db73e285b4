"""From every page to the next step: a search that finds nothing, an entry and how to obtain it, a figure and its records."""

from __future__ import annotations

import re

from jutong.kernel import panels
from jutong.slices.catalogue import actions
from published import handed_in, published
from world import World


def shown(world: World, who: str, path: str, **asked: object) -> str:
    answer = world.client(who).get(path, asked)
    assert answer.status_code == 200, path
    body: str = answer.content.decode()
    return body


def test_a_search_that_finds_nothing_leads_those_who_may_to_a_demand_for_it(world: World) -> None:
    step = "/catalogue/demands/new/?wanted=%E5%AE%87%E8%88%AA%E5%91%98"
    assert step in shown(world, "market.officer", "/catalogue/", q="宇航员")
    assert step not in shown(world, "authority.reviewer", "/catalogue/", q="宇航员")
    assert "没有可以检索的文字" in shown(world, "market.officer", "/catalogue/", q="《》？")


def test_a_search_within_filters_keeps_them_and_a_filter_that_no_database_holds_is_left_out(world: World) -> None:
    published(world)
    page = shown(world, "market.clerk", "/catalogue/", share_type="conditional", domain="坏\x00值")
    form = page[page.index('role="search"', page.index('id="main"')) :]
    assert '<input type="hidden" name="share_type" value="conditional">' in form[: form.index("</form>")]
    assert "城乡低保对象信息" in page


def test_how_to_obtain_an_entry_stands_before_what_it_is_and_its_items_before_what_is_said_of_it(world: World) -> None:
    page = shown(world, "market.clerk", f"/catalogue/{published(world)}/")
    places = [
        page.index(sign) for sign in ("/sharing/new/", "质量与新鲜度", "信息项（", "评议与问答", "引用与机器可读形式")
    ]
    assert places == sorted(places)


def test_the_entries_that_supervision_counts_are_those_that_search_shows(world: World) -> None:
    published(world)
    published(world, title="殡葬补贴发放")
    link = f"/catalogue/?provider_id={world.department('civil')}"
    assert "共 2 条" in shown(world, "authority.reviewer", link)
    for path in ("/catalogue/supervision/", "/catalogue/health/"):
        page = shown(world, "authority.reviewer", path)
        assert f'<a href="{link}">2</a>' in page, path
        nav = page[page.index('aria-current="page"', page.index('class="jt-side"')) :]
        assert "目录监督" in nav[: nav.index("</a>")], path


def test_a_list_to_which_a_figure_led_says_of_which_department_it_is(world: World) -> None:
    civil = world.department("civil")
    for path in ("/catalogue/health/entries/", "/catalogue/updates/", "/catalogue/supervision/reviews/"):
        page = shown(world, "authority.reviewer", path, department=civil)
        assert '<a class="jt-chosen" href="?">部门：内江市民政局' in page, path


def test_a_queue_offers_only_what_can_be_done_with_what_is_in_it(world: World) -> None:
    ids = handed_in(world, "待审甲", "待审乙")

    def offered() -> list[str]:
        return re.findall(r'name="verb" value="(\w+)"', shown(world, "authority.reviewer", "/catalogue/review/"))

    assert offered() == ["review", "return_entry"]
    actions.review_entries(ids[:1], by=world.actor("authority.reviewer"), at=world.at)
    assert offered() == ["review", "publish", "return_entry"]


def test_what_every_slice_says_of_an_entry_is_of_the_kind_that_its_page_reads() -> None:
    offered = panels._PANELS["entry"].values()
    assert len(offered) > 1
    assert {panel.name: panel.query.__annotations__["return"].partition(" ")[0] for panel in offered} == dict.fromkeys(
        (panel.name for panel in offered), "Said"
    )
