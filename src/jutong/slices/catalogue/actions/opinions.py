"""Writing opinions: the dated acts on a version, on one entry or on each of a set with the remark it was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from jutong.kernel.actors import Actor
from jutong.slices.catalogue.models import Entry, Opinion


def opinion(case: Entry, kind: str, by: Actor, at: datetime, **values: Any) -> Opinion:
    """Return an opinion on the version of an entry that is being worked on; the caller saves it."""
    return Opinion(
        entry=case,
        version_id=case.working_id or 0,
        kind=kind,
        account_id=by.account_id,
        account_name=by.name[:100],
        department_id=by.department_id,
        at=at,
        **{"passed": True, **values},
    )


def opinions(
    ids: Sequence[int],
    kind: str,
    by: Actor,
    at: datetime,
    remarks: Mapping[int, str] | None = None,
    elements: Mapping[int, Mapping[str, str]] | None = None,
    **values: Any,
) -> None:
    """Write an opinion on each entry of a set, with the remark on it in place of what is said of all.

    elements: remarks on single elements of an entry.
    """
    said, marked = remarks or {}, elements or {}
    Opinion.objects.bulk_create(
        [
            opinion(
                entry, kind, by, at,
                **{**values, "text": said.get(entry.pk) or values["text"]},
                **({"detail": {"remarks": marked[entry.pk]}} if marked.get(entry.pk) else {}),
            )
            for entry in Entry.objects.filter(pk__in=ids)
        ],
        batch_size=500,
    )  # fmt: skip
