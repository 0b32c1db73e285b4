"""Referrals of an unclear type or grade (W03): the list, and one with the opinions it gathered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.pieces import Happening, happenings
from jutong.kernel.levels import label_of
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.queries import history
from jutong.kernel.terms import ShareType
from jutong.kernel.workflow import Button
from jutong.slices.catalogue.models import Consulted, Referral
from jutong.slices.catalogue.rules.referrals import ASKED
from jutong.slices.catalogue.workflow import REFERRAL
from jutong.slices.catalogue.workflow.referrals import CONSULTEE, offered


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """A referral in a list; asked: what is unclear, translated."""

    id: int
    entry_id: int
    title: str
    provider_name: str
    asked: tuple[str, ...]
    state: str
    state_label: str
    document: str
    share_label: str
    level_label: str
    at: datetime
    decided_on: date | None


@dataclass(frozen=True, slots=True)
class ConsultedRow:
    """A consulted department and its opinion; open: the actor can give it."""

    id: int
    department: str
    opinion: str
    given_by: str
    given_at: datetime | None
    open: bool


@dataclass(frozen=True, slots=True)
class ReferralDetail:
    """A referral as its page shows it. asks: codes of what is unclear."""

    row: ReferralRow
    reason: str
    grounds: str
    authority_name: str
    asks: tuple[str, ...]
    consulted: tuple[ConsultedRow, ...]
    buttons: tuple[Button, ...]
    happenings: tuple[Happening, ...]
    profile: str


def referrals_offered(actor: Actor, at: datetime) -> bool:
    """Tell whether the profile of the actor's region lets departments refer (Neijiang)."""
    return bool(actor.region) and offered(jurisdiction.policy_for(actor.region, beijing_day(at)))


def _known_to(actor: Actor) -> QuerySet[Referral]:
    rows = Referral.objects.select_related("entry", "provider", "authority")
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    asked = Consulted.objects.filter(department__in=actor.serves).values("referral")
    return rows.filter(Q(provider__in=actor.serves) | Q(authority__in=actor.serves) | Q(pk__in=asked))


def referrals(
    actor: Actor, *, state: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[ReferralRow], Page]:
    """Return the referrals the actor may know of, newest first."""
    rows = _known_to(actor).order_by("-pk")
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(entry__title__icontains=text) | Q(provider__name__icontains=text))
    found, meta = page(rows, number, size)
    return [_row(case) for case in found], meta


def _row(case: Referral) -> ReferralRow:
    return ReferralRow(
        id=case.pk,
        entry_id=case.entry_id,
        title=case.entry.title,
        provider_name=case.provider.name,
        asked=tuple(_(ASKED[name]) for name in case.asked),
        state=case.state,
        state_label=REFERRAL.state_label(case.state),
        document=case.document,
        share_label=_(ShareType(case.share_type).label) if case.share_type else "",
        level_label=label_of(case.security_level),
        at=case.at,
        decided_on=case.decided_on,
    )


def referral_lines(actor: Actor, *, state: str = "", text: str = "") -> Iterator[ReferralRow]:
    """Return every referral of a list, page by page, for Excel."""
    return every(lambda number: referrals(actor, state=state, text=text, number=number, size=LARGEST))


def referral(referral_id: int, *, actor: Actor) -> ReferralDetail:
    """Return one referral. NotThere for one the actor may not know of."""
    case = _known_to(actor).filter(pk=referral_id).first()
    if case is None:
        raise NotThere(_("没有找到该提请，或您无权知悉。"))
    open_ = case.state in {"referred", "consulting"}
    consulted = tuple(
        ConsultedRow(
            row.pk, row.department.name, row.opinion, row.given_by, row.given_at,
            open_ and CONSULTEE.permits(actor, row) is not None,
        )
        for row in case.consulted.select_related("department").order_by("pk")
    )  # fmt: skip
    return ReferralDetail(
        row=_row(case),
        reason=case.reason,
        grounds=case.grounds,
        authority_name=case.authority.name,
        asks=tuple(case.asked),
        consulted=consulted,
        buttons=tuple(REFERRAL.open_to(actor, case)),
        happenings=tuple(happenings(history(REFERRAL.name, case.pk), REFERRAL)),
        profile=case.profile,
    )
