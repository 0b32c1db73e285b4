"""Reviews of what several grants give together (R-SEC-031)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.usage import actions, queries

router = Router()

PLAIN: Final = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Id = Annotated[int, Path(ge=1, le=2**53)]
Code = Annotated[str, StringConstraints(max_length=64, pattern=PLAIN)]
Words = Annotated[str, StringConstraints(max_length=2000, pattern=PLAIN)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


class ReviewRowOut(Schema):
    """A review in a list."""

    id: int
    number: str
    title: str
    state: str
    state_label: str
    consumer_id: int
    consumer_name: str
    grant_id: int
    parts: int
    joined_by: str
    product: str
    opened_at: datetime


class ReviewRowsOut(Schema):
    """A page of reviews."""

    total: int
    pages: int
    rows: list[ReviewRowOut]


class ReviewOut(Schema):
    """A review with its parts, product and verdict; holding: the delivery waits for the review; admitted: by whom it goes on."""

    row: ReviewRowOut
    parts: list[dict[str, Any]]
    use: str
    safeguards: str
    verdict: str
    opinion: str
    released_at: datetime | None
    holding: bool
    admitted: dict[str, Any]


class CombinedProductIn(Schema):
    """What is made of the data, what for, and how it is protected."""

    product: Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)]
    use: Words
    safeguards: Words


class SecrecyOpinionIn(Schema):
    """What the secrecy review came to."""

    opinion: Words


@router.get("", response=ReviewRowsOut, summary="汇聚审查列表")
def listed(request: HttpRequest, state: Code = "", text: Code = "", page: PageNumber = 1) -> dict[str, Any]:
    """Return the reviews of the caller's departments as consumer or authority."""
    rows, meta = queries.reviews(faces.actor_of(request), state=state, text=text, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.get("/{review_id}", response=ReviewOut, summary="汇聚审查")
def one(request: HttpRequest, review_id: Id) -> queries.ReviewDetail:
    """Return one review."""
    return queries.review(review_id, faces.actor_of(request))


@router.post("/{review_id}/admit", response=ReviewOut, summary="同意提供")
def admit(request: HttpRequest, review_id: Id, body: SecrecyOpinionIn) -> queries.ReviewDetail:
    """Let the data be delivered that were held back until the secrecy review."""
    actor = faces.actor_of(request)
    actions.admit_delivery(review_id, by=actor, at=clock.now(), opinion=body.opinion)
    return queries.review(review_id, actor)


@router.post("/{review_id}/register", response=ReviewOut, summary="登记汇聚产品")
def register(request: HttpRequest, review_id: Id, body: CombinedProductIn) -> queries.ReviewDetail:
    """Register the product; it is locked until the review passes."""
    actor = faces.actor_of(request)
    actions.register_product(review_id, by=actor, at=clock.now(), **body.dict())
    return queries.review(review_id, actor)


@router.post("/{review_id}/clear", response=ReviewOut, summary="审查通过")
def clear(request: HttpRequest, review_id: Id, body: SecrecyOpinionIn) -> queries.ReviewDetail:
    """Let the secrecy review pass."""
    actor = faces.actor_of(request)
    actions.clear_product(review_id, by=actor, at=clock.now(), opinion=body.opinion)
    return queries.review(review_id, actor)


@router.post("/{review_id}/withhold", response=ReviewOut, summary="审查不通过")
def withhold(request: HttpRequest, review_id: Id, body: SecrecyOpinionIn) -> queries.ReviewDetail:
    """Let the secrecy review not pass."""
    actor = faces.actor_of(request)
    actions.withhold_product(review_id, by=actor, at=clock.now(), opinion=body.opinion)
    return queries.review(review_id, actor)


@router.post("/{review_id}/release", response=ReviewOut, summary="解锁汇聚产品")
def release(request: HttpRequest, review_id: Id) -> queries.ReviewDetail:
    """Store or release the product; forbidden before the review passed."""
    actor = faces.actor_of(request)
    actions.release_product(review_id, by=actor, at=clock.now())
    return queries.review(review_id, actor)
