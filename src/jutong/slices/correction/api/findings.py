"""Possible findings, for systems of the authority."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from jutong.kernel import faces
from jutong.slices.correction import queries
from jutong.slices.correction.api.cases import PageNumber

router = Router()


class FindingOut(Schema):
    """A circumstance put forward: what, whose, by which words and articles."""

    id: int
    kind: str
    label: str
    department_id: int
    department: str
    subject: str
    words: str
    source: str
    at: datetime


class FindingsOut(Schema):
    """A page of circumstances."""

    total: int
    pages: int
    rows: list[FindingOut]


@router.get("/findings", response=FindingsOut, summary="拟提问题")
def findings(request: HttpRequest, page: PageNumber = 1) -> dict[str, Any]:
    """Return what was put forward to the caller's authority, newest first."""
    rows, meta = queries.proposed_findings(faces.actor_of(request), number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}
