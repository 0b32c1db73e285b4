"""Endpoints of guidance: find answers, ask, answer (R-CAT-049)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from jutong.kernel import clock, faces
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.api.deciding import Id, Number, Words

router = Router()


class QuestionOut(Schema):
    """A question or remark with its answer."""

    id: int
    kind: str
    entry_id: int | None
    entry_title: str
    topic_label: str
    text: str
    department: str
    at: datetime
    answer: str
    answered_for: str
    answered_at: datetime | None


class QuestionsOut(Schema):
    """A page of questions."""

    total: int
    pages: int
    rows: list[QuestionOut]


class AskIn(Schema):
    """A question about an entry or a topic. addressee: provider or authority; empty: the entry's provider, else the authority."""

    text: Words
    entry_id: Number | None = None
    topic: Annotated[str, Field(max_length=24)] = ""
    kind: Literal["question", "comment"] = "question"
    addressee: Literal["", "provider", "authority"] = ""


class AnswerIn(Schema):
    """The answer."""

    text: Words


@router.get("/questions", response=QuestionsOut, summary="编目指导与问答")
def questions(
    request: HttpRequest,
    q: Annotated[str, Query(max_length=200)] = "",
    topic: Annotated[str, Query(max_length=24)] = "",
    fold: Annotated[str, Query(max_length=12)] = "",
    entry_id: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> dict[str, Any]:
    """Find questions and answers by keyword, topic or entry."""
    rows, meta = queries.questions(
        faces.actor_of(request), text=q, topic=topic, fold=fold, entry_id=entry_id, number=page
    )
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.post("/questions", response={201: QuestionOut}, summary="提问或评议")
def ask(request: HttpRequest, body: AskIn) -> Status[Any]:
    """Ask the provider of an entry, or the authority."""
    actor = faces.actor_of(request)
    made = actions.ask(by=actor, at=clock.now(), **body.dict())
    return Status(201, queries.question(made.pk, actor=actor))


@router.get("/questions/{question_id}", response=QuestionOut, summary="查看问答")
def question(request: HttpRequest, question_id: Id) -> Any:
    """Return one question with its answer."""
    return queries.question(question_id, actor=faces.actor_of(request))


@router.post("/questions/{question_id}/answer", response=QuestionOut, summary="答复")
def answer(request: HttpRequest, question_id: Id, body: AnswerIn) -> Any:
    """Answer as the provider or the authority."""
    actor = faces.actor_of(request)
    actions.answer(question_id, by=actor, at=clock.now(), text=body.text)
    return queries.question(question_id, actor=actor)
