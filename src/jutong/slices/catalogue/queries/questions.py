"""Questions and answers about entries and cataloguing, found by their words by every department (R-CAT-049)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import BigIntegerField, F, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.panels import Said
from jutong.kernel.prepared import Hole, prepared
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import Question
from jutong.slices.catalogue.queries.entries import EntryDetail
from jutong.slices.catalogue.rules.guidance import ADDRESSEES, KINDS, TOPICS
from jutong.slices.catalogue.rules.words import asked
from jutong.slices.catalogue.workflow import AUTHORITY

PROVIDER_ROLES: Final = (Role.DATA_OFFICER, Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY)
FOLDS: Final = {"waiting": N_("待答复"), "answered": N_("已答复"), "mine": N_("本部门提出")}
ON_ENTRY: Final = 5


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question with its answer, in words. may_answer: the asking actor answers it."""

    id: int
    kind: str
    kind_label: str
    entry_id: int | None
    entry_title: str
    topic_label: str
    addressee_label: str
    text: str
    department: str
    name: str
    at: datetime
    answer: str
    answered_by: str
    answered_for: str
    answered_at: datetime | None
    may_answer: bool


@dataclass(frozen=True, slots=True)
class EntryQuestions:
    """What an entry's page shows: the newest questions and remarks, how many there are, whether the reader may ask."""

    entry_id: int
    rows: tuple[QuestionRow, ...]
    total: int


def may_read(actor: Actor, question: Question) -> bool:
    """Tell whether an actor may read a question: everybody, unless it is about an entry that is not published."""
    if actor.account_id is None or actor.holds(Role.AUDITOR) or question.entry is None or question.entry.published_id:
        return True
    return bool(actor.serves & {question.provider_id, question.authority_id})


def _reach(actor: Actor) -> frozenset[int] | None:
    """Return the departments whose unpublished entries an actor reads of, or None for all."""
    return None if actor.account_id is None or actor.holds(Role.AUDITOR) else actor.serves


def _seen(reach: frozenset[int] | None) -> QuerySet[Question]:
    rows = Question.objects.select_related("entry", "department")
    if reach is None:
        return rows
    return rows.filter(
        Q(entry=None) | Q(entry__published__isnull=False) | Q(provider__in=reach) | Q(authority__in=reach)
    )


@prepared
def _newest(reach: frozenset[int] | None) -> QuerySet[Question]:
    rows = _seen(reach).filter(entry_id=Hole("entry", BigIntegerField()))
    return rows.order_by("-at", "-pk")[: ON_ENTRY + 1]


def questions(
    actor: Actor,
    *,
    text: str = "",
    topic: str = "",
    fold: str = "",
    entry_id: int | None = None,
    number: int = 1,
    size: int = 20,
) -> tuple[list[QuestionRow], Page]:
    """Return questions that hold every word of `text` in question, answer, topic or entry; the newest first.

    fold: waiting (for the actor's departments), answered, mine (asked by them).
    """
    rows = _seen(_reach(actor))
    for word in asked(text.replace("\x00", "")):
        topics = [code for code, label in TOPICS.items() if word in label or word in _(label)]
        rows = rows.filter(
            Q(text__icontains=word) | Q(answer__icontains=word) | Q(entry__title__icontains=word) | Q(topic__in=topics)
        )
    if topic in TOPICS:
        rows = rows.filter(topic=topic)
    if entry_id is not None:
        rows = rows.filter(entry=entry_id)
    if fold == "waiting":
        waits = Q(addressee="provider", provider__in=_held(actor, PROVIDER_ROLES))
        rows = rows.filter(answered_at=None).filter(waits | Q(authority__in=_held(actor, AUTHORITY.roles)))
    elif fold == "answered":
        rows = rows.filter(answered_at__isnull=False)
    elif fold == "mine":
        rows = rows.filter(department__in=actor.serves)
    found, meta = page(rows.order_by(F("at").desc(), "-pk"), number, size)
    return [_row(row, actor) for row in found], meta


def _held(actor: Actor, roles: tuple[Role, ...]) -> set[int | None]:
    """Return the departments in which the actor holds any of the roles."""
    return {post.department_id for post in actor.posts if post.role in roles}


def question(question_id: int, *, actor: Actor) -> QuestionRow:
    """Return one question. NotThere where the actor may not read it."""
    found = _seen(_reach(actor)).filter(pk=question_id).first()
    if found is None:
        raise NotThere(_("没有找到该问题，或您无权知悉。"))
    return _row(found, actor)


def questions_panel(actor: Actor, _at: datetime, *, entry: EntryDetail) -> Said:
    """Return what an entry's page shows of its questions and remarks."""
    found = _newest(_reach(actor)).ask(entry=entry.row.id)
    total = _seen(_reach(actor)).filter(entry=entry.row.id).count() if len(found) > ON_ENTRY else len(found)
    return Said(EntryQuestions(entry.row.id, tuple(_row(row, actor) for row in found[:ON_ENTRY]), total))


def _row(found: Question, actor: Actor) -> QuestionRow:
    answers = found.provider_id in _held(actor, PROVIDER_ROLES) or found.authority_id in _held(actor, AUTHORITY.roles)
    return QuestionRow(
        id=found.pk,
        kind=found.kind,
        kind_label=_(KINDS[found.kind]),
        entry_id=found.entry_id,
        entry_title=found.entry.title if found.entry else "",
        topic_label=_(TOPICS[found.topic]) if found.topic else "",
        addressee_label=_(ADDRESSEES[found.addressee]),
        text=found.text,
        department=found.department.name,
        name=found.account_name,
        at=found.at,
        answer=found.answer,
        answered_by=found.answered_by,
        answered_for=found.answered_for,
        answered_at=found.answered_at,
        may_answer=answers and found.answered_at is None,
    )
