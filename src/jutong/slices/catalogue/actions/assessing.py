"""Assessments of an entry before its submission: recording, approving and lapsing them, and whether they hold (R-SEC-038)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import IO, Final

from django.utils.translation import gettext as _

from jutong.kernel import files, inbox
from jutong.kernel.actors import Actor, Role, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import Assessment, Entry, Recognised
from jutong.slices.catalogue.queries.assessments import holding
from jutong.slices.catalogue.queries.contents import content_of
from jutong.slices.catalogue.queries.recognised import recognised
from jutong.slices.catalogue.rules.assessments import (
    KINDS,
    PERSONAL,
    USUAL_VALIDITY,
    check_assessment,
    due_kinds,
    scope_of,
)
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.marking import concerns_persons
from jutong.slices.catalogue.rules.obligations import obligations
from jutong.slices.catalogue.workflow import ASSESSMENT

PLATFORM: Final = system_actor("catalogue")
MOST_ATTACHED: Final = 20 * 1024 * 1024


def _supersede(case: Assessment, *, by: Actor, at: datetime) -> None:
    earlier = Assessment.objects.filter(entry=case.entry_id, kind=case.kind, state__in=["concluded", "approved"])
    ASSESSMENT.advance_many("lapse", list(earlier.exclude(pk=case.pk).values_list("pk", flat=True)), by=PLATFORM, at=at)


@ASSESSMENT.opens("record", then=_supersede)
def record_assessment(
    *, by: Actor, at: datetime, entry_id: int, kind: str, result: str, conclusion: str,
    answers: Mapping[str, str] | None = None, measures: str = "", number: str = "", responsible: str = "",
    valid_until: date | None = None, attachment: IO[bytes] | None = None, file_name: str = "",
) -> Assessment:  # fmt: skip
    """Record an assessment of the present version of an entry, in place of the earlier one of its kind (national-2025#13).

    answers: {question: yes, no or none}; valid_until: last day, a year from today where it is left out; attachment: the
    report. RuleBroken names what is missing; NotThere for an entry of another department.
    """
    entry = Entry.objects.filter(pk=entry_id).first()
    if entry is None or entry.provider_id not in by.serves or entry.state == "withdrawn":
        raise NotThere(_("没有找到该目录条目，或您无权知悉。"))
    today, who = beijing_day(at), responsible.strip() or by.name
    check_assessment(
        kind, answers or {}, result, conclusion, measures, responsible=who, valid_until=valid_until, today=today
    )
    content = content_of(entry.working_id or 0)
    kept = files.store(attachment, file_name, by=by, at=at, limit=MOST_ATTACHED).id if attachment else None
    return Assessment(
        region=entry.region, entry=entry, version_id=entry.working_id or 0, provider_id=entry.provider_id, kind=kind,
        scope=scope_of(content), share_type=content.share_type, answers=dict(answers or {}), result=result,
        conclusion=conclusion.strip(), measures=measures.strip(), number=number.strip()[:64], responsible=who[:100],
        valid_until=valid_until or today + USUAL_VALIDITY, attachment_id=kept, assessor=by.name[:100], at=at,
    )  # fmt: skip


@ASSESSMENT.action("approve")
def approve_assessment(case: Assessment, *, by: Actor, at: datetime, note: str = "") -> None:
    """The department's leader approves an assessment (national-2025#13)."""
    case.approved_by, case.approved_at, case.remark = by.name[:100], at, note.strip()


@ASSESSMENT.action("send_back")
def send_back_assessment(case: Assessment, *, by: Actor, at: datetime, reason: str) -> None:
    """The leader does not approve an assessment and says why; a new one has to be recorded."""
    if not reason.strip():
        raise RuleBroken(N_("请说明退回评估的理由。"), field="reason")
    case.remark = reason.strip()


def assess_version(
    case: Entry, content: Content, given: Mapping[str, tuple[str, Mapping[str, str]]], *, number: str, by: Actor, at: datetime
) -> None:  # fmt: skip
    """Record the conclusions given by kind as (text, answers); what is due and not given must still hold from before.

    RuleBroken for what is missing, WrongState where the last assessment of this scope found the risk not acceptable.
    """
    held, remarks = holding(case, content, at=at), {}
    due = _due(case, content)
    for kind in due:
        text, answers = given[kind]
        found = held.get(kind)
        if found is not None and found.result == "not_acceptable":
            raise WrongState(_unacceptable(kind))
        if text.strip():
            record_assessment(
                by=by,
                at=at,
                entry_id=case.pk,
                kind=kind,
                answers=answers,
                result="acceptable",
                conclusion=text,
                number=number,
            )
        elif found is None:
            remarks[_FIELD[kind]] = _(_MISSING[kind])
    if remarks:
        raise RuleBroken("；".join(remarks.values()) + "。", remarks=remarks)


_FIELD: Final = {kind: "personal_information" if kind == PERSONAL else "secrecy" for kind in KINDS}
_MISSING: Final = {
    kind: N_("含个人信息，请填写个人信息保护影响评估结论") if kind == PERSONAL else N_("请填写保密风险评估结论")
    for kind in KINDS
}


def _due(case: Entry, content: Content) -> tuple[str, ...]:
    persons = concerns_persons(content, recognised(case.pk))
    return due_kinds(obligations(case.policy).assessments, persons=persons)


def _unacceptable(kind: str) -> str:
    words = {"kind": _(KINDS[kind])}
    return _("%(kind)s的结果为不可接受，目录不能提交；请修改目录后重新评估。") % words


def unheld(case: Entry, content: Content, *, at: datetime) -> str:
    """Return why an entry may not go on: the first assessment that is due and missing, lapsed or not acceptable."""
    held = holding(case, content, at=at)
    for kind in _due(case, content):
        if kind not in held:
            words = {"kind": _(KINDS[kind])}
            return (
                _("此版本没有有效的%(kind)s：尚未评估、已过有效期，或评估后信息项、用途、共享范围有变；请重新评估。")
                % words
            )
        if held[kind].result == "not_acceptable":
            return _unacceptable(kind)
    return ""


def refuse_unassessed(case: Entry, content: Content, *, at: datetime) -> None:
    """Refuse an entry whose due assessments do not hold: WrongState (R-SEC-038)."""
    if why := unheld(case, content, at=at):
        raise WrongState(why)


def approve_with(case: Entry, *, by: Actor, at: datetime) -> None:
    """Approve the assessments that wait for the leader who approves their entry."""
    waiting = Assessment.objects.filter(entry=case.pk, state="concluded").values_list("pk", flat=True)
    ASSESSMENT.advance_many(
        "approve_with_entry", list(waiting), by=PLATFORM, at=at, approved_by=by.name[:100], approved_at=at
    )


def lapse_assessments(*, at: datetime) -> int:
    """Let assessments lapse whose last day has passed, and tell the secrecy officers; returns how many."""
    over = Assessment.objects.filter(state__in=["concluded", "approved"], valid_until__lt=beijing_day(at))
    rows = list(over.select_related("entry").order_by("pk")[:500])
    done = set(ASSESSMENT.advance_many("lapse", [row.pk for row in rows], by=PLATFORM, at=at).done)
    for row in rows:
        if row.pk in done and row.entry.state != "withdrawn":
            inbox.tell(
                department_id=row.provider_id,
                role=Role.SECRECY_OFFICER,
                title=_("%(kind)s已到期，请重新评估：%(title)s")
                % {"kind": _(KINDS[row.kind]), "title": row.entry.title},
                link=f"/catalogue/assessments/{row.pk}/",
                at=at,
            )
    return len(done)


def note_recognised(entry_id: int, meanings: Mapping[str, tuple[str, int]], *, at: datetime) -> None:
    """Note what the values of an entry's columns were recognised as: {technical name: (meaning, percent)}; called from above."""
    Recognised.objects.filter(entry=entry_id).delete()
    Recognised.objects.bulk_create(
        [
            Recognised(entry_id=entry_id, column=column[:128], meaning=meaning, share=share, at=at)
            for column, (meaning, share) in meanings.items()
        ]
    )
