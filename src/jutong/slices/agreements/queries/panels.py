"""What agreements show on the pages of others: of an entry, of a grant, on the workbench."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.db.models import F, JSONField, QuerySet
from psycopg.types.json import Jsonb

from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.panels import Said
from jutong.kernel.prepared import Hole, prepared
from jutong.kernel.settings import settings
from jutong.slices.agreements.models import Agreement, AgreementVersion
from jutong.slices.agreements.queries.agreements import AgreementRow, known, known_to, reach_of, rows_of
from jutong.slices.agreements.rules import Content, Side
from jutong.slices.catalogue.queries import EntryDetail
from jutong.slices.grants import queries as grants

_REFERENCE: Final = re.compile(r"agreement:(\d+):")
MOST: Final = 20


def ending_soon(actor: Actor, at: datetime) -> list[AgreementRow] | None:
    """Return the agreements of the actor's departments that end within the days of warning, or nothing."""
    today = beijing_day(at)
    near = today + timedelta(days=settings().agreement_warning_days)
    rows = Agreement.objects.filter(
        state__in=["active", "amending"], until__gte=today, until__lte=near, party_ids__overlap=list(actor.serves)
    )
    return rows_of(list(rows.order_by("until")[:MOST]), actor, at) or None


def of_entry(actor: Actor, at: datetime, *, entry: EntryDetail) -> Said | None:
    """Return the agreements in force that name an entry, as far as the actor may know them."""
    found = _naming(reach_of(actor)).ask(line=Jsonb([{"resource_id": entry.row.id}]))
    return Said(rows_of(found, actor, at)) if found else None


@prepared
def _naming(reach: frozenset[int] | None) -> QuerySet[Agreement]:
    rows = Agreement.objects.filter(
        known_to(reach), state__in=["active", "amending", "suspended"], versions__in_force_at__isnull=False,
        versions__content__lines__contains=Hole("line", JSONField()),
    )  # fmt: skip
    return rows.distinct().order_by("-id")[:MOST]


@dataclass(frozen=True, slots=True)
class Answerable:
    """An agreement of a grant, and who answers for the data at each party: its version in force (R-SHR-031)."""

    row: AgreementRow
    sides: tuple[Side, ...]


def of_grant(actor: Actor, at: datetime, *, grant_id: int) -> list[Answerable] | None:
    """Return the agreement that a grant came from, and those concluded beside it, with the persons responsible."""
    held = grants.grant(grant_id, actor)
    found = _REFERENCE.match(held.framed_by or held.case_ref)
    rows = Agreement.objects.filter(known(actor))
    own = rows.filter(pk=int(found[1])) if found else rows.filter(versions__content__grants__contains=grant_id)
    cases = list(own.distinct().order_by("-id")[:MOST])
    shown = rows_of(cases, actor, at)
    return [Answerable(row, _sides(case)) for case, row in zip(cases, shown, strict=True)] or None


def responsible_under(references: Iterable[str]) -> dict[int, tuple[str, ...]]:
    """Return by department who answers for the data under the agreements that grants came from, by the versions in force.

    references: of grants, as their case or the agreement's line that frames them; other references are passed over (R-SHR-031).
    """
    agreed = {int(found[1]) for one in references if (found := _REFERENCE.match(one))}
    versions = AgreementVersion.objects.filter(agreement__in=agreed, number=F("agreement__version"))
    named: dict[int, dict[str, None]] = {}
    for content in versions.order_by("agreement").values_list("content", flat=True):
        for side in msgspec.convert(content, Content).sides:
            named.setdefault(side.department_id, {})[side.responsible] = None
    return {department: tuple(names) for department, names in named.items()}


def _sides(case: Agreement) -> tuple[Side, ...]:
    content = case.versions.values_list("content", flat=True).get(number=case.version or case.pending)
    return msgspec.convert(content, Content).sides
