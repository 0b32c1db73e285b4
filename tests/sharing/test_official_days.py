"""Journeys through the official calendar 2017 to 2026: each line is walked by actions from its first day to its last.

Lines carry the rows of the requirements whose examples they are. Holidays, make-up Saturdays and Sundays, year ends; years
whose calendar is not announced, and years of which nothing is known.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from rules_world import due, under
from test_disputes import escalated, refused
from test_disputes import raised as disputed
from test_requests import asked, filed, reply

from correction_world import OPENED, entered, raised
from covers import covers
from jutong.dataplane import identity
from jutong.kernel import jurisdiction
from jutong.kernel import queries as kernel
from jutong.kernel.calendar.statutory import computed_rests
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken
from jutong.kernel.models import Clock
from jutong.kernel.settings import settings
from jutong.kernel.workdays import UnknownYear
from jutong.slices.correction import actions as corrections
from jutong.slices.grants import actions as grants
from jutong.slices.sharing import actions
from jutong.slices.sharing.models import Dispute, SharingRequest
from jutong.slices.standards import actions as standards
from jutong.slices.usage import actions as usage
from world import World

DECREE = date(2025, 8, 1)
ERROR: dict[str, Any] = {"kind": "error", "text": "姓名与身份证件不一致", "items": ["姓名"]}
OBJECTION: dict[str, Any] = {
    "ground": "error", "text": "本人婚姻状况登记错误", "evidence": "离婚证复印件，民政部门出具",
}  # fmt: skip
MISUSE: dict[str, Any] = {"category": "abuse", "text": "用于商业保险产品推荐，不在授权用途之内", "handler": "陈经办"}


def moment(day: str, hour: int = 2) -> datetime:
    """Ten o'clock in Beijing of a day, or another hour (UTC)."""
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


