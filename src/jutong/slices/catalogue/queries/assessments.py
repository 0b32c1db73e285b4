"""Assessments of entries: which hold for a content, the list, and one with its questionnaire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.pieces import Happening, happenings
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.queries import history
from jutong.kernel.workflow import Button
from jutong.slices.catalogue.models import Assessment, Entry
from jutong.slices.catalogue.queries.recognised import recognised
from jutong.slices.catalogue.rules.assessments import ANSWERS, KINDS, QUESTIONS, RESULTS, due_kinds, scope_of, wider
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.marking import concerns_persons
from jutong.slices.catalogue.rules.obligations import obligations
from jutong.slices.catalogue.workflow import ASSESSMENT

_STANDING = ("concluded", "approved")


@dataclass(frozen=True, slots=True)
class AssessmentRow:
    """An assessment in a list; labels are translated."""

    id: int
    entry_id: int
    title: str
    provider_name: str
    kind: str
    kind_label: str
    result: str
    result_label: str
    state: str
    state_label: str
    version: int
    responsible: str
    assessor: str
    number: str
    at: datetime
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class AssessmentDetail:
    """An assessment as its page shows it. answers: (question, answer) in the questionnaire's order."""

    row: AssessmentRow
    answers: tuple[tuple[str, str], ...]
    conclusion: str
    measures: str
    remark: str
    attachment_id: int | None
    approved_by: str
    approved_at: datetime | None
    buttons: tuple[Button, ...]
    happenings: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one kind of assessment stands for an entry's working version. holds: it is there and acceptable."""

    kind: str
    label: str
    row: AssessmentRow | None
    holds: bool


def holding(case: Entry, content: Content, *, at: datetime) -> dict[str, Assessment]:
    """Return by kind the assessment that holds for a content of an entry: of its scope, shared no wider, not over."""
    rows = Assessment.objects.filter(entry=case.pk, state__in=_STANDING, scope=scope_of(content))
    rows = rows.filter(Q(valid_until=None) | Q(valid_until__gte=beijing_day(at))).order_by("pk")
    return {row.kind: row for row in rows if not wider(content.share_type, row.share_type)}


def standing_of(case: Entry, content: Content, *, at: datetime) -> tuple[Standing, ...]:
    """Return how the assessments that are due stand for an entry's working version, which states this content."""
    persons = concerns_persons(content, recognised(case.pk))
    held = holding(case, content, at=at)
    return tuple(
        Standing(
            kind, _(KINDS[kind]), _row(held[kind]) if kind in held else None,
            kind in held and held[kind].result != "not_acceptable",
        )
        for kind in due_kinds(obligations(case.policy).assessments, persons=persons)
    )  # fmt: skip


def _known_to(actor: Actor) -> QuerySet[Assessment]:
    rows = Assessment.objects.select_related("entry", "provider", "version")
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    return rows.filter(Q(provider__in=actor.serves) | Q(entry__authority__in=actor.serves))


def assessments(
    actor: Actor, *, at: datetime, state: str = "", kind: str = "", text: str = "", entry_id: int = 0, number: int = 1,
    size: int = 20,
) -> tuple[list[AssessmentRow], Page]:  # fmt: skip
    """Return the assessments the actor may know of, newest first. state: also "expiring", valid for a month at most."""
    rows = _known_to(actor).order_by("-pk")
    if state == "expiring":
        rows = rows.filter(state__in=_STANDING, valid_until__lte=date.fromordinal(beijing_day(at).toordinal() + 30))
        rows = rows.order_by(F("valid_until").asc(), "pk")
    elif state:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    if text:
        rows = rows.filter(Q(entry__title__icontains=text) | Q(number=text) | Q(provider__name__icontains=text))
    if entry_id:
        rows = rows.filter(entry=entry_id)
    found, meta = page(rows, number, size)
    return [_row(case) for case in found], meta


def assessment_lines(
    actor: Actor, *, at: datetime, state: str = "", kind: str = "", text: str = ""
) -> Iterator[AssessmentRow]:
    """Return every assessment of a list, page by page, for Excel."""
    return every(lambda n: assessments(actor, at=at, state=state, kind=kind, text=text, number=n, size=LARGEST))


def _row(case: Assessment) -> AssessmentRow:
    return AssessmentRow(
        id=case.pk,
        entry_id=case.entry_id,
        title=case.entry.title,
        provider_name=case.provider.name,
        kind=case.kind,
        kind_label=_(KINDS[case.kind]),
        result=case.result,
        result_label=_(RESULTS[case.result]),
        state=case.state,
        state_label=ASSESSMENT.state_label(case.state),
        version=case.version.number,
        responsible=case.responsible,
        assessor=case.assessor,
        number=case.number,
        at=case.at,
        valid_until=case.valid_until,
    )


def assessment(assessment_id: int, *, actor: Actor) -> AssessmentDetail:
    """Return one assessment. NotThere for one the actor may not know of."""
    case = _known_to(actor).filter(pk=assessment_id).first()
    if case is None:
        raise NotThere(_("没有找到该评估记录，或您无权知悉。"))
    asked = QUESTIONS[case.kind]
    answers = [(_(text), _(ANSWERS[case.answers[name]])) for name, text in asked.items() if name in case.answers]
    return AssessmentDetail(
        row=_row(case),
        answers=tuple(answers),
        conclusion=case.conclusion,
        measures=case.measures,
        remark=case.remark,
        attachment_id=case.attachment_id,
        approved_by=case.approved_by,
        approved_at=case.approved_at,
        buttons=tuple(ASSESSMENT.open_to(actor, case)),
        happenings=tuple(happenings(history(ASSESSMENT.name, case.pk), ASSESSMENT)),
    )
