"""Marks as pages show them beside the data, and what a service desk reads off them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.correction.models import Handling, MarkedRecord, Verification
from jutong.slices.correction.queries.sealing import record_digest
from jutong.slices.correction.rules.terms import MarkKind
from jutong.slices.grants import queries as grants

PENDING: Final = ("in_verification", "extended", "confirmed", "unfounded")
MOST: Final = 20


@dataclass(frozen=True, slots=True)
class MarkRow:
    """A mark on a record, or on the whole resource where `record` is empty."""

    kind: str
    label: str
    text: str
    record: str
    since: datetime


@dataclass(frozen=True, slots=True)
class EntryMarks:
    """The marks on an entry's data, and where corrections are asked for."""

    entry_id: int
    rows: tuple[MarkRow, ...]
    channel: str
    open_to_public: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """That data is being verified and business is to be handled as usual, for a service desk to show and to print."""

    verification_id: int
    number: str
    title: str
    provider: str
    record: str
    received_at: datetime
    pending: bool
    as_usual: bool
    text: str
    articles: str
    handlings: tuple[tuple[datetime, str, str], ...]


def marks_of(resource_id: int) -> tuple[MarkRow, ...]:
    """Return the marks on an entry's data now, newest first, at most 20."""
    rows = MarkedRecord.objects.filter(resource_id=resource_id).exclude(kinds={}).order_by("-since")[:MOST]
    return tuple(
        MarkRow(kind, _(MarkKind(kind).label), text, row.shown, row.since)
        for row in rows
        for kind, text in sorted(row.kinds.items())
    )


def marks_of_grant(actor: Actor, _at: datetime, *, grant_id: int) -> tuple[MarkRow, ...] | None:
    """Return the marks on the data of a grant, for its page and for downloads under it."""
    return marks_of(grants.grant(grant_id, actor).resource_id) or None


def pending_of(resource_id: int, record: str) -> Verification | None:
    """Return the oldest pending verification of a record, or of its whole resource."""
    digests = {"", record_digest(resource_id, record)}
    rows = Verification.objects.filter(resource_id=resource_id, record_digest__in=digests, state__in=PENDING)
    return rows.select_related("provider").order_by("pk").first()


def certificate(verification_id: int) -> Certificate:
    """Return the certificate of a verification; it names nobody. NotThere for an unknown one."""
    case = Verification.objects.select_related("provider").filter(pk=verification_id).first()
    if case is None:
        raise NotThere(_("没有找到该校核事项，请核对编号。"))
    return certificate_of(case)


def certificate_of(case: Verification) -> Certificate:
    """Return a verification as a certificate."""
    policy = case.policy
    handled = Handling.objects.filter(verification=case).select_related("department").order_by("pk")
    return Certificate(
        verification_id=case.pk,
        number=case.number,
        title=case.title,
        provider=case.provider.name,
        record=case.record_shown,
        received_at=case.received_at,
        pending=case.state in PENDING,
        as_usual=policy.flag("business_as_usual"),
        text=_(
            "该数据正在校核。办事人已提供合法有效证明材料的，受理单位应当照常办理，不得拒绝、推诿或要求办理信息更正手续。"
        ),
        articles=policy.explain("business_as_usual").rpartition("— ")[2],
        handlings=tuple((one.at, one.department.name, one.proof) for one in handled),
    )


@dataclass(frozen=True, slots=True)
class DeskAnswer:
    """What a service desk is told about a record."""

    under_verification: bool
    handle_as_usual: bool
    number: str
    text: str


def desk(resource_id: int, record: str, actor: Actor, *, proof_provided: bool) -> DeskAnswer:
    """Tell a department that may use the data whether a record is being verified. NotThere for other departments."""
    entry = catalogue.published(resource_id)
    uses = entry is not None and (
        entry.provider_id in actor.serves or any(grants.between(own, resource_id) for own in actor.serves)
    )
    if not uses:
        raise NotThere(_("没有找到该数据资源，或本部门没有使用授权。"))
    case = pending_of(resource_id, record.strip())
    if case is None:
        return DeskAnswer(under_verification=False, handle_as_usual=False, number="", text=_("该数据没有在校核。"))
    found = certificate_of(case)
    as_usual = found.as_usual and proof_provided
    text = found.text if as_usual else _("该数据正在校核；请办事人提供合法有效证明材料，提供后照常办理。")
    return DeskAnswer(under_verification=True, handle_as_usual=as_usual, number=case.number, text=text)


def verification_numbered(number: str) -> int:
    """Return the id of the verification with a number. NotThere for an unknown one."""
    found = Verification.objects.filter(number=number.strip().upper()).values_list("pk", flat=True).first()
    if found is None:
        raise NotThere(_("没有找到该校核事项，请核对编号。"))
    return found