class Journeys:
    """The people of the city on their ways; every journey returns the last day of its limit."""

    def __init__(self, world: World) -> None:
        self.world = world
        identity.establish(settings().home / "nodes" / "local", at=world.at)
        self.plain, self.open = entered(world), entered(world, title="行政区划代码信息", **OPENED)
        self.clerk, self.officer = world.actor("hr.clerk"), world.actor("civil.officer")
        self.authority = world.actor("authority.reviewer")

    def request(self, at: datetime, resource: int = 0) -> SharingRequest:
        """A request as it is filed on that day: with a head's consent since the decree."""
        today, resource = beijing_day(at), resource or self.plain
        term = {"use_from": today, "use_until": today + timedelta(days=365)}
        if today >= DECREE:
            return filed(self.world, resource, at, **term)
        case = actions.write_request(by=self.clerk, at=at, asked=asked(resource, **term))
        return actions.file_directly(case, by=self.clerk, at=at)

    def reply(self, at: datetime) -> date:
        """The reply to a conditional request."""
        return due("sharing_request", self.request(at).pk, "reply")

    def unconditional(self, at: datetime) -> date:
        """The reply to a request for unconditional data."""
        return due("sharing_request", self.request(at, self.open).pk, "reply")

    def extended(self, at: datetime) -> date:
        """A reply extended by the ten days there are, asked for on its last day."""
        case = self.request(at)
        last = datetime.combine(due("sharing_request", case.pk, "reply"), datetime.min.time(), UTC)
        actions.ask_extension(case, by=self.officer, at=last, days=10, reason="需与省厅核对数据口径")
        actions.extend(case, by=self.authority, at=last, days=10)
        return due("sharing_request", case.pk, "reply")

    def supplemented(self, at: datetime) -> date:
        """Two papers asked for when four of ten days are used, handed in seven working days later: six days remain."""
        case = self.request(at)
        fourth, seventh = moment("2025-09-05"), moment("2025-09-16")
        actions.ask_supplement(case, by=self.officer, at=fourth, papers=["部门职责文件", "系统定级备案"])
        actions.supplement(case, by=self.clerk, at=seventh, text="两份材料已补交")
        (row, *_more) = kernel.clocks("sharing_request", [case.pk], seventh)[case.pk]
        assert row.left == 6
        return row.due_day

    def delivery(self, at: datetime) -> date:
        """The delivery of what was agreed to."""
        case = self.request(at)
        actions.prepare_reply(case, by=self.officer, at=at, reply=reply(use_until=None))
        case = actions.agree(case, by=self.world.actor("civil.head"), at=at)
        last = due("sharing_request", case.pk, "delivery")
        grants.revoke_grant(case.grant_id or 0, by=self.world.actor("civil.head"), at=at, reason="另行开通")
        return last

    def rectification(self, at: datetime) -> date:
        """The limit of ten days that a suspension for misuse sets."""
        case = self.request(at)
        actions.prepare_reply(case, by=self.officer, at=at, reply=reply(use_until=None))
        held = actions.agree(case, by=self.world.actor("civil.head"), at=at).grant_id or 0
        misuse = usage.open_misuse(by=self.officer, at=at, grant_ids=[held], **MISUSE)
        usage.suspend_misuse(
            misuse.pk, by=self.world.actor("civil.head"), at=at, ground="beyond_purpose", demand="停止推荐业务，删除名单",
            grant_ids=[held], days=10,
        )  # fmt: skip
        grants.revoke_grant(held, by=self.world.actor("civil.head"), at=at, reason="另行开通")
        return due("misuse_case", misuse.pk, "rectify")

    def negotiation(self, at: datetime) -> date:
        """The negotiation of a refused request, where it has a limit."""
        return due("dispute", self._dispute(at).pk, "negotiation")

    def coordination(self, at: datetime) -> date:
        """The coordination of what was not settled, where it has a limit."""
        return due("dispute", escalated(self.world, self._dispute(at), at).pk, "coordination")

    def _dispute(self, at: datetime) -> Any:
        kind = ("refusal", "quality", "delivery")[Dispute.objects.count()]
        return disputed(self.world, refused(self.world, self.plain), at, kind=kind)

    def feedback(self, at: datetime) -> date:
        """The last day on which an error that was found is fed back on time, tried day by day."""
        day, last = at, None
        while last is None:
            day += timedelta(days=1)
            if self._verification(day, found_on=at.date(), record=f"{day:%Y%m%d}").late:
                last = beijing_day(day - timedelta(days=1))
        return last

    def verification(self, at: datetime) -> date:
        """The verification of an error that a department reported, with its correction and the feedback."""
        clocks = Clock.objects.filter(case_kind="verification", case_id=self._verification(at, found_on=at.date()).pk)
        return clocks.get().due_day

    def _verification(self, at: datetime, **more: Any) -> Any:
        asker = corrections.department_asks(self.clerk, at)
        return corrections.report(by=self.clerk, at=at, asker=asker, resource_id=self.plain, **ERROR, **more)

    def _objection(self, at: datetime) -> Any:
        return raised(self.world, corrections.raise_objection, at, resource_id=self.plain, **OBJECTION)[0]

    def marked(self, at: datetime) -> date:
        """The mark on data objected to."""
        return due("objection", self._objection(at).pk, "mark")

    def transferred(self, at: datetime) -> date:
        """The transfer of an objection to the department."""
        return due("objection", self._objection(at).pk, "transfer")

    def decided(self, at: datetime) -> date:
        """The authority's own decision."""
        return due("objection", self._objection(at).pk, "own_decision")

    def department_decided(self, at: datetime) -> date:
        """The department's decision, counted from its own receipt."""
        case = self._objection(at)
        corrections.mark_objection(case, by=self.authority, at=at)
        corrections.transfer_objection(case, by=self.authority, at=at, department_id=self.world.department("civil"))
        return due("objection", case.pk, "department")

    def opened(self, at: datetime) -> date:
        """The answer to an application about the open catalogue, extended by ten days where the principal consents."""
        words = {"field": "abstract", "text": "摘要与实际内容不符", "proposed": "全市婚姻登记机关名录"}
        case, _code = raised(self.world, corrections.apply_for_correction, at, resource_id=self.open, **words)
        first = Clock.objects.get(case_kind="open_correction", case_id=case.pk)
        self.first_answer = first.due_day
        corrections.extend_answer(case, by=self.world.actor("civil.principal"), at=at, days=10)
        first.refresh_from_db()
        return first.due_day


