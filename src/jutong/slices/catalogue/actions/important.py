"""The catalogue of important data: what is graded important or core is reported, confirmed and looked after (R-SEC-040)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actors import Actor, Role, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken
from jutong.kernel.levels import LISTED, label_of
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import Entry, ImportantData
from jutong.slices.catalogue.queries.published import published
from jutong.slices.catalogue.rules.sources import check_reason
from jutong.slices.catalogue.workflow import IMPORTANT
from jutong.slices.parties import queries as parties
from jutong.slices.standards import queries as standards

PLATFORM: Final = system_actor("catalogue")


@IMPORTANT.opens("find")
def find_important(*, by: Actor, at: datetime, entry_id: int, level: str) -> ImportantData:
    """Put a published entry of an important or core grade before its department, to be reported (网络数据安全管理条例 29)."""
    entry = Entry.objects.get(pk=entry_id)
    inbox.tell(
        department_id=entry.provider_id,
        role=Role.DATA_OFFICER,
        title=_("目录定为%(level)s，请报送重要数据及保护措施：%(title)s")
        % {"level": label_of(level), "title": entry.title},
        link="/catalogue/important/",
        at=at,
    )
    return ImportantData(
        region=entry.region, entry=entry, provider_id=entry.provider_id,
        authority_id=entry.authority_id or parties.authority_of(entry.region), level=level, found_at=at,
    )  # fmt: skip


def follow_level(entry_id: int, *, at: datetime) -> None:
    """Follow what an entry is graded now that a version is in force, or none any more: listed, listed anew or taken off."""
    entry = published(entry_id)
    level = entry.security_level if entry else ""
    open_ = ImportantData.objects.filter(entry=entry_id).exclude(state="removed").first()
    if open_ and open_.level != level:
        IMPORTANT.advance_many("remove", [open_.pk], by=PLATFORM, at=at, removed_at=at)
        open_ = None
    if level in LISTED and open_ is None:
        find_important(by=PLATFORM, at=at, entry_id=entry_id, level=level)


@IMPORTANT.action("report")
def report_important(
    case: ImportantData, *, by: Actor, at: datetime, protection: str, responsible: str, body: str
) -> None:
    """Report important data to the authority: protection measures, who answers for them, the management body (articles 29, 30)."""
    remarks = {}
    if not protection.strip():
        remarks["protection"] = N_("请填写对该数据采取的保护措施。")
    if not responsible.strip():
        remarks["responsible"] = N_("请填写数据安全负责人。")
    if not body.strip():
        remarks["body"] = N_("请填写数据安全管理机构。")
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)
    case.protection, case.responsible, case.body = protection.strip(), responsible.strip(), body.strip()
    case.reported_at, case.remark = at, ""


@IMPORTANT.action("confirm")
def confirm_important(case: ImportantData, *, by: Actor, at: datetime, note: str = "") -> None:
    """The authority takes the data into the catalogue of important data; the measures are reviewed in the grade's interval."""
    case.confirmed_at, case.remark = at, note.strip()
    case.review_on = _next_review(case, at)


@IMPORTANT.action("send_back")
def send_back_important(case: ImportantData, *, by: Actor, at: datetime, reason: str) -> None:
    """The authority sends a report back and says what is missing."""
    case.remark = check_reason(reason)


@IMPORTANT.action("look_again")
def review_protection(case: ImportantData, *, by: Actor, at: datetime, protection: str, note: str) -> None:
    """Look at the protection measures again: what holds now, and what was found; the next review is due in the interval."""
    if not protection.strip() or not note.strip():
        raise RuleBroken(N_("请填写现行的保护措施和复核情况。"), field="note" if protection.strip() else "protection")
    case.protection, case.remark, case.reviewed_at = protection.strip(), note.strip(), at
    case.review_on = _next_review(case, at)


def _next_review(case: ImportantData, at: datetime) -> date | None:
    today = beijing_day(at)
    grade = standards.grades_for(case.region, today).grade(case.level)
    if grade is None or not grade.review_months:
        return None
    year, month = divmod(today.year * 12 + today.month - 1 + grade.review_months, 12)
    return date(year, month + 1, min(today.day, 28))


def remind_of_protection(*, at: datetime) -> int:
    """Remind departments, once for each day it was due, of protection measures that were not reviewed; returns how many."""
    today = beijing_day(at)
    due = ImportantData.objects.filter(state="listed", review_on__lt=today).select_related("entry")
    rows = [row for row in due.order_by("pk")[:500] if row.reminded_on != row.review_on]
    for row in rows:
        for department in (row.provider_id, row.authority_id):
            inbox.tell(
                department_id=department,
                title=_("重要数据保护措施逾期未复核：%s") % row.entry.title,
                link=f"/catalogue/important/{row.pk}/",
                at=at,
            )
        ImportantData.objects.filter(pk=row.pk).update(reminded_on=row.review_on)
    return len(rows)
