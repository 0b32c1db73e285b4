"""The template pieces: states and clocks in colour and words, tables, pagers, facets, forms; nothing inline."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

import jutong
from jutong.kernel.faces import pieces
from jutong.kernel.faces.templatetags import jutong as tags
from jutong.kernel.jobs import ProgressRow
from jutong.kernel.paging import Page
from jutong.site.pages.pieces import SampleForm, sample, sample_clocks

SOURCE = Path(jutong.__file__).parent
TEMPLATES = sorted(SOURCE.rglob("templates/**/*.html"))


def drawn(source: str, query: str = "", **context: object) -> str:
    request = RequestFactory().get("/list" + query)
    return Template(source).render(Context({"request": request, **context}))


@pytest.mark.parametrize("clock", sample_clocks(), ids=lambda clock: clock.text)
def test_a_clock_shows_words_day_and_article_beside_its_colour(clock: object) -> None:
    html = drawn("{% clock_badge clock %}", clock=clock)
    assert clock.text in html
    assert "2026-10-14" in html
    assert html.count("国务院令第 809 号第二十一条") == 2, "as tooltip and as visible text"
    assert f"jt-badge-{pieces.CLOCK_TONES[clock.tone]}" in html


def test_a_state_badge_never_speaks_by_colour_alone() -> None:
    assert drawn("{% state_badge 'published' '已发布' %}") == '<span class="jt-badge jt-badge-good">已发布</span>'
    assert "jt-badge-neutral" in drawn("{% state_badge 'whatever' '其他' %}")


def test_no_state_has_two_tones() -> None:
    names = [name for group in (pieces._GOOD, pieces._INFO, pieces._WAIT, pieces._BAD) for name in group.split()]
    assert len(names) == len(set(names))


def test_badges_escape_what_they_show() -> None:
    assert "<script>" not in drawn("{% badge text %}", text="<script>alert(1)</script>")


def test_cells_carry_their_label_for_narrow_screens_and_escape_it() -> None:
    html = drawn("""{% td label css="jt-num" %}{{ value }}{% endtd %}""", label='"><b>', value="<i>5")
    assert html == '<td data-label="&quot;&gt;&lt;b&gt;" class="jt-num"><div>&lt;i&gt;5</div></td>'


def test_a_heading_sorts_and_turns_round() -> None:
    first = drawn("{% th 'title' '名称' %}", "?q=a&page=4")
    assert 'aria-sort="none"' in first
    assert 'href="?q=a&amp;sort=title"' in first
    assert 'href="?sort=-title"' in drawn("{% th 'title' '名称' %}", "?sort=title")
    assert 'aria-sort="descending"' in drawn("{% th 'title' '名称' %}", "?sort=-title")


def test_the_pager_keeps_the_query_and_links_near_pages() -> None:
    html = drawn("{% pager meta %}", "?q=企业&page=3", meta=Page(3, 20, 43127))
    assert "共 43,127 条" in html
    assert [int(n) for n in re.findall(r">(\d+)<", html)] == [1, 2, 3, 4, 5, 2157]
    assert "q=%E4%BC%81%E4%B8%9A&amp;page=4" in html


def test_a_single_page_shows_its_total_only() -> None:
    assert "<nav" not in drawn("{% pager meta %}", meta=Page(1, 20, 7))
    assert "条以上" in drawn("{% pager meta %}", meta=Page(1, 20, 100_000, capped=True))


def test_facets_add_and_remove_a_value_and_forget_the_page() -> None:
    facet = pieces.Facet(
        "share", "共享类型", [pieces.FacetChoice("1", "无", 3), pieces.FacetChoice("2", "有", 5, chosen=True)]
    )
    html = drawn("{% facets groups %}{% chosen_facets groups %}", "?share=2&page=9&q=x", groups=[facet])
    assert 'href="?share=2&amp;q=x&amp;share=1"' in html or 'href="?share=2&amp;share=1&amp;q=x"' in html
    assert 'href="?q=x" aria-current="true"' in html
    assert "清除全部条件" in html


def test_a_field_ties_label_help_and_error_to_its_input() -> None:
    form = SampleForm({"title": "a\x07"})
    html = drawn("{% field form.title %}{% field form.modes %}{% form_errors form %}", form=form)
    assert '<label class="jt-label" for="id_title">' in html
    assert 'aria-describedby="id_title_helptext id_title_error"' in html
    assert 'aria-invalid="true"' in html
    assert "U+0007" in html
    assert 'title="必填"' in html
    assert "<fieldset" in html
    assert 'href="#id_title"' in html


def test_progress_polls_until_it_is_over() -> None:
    running = ProgressRow(1, "导入", "running", 5, 10, 50, "", None, "")
    ended = ProgressRow(1, "导入", "done", 10, 10, 100, "", None, "/result")
    assert 'hx-trigger="every 1s"' in drawn("{% progress row '/p/1' %}", row=running)
    html = drawn("{% progress row '/p/1' %}", row=ended)
    assert "hx-" not in html
    assert 'href="/result"' in html


def test_a_confirmation_works_as_a_plain_form_with_its_tokens() -> None:
    html = drawn("{% confirm '/x' '退回' '写明理由。' tone='danger' reason='required' %}", csrf_token="c" * 32)
    assert '<form method="post" action="/x">' in html
    assert 'name="once_token"' in html
    assert 'name="csrfmiddlewaretoken"' in html
    assert re.search(r"<textarea[^>]* required>", html)


def test_a_difference_shows_old_and_new_and_leaves_equal_values_alone() -> None:
    html = drawn("{% diff rows %}", rows=[pieces.Change("周期", "每周", "每日"), pieces.Change("名称", "甲", "甲")])
    assert "<del>每周</del>" in html
    assert "<ins>每日</ins>" in html
    assert "<del>甲</del>" not in html


def test_a_chart_also_stands_as_a_table() -> None:
    html = drawn("{% chart chart 'c' %}", chart=sample()["chart"])
    assert '<script id="c-data" type="application/json">' in html
    assert html.count("<tr>") == 7


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "—"), (0, "0 B"), (1023, "1,023 B"), (1024, "1.0 KB"), (73400320, "70.0 MB"), (5 * 1024**4, "5,120.0 GB")],
)
def test_sizes_are_written_in_units(value: int | None, words: str) -> None:
    assert tags.size(value) == words


def test_numbers_money_days_and_moments_are_written_for_people() -> None:
    assert tags.number(43000) == "43,000"
    assert tags.number(None) == "—"
    assert tags.money(Decimal(980)) == "980.00 元"
    assert tags.money(1234567.5) == "123.46 万元"
    at = datetime(2026, 9, 29, 17, 30, tzinfo=UTC)
    assert (tags.day(at), tags.moment(at)) == ("2026-09-30", "2026-09-30 01:30")
    assert tags.long_day(date(2026, 9, 30)) == "2026年9月30日 星期三"
    with translation.override("en"):
        assert tags.long_day(date(2026, 9, 30)) == "Wednesday 30 September 2026"
        assert tags.words("无条件共享") == "Unconditional sharing"


# ---- every template of the product ----


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_templates_hold_nothing_that_the_content_policy_forbids(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|javascript:", text), "inline style or handler"
    for script in re.findall(r"<script[^>]*>", text):
        assert "src=" in script or "application/json" in script
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text), "an address outside the site"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_every_posting_form_carries_its_tokens(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    csrf_is_enough = '{% extends "door.html" %}' in text or path.name in {"language.html", "bar.html"}
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", text, flags=re.DOTALL):
        if path.name == "ticket.html":
            assert "token" not in form, "this form is posted to the gateway, which may not learn our tokens"
        elif csrf_is_enough:
            assert "csrf_token" in form
        else:
            assert "form_tokens" in form, "use {% form_tokens %}: CSRF token and once-token"