TABLE = """
R-SHR-006 W06           | jiangxi-2017        | reply              | 2017-09-29 | 2017-10-19
R-SHR-006 W06           | jiangxi-2017        | reply              | 2017-12-29 | 2018-01-15
R-SHR-006 W06           | jiangxi-2017        | reply              | 2018-02-09 | 2018-02-28
R-SHR-006 W06           | inner-mongolia-2018 | reply              | 2018-12-21 | 2019-01-07
R-SHR-006 W06           | inner-mongolia-2018 | reply              | 2019-04-26 | 2019-05-13
R-SHR-006 W06           | inner-mongolia-2018 | reply              | 2020-01-17 | 2020-02-07
R-SHR-006 R-OVR-035     | jiangxi-2017        | reply              | 2020-09-28 | 2020-10-19
R-SHR-006 W06           | neijiang-2020       | reply              | 2021-02-05 | 2021-02-24
R-SHR-006 W06           | liyang-2020         | reply              | 2021-12-31 | 2022-01-17
R-SHR-006 W06           | liyang-2020         | reply              | 2022-09-28 | 2022-10-17
R-SHR-006 W06           | neijiang-2020       | reply              | 2023-01-18 | 2023-02-06
R-SHR-006 W06           | jiangxi-2017        | reply              | 2024-02-02 | 2024-02-21
R-SHR-006 W06           | inner-mongolia-2018 | reply              | 2025-01-24 | 2025-02-13
R-SHR-006 R-OVR-035     | national-2025       | reply              | 2025-09-30 | 2025-10-21
R-SHR-006 W06           | liyang-2020         | reply              | 2025-12-29 | 2026-01-13
R-SHR-006 W06           | neijiang-2020       | reply              | 2026-02-12 | 2026-03-04
R-SHR-040 R-OVR-035     | national-2025       | unconditional      | 2025-09-30 | 2025-10-09
R-SHR-040 W06           | national-2025       | unconditional      | 2025-12-31 | 2026-01-04
R-SHR-041 W06           | national-2025       | extended           | 2025-09-30 | 2025-11-04
R-SHR-041 W06           | jiangxi-2017        | extended           | 2026-02-12 | 2026-03-18
R-SHR-042 W06           | national-2025       | supplemented       | 2025-09-01 | 2025-09-24
R-SHR-044 R-OVR-035     | national-2025       | delivery           | 2025-09-30 | 2025-11-04
R-SHR-044 W06           | inner-mongolia-2018 | delivery           | 2025-12-29 | 2026-01-27
R-SHR-049 W25           | national-2025       | rectification      | 2025-09-30 | 2025-10-21
R-SHR-012 W07           | inner-mongolia-2018 | negotiation        | 2025-09-30 | 2025-10-21
R-SHR-013 W07           | inner-mongolia-2018 | coordination       | 2025-09-30 | 2025-11-18
R-SHR-013 W07           | inner-mongolia-2018 | coordination       | 2026-02-12 | 2026-04-01
R-COR-002 W10           | inner-mongolia-2018 | feedback           | 2020-09-28 | 2020-10-12
R-COR-002 R-CAS-013 W10 | inner-mongolia-2018 | feedback           | 2025-09-30 | 2025-10-14
R-COR-004 W10           | inner-mongolia-2018 | verification       | 2020-09-28 | 2020-10-19
R-COR-004 W10           | neijiang-2020       | verification       | 2024-09-27 | 2024-10-16
R-COR-004 R-COR-021 W10 | liyang-2020         | verification       | 2025-09-30 | 2025-10-21
R-CAS-013 R-COR-021 W10 | jiangxi-2017        | verification       | 2025-12-29 | 2026-01-13
R-COR-014 W11           | neijiang-2020       | marked             | 2020-09-28 | 2020-10-09
R-COR-014 W11           | neijiang-2020       | marked             | 2025-09-30 | 2025-10-11
R-COR-015 W11           | neijiang-2020       | decided            | 2020-09-28 | 2020-10-19
R-COR-016 W11           | neijiang-2020       | transferred        | 2022-09-28 | 2022-10-10
R-COR-017 W11           | neijiang-2020       | department_decided | 2025-09-30 | 2025-10-14
R-COR-010 W12           | neijiang-2020       | opened             | 2020-09-28 | 2020-11-02
R-COR-010 W12           | neijiang-2020       | opened             | 2025-12-29 | 2026-01-27
"""
LINES = [tuple(cell.strip() for cell in line.split("|")) for line in TABLE.strip().splitlines()]


