"""Notices to the parties of an agreement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jutong.kernel import inbox
from jutong.slices.agreements.models import Agreement


def tell(
    case: Agreement,
    title: str,
    at: datetime,
    *,
    text: str = "",
    to: Sequence[int] | None = None,
    but: int | None = None,
) -> None:
    """Tell the parties, or `to`, all but one; title: with the places number and name."""
    for department_id in dict.fromkeys(case.party_ids if to is None else to):
        if department_id != but:
            inbox.tell(
                department_id=department_id,
                title=title % {"number": case.number, "name": case.name},
                text=text,
                link=f"/agreements/{case.pk}/",
                at=at,
            )
