"""Loading later years of the working-day calendar."""

import io
from datetime import date

import openpyxl
import pytest

from covers import covers
from jutong.kernel import jurisdiction
from jutong.kernel.calendar.statutory import computed_rests
from jutong.kernel.clock import end_of_day
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, TooLarge
from jutong.kernel.models import CalendarDay, Clock, OutboxEvent
from jutong.kernel.workdays import add_workdays
from jutong.slices.standards import actions, queries

YEAR = 2027


def notice(year=YEAR, extra=()):
    """A notice for a year as rows of text: the statutory days off, and what is added."""
    return [(day.isoformat(), "休", name) for day, name in sorted(computed_rests(year).items())] + list(extra)


def text(rows, encoding="utf-8"):
    return io.BytesIO(("日期,类型,名称\n" + "\n".join(",".join(row) for row in rows)).encode(encoding))


def workbook(rows):
    book = openpyxl.Workbook()
    for row in [("日期", "类型", "名称"), *((date.fromisoformat(day), kind, name) for day, kind, name in rows)]:
        book.active.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    buffer.seek(0)
    return buffer


@covers("R-OVR-035")
def test_a_loaded_year_is_no_longer_provisional_and_running_clocks_are_computed_again(world):
    start = date(2026, 12, 30)
    before = add_workdays(start, 3, jurisdiction.calendar())
    assert before.provisional
    clock = Clock.objects.create(
        case_kind="x", case_id=1, name="reply", label="答复", started_on=start, days=3, due_day=before.day,
        due_at=end_of_day(before.day), overdue_on=before.day, warn_on=start, provisional=True, parameter="p", explanation="e",
    )  # fmt: skip
    shifted = [(before.day.isoformat(), "休", "调休")] + [
        (d, k, n) for d, k, n in notice() if d != before.day.isoformat()
    ]
    loaded = actions.import_calendar(text(shifted), by=world.actor("authority.operator"), at=world.at)
    assert (loaded.years, loaded.clocks) == ((YEAR,), 1)
    clock.refresh_from_db()
    assert clock.due_day > before.day
    assert not clock.provisional
    assert OutboxEvent.objects.get(name="standards.calendar_imported").payload["clocks"] == 1
    assert queries.calendar_year(YEAR, world.at).announced


@pytest.mark.parametrize(
    "file",
    [lambda: text(notice()), lambda: text(notice(), "gb18030"), lambda: workbook(notice())],
    ids=["utf8", "gbk", "xlsx"],
)
def test_csv_in_both_encodings_and_excel_are_read(world, file):
    loaded = actions.import_calendar(file(), by=world.actor("admin.system"), at=world.at)
    assert loaded.years == (YEAR,)
    assert CalendarDay.objects.count() == loaded.days == len(notice())


def test_loading_a_year_again_replaces_it_and_counts_anew_at_once(world):
    by = world.actor("authority.operator")
    actions.import_calendar(text(notice()), by=by, at=world.at)
    day = next(d for d in (date(YEAR, 6, n) for n in range(1, 30)) if jurisdiction.calendar().is_workday(d))
    moved = [(day.isoformat(), "休", "改"), *notice()]
    actions.import_calendar(text(moved), by=by, at=world.at)
    assert not jurisdiction.calendar().is_workday(day)
    actions.import_calendar(text(notice()), by=by, at=world.at)
    assert jurisdiction.calendar().is_workday(day)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("2027-13-01", "休", "")], "第 2 行：日期"),
        ([("2027-01-01", "玩", "")], "休”或“班"),
        ([("2027-01-01", "休", ""), ("2027-01-01", "班", "")], "矛盾"),
        ([("2027-01-01", "休", "元旦")], "不完整"),
        ([], "没有数据行"),
    ],
)
def test_a_bad_file_changes_nothing_and_says_what_is_wrong(world, rows, sentence):
    with pytest.raises(RuleBroken, match=sentence):
        actions.import_calendar(text(rows), by=world.actor("authority.operator"), at=world.at)
    assert not CalendarDay.objects.exists()


@pytest.mark.parametrize(
    ("content", "refusal"),
    [(b"PK\x03\x04xx", RuleBroken), (b"\xff\xfe\x00\x01\x80", RuleBroken), (b"x" * (2 * 1024 * 1024 + 1), TooLarge)],
)
def test_what_is_no_calendar_is_refused(world, content, refusal):
    with pytest.raises(refusal):
        actions.import_calendar(io.BytesIO(content), by=world.actor("authority.operator"), at=world.at)


def test_only_operations_load_the_calendar(world):
    for key in ("market.head", "authority.chief", "admin.security", "admin.audit", "audit.auditor"):
        with pytest.raises(NotAllowed):
            actions.import_calendar(text(notice()), by=world.actor(key), at=world.at)


@covers(partly=["R-OVR-035"])
def test_the_grid_shows_holidays_and_make_up_days_of_the_notice(world):
    year = queries.calendar_year(2025, world.at)
    days = {d.day: d for m in year.months for w in m.weeks for d in w if not d.outside}
    assert (days[date(2025, 10, 1)].mark, days[date(2025, 10, 11)].mark, days[date(2025, 9, 30)].mark) == (
        "休",
        "班",
        "",
    )
    assert sum(m.workdays for m in year.months) == year.workdays == 248
    assert not queries.calendar_year(2030, world.at).announced
    with pytest.raises(NotThere):
        queries.calendar_year(1999, world.at)


def test_the_pages_show_the_year_and_take_the_file(world):
    client = world.client("authority.operator")
    assert "2026 年工作日历" in client.get("/standards/calendar?year=2026").content.decode()
    assert client.get("/standards/calendar?year=1999").status_code == 404
    assert client.get("/standards/calendar?year=abc").status_code == 200
    from django.core.files.uploadedfile import SimpleUploadedFile

    bad = SimpleUploadedFile("c.csv", "2027-01-01,休,元旦".encode())
    answer = client.post("/standards/calendar/import", {"file": bad})
    assert answer.status_code == 422
    assert "不完整" in answer.content.decode()
    good = SimpleUploadedFile("c.csv", text(notice()).getvalue())
    assert client.post("/standards/calendar/import", {"file": good}).status_code == 303


def test_the_api_reads_a_year_and_loads_one(world):
    client = world.client("authority.operator")
    seen = client.get("/api/v1/standards/calendar/2025").json()
    assert {"day": "2025-10-11", "works": True, "name": seen["days"][-1]["name"]} in seen["days"]
    rows = {"days": [{"day": day, "kind": kind, "name": name} for day, kind, name in notice()]}
    assert client.post("/api/v1/standards/calendar", rows, content_type="application/json").json()["years"] == [YEAR]
    assert (
        world.client("market.head")
        .post("/api/v1/standards/calendar", rows, content_type="application/json")
        .status_code
        == 403
    )
    assert (
        client.post("/api/v1/standards/calendar", {"days": [{"day": "x"}]}, content_type="application/json").status_code
        == 422
    )
