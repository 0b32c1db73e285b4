"""Agreements as the frame of requests: the line that one is made under, and those that a department can make one under."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import msgspec
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken
from jutong.slices.agreements.models import Agreement, AgreementVersion
from jutong.slices.agreements.rules import Content, Framed, Line, check_framed
from jutong.slices.agreements.workflow import opens_grants
from jutong.wire.grants import Condition, Masking


@dataclass(frozen=True, slots=True)
class Frame:
    """A line in force: its agreement's number, name and end, the line, what the agreement says of basis and scope.

    reference: the name under which a grant of a request made under it is found again ("agreement:12:5-7").
    """

    agreement_id: int
    reference: str
    number: str
    name: str
    until: date
    line: Line
    basis: str
    scope: str

    @property
    def maskings(self) -> dict[str, Masking]:
        """Return how items are masked that the agreement has masked."""
        return {given.item: given.masking for given in self.line.items if given.masking is not Masking.NONE}

    def check(
        self,
        *,
        items: Mapping[str, Masking | None],
        key_items: Iterable[str],
        modes: Iterable[str],
        purposes: Iterable[str],
        conditions: Iterable[Condition],
    ) -> None:
        """Refuse what goes beyond the line; items: with their masking, None where none is settled yet (R-SHR-029)."""
        asked = Framed(
            items=dict(items), key_items=tuple(key_items), modes=tuple(str(mode) for mode in modes),
            purposes=tuple(purposes), conditions=tuple(conditions),
        )  # fmt: skip
        check_framed(self.line, self.number, asked)


def frame_of(number: str, resource_id: int, consumer_id: int, *, at: datetime) -> Frame:
    """Return the line of an agreement that a request is made under. RuleBroken where it is not in force or has none."""
    found = [one for one in frames_for(resource_id, consumer_id, at=at) if one.number == number]
    if not found:
        raise RuleBroken(
            _("协议 %s 目前未生效，或者没有列明该资源和使用部门；请核对协议编号，或者不依协议提出申请。") % number[:40],
            field="agreement",
        )
    return found[0]


def frames_for(resource_id: int, consumer_id: int, *, at: datetime) -> list[Frame]:
    """Return the lines in force that let a department have data of an entry, the newest agreement first."""
    rows = in_force(at).filter(content__lines__contains=[{"resource_id": resource_id, "consumer_id": consumer_id}])
    return [_frame(row, resource_id, consumer_id) for row in rows.select_related("agreement").order_by("-agreement_id")]


def opens_directly(case: Agreement, drafted_at: datetime, *, first: bool) -> bool:
    """Tell whether a version's lines become grants by themselves: by the rules of the case, for an amendment of its own day.

    first: nothing was in force before it. An amendment proposed since the decree opens nothing without a request.
    """
    policy = case.policy if first else jurisdiction.policy_for(case.region, beijing_day(drafted_at))
    return opens_grants(policy)


def in_force(at: datetime) -> QuerySet[AgreementVersion]:
    """Return the versions of sharing agreements that are in force at a moment."""
    today = beijing_day(at)
    return AgreementVersion.objects.filter(
        agreement__kind="sharing",
        agreement__state__in=["active", "amending"],
        agreement__since__lte=today,
        agreement__until__gte=today,
        number=F("agreement__version"),
    )


def _frame(row: AgreementVersion, resource_id: int, consumer_id: int) -> Frame:
    case, content = row.agreement, msgspec.convert(row.content, Content)
    line = next(one for one in content.lines if (one.resource_id, one.consumer_id) == (resource_id, consumer_id))
    return Frame(
        agreement_id=case.pk,
        reference=f"agreement:{case.pk}:{line.key}",
        number=case.number,
        name=case.name,
        until=case.until or content.stated.until or row.drafted_at.date(),
        line=line,
        basis=content.stated.basis,
        scope=content.stated.scope,
    )
