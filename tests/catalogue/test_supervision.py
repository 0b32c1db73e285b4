"""Supervision per department: completeness, timeliness, dead entries, review times, changes met and missed."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest

from covers import covers
from jutong.kernel.actors import system_actor
from jutong.kernel.errors import NotAllowed
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import Pulse, PulseTally, TurnTally
from jutong.slices.catalogue.queries import Period, tallies
from published import handed_in, published
from world import World

SPRING = Period(date(2026, 3, 1), date(2026, 5, 31))


def change(world: World, pk: int, **more: Any) -> None:
    given = {
        "provider_id": world.department("civil"),
        "kind": "function_change",
        "occasion": "职责划转",
        "entries": [pk],
    }
    actions.register_change(
        by=world.actor("authority.chief"), at=world.at, event_on=date(2026, 3, 2), **{**given, **more}
    )


@covers(partly=["R-CAT-023", "R-CAT-026", "R-CAT-058"])
def test_each_department_is_seen_with_its_entries_its_reviews_and_its_changes(world: World) -> None:
    stale = published(world, update_cycle="weekly")
    published(world, "hr", title="参保信息", update_cycle="none")
    change(world, stale)
    ids = handed_in(world, "批量资源甲", "批量资源乙", "批量资源丙")
    later = world.at + timedelta(days=4)  # Friday
    actions.review_entries(ids[:2], by=world.actor("authority.reviewer"), at=later)
    actions.return_entry(ids[2], by=world.actor("authority.reviewer"), at=later + timedelta(days=3), reason="补摘要")
    month = world.at + timedelta(days=40)
    rows = {r.department: r for r in queries.supervision(world.actor("authority.reviewer"), SPRING, at=month)}
    civil, hr = rows["内江市民政局"], rows["内江市人力资源和社会保障局"]
    assert (civil.entries.stale, civil.entries.zombie, civil.entries.timely, hr.entries.timely) == (1, 1, 0, None)
    assert (civil.updates.triggers, civil.updates.missed, hr.updates.triggers) == (1, 1, 0)
    seen = civil.reviews
    assert (seen.handed, seen.passed, seen.returned, seen.waiting, seen.longest) == (4, 3, 1, 0, 5)
    assert (seen.days, seen.at_once) == (3.3, 75)
    assert [r.department for r in queries.supervision(world.actor("hr.officer"), SPRING, at=month)] == [hr.department]
    assert queries.supervision(world.actor("county.officer"), SPRING, at=month) == []
    with pytest.raises(NotAllowed):
        queries.supervised(world.actor("county.officer"), SPRING, at=month, department=world.department("civil"))
    _row, months = queries.supervised(
        world.actor("civil.officer"), SPRING, at=month, department=world.department("civil")
    )
    assert [(m.first.month, m.handed, m.returned, m.on_time, m.late) for m in months] == [(3, 4, 1, 0, 1)]


@covers(partly=["R-CAT-026"])
def test_every_figure_leads_to_what_it_counts_on_pages_and_in_excel(world: World) -> None:
    change(world, published(world, update_cycle="weekly"))
    handed_in(world, "批量资源甲")
    reviewer, civil = world.client("authority.reviewer"), world.department("civil")
    days = "first=2026-03-01&last=2026-05-31"
    overview = reviewer.get(f"/catalogue/supervision/?{days}").content.decode()
    assert f"/catalogue/supervision/{civil}/" in overview
    one = reviewer.get(f"/catalogue/supervision/{civil}/?{days}").content.decode()
    for path, found in (
        (f"/catalogue/health/entries/?department={civil}&ailment=zombie", "城乡低保对象信息"),
        (f"/catalogue/updates/?department={civil}&outcome=missed&first=2026-03-01&last=2026-05-31", "职责划转"),
        (f"/catalogue/supervision/reviews/?department={civil}&outcome=waiting&first=2026-03-01&last=2026-05-31", "批量资源甲"),
    ):  # fmt: skip
        assert path.replace("&", "&amp;") in one, path
        assert found in reviewer.get(path).content.decode(), path
    assert "职责划转" not in reviewer.get(f"/catalogue/updates/?department={civil}&outcome=on_time").content.decode()
    for what, cell in (("departments", "内江市民政局"), ("reviews", "批量资源甲")):
        answer = reviewer.get(f"/catalogue/supervision/export/{what}/?{days}&outcome=waiting")
        sheet: Any = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active  # type: ignore[attr-defined]
        assert cell in {line.value for line in sheet[2]}, what
    assert world.client("market.officer").get(f"/catalogue/supervision/{civil}/").status_code == 403
    (row,) = reviewer.get(f"/api/v1/catalogue/supervision?{days}").json()
    assert (row["updates"]["missed"], row["entries"]["zombie"], row["reviews"]["waiting"]) == (1, 1, 1)


@covers(partly=["R-CAT-026", "R-CAT-058"])
def test_what_is_kept_of_a_department_is_what_its_entries_and_hand_ins_come_to_on_every_day(world: World) -> None:
    """Pulses and hand-ins are changed in every way; what is kept, joined or not, equals what the lists count."""
    ids = [
        published(world, title=f"资源{name}", update_cycle=cycle)
        for name, cycle in (("甲", "weekly"), ("乙", "none"), ("丙", "monthly"), ("丁", "daily"))
    ]
    world.drain()
    reviewer, civil = world.actor("authority.reviewer"), world.department("civil")
    actions.note_mounted(ids[0], active=True, at=world.at)
    actions.note_mounted(ids[1], active=True, at=world.at)
    actions.note_mounted(ids[1], active=False, at=world.at)
    actions.note_granted([ids[2]], at=world.at)
    Pulse.objects.filter(pk=ids[3]).update(refreshed_on=date(2026, 3, 9), due_on=date(2026, 3, 10), completeness=20)
    handed_in(world, "待审资源")

    def counted() -> None:
        for days in (0, 8, 32, 181, 400):
            at = world.at + timedelta(days=days)
            (row,) = queries.supervision(reviewer, Period(date(2026, 3, 1), date(2026, 3, 31)), at=at)
            for ailment in ("stale", "never_refreshed", "unused", "source_gone", "no_resource", "zombie", "thin"):
                listed = queries.ailing(reviewer, at=at, ailment=ailment, department=civil)[1].total
                assert getattr(row.entries, ailment) == listed, (ailment, days)
            assert (row.entries.entries, row.entries.granted) == (4, 1)
        for first, last in ((1, 31), (1, 2), (2, 15), (3, 31)):
            period = Period(date(2026, 3, first), date(2026, 3, last))
            (row,) = queries.supervision(reviewer, period, at=world.at + timedelta(days=40))
            assert row.reviews.handed == queries.review_turns(reviewer, period)[1].total, (first, last)

    counted()
    before = PulseTally.objects.count(), TurnTally.objects.count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tallies, "SLACK", -before[0])
        assert actions.join_counts(at=world.at) > 0
    assert PulseTally.objects.count() < before[0]
    counted()


def test_a_period_is_cut_into_whole_months_and_the_days_beside_them() -> None:
    today = date(2026, 5, 20)
    spring, march = Period(date(2026, 3, 10), today), Period(date(2026, 3, 10), date(2026, 3, 20))
    assert spring.by_months(today) == (
        Period(date(2026, 4, 1), date(2026, 5, 31)), [Period(date(2026, 3, 10), date(2026, 3, 31))],
    )  # fmt: skip
    assert march.by_months(today) == (None, [march])
    assert Period(date(2026, 3, 1), date(2026, 4, 2)).by_months(today) == (
        Period(date(2026, 3, 1), date(2026, 3, 31)), [Period(date(2026, 4, 1), date(2026, 4, 2))],
    )  # fmt: skip


def test_a_withdrawn_entry_no_longer_counts(world: World) -> None:
    pk = published(world)
    assert [row.entries for row in queries.liveliness(world.actor("authority.reviewer"), at=world.at)] == [1]
    actions.withdraw(pk, by=system_actor("test"), at=world.at, reason="停办")
    assert queries.liveliness(world.actor("authority.reviewer"), at=world.at) == []
    assert not Pulse.objects.get(pk=pk).in_force
