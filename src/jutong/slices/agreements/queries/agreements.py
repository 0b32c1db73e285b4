"""Agreements as those see them who may know of them, with their versions and signatures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Final

import msgspec
from django.db.models import Q
from django.utils.translation import gettext as _

from jutong.kernel import queries as kernel
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.pieces import Happening, happenings
from jutong.kernel.paging import Page, every, page
from jutong.kernel.workflow import Button
from jutong.slices.agreements.models import Agreement, AgreementSignature, AgreementVersion
from jutong.slices.agreements.queries.framing import opens_directly
from jutong.slices.agreements.rules import Content, Kind, Line
from jutong.slices.agreements.workflow import AGREEMENT, STAFF, may_know
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties

MOST_LINES: Final = 10_000
KIND: Final = AGREEMENT.name


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """An agreement in a list. parties, unsigned: names of departments; left: days until its end, None without a term."""

    id: int
    number: str
    kind: str
    kind_label: str
    name: str
    state: str
    state_label: str
    parties: tuple[str, ...]
    unsigned: tuple[str, ...]
    version: int
    since: date | None
    until: date | None
    left: int | None
    created_at: datetime
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class SignatureRow:
    """A party and its signature under a version; name empty as long as it has not signed."""

    department: str
    name: str = ""
    post_label: str = ""
    at: datetime | None = None
    own: bool = False


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version: what it says, who signed it, and how it stands (in_force, pending, past, dropped)."""

    number: int
    standing: str
    content: Content
    digest: str
    why: str
    drafted_by: str
    drafted_at: datetime
    in_force_at: datetime | None
    attested_by: str
    joint_file: int | None
    signatures: tuple[SignatureRow, ...]


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line with the grant that it became, or that was granted under it: its reference, state and id where there is one.

    may_ask: the actor can ask for the data under the agreement, since nothing is granted yet.
    """

    line: Line
    grant_id: int | None
    grant_reference: str
    grant_state: str
    grant_state_label: str
    may_ask: bool = False


@dataclass(frozen=True, slots=True)
class AgreementView:
    """An agreement as its page shows it: the version chosen, the one before it, all versions, its grants.

    shown: the version chosen; before: the one it is compared with. related: grants beside it as (id, reference, title).
    direct: the lines of the version shown become grants by themselves; else requests are made under them.
    """

    row: AgreementRow
    shown: VersionRow
    before: VersionRow | None
    versions: tuple[VersionRow, ...]
    lines: tuple[LineRow, ...]
    direct: bool
    related: tuple[tuple[int, str, str], ...]
    reason: str
    profile: str
    drafted_by: str
    authority: str
    happenings: tuple[Happening, ...]


def known(actor: Actor) -> Q:
    """Return the condition of the agreements an actor may know."""
    return known_to(reach_of(actor))


def reach_of(actor: Actor) -> frozenset[int] | None:
    """Return the departments whose agreements an actor may know, or None for all."""
    return None if actor.account_id is None or actor.holds(Role.AUDITOR) else actor.serves


def known_to(reach: frozenset[int] | None) -> Q:
    """Return the condition of the agreements that these departments may know; None: all."""
    if reach is None:
        return Q()
    mine = list(reach)
    watched = Q(authority_id__in=mine) & ~Q(state__in=["draft", "withdrawn"])
    return Q(party_ids__overlap=mine) | watched


def agreements(
    actor: Actor, at: datetime, *, kind: str = "", state: str = "", text: str = "", side: str = "", number: int = 1,
    size: int = 20,
) -> tuple[list[AgreementRow], Page]:  # fmt: skip
    """Return the agreements an actor may know, newest first. side: unsigned (waits for the actor's department), party, authority."""
    rows = Agreement.objects.filter(known(actor)).order_by("-id")
    mine = list(actor.serves)
    if side == "unsigned":
        rows = rows.filter(unsigned_ids__overlap=mine)
    elif side == "party":
        rows = rows.filter(party_ids__overlap=mine)
    elif side == "authority":
        rows = rows.filter(authority_id__in=mine)
    rows = rows.filter(kind=kind) if kind else rows
    rows = rows.filter(state=state) if state else rows
    if text := text.replace("\x00", "").strip():
        rows = rows.filter(Q(name__icontains=text) | Q(number=text.upper()))
    found, meta = page(rows, number, size)
    return rows_of(found, actor, at), meta


def agreement_lines(actor: Actor, at: datetime, **asked: str) -> Iterator[AgreementRow]:
    """Return every agreement of a list (at most 10,000), for Excel."""
    return islice(every(lambda number: agreements(actor, at, number=number, size=200, **asked)), MOST_LINES)


def rows_of(cases: list[Agreement], actor: Actor, at: datetime) -> list[AgreementRow]:
    """Return agreements as lines of a list, with the moves open to the actor."""
    names = parties.names_of({pk for case in cases for pk in case.party_ids})
    return [_row(case, names, actor, at) for case in cases]


def _row(case: Agreement, names: dict[int, str], actor: Actor, at: datetime) -> AgreementRow:
    running = case.until is not None and case.state in {"active", "amending", "suspended"}
    return AgreementRow(
        id=case.pk,
        number=case.number,
        kind=case.kind,
        kind_label=_(Kind(case.kind).label),
        name=case.name,
        state=case.state,
        state_label=AGREEMENT.state_label(case.state),
        parties=tuple(names[pk] for pk in case.party_ids),
        unsigned=tuple(names[pk] for pk in case.unsigned_ids),
        version=case.version,
        since=case.since,
        until=case.until,
        left=(case.until - beijing_day(at)).days if running and case.until else None,
        created_at=case.created_at,
        buttons=tuple(AGREEMENT.open_to(actor, case)),
    )


def case_for(agreement_id: int, actor: Actor) -> Agreement:
    """Return an agreement that the actor may know. NotThere for others."""
    case = Agreement.objects.filter(pk=agreement_id).first()
    if case is None or not may_know(actor, case):
        raise NotThere(_("没有找到该协议，或您无权知悉。"))
    return case


def agreement(agreement_id: int, actor: Actor, at: datetime, *, version: int | None = None) -> AgreementView:
    """Return an agreement in one of its versions: the one asked for, else the pending, else the one in force.

    NotThere for an agreement the actor may not know, and for a version it has not.
    """
    case = case_for(agreement_id, actor)
    versions = _versions(case)
    wanted = version or case.pending or case.version or versions[0].number
    shown = next((one for one in versions if one.number == wanted), None)
    if shown is None:
        raise NotThere(_("该协议没有第 %d 版。") % wanted)
    earlier = [one for one in versions if one.number < shown.number and one.in_force_at]
    direct = opens_directly(case, shown.drafted_at, first=not earlier)
    return AgreementView(
        row=rows_of([case], actor, at)[0],
        shown=shown,
        before=earlier[0] if earlier else None,
        versions=versions,
        lines=_lines(case, shown, actor, direct=direct),
        direct=direct,
        related=_related(shown.content),
        reason=case.reason,
        profile=case.profile,
        drafted_by=parties.department(case.drafted_by_id).name,
        authority=parties.department(case.authority_id).name,
        happenings=tuple(happenings(kernel.history(KIND, case.pk), AGREEMENT)),
    )


def _versions(case: Agreement) -> tuple[VersionRow, ...]:
    rows = (
        AgreementVersion.objects.filter(agreement=case).prefetch_related("signatures__department").order_by("-number")
    )
    return tuple(_version(case, row) for row in rows)


def _version(case: Agreement, row: AgreementVersion) -> VersionRow:
    content = msgspec.convert(row.content, Content)
    given = {one.department_id: one for one in row.signatures.all()}
    return VersionRow(
        number=row.number,
        standing=_standing(case, row),
        content=content,
        digest=row.digest,
        why=row.why,
        drafted_by=row.drafted_by,
        drafted_at=row.drafted_at,
        in_force_at=row.in_force_at,
        attested_by=row.attested_by,
        joint_file=row.joint_file,
        signatures=tuple(_signature(side.name, given.get(side.department_id)) for side in content.sides),
    )


def _standing(case: Agreement, row: AgreementVersion) -> str:
    if row.dropped_at:
        return "dropped"
    if row.number == case.pending:
        return "pending"
    return "in_force" if row.number == case.version else "past"


def _signature(department: str, given: AgreementSignature | None) -> SignatureRow:
    if given is None:
        return SignatureRow(department)
    return SignatureRow(department, given.name, _(Role(given.post).label), given.at, given.own)


def _lines(case: Agreement, shown: VersionRow, actor: Actor, *, direct: bool) -> tuple[LineRow, ...]:
    opened = grants.of_lines(f"agreement:{case.pk}:")
    asks = not direct and shown.standing == "in_force" and case.state in {"active", "amending"}
    found = []
    for line in shown.content.lines:
        row = next(reversed(opened.get(f"agreement:{case.pk}:{line.key}", [])), None)
        working = row is not None and row.state in {"granted", "suspended"}
        may_ask = asks and not working and actor.holds(*STAFF, department_id=line.consumer_id)
        if row is None:
            found.append(LineRow(line, None, "", "", "", may_ask))
        else:
            found.append(LineRow(line, row.id, row.reference, row.state, row.state_label, may_ask))
    return tuple(found)


def _related(content: Content) -> tuple[tuple[int, str, str], ...]:
    found = grants.parties_of(content.grants)
    return tuple((pk, found[pk].reference, found[pk].resource_title) for pk in content.grants if pk in found)


def joint_file(agreement_id: int, version: int, actor: Actor) -> int:
    """Return the id of a version's joint document. NotThere where there is none or the actor may not know."""
    case = case_for(agreement_id, actor)
    found = case.versions.filter(number=version).values_list("joint_file", flat=True).first()
    if not found:
        raise NotThere(_("该版本没有联合发文。"))
    return int(found)


def digest_of(agreement_id: int, actor: Actor) -> str:
    """Return the digest of the version that waits for signatures, or nothing."""
    case = case_for(agreement_id, actor)
    return case.versions.filter(number=case.pending).values_list("digest", flat=True).first() or ""
