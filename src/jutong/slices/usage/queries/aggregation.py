"""Reviews of what several grants give together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from jutong.kernel import levels
from jutong.kernel import queries as kernel
from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.queries import AuditRow
from jutong.kernel.workflow import Button
from jutong.slices.usage.models import AggregationReview
from jutong.slices.usage.rules.aggregation import MEANINGS
from jutong.slices.usage.workflow import AGGREGATION_REVIEW
from jutong.slices.usage.workflow.aggregation import may_know


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A review in a list. joined_by: what joins the parts, in words."""

    id: int
    number: str
    title: str
    state: str
    state_label: str
    consumer_id: int
    consumer_name: str
    grant_id: int
    reference: str
    parts: int
    joined_by: str
    level_label: str
    product: str
    opened_at: datetime
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class ReviewDetail:
    """A review with its parts, the registered product and the verdict."""

    row: ReviewRow
    parts: tuple[dict[str, Any], ...]
    use: str
    safeguards: str
    registered_at: datetime | None
    verdict: str
    opinion: str
    reviewed_by: str
    reviewed_at: datetime | None
    released_at: datetime | None
    holding: bool
    admitted: dict[str, Any]
    history: tuple[AuditRow, ...]


def reviews(
    actor: Actor, *, state: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[ReviewRow], Page]:
    """Return the reviews of the actor's departments as consumer or authority, newest first; all of them to auditors."""
    rows = AggregationReview.objects.select_related("consumer")
    if not actor.holds(Role.AUDITOR):
        rows = rows.filter(Q(consumer_id__in=actor.serves) | Q(authority_id__in=actor.serves))
    if state:
        rows = rows.filter(state=state)
    if text := text.replace("\x00", "").strip():
        rows = rows.filter(Q(title__icontains=text) | Q(product__icontains=text) | Q(number=text.upper()))
    found, meta = page(rows.order_by("-id"), number, size)
    return [_row(case, actor) for case in found], meta


def _row(case: AggregationReview, actor: Actor) -> ReviewRow:
    buttons = [
        button
        for button in AGGREGATION_REVIEW.open_to(actor, case)
        if {"release": case.state == "cleared", "admit": case.holding}.get(button.verb, True)
    ]
    return ReviewRow(
        id=case.pk,
        number=case.number,
        title=case.title,
        state=case.state,
        state_label=AGGREGATION_REVIEW.state_label(case.state),
        consumer_id=case.consumer_id,
        consumer_name=case.consumer.name,
        grant_id=case.grant_id,
        reference=f"G-{case.grant_id:06d}",
        parts=len(case.parts),
        joined_by=_("、").join(_(MEANINGS[meaning]) for meaning in case.joined_by),
        level_label=levels.label_of(case.level),
        product=case.product,
        opened_at=case.opened_at,
        buttons=tuple(buttons),
    )


def review(review_id: int, actor: Actor) -> ReviewDetail:
    """Return one review. NotThere where the actor may not know of it."""
    case = AggregationReview.objects.select_related("consumer").filter(pk=review_id).first()
    if case is None or not may_know(actor, case):
        raise NotThere(_("没有找到该汇聚审查，或您无权知悉。"))
    parts = [
        {**part, "reference": f"G-{part['grant_id']:06d}", "level_label": levels.label_of(part["level"])}
        for part in case.parts
    ]
    return ReviewDetail(
        row=_row(case, actor),
        parts=tuple(parts),
        use=case.use,
        safeguards=case.safeguards,
        registered_at=case.registered_at,
        verdict=case.verdict,
        opinion=case.opinion,
        reviewed_by=case.reviewed_by,
        reviewed_at=case.reviewed_at,
        released_at=case.released_at,
        holding=case.holding,
        admitted=case.admitted,
        history=tuple(kernel.history("aggregation_review", case.pk)),
    )


def marks_of_grant(actor: Actor, _at: datetime, *, grant_id: int) -> list[ReviewRow] | None:
    """Return the reviews that a grant was marked with, for its page; None where there are none the reader may know."""
    rows = AggregationReview.objects.select_related("consumer").filter(grant_id=grant_id)
    return [_row(case, actor) for case in rows if may_know(actor, case)] or None