@covers(partly=["R-SHR-006", "R-SHR-040", "R-SHR-041", "R-SHR-042", "R-SHR-044", "R-OVR-035", "R-CAS-013"])
def test_every_limit_of_the_texts_ends_on_its_day_in_the_official_calendar(world: World) -> None:
    journeys, walked = Journeys(world), []
    for rows, profile, journey, begins, _ends in LINES:
        under(world, profile)
        walked.append((rows, profile, journey, begins, str(getattr(journeys, journey)(moment(begins)))))
    assert walked == LINES


@covers(partly=["R-SHR-006", "R-SHR-041"])
def test_the_tenth_day_is_on_time_the_eleventh_is_late_and_no_longer_to_be_extended(world: World) -> None:
    journeys = Journeys(world)
    case = journeys.request(moment("2025-09-30"))
    world.drain(moment("2025-10-21", 15))  # eleven at night in Beijing
    (row,) = kernel.clocks("sharing_request", [case.pk], moment("2025-10-21", 15))[case.pk]
    assert (row.left, row.state) == (0, "running")
    assert not Clock.objects.filter(case_id=case.pk, case_kind="sharing_request").exclude(overdue_at=None).exists()
    world.drain(moment("2025-10-21", 17))  # the 22nd in Beijing
    assert Clock.objects.get(case_id=case.pk, case_kind="sharing_request", name="reply").overdue_at
    with pytest.raises(RuleBroken, match="期限届满前"):
        actions.ask_extension(
            case, by=journeys.officer, at=moment("2025-10-21", 17), days=5, reason="需与省厅核对数据口径"
        )
    actions.prepare_reply(case, by=journeys.officer, at=moment("2025-10-22"), reply=reply())
    actions.agree(case, by=world.actor("civil.head"), at=moment("2025-10-22"))
    (row, *_delivery) = kernel.clocks("sharing_request", [case.pk], moment("2025-10-22"))[case.pk]
    assert row.text == "逾期办结"


def notice(year: int, *changes: str) -> BytesIO:
    """The official calendar of a year as a file: the statutory days, and lines beside them."""
    named = [f"{day},休,{name}" for day, name in sorted(computed_rests(year).items())]
    return BytesIO("\n".join(["日期,类型,名称", *named, *changes]).encode())


@covers(partly=["R-OVR-035"])
def test_a_limit_into_an_unannounced_year_is_provisional_and_counted_again_when_the_year_is_loaded(
    world: World,
) -> None:
    journeys = Journeys(world)
    plain = journeys.request(moment("2026-12-24"))
    waited = journeys.request(moment("2026-12-14"), entered(world, title="临时救助信息"))
    last = due("sharing_request", waited.pk, "reply")
    assert last == date(2026, 12, 28)
    actions.ask_supplement(waited, by=journeys.officer, at=moment("2026-12-28"), papers=["部门职责文件"])
    actions.supplement(waited, by=journeys.clerk, at=moment("2026-12-31"), text="已补交")
    for case, day in ((plain, "2027-01-08"), (waited, "2027-01-04")):
        clock = Clock.objects.get(case_kind="sharing_request", case_id=case.pk, name="reply")
        assert (str(clock.due_day), clock.provisional) == (day, True), case.pk
    made_up = ("2027-01-02,班,调休", "2027-01-04,休,调休", "2027-01-05,休,调休")
    standards.import_calendar(notice(2027, *made_up), by=world.actor("authority.operator"), at=world.at)
    for case, day in ((plain, "2027-01-11"), (waited, "2027-01-02")):
        clock = Clock.objects.get(case_kind="sharing_request", case_id=case.pk, name="reply")
        assert (str(clock.due_day), clock.provisional) == (day, False), case.pk


def test_a_year_of_which_nothing_is_known_is_an_error_and_starts_no_clock(world: World) -> None:
    case = actions.write_request(
        by=world.actor("hr.clerk"), at=moment("2050-12-30"),
        asked=asked(entered(world), use_from=date(2050, 12, 30), use_until=date(2051, 12, 30)),
    )  # fmt: skip
    jurisdiction.calendar()
    actions.consent(case, by=world.actor("hr.head"), at=moment("2050-12-30"))
    with pytest.raises(UnknownYear, match="2051 年没有工作日历数据"):
        actions.file_request(case, by=world.actor("hr.clerk"), at=moment("2050-12-30"))
    case.refresh_from_db()
    assert (case.state, Clock.objects.count()) == ("head_consented", 0)
